"""A request to Resource Manager, and the operation that its path stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.ids import Document


@dataclass(frozen=True)
class Request:
    """A request as it came in: `names` are the parts of its path (`subscription`, `vault`, …), `peer` connected."""

    root: str
    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    peer: str


@dataclass(frozen=True)
class Call:
    """A request that was let in: who asks, by a token of which tenant, for what, and the state that it may change."""

    request: Request
    body: Any
    principal: Document
    state: Document
    tenant: str

    @property
    def names(self) -> Mapping[str, str]:
        return self.request.names

    @property
    def api_version(self) -> str:
        return self.request.query["api-version"]

    @property
    def properties(self) -> Document:
        """The `properties` of the body; empty when there are none."""
        return (self.body or {}).get("properties") or {}

    def url(self, path: str, **query: str) -> str:
        """An address on this sandbox, for `nextLink` and `Azure-AsyncOperation`."""
        asked = urlencode({"api-version": self.api_version, **query}, safe="$=")
        return f"{self.request.root}{path}?{asked}"


@dataclass(frozen=True)
class Operation:
    """One thing that can be done: `action` on `scope` must be allowed, `handle` does it.

    `claims` names what the operation holds on to while it lasts: another that wants any of it gets ConflictError. One
    that `lists` is let in where anything beneath its scope may be read.
    """

    method: str
    path: str
    action: str
    handle: Callable[[Call], Answer]
    scope: str
    claims: Callable[[Call], frozenset[str]] | None = None
    lists: bool = False

    @property
    def writes(self) -> bool:
        return self.action.endswith(("/write", "/delete", "/purge/action"))
