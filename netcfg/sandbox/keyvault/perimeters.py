"""A vault's associations with network security perimeters: read only, and known under one API version only."""

from __future__ import annotations

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import VAULT, Document
from netcfg.sandbox.keyvault.vaults import find
from netcfg.sandbox.manager.gate import not_found

_PATH = VAULT + "/networkSecurityPerimeterConfigurations"
_TYPE = "Microsoft.KeyVault/vaults/networkSecurityPerimeterConfigurations"
_VERSION = "2026-04-01-preview"  # no released client library speaks it


def list_all(call: Call) -> Answer:
    return Answer({"value": _associations(call)})


def get(call: Call) -> Answer:
    name = call.names["association"]
    found = next((each for each in _associations(call) if each["name"].lower() == name.lower()), None)
    if found is None:
        raise not_found(_TYPE, f"{call.names['vault']}/{name}", call.names["group"])
    return Answer(found)


def _associations(call: Call) -> list[Document]:
    vault = find(call)
    if call.api_version != _VERSION:
        message = (
            f"No registered resource provider found for location '{vault['location']}' and API version "
            f"'{call.api_version}' for type 'vaults/networkSecurityPerimeterConfigurations'. The supported "
            f"api-versions are '{_VERSION}'."
        )
        raise Refusal(400, "NoRegisteredProviderFound", message, gateway=True)
    found = call.state["perimeters"].get(vault["name"].lower(), [])
    return [{"id": f"{_PATH.format(**call.names)}/{each['name']}"} | each for each in found]


OPERATIONS = (
    Operation("GET", _PATH, f"{_TYPE}/read", list_all, VAULT),
    Operation("GET", _PATH + "/{association}", f"{_TYPE}/read", get, VAULT),
)
