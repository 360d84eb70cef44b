"""What of a recorded exchange may be kept: what the program reads, and nothing that names anybody."""

from __future__ import annotations

import json
import re
from typing import Any

# Lists of what stays, because a list of what goes would miss what Azure DevOps adds next year.
REQUEST_HEADERS = {"accept", "content-type"}
RESPONSE_HEADERS = {"content-type", "location", "retry-after"}
PROVIDER = "ms.vss-admin-web.organization-admin-overview-data-provider"
PLACES = {"preferredGeography", "preferredRegion", "geography", "region"}
KEYS = PLACES | {
    *("id", "name", "status", "owner", "tenantId", "dateCreated", "lastUpdated", "properties", "data"),
    *("fps", "dataProviders", "dataProviderSharedData", "dataProviderExceptions", PROVIDER, "exceptionType"),
    *("description", "timeZone", "displayName", "message", "typeKey", "errorCode", "eventId", "count", "value"),
}
PLAIN = {"exceptionType", "typeKey", "status"}  # words of the service, not of its users


def request(found: Any, addresses: dict[str, str]) -> Any:
    """`addresses` are texts to replace in the address: hosts, and the organization's name."""
    found.uri = _replaced(found.uri, addresses)
    found.headers = {name: value for name, value in found.headers.items() if name.lower() in REQUEST_HEADERS}
    return found


def response(found: dict[str, Any], addresses: dict[str, str]) -> dict[str, Any]:
    headers = {name.title(): values for name, values in found["headers"].items() if name.lower() in RESPONSE_HEADERS}
    for name, values in headers.items():
        headers[name] = [_replaced(str(value).partition("?")[0], addresses) for value in values]
    return {"status": found["status"], "headers": headers, "body": {"string": _body(found["body"]["string"])}}


def _body(body: bytes) -> bytes:
    try:
        document = json.loads(body)
    except ValueError:
        return b"<html><head><title>a page</title></head></html>"
    return json.dumps(_forgotten(document)).encode()


def _forgotten(value: Any, key: str = "") -> Any:
    if key in PLACES | PLAIN:
        return value
    if isinstance(value, dict):
        return {name: _forgotten(inner, name) for name, inner in value.items() if name in KEYS}
    if isinstance(value, list):
        return [_forgotten(inner) for inner in value]
    if isinstance(value, str):
        number = re.match(r"[A-Z]{2}[0-9]+: ", value) if key == "message" else None
        return f"{number[0]}…" if number else "…"
    return value if value is None or isinstance(value, bool) else 0


def _replaced(text: str, addresses: dict[str, str]) -> str:
    for old, new in addresses.items():
        text = re.sub(re.escape(old), new, text, flags=re.IGNORECASE)
    return text
