"""Azure DevOps at its door: who may look into which organization, and how the others are turned away.

A token that is missing or bad is never answered with 401: it is a redirect to the sign-in page, or that page itself.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.devops import versions
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login

_HTML = {"content-type": "text/html; charset=utf-8"}
_HOSTS = ("dev.azure.com", "vssps.dev.azure.com")
_EXCEPTIONS = "Microsoft.TeamFoundation.Framework.Server"
_PAGE = 100

# What a scope lets its holder do besides: who may manage may read.
_INCLUDED = {
    "vso.variablegroups_write": {"vso.variablegroups_read"},
    "vso.variablegroups_manage": {"vso.variablegroups_read", "vso.variablegroups_write"},
    "vso.serviceendpoint_query": {"vso.serviceendpoint"},
    "vso.serviceendpoint_manage": {"vso.serviceendpoint", "vso.serviceendpoint_query"},
}


@dataclass(frozen=True)
class Visit:
    """A request to one organization by somebody who may look into it."""

    request: Request
    organization: Document
    state: Document

    @property
    def body(self) -> Any:
        """The JSON that was sent, or None."""
        try:
            return json.loads(self.request.content or b"null")
        except ValueError:
            return None


@dataclass(frozen=True)
class View:
    """One thing that can be looked at on `host`, or with `changes` be changed there, by a token that has `scope`.

    What `is_preview` is answered to those only who ask for a preview of the interface.
    """

    host: str
    method: str
    path: str
    scope: str
    show: Callable[[Visit], Answer]
    changes: bool = False
    is_preview: bool = False

    @property
    def is_versioned(self) -> bool:
        """Whether it is a part of the interface, and no page for people."""
        return "/_apis/" in self.path


def serve(view: View, request: Request, state: Document) -> Answer:
    """Let in whose token has the view's scope, or turn away as Azure DevOps does."""
    organization = state["organizations"].get(request.names["organization"].lower())
    if organization is None:
        return _nowhere()
    scopes = _scopes(organization, state, request.headers.get("authorization"))
    if scopes is None:
        return _sign_in(request, organization)
    if scopes.isdisjoint({view.scope, "full"}):
        return refused(403, "TF400813", f"the token lacks the scope {view.scope}.", "UnauthorizedRequestException")
    if view.is_versioned and (objection := versions.objection(request, is_preview=view.is_preview)):
        return objection
    return view.show(Visit(request, organization, state))


def _nowhere() -> Answer:
    return page("404 - The resource cannot be found.", 404)


def refused(status: int, number: str, problem: str, kind: str) -> Answer:
    """An error in Azure DevOps' shape. Not all of them have a number: hardly one of the library's has."""
    body = {
        "$id": "1",
        "innerException": None,
        "message": f"{number}: {problem}" if number else problem,
        "typeName": f"{_EXCEPTIONS}.{kind}, {_EXCEPTIONS}",
        "typeKey": kind,
        "errorCode": 0,
        "eventId": 3000,
    }
    return Answer(body, status)


def page(title: str, status: int = 200) -> Answer:
    """A page for people."""
    head = f"<head><title>{title}</title></head>"
    return Answer(f"<!DOCTYPE html>\n<html lang='en-US'>{head}<body><h1>{title}</h1></body></html>\n", status, _HTML)


def paged(visit: Visit, items: list[Document]) -> Answer:
    """A list's first items; the rest is behind `x-ms-continuationtoken`, a header that is easy to overlook."""
    query = visit.request.query
    start = int(query.get("continuationToken") or 0)
    shown = items[start : start + int(query.get("$top") or _PAGE)]
    end = start + len(shown)
    more = {"x-ms-continuationtoken": str(end)} if end < len(items) else {}
    return Answer({"count": len(shown), "value": shown}, headers=more)


def named(name: str, wanted: str) -> bool:
    """Whether a filter by name lets `name` through; a `*` stands at its end only."""
    name, wanted = name.lower(), wanted.lower()
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else wanted in ("", name)


def _scopes(organization: Document, state: Document, authorization: str | None) -> frozenset[str] | None:
    """What a token may do: a personal one (Basic, any user name), or one of the tenant's, which may do everything."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        scopes = organization["tokens"].get(_password(value))
        return None if scopes is None else frozenset(scopes).union(*(_INCLUDED.get(each, ()) for each in scopes))
    return None if login.principal_of(state, authorization) is None else frozenset({"full"})


def _password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _sign_in(request: Request, organization: Document) -> Answer:
    """A redirect, to a host whose name hints at the geography. Where the world says so, who brought a bad token gets
    the page at once, with the status 203."""
    if organization["badToken"] == "page" and request.headers.get("authorization"):
        return page("Azure DevOps Services | Sign In", 203)
    asked = {
        "realm": "dev.azure.com",
        "reply_to": f"https://dev.azure.com{request.path.partition('dev.azure.com')[2]}",
        "redirect": "1",
        "hid": organization["id"],
        "protocol": "wsfederation",
    }
    where = f"https://{organization['signInHost']}.vssps.visualstudio.com/_signin?{urlencode(asked)}"
    moved = page("Object moved", 302)
    return Answer(moved.body, 302, {**moved.headers, "location": where})


# Where nothing is: who has not signed in is sent to do so even from there.
VIEWS = tuple(View(host, "GET", "/{rest:path}", "full", lambda _visit: _nowhere()) for host in _HOSTS)
