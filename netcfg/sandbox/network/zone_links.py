"""Links between private DNS zones and virtual networks: `privateDnsZones/virtualNetworkLinks`.

From the moment that a link is completed, all machines of the network ask the zone, for every name in it.
"""

from __future__ import annotations

import uuid

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import ZONE, Document
from netcfg.sandbox.manager import linked
from netcfg.sandbox.manager.gate import not_found
from netcfg.sandbox.network import private_dns

_LINK = ZONE + "/virtualNetworkLinks/{link}"
_TYPE = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
_POLICIES = ("Default", "NxDomainRedirect")


def get(call: Call) -> Answer:
    private_dns.find(call)
    found = call.state["virtualNetworkLinks"].get(_LINK.format(**call.names).lower())
    if found is None:
        raise not_found(_TYPE, f"{call.names['zone']}/{call.names['link']}", call.names["group"])
    return Answer(found, headers={"etag": found["etag"]})


def list_all(call: Call) -> Answer:
    zone = private_dns.find(call)["id"]
    return private_dns.paged(
        call, [each for key, each in sorted(call.state["virtualNetworkLinks"].items()) if ids.within(key, zone)]
    )


def put(call: Call) -> Answer:
    """Create, or change the tags, the registration and the policy: the network of a link is for ever."""
    zone = _parent(call)
    link_id = f"{zone['id']}/virtualNetworkLinks/{call.names['link']}"
    before = call.state["virtualNetworkLinks"].get(link_id.lower())
    network_id = _network(call, link_id)
    private_dns.check_preconditions(call, before)
    _check_overlap(call, link_id, zone, network_id)
    if before is not None and before["properties"]["virtualNetwork"]["id"].lower() != network_id.lower():
        raise Refusal(400, "BadRequest", f"The virtual network of the link {link_id} cannot be changed.")
    link = document(link_id, network_id, call.properties, (call.body or {}).get("tags"))
    link["etag"] = str(uuid.uuid4())
    link["properties"] |= {
        "provisioningState": "InProgress",
        "virtualNetworkLinkState": before["properties"]["virtualNetworkLinkState"] if before else "InProgress",
    }
    call.state["virtualNetworkLinks"][link_id.lower()] = link
    return private_dns.begun(call, "link", link_id)


def delete(call: Call) -> Answer:
    """What is not there is gone: 204."""
    key = _LINK.format(**call.names).lower()
    link = call.state["virtualNetworkLinks"].get(key)
    private_dns.check_preconditions(call, link)
    if link is None:
        return Answer(status=204)
    link["properties"]["provisioningState"] = "Deleting"
    return private_dns.begun(call, "link", key)


def end_link(state: Document, key: str) -> None:
    """Completed, or gone."""
    link = state["virtualNetworkLinks"][key]
    if link["properties"]["provisioningState"] == "Deleting":
        del state["virtualNetworkLinks"][key]
        return
    link["properties"] |= {"provisioningState": "Succeeded", "virtualNetworkLinkState": "Completed"}


def document(link_id: str, network_id: str, given: Document, tags: Document | None) -> Document:
    """A link as the state keeps it. A policy is shown for `privatelink` zones only, where alone it means something."""
    policy = given.get("resolutionPolicy") or _POLICIES[0]
    if policy not in _POLICIES:
        raise Refusal(400, "BadRequest", f"The resolution policy '{policy}' is none of {', '.join(_POLICIES)}.")
    is_private_link = link_id.split("/")[8].lower().startswith("privatelink.")
    return {
        "id": link_id,
        "name": ids.name(link_id),
        "type": _TYPE,
        "etag": str(uuid.uuid5(uuid.NAMESPACE_URL, link_id.lower())),
        "location": "global",
        "tags": tags or {},
        "properties": {
            "provisioningState": "Succeeded",
            "registrationEnabled": bool(given.get("registrationEnabled", False)),
            **({"resolutionPolicy": policy} if is_private_link else {}),
            "virtualNetwork": {"id": network_id},
            "virtualNetworkLinkState": "Completed",
        },
    }


def _parent(call: Call) -> Document:
    zone: Document | None = call.state["privateDnsZones"].get(ZONE.format(**call.names).lower())
    if zone is None or not private_dns.is_made(zone):
        message = (
            "Failed to perform 'write' on resource(s) of type 'privateDnsZones/virtualNetworkLinks', because the "
            f"parent resource '{ZONE.format(**call.names)}' could not be found."
        )
        raise Refusal(404, "ParentResourceNotFound", message, gateway=True)
    return zone


def _network(call: Call, link_id: str) -> str:
    """The id of the network that was sent, if the caller may join it and it is there."""
    network_id = str((call.properties.get("virtualNetwork") or {}).get("id") or "")
    if network_id:
        linked.check(call, _TYPE + "/write", link_id, linked.JOIN_NETWORK, network_id)
    found = call.state["virtualNetworks"].get(network_id.lower())
    if found is None or str((call.body or {}).get("location", "")).lower() != "global":
        problem = "is not there" if found is None else "is linked in the location 'global' only"
        raise Refusal(400, "BadRequest", f"The virtual network '{network_id}' {problem}.")
    return str(found["id"])


def _check_overlap(call: Call, link_id: str, zone: Document, network_id: str) -> None:
    """A network knows one zone of a name, and one link to a zone. The first sentence is Azure's (aks-docs#212)."""
    for key, link in call.state["virtualNetworkLinks"].items():
        if key == link_id.lower() or link["properties"]["virtualNetwork"]["id"].lower() != network_id.lower():
            continue
        if ids.within(key, zone["id"]):
            message = f"The virtual network '{network_id}' is linked to the zone already, by the link '{link['name']}'."
            raise Refusal(409, "Conflict", message)
        if ids.name(ids.zone_key(key)) == zone["name"]:
            message = (
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
                f"virtual network with '{zone['name']}' and '{zone['name']}' zones."
            )
            raise Refusal(400, "BadRequest", message)


OPERATIONS = (
    Operation("GET", ZONE + "/virtualNetworkLinks", _TYPE + "/read", list_all, ZONE),
    Operation("GET", _LINK, _TYPE + "/read", get, _LINK),
    Operation("PUT", _LINK, _TYPE + "/write", put, _LINK),
    Operation("DELETE", _LINK, _TYPE + "/delete", delete, _LINK),
)
