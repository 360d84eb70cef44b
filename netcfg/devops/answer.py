"""What Azure DevOps answered: the JSON that was asked for, or which refusal it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import urlsplit

from netcfg.core.errors import DevOpsAnswer, DevOpsRefused, NetcfgError, NoDevOpsPermission, SignInRefused
from netcfg.devops.credential import Credential

_SIGN_IN_HOSTS = ("login.microsoftonline.com", "login.live.com")
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,1000})", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """A request that changes nothing: where it goes, and what it takes to get an answer.

    `subject` and `needed` are words for messages: what is read, and the permission for it. With a `body` it is a POST.
    `patience` is for how many seconds more than usual the answer may take.
    """

    organization: str
    url: str
    subject: str
    needed: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    patience: float = 0

    verb: ClassVar[str] = "read"


@dataclass(frozen=True)
class Write(Question):
    """A request that changes something: a question that must not be put twice, with the method that it takes."""

    method: str = "PUT"

    verb: ClassVar[str] = "write"


@dataclass(frozen=True)
class Answer:
    """The bytes that came back, before anybody has made sense of them."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        return self.headers.get("ActivityId") or self.headers.get("X-VSS-E2EID")


def read_json(answer: Answer, question: Question, credential: Credential) -> object:
    """The document in an answer to a request that carried `credential`; anything else is the error that it stands for.

    A token that Azure DevOps does not accept is seldom answered 401: it shows its sign-in page, as a redirection, as
    203 or as 200 (github.com/microsoft/azure-devops-auth-samples/issues/52 has the 203 beside a 401).
    """
    try:
        _check_status(answer, question, credential)
        if _is_page(answer):
            raise SignInRefused(question.organization, credential.name)
        return _document(answer, question)
    except NetcfgError as error:
        error.request_id = answer.request_id
        raise


def _check_status(answer: Answer, question: Question, credential: Credential) -> None:
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise _redirection(answer, question, credential)
    reason = said(answer)
    if answer.status == HTTPStatus.FORBIDDEN:
        who, what = credential.name, question.subject
        raise NoDevOpsPermission(question.organization, who, what, question.needed, reason, verb=question.verb)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        found = f"401 ({reason})" if reason else "401"
        # A token without the scope is answered 401 as often as 403.
        raise SignInRefused(question.organization, credential.name, found, question.needed)
    if isinstance(question, Write):
        raise DevOpsRefused(question.subject, answer.status, reason)
    raise DevOpsAnswer(answer.url, f"status {answer.status}" + (f" ({reason})" if reason else ""), question.subject)


def _redirection(answer: Answer, question: Question, credential: Credential) -> NetcfgError:
    """The sign-in page of Azure DevOps is known by its path: its host differs from organization to organization."""
    try:
        target = urlsplit(answer.headers.get("Location", ""))
        host = target.hostname
    except ValueError:
        return DevOpsAnswer(answer.url, "a redirection to nowhere", question.subject)
    if target.path.casefold().startswith("/_signin") or host in _SIGN_IN_HOSTS:
        return SignInRefused(question.organization, credential.name)
    # The rest of the address may carry what nobody should read in a log.
    return DevOpsAnswer(answer.url, f"a redirection to {host or 'nowhere'}", question.subject)


def _document(answer: Answer, question: Question) -> object:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        found = "broken JSON" if answer.body.strip() else "nothing"
        raise DevOpsAnswer(answer.url, found, question.subject) from error


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") or answer.body.lstrip()[:1] == b"<"


def said(answer: Answer) -> str | None:
    """The reason that Azure DevOps gives: `message` of its JSON, or the title of its page."""
    if _is_page(answer):
        found = _TITLE.search(answer.body)
        text = found[1].decode(errors="replace") if found else ""
    else:
        text = _message(answer.body)
    return " ".join(text.split())[:300] or None


def _message(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""
