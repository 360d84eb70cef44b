"""Lists of Azure DevOps, over all their pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from netcfg.core.errors import DevOpsAnswer, DevOpsShowsNone
from netcfg.devops.answer import Question, read_json
from netcfg.devops.session import Session

VERSION = "7.1"
CONTINUATION = "x-ms-continuationtoken"

Json = dict[str, Any]


def items(session: Session, question: Question) -> Iterator[Json]:
    """The objects of the list at `question.url`, which has no query yet.

    The rest of a long list is behind a header, and nothing in the body says that there is any.
    """
    token, credential = "", session.credential
    while True:
        more = f"&continuationToken={quote(token, safe='')}" if token else ""
        page = replace(question, url=f"{question.url}?api-version={VERSION}{more}")
        answer = session.ask(page, credential)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise DevOpsShowsNone(question.organization, credential.name, question.subject, question.needed)
        yield from objects(read_json(answer, page, credential), page)
        following = answer.headers.get(CONTINUATION, "")
        if not following:
            return
        if following == token:
            raise DevOpsAnswer(page.url, "the page that was asked for as the next one", "the page after it")
        token = following


def objects(document: object, question: Question) -> list[Json]:
    """The objects of one page. What is no list of objects is an error, for none at all is an answer too."""
    found = document.get("value") if isinstance(document, dict) else document
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DevOpsAnswer(question.url, _shown(document), f"a list of {question.subject}")
    return found


def text(found: Json, field: str, question: Question) -> str:
    """The text in `field`, which must be there."""
    value = found.get(field)
    if not isinstance(value, str) or not value:
        raise DevOpsAnswer(question.url, f"{field} = {_shown(value)}", f"a text ({question.subject})")
    return value


def _shown(value: object) -> str:
    return json.dumps(value)[:80]
