"""A refusal: what Azure Resource Manager says when it says no."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.pipeline.policies import RetryPolicy

from netcfg.core.errors import how_long

# Answers after which nobody knows, or that ask to come again. 409 is also how Azure says that a scope is locked.
_UNSETTLED_STATUSES = frozenset({408, 412, 429, 500, 502, 503, 504})
_CONFLICTS = frozenset(
    {"Conflict", "ConflictError", "AnotherOperationInProgress", "RetryableError", "RetryableErrorDueToAnotherOperation"}
)
_TOKEN = re.compile(r"Bearer ([^\s,]{8,})")
_SIGNED_BY = ("Authorization", "x-ms-authorization-auxiliary")


class TooLong(Exception):
    """Azure asks to wait for longer than anybody waits here. The SDK passes it on, as it is no error of its own."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Azure asks to wait for {how_long(seconds)}")
        self.seconds = seconds


@dataclass(frozen=True)
class Refusal:
    """What Azure Resource Manager said when it said no."""

    status: int
    code: str
    message: str
    request_id: str | None
    wait: float | None
    subject: str

    @property
    def is_unsettled(self) -> bool:
        """Whether a write may have happened all the same, or should be tried again after another look."""
        accepted = self.status < 400 and not self.code  # in a way that the SDK did not expect
        return accepted or self.status in _UNSETTLED_STATUSES or self.code in _CONFLICTS

    @property
    def words(self) -> str:
        """Azure's own words, with the code that others ask for. What fails after it was accepted has status 200."""
        status = f"HTTP {self.status}" if self.status >= 400 else ""
        return f"{sentence(self.message)} ({', '.join(filter(None, (self.code, status)))})"

    def find(self, pattern: str) -> str | None:
        """The part of the message that `pattern` captures."""
        match = re.search(pattern, self.message, re.IGNORECASE)
        return match[1] if match else None


def hear(error: Exception, subject: str) -> Refusal | None:
    """What Azure said, if `error` is an answer of its and not the lack of one, or one that is broken."""
    response = getattr(error, "response", None)
    if not isinstance(error, HttpResponseError) or isinstance(error, DecodeError) or response is None:
        return None
    said = _body(response)
    status = int(response.status_code)
    return Refusal(
        status=status,
        code=str(said.get("code") or ""),
        message=_with_details(said) or str(response.reason or "no reason given"),
        request_id=request_id(response),
        wait=_wait(response),
        subject=subject,
    )


def _body(response: Any) -> dict[str, Any]:
    """The `error` of an answer; of one that has none, nothing."""
    try:
        body = json.loads(_unsigned(response))
    except (ValueError, AzureError):  # a proxy's page, an empty body, or one that was never read
        return {}
    said = body.get("error", body) if isinstance(body, dict) else {}
    return said if isinstance(said, dict) else {}


def _unsigned(response: Any) -> str:
    """The text of an answer without the tokens that were sent: some proxies repeat a request where they refuse it."""
    text = str(response.text())
    headers = getattr(getattr(response, "request", None), "headers", None) or {}
    for each in _SIGNED_BY:
        for token in _TOKEN.findall(headers.get(each, "")):
            text = text.replace(token, "…")
    return text


def _with_details(said: dict[str, Any]) -> str:
    """The message, and those of its details: Resource Graph tells only there what it did not like."""
    found = [said, *(each for each in said.get("details") or [] if isinstance(each, dict))]
    return "; ".join(str(each["message"]).rstrip(". ") for each in found if each.get("message"))


def _wait(response: Any) -> float | None:
    header = response.headers.get("Retry-After")
    return seconds(header) if header else None


def seconds(header: str) -> float | None:
    """How long somebody wants us to wait who writes seconds, or a date; `None` for anything else, which the SDK takes
    for a fault of its own."""
    try:
        return max(0.0, RetryPolicy.no_retries().parse_retry_after(header))
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def request_id(response: Any) -> str | None:
    headers = getattr(response, "headers", None) or {}
    return headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id")


def sentence(text: str) -> str:
    """The first sentence of what Azure wrote, on one line; what follows is links and advice for other tools."""
    line = " ".join(text.split())
    return re.split(r"(?<=[a-z0-9'\")])\.(?:\s|$)", line, maxsplit=1)[0][:400]
