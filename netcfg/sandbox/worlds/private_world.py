"""What a world says of private endpoints and private DNS zones, as the state that Azure would have made of it.

Nothing is drawn here: ids that Azure makes up follow from names, so that two beginnings of a world are alike.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import interfaces, private_dns, private_endpoints, private_link, zone_groups, zone_links

# From a short name of a world to a whole id: of `network/subnet`, a network, a vault, or `group:type/name`.
Named = Callable[[str], str]


def lay_zone(state: Document, each: Document, group: str, network: Named) -> None:
    """A zone with its links, and the records that somebody wrote by hand."""
    zone_id = f"{group}/providers/Microsoft.Network/privateDnsZones/{each['name']}"
    state["privateDnsZones"][zone_id.lower()] = private_dns.document(zone_id, each.get("tags"))
    state["recordSets"][zone_id.lower()] = {
        name.lower(): {"ttl": 3600, "addresses": addresses, "creator": "", "group": ""}
        for name, addresses in each.get("records", {}).items()
    }
    for name, link in each.get("links", {}).items():
        link_id = f"{zone_id}/virtualNetworkLinks/{name}"
        made = zone_links.document(link_id, network(link["network"]), link, None)
        state["virtualNetworkLinks"][link_id.lower()] = made


def lay_endpoint(
    state: Document, each: Document, place: tuple[str, str], subnet: Named, whole: Named, service: Named
) -> None:
    """A private endpoint with its interface, its zone group, and what the vault shows of it.

    `place` is the id of its resource group and where it lies. A vault that is gone, or that no longer knows of it, is
    said by the status Disconnected.
    """
    group, location = place
    endpoint_id = f"{group}/providers/Microsoft.Network/privateEndpoints/{each['name']}"
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, endpoint_id.lower()))
    endpoint = private_endpoints.document(endpoint_id, each.get("location", location), guid)
    status = each.get("status", "Approved")
    said = {"Approved": "Auto-approved", "Pending": "Awaiting Approval"}.get(status, "")
    decision = private_link.state_of(status, each.get("description", said))
    private_endpoints.connect(endpoint, service(each["vault"]), ["vault"], decision, each.get("manual", False))
    wanted = subnet(each["subnet"])
    found = (one for network in state["virtualNetworks"].values() for one in network["properties"]["subnets"])
    held = next(one for one in found if one["id"].lower() == wanted)
    endpoint["properties"]["subnet"] = {"id": held["id"]}
    interfaces.attach(state, endpoint, held, each.get("address"), None)
    state["privateEndpoints"][endpoint_id.lower()] = endpoint
    vault = private_link.vault_of(state, service(each["vault"]))
    if vault is not None and status != "Disconnected":
        private_link.tie(state, vault, endpoint, uuid.uuid5(uuid.NAMESPACE_DNS, guid).hex)
    for name, zones in each.get("zoneGroup", {}).items():
        group_id = f"{endpoint_id}/privateDnsZoneGroups/{name}"
        configs = [(f"zone-{number}", whole(zone)) for number, zone in enumerate(zones, start=1)]
        state["zoneGroups"][group_id.lower()] = zone_groups.document(group_id, configs)
    zone_groups.write_records(state, endpoint)
