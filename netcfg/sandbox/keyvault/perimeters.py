"""A vault's associations with network security perimeters, from both of their ends: read only.

The vault's end is known under one API version only.
"""

from __future__ import annotations

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, VAULT, Document
from netcfg.sandbox.keyvault.vaults import find
from netcfg.sandbox.manager import inventory
from netcfg.sandbox.manager.gate import allowed, not_found

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


def list_members(call: Call) -> Answer:
    """The resources that a perimeter holds, their ids in lower case."""
    wanted = _PERIMETER.format(**call.names).lower()
    held = [(name, each["properties"]) for name, found in call.state["perimeters"].items() for each in found]
    mine = [pair for pair in held if pair[1]["networkSecurityPerimeter"]["id"].lower() == wanted]
    if not mine:
        raise not_found("Microsoft.Network/networkSecurityPerimeters", call.names["perimeter"], call.names["group"])
    return Answer({"value": [_member(call, wanted, *pair) for pair in mine if pair[0] in call.state["vaults"]]})


def list_perimeters(call: Call) -> Answer:
    """Those of a subscription or a group that the caller may read."""
    scope = call.request.path.partition("/providers/")[0]
    found = [each for each in inventory.perimeters(call.state) if ids.within(each["id"], scope)]
    return Answer({"value": [each for each in found if allowed(call.principal, _READ, each["id"])]})


def _member(call: Call, perimeter: str, vault: str, properties: Document) -> Document:
    """Shaped as azure-mgmt-network 33.1 reads it."""
    association = properties["resourceAssociation"]
    return {
        "id": f"{perimeter}/resourceAssociations/{association['name']}",
        "name": association["name"],
        "type": "Microsoft.Network/networkSecurityPerimeters/resourceAssociations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkResource": {"id": call.state["vaults"][vault]["id"].lower()},
            "profile": {"id": f"{perimeter}/profiles/{properties['profile']['name']}"},
            "accessMode": association["accessMode"],
            "hasProvisioningIssues": "no",
        },
    }


_PERIMETERS = "/providers/Microsoft.Network/networkSecurityPerimeters"
_PERIMETER = GROUP + _PERIMETERS + "/{perimeter}"
_READ = "Microsoft.Network/networkSecurityPerimeters/read"
_READ_MEMBERS = "Microsoft.Network/networkSecurityPerimeters/resourceAssociations/read"
OPERATIONS = (
    Operation("GET", SUBSCRIPTION + _PERIMETERS, _READ, list_perimeters, SUBSCRIPTION, lists=True),
    Operation("GET", GROUP + _PERIMETERS, _READ, list_perimeters, GROUP, lists=True),
    Operation("GET", _PERIMETER + "/resourceAssociations", _READ_MEMBERS, list_members, _PERIMETER),
    Operation("GET", _PATH, f"{_TYPE}/read", list_all, VAULT),
    Operation("GET", _PATH + "/{association}", f"{_TYPE}/read", get, VAULT),
)
