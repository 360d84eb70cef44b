"""A vault's secrets and keys as Resource Manager lists them: without values, and whatever the firewall says.

Shapes are those of the REST reference, 2023-07-01. How many are on a page is not known, so chosen: as many as in the
data plane.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import VAULT, Document
from netcfg.sandbox.keyvault import contents
from netcfg.sandbox.keyvault.vaults import find
from netcfg.sandbox.manager.gate import not_found

_PAGE = 25
_ADDRESS = {"secrets": "secretUri", "keys": "keyUri"}


def _list(kind: str, call: Call) -> Answer:
    vault = find(call)
    items = [each for _, each in sorted(call.state[kind].get(vault["name"].lower(), {}).items())]
    start, end = _start(call), _start(call) + _size(call)
    body: Document = {"value": [_shown(kind, each, vault) for each in items[start:end]]}
    if items[end:]:
        asked = {"$top": call.request.query["$top"]} if "$top" in call.request.query else {}
        token = base64.b64encode(f"{kind}|{end}".encode()).decode()
        body["nextLink"] = call.url(call.request.path, **asked, **{"$skiptoken": token})
    return Answer(body)


def _get(kind: str, call: Call) -> Answer:
    vault = find(call)
    found = call.state[kind].get(vault["name"].lower(), {}).get(call.names["object"].lower())
    if found is None:
        name = f"{call.names['vault']}/{call.names['object']}"
        raise not_found(f"Microsoft.KeyVault/vaults/{kind}", name, call.names["group"])
    return Answer(_shown(kind, found, vault))


def _shown(kind: str, each: Document, vault: Document) -> Document:
    where = f"{vault['properties']['vaultUri'].rstrip('/')}/{kind}/{each['name']}"
    properties: Document = {
        "attributes": contents.attributes(each, vault, ""),
        _ADDRESS[kind]: where,
        f"{_ADDRESS[kind]}WithVersion": f"{where}/{contents.version(each, vault)}",
    }
    properties |= {"contentType": each["contentType"]} if each.get("contentType") else {}
    return {
        "id": f"{vault['id']}/{kind}/{each['name']}",
        "name": each["name"],
        "type": f"Microsoft.KeyVault/vaults/{kind}",
        "location": vault["location"],
        "tags": each.get("tags", {}),
        "properties": properties | ({"kty": "RSA", "keySize": 2048} if kind == "keys" else {}),
    }


def _size(call: Call) -> int:
    top = call.request.query.get("$top", str(_PAGE))
    if not top.isdecimal() or int(top) < 1:
        raise Refusal(400, "BadRequest", f"The value '{top}' of the parameter $top is not a positive number.")
    return min(int(top), _PAGE)


def _start(call: Call) -> int:
    token = call.request.query.get("$skiptoken", "")
    try:
        number = base64.b64decode(token, validate=True).decode().partition("|")[2]
    except ValueError:
        number = ""
    if token and not number.isdecimal():
        raise Refusal(400, "BadRequest", "The provided skip token is invalid.")
    return int(number or 0)


def _of(kind: str, handle: Callable[[str, Call], Answer]) -> Callable[[Call], Answer]:
    return lambda call: handle(kind, call)


OPERATIONS = tuple(
    Operation("GET", f"{VAULT}/{kind}{path}", f"Microsoft.KeyVault/vaults/{kind}/read", _of(kind, handle), VAULT)
    for kind in _ADDRESS
    for path, handle in (("", _list), ("/{object}", _get))
)
