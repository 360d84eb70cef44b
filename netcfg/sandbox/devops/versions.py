"""The version of the interface that a request must name, and the type that its body must have.

Microsoft asks for the version with every request; a GET without one is answered all the same, and what is sent by POST,
PUT or DELETE is not. The rules and the statuses stand in a public decompilation of Azure DevOps Server 2022, where a
body of another type is 400 too, and the words in answers that people have shown. Those for a version that cannot be
read are inferred.
"""

from __future__ import annotations

import re

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request

LATEST = (7, 2)  # of which everything is a preview
RELEASED = (7, 1)
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(-preview(?:\.\d+)?)?", re.IGNORECASE)
_IN_ACCEPT = re.compile(r";\s*api-version\s*=\s*\"?([^;,\"\s]*)", re.IGNORECASE)
_NEEDS_ONE = ("POST", "PUT", "PATCH", "DELETE")
_TYPES = ("application/json", "application/json-patch+json")
_SPACE = "Microsoft.VisualStudio.Services.WebApi"


def objection(request: Request, *, is_preview: bool) -> Answer | None:
    """Why the request is not even looked at, if so; what `is_preview` was never released in any version."""
    asked = _asked(request)
    if asked is None:
        return _unversioned(request) or _mistyped(request)
    found = _VERSION.fullmatch(asked)
    if found is None:
        return _refused("VssInvalidApiResourceVersionException", f'The api-version "{asked}" is not valid.')
    version = (int(found[1]), int(found[2] or 0))
    shown = ".".join(map(str, version))
    if version > LATEST:
        newest = ".".join(map(str, LATEST))
        said = f"The requested REST API version of {shown} is out of range for this server."
        return _refused(
            "VssVersionOutOfRangeException", f"{said} The latest REST API version this server supports is {newest}."
        )
    if not found[3] and (is_preview or version > RELEASED):
        said = f'The requested version "{shown}" of the resource is under preview.'
        flag = "The -preview flag must be supplied in the api-version for such requests."
        return _refused("VssInvalidPreviewVersionException", f'{said} {flag} For example: "{shown}-preview"')
    return _mistyped(request)


def _asked(request: Request) -> str | None:
    """The version in the address, else in what is accepted."""
    if (named := request.query.get("api-version")) is not None:
        return named
    found = _IN_ACCEPT.search(request.headers.get("accept", ""))
    return found[1] if found else None


def _unversioned(request: Request) -> Answer | None:
    if request.method not in _NEEDS_ONE:
        return None
    where = 'either as part of the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter'
    return _refused(
        "VssVersionNotSpecifiedException",
        f'No api-version was supplied for the "{request.method}" request. The version must be supplied {where} '
        '(e.g. "?api-version=1.0").',
    )


def _mistyped(request: Request) -> Answer | None:
    type = request.headers.get("content-type", "").partition(";")[0].strip()
    if not request.content or type.lower() in _TYPES:
        return None
    return _refused(
        "VssRequestContentTypeNotSupportedException",
        f'The request indicated a Content-Type of "{type}" for method type "{request.method}" which is not supported. '
        f"Valid content types for this method are: {', '.join(_TYPES)}.",
    )


def _refused(kind: str, message: str) -> Answer:
    body = {
        "$id": "1",
        "innerException": None,
        "message": message,
        "typeName": f"{_SPACE}.{kind}, {_SPACE}",
        "typeKey": kind,
        "errorCode": 0,
        "eventId": 3000,
    }
    return Answer(body, 400)
