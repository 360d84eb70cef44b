"""What the sandbox answers: a status, a body and headers; or a refusal, with the code that Azure gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer; a `body` of str or bytes is sent as it is, None as nothing, anything else as JSON.

    So many blanks as `padding` says are sent after it, with a `pace` one every so many seconds.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    padding: int = 0
    pace: float = 0


class Refusal(Exception):
    """Resource Manager says no: `{"error": {"code": …, "message": …}}`.

    `gateway` marks what Resource Manager decided before it asked the resource's own provider (`x-ms-failure-cause`).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        caused = {"x-ms-failure-cause": "gateway"} if gateway else {}
        body = {"error": {"code": code, "message": message, **(more or {})}}
        self.answer = Answer(body, status, caused | dict(headers or {}))


class Dropped(Exception):
    """The connection ends here, without an answer."""
