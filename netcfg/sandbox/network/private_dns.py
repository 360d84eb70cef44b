"""Private DNS zones: `Microsoft.Network/privateDnsZones`, and what a network resolves by them.

Writes are answered 202, with an operation of their own kind beside the zone (recorded 2021-05-14).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

from netcfg.sandbox import clock, ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, ZONE, Document
from netcfg.sandbox.manager import operations
from netcfg.sandbox.manager.gate import not_found

TYPE = "Microsoft.Network/privateDnsZones"


@dataclass(frozen=True)
class Resolution:
    """What a network learns about a name.

    `public`: no zone speaks for it, so the public DNS is asked; `private`: a linked `zone` has these `addresses`;
    `hidden`: a linked `zone` has no record, and says that the name does not exist.
    """

    kind: Literal["public", "private", "hidden"]
    addresses: tuple[str, ...] = ()
    zone: str = ""


def resolve(state: Document, network_id: str, name: str) -> Resolution:
    """What Azure's resolver says about `name` (`kv.privatelink.vaultcore.azure.net`) in the network of that id.

    Of the linked zones the one with the longest name speaks; a link that is not completed does nothing. A network with
    DNS servers of its own never asks Azure's resolver: they are taken to know the public DNS only.
    """
    network = state["virtualNetworks"].get(network_id.lower(), {"properties": {}})
    if network["properties"].get("dhcpOptions", {}).get("dnsServers"):
        return Resolution("public")
    wanted = name.lower().rstrip(".")
    speaking = [
        (state["privateDnsZones"][ids.zone_key(key)], link)
        for key, link in state["virtualNetworkLinks"].items()
        if link["properties"]["virtualNetwork"]["id"].lower() == network_id.lower()
        and link["properties"]["virtualNetworkLinkState"] == "Completed"
        and wanted.endswith(f".{ids.name(ids.zone_key(key))}")
    ]
    if not speaking:
        return Resolution("public")
    zone, link = max(speaking, key=lambda each: len(each[0]["name"]))
    found = state["recordSets"][zone["id"].lower()].get(wanted.removesuffix(f".{zone['name'].lower()}"))
    if found is not None:
        return Resolution("private", tuple(found["addresses"]), zone["id"])
    redirects = link["properties"].get("resolutionPolicy") == "NxDomainRedirect"
    return Resolution("public" if redirects else "hidden", zone=zone["id"])


def get(call: Call) -> Answer:
    zone = find(call)
    return Answer(_shown(call.state, zone), headers={"etag": zone["etag"]})


def list_all(call: Call) -> Answer:
    scope = call.request.path.partition("/providers/")[0]
    zones = [each for key, each in sorted(call.state["privateDnsZones"].items()) if ids.within(key, scope)]
    return paged(call, [_shown(call.state, each) for each in zones if is_made(each)])


def put(call: Call) -> Answer:
    """Create or replace: a zone that is being made is not shown before it is done."""
    zone_id = ZONE.format(**call.names)
    sent = call.body or {}
    if str(sent.get("location", "")).lower() != "global":
        message = f"The provided location '{sent.get('location')}' is not available for resource type '{TYPE}'."
        raise Refusal(400, "LocationNotAvailableForResourceType", message, gateway=True)
    before = call.state["privateDnsZones"].get(zone_id.lower())
    check_preconditions(call, before)
    zone = document(zone_id, sent.get("tags")) | {"etag": str(uuid.uuid4())}
    zone["properties"]["provisioningState"] = "Updating" if before else "Creating"
    call.state["privateDnsZones"][zone_id.lower()] = zone | ({"id": before["id"]} if before else {})
    call.state["recordSets"].setdefault(zone_id.lower(), {})
    return begun(call, "zone", zone_id)


def delete(call: Call) -> Answer:
    """What is not there is gone: 204. A zone with links stays."""
    key = ZONE.format(**call.names).lower()
    zone = call.state["privateDnsZones"].get(key)
    check_preconditions(call, zone)
    if zone is None:
        return Answer(status=204)
    if any(ids.within(each, key) for each in call.state["virtualNetworkLinks"]):
        message = f"Can not delete resource {zone['id']} before nested resources are deleted."
        raise Refusal(409, "CannotDeleteResource", message)
    zone["properties"]["provisioningState"] = "Deleting"
    return begun(call, "zone", zone["id"])


def end_zone(state: Document, key: str) -> None:
    """Made, or gone with its records."""
    zone = state["privateDnsZones"][key]
    if zone["properties"]["provisioningState"] == "Deleting":
        del state["privateDnsZones"][key], state["recordSets"][key]
        return
    zone["properties"]["provisioningState"] = "Succeeded"


def operation_status(call: Call) -> Answer:
    return operations.status(call.state, call.names["operation"])


def operation_result(call: Call) -> Answer:
    """What `Location` points at: 202 while it lasts, then what was written, or nothing where something was deleted."""
    operation = operations.find(call.state, call.names["operation"])
    if not operation["done"]:
        return Answer(status=202, headers=operations.retry_after(call.state))
    zone = call.state["privateDnsZones"].get(operation["target"])
    written = call.state["virtualNetworkLinks"].get(operation["target"]) or (zone and _shown(call.state, zone))
    return Answer(written) if written else Answer(status=204)


def document(zone_id: str, tags: Document | None) -> Document:
    """A zone as the state keeps it; how many links and records it has is counted when it is shown."""
    return {
        "id": zone_id,
        "name": ids.name(zone_id).lower(),
        "type": TYPE,
        "etag": str(uuid.uuid5(uuid.NAMESPACE_URL, zone_id.lower())),
        "location": "global",
        "tags": tags or {},
        "properties": {
            "maxNumberOfRecordSets": 25000,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
            "provisioningState": "Succeeded",
        },
    }


def find(call: Call) -> Document:
    """The zone that the path names."""
    found: Document | None = call.state["privateDnsZones"].get(ZONE.format(**call.names).lower())
    if found is None or not is_made(found):
        raise not_found(TYPE, call.names["zone"], call.names["group"])
    return found


def is_made(zone: Document) -> bool:
    """Not known, so chosen: who looks for a zone while it is being made does not find it."""
    return bool(zone["properties"]["provisioningState"] != "Creating")


def check_preconditions(call: Call, before: Document | None) -> None:
    """`If-None-Match: *` makes only what is not there, `If-Match` changes only what nobody changed; one write at a
    time, and the next one meets a conflict."""
    held = before["etag"] if before else None
    wanted, unwanted = (call.request.headers.get(name) for name in ("if-match", "if-none-match"))
    is_stale = wanted is not None and (held is None or wanted.strip('"') not in ("*", held))
    if is_stale or (unwanted == "*" and held is not None):
        condition = f"If-Match: {wanted}" if is_stale else "If-None-Match: *"
        message = f"The condition '{condition}' is not satisfied. The current etag is '{held}'."
        raise Refusal(412, "PreconditionFailed", message)
    if before is not None and operations.busy(call.state, before["id"].lower()):
        message = f"The resource {before['id']} is being changed by another operation."
        raise Refusal(409, "Conflict", message)


def begun(call: Call, kind: str, target: str) -> Answer:
    """The answer to a write: `{}`, and two places to ask how far it is."""
    name = operations.begin(call.state, kind, target.lower(), clock.tick(call.state))
    place = f"{GROUP.format(**call.names)}/providers/Microsoft.Network/privateDnsOperation"
    headers = {
        "azure-asyncoperation": call.url(f"{place}Statuses/{name}"),
        "location": call.url(f"{place}Results/{name}"),
    }
    return Answer({}, 202, headers | operations.whole_retry_after(call.state))


def paged(call: Call, items: list[Document]) -> Answer:
    """One page; `nextLink` leads to the next one, where there is one."""
    start = int(call.request.query.get("$skipToken", 0))
    shown = items[start : start + int(call.request.query.get("$top", call.state["settings"]["pageSize"]))]
    end = start + len(shown)
    more = {"nextLink": call.url(call.request.path, **{"$skipToken": str(end)})} if end < len(items) else {}
    return Answer({"value": shown} | more)


def _shown(state: Document, zone: Document) -> Document:
    key = zone["id"].lower()
    links = [each for name, each in state["virtualNetworkLinks"].items() if ids.within(name, key)]
    counted = {
        "numberOfRecordSets": 1 + len(state["recordSets"][key]),
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": sum(
            1 for each in links if each["properties"]["registrationEnabled"]
        ),
    }
    tags = {} if zone["tags"] else {"tags"}
    return {key: each for key, each in zone.items() if key not in tags} | {"properties": zone["properties"] | counted}


_ACTION = "Microsoft.Network/privateDnsZones/"
_ALL = "/providers/Microsoft.Network/privateDnsZones"
_OPERATION = GROUP + "/providers/Microsoft.Network/privateDnsOperation"
OPERATIONS = (
    Operation("GET", ZONE, _ACTION + "read", get, ZONE),
    Operation("PUT", ZONE, _ACTION + "write", put, ZONE),
    Operation("DELETE", ZONE, _ACTION + "delete", delete, ZONE),
    Operation("GET", GROUP + _ALL, _ACTION + "read", list_all, GROUP),
    Operation("GET", SUBSCRIPTION + _ALL, _ACTION + "read", list_all, SUBSCRIPTION),
    Operation(
        "GET",
        _OPERATION + "Statuses/{operation}",
        "Microsoft.Network/privateDnsOperationStatuses/read",
        operation_status,
        GROUP,
    ),
    Operation(
        "GET",
        _OPERATION + "Results/{operation}",
        "Microsoft.Network/privateDnsOperationResults/read",
        operation_result,
        GROUP,
    ),
)
