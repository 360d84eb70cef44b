"""Lists of Azure DevOps, over all their pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from netcfg.core.errors import DevOpsAnswer, DevOpsShowsNone, NetcfgError, OrganizationNotFound
from netcfg.devops.answer import Question, read_json
from netcfg.devops.geography import sign_in_question
from netcfg.devops.session import Session

VERSION = "7.1"
CONTINUATION = "x-ms-continuationtoken"

MOST_PAGES = 2_000
MOST_EMPTY = 50  # one after the other; a few are usual where much was deleted

Json = dict[str, Any]


class Leafing:
    """Goes from page to page, and gives up where that would never end: at a page that was there before, too many that
    say nothing, or too many at all."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._empty = 0

    def turn(self, token: str, url: str, *, is_empty: bool) -> None:
        """Take note of the next page's token, after a page that may have said nothing."""
        if token in self._seen:
            raise DevOpsAnswer(url, "a page that was there before as the next one", "the page after it")
        self._seen.add(token)
        self._empty = self._empty + 1 if is_empty else 0
        if self._empty >= MOST_EMPTY:
            raise DevOpsAnswer(url, f"the {self._empty:,}th empty page in a row and one more", "a list that ends")
        if len(self._seen) >= MOST_PAGES:
            raise DevOpsAnswer(url, f"more than {MOST_PAGES:,} pages", "a list that ends")


def items(session: Session, question: Question) -> Iterator[Json]:
    """The objects of the list at `question.url`.

    The rest of a long list is behind a header, and nothing in the body says that there is any.
    """
    token, credential = "", session.credential
    leaf = Leafing()
    while True:
        more = f"&continuationToken={quote(token, safe='')}" if token else ""
        page = replace(question, url=f"{versioned(question.url)}{more}")
        answer = session.ask(page, credential)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise _none(session, question)
        found = objects(read_json(answer, page, credential), page)
        yield from found
        token = answer.headers.get(CONTINUATION, "")
        if not token:
            return
        leaf.turn(token, page.url, is_empty=not found)


def versioned(url: str) -> str:
    """The address with the version of the interface that is meant."""
    return f"{url}{'&' if '?' in url else '?'}api-version={VERSION}"


def _none(session: Session, question: Question) -> NetcfgError:
    """Why there is nothing: whether the organization is known, its sign-in tells everybody."""
    name = question.organization
    if session.ask(sign_in_question(name, session.devops), None).status == HTTPStatus.NOT_FOUND:
        return OrganizationNotFound(name, session.devops)
    return DevOpsShowsNone(name, session.credential.name, question.subject, question.needed)


def objects(document: object, question: Question) -> list[Json]:
    """The objects of one page. What is no list of objects is an error, for none at all is an answer too."""
    found = document.get("value") if isinstance(document, dict) else document
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        # It is not quoted: somewhere in it may be the value of a variable.
        raise DevOpsAnswer(question.url, "no list of objects", question.subject)
    return found


def text(found: Json, field: str, question: Question) -> str:
    """The text in `field`, which must be there."""
    value = found.get(field)
    if not isinstance(value, str) or not value:
        raise DevOpsAnswer(question.url, f"{field} = {shown(value)} in {question.subject}", "a text")
    return value


def number(found: Json, field: str, question: Question) -> int:
    """The number in `field`, which must be there."""
    value = found.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DevOpsAnswer(question.url, f"{field} = {shown(value)} in {question.subject}", "a number")
    return value


def kind(value: object) -> str:
    """What sort of thing a part of an answer is, for a message that must not quote it: it may be a value."""
    if value is None:
        return "null"
    kinds = ((dict, "an object"), (list, "a list"), (str, "a text"), (bool, "true or false"))
    return next((name for each, name in kinds if isinstance(value, each)), "a number")


def shown(value: object) -> str:
    """A part of an answer, for the message that says that it is wrong."""
    return json.dumps(value)[:80]
