"""Zone groups of private endpoints: `privateEndpoints/privateDnsZoneGroups`. They write the records into the zones.

A record is there only while the connection is approved. Two endpoints of one vault in one zone write the same record:
the last one wins, and whoever goes takes it along. Neither is known of Azure for sure, so chosen to surprise.
"""

from __future__ import annotations

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import ENDPOINT, Document
from netcfg.sandbox.manager import linked, provider
from netcfg.sandbox.network import private_dns, private_link

_GROUP = ENDPOINT + "/privateDnsZoneGroups/{zones}"
_TYPE = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
_MOST = 5
_TTL = 10


def get(call: Call) -> Answer:
    endpoint = private_link.find_endpoint(call)
    group = call.state["zoneGroups"].get(_GROUP.format(**call.names).lower())
    if group is None:
        named = f"{endpoint['id']}/privateDnsZoneGroups/{call.names['zones']}"
        raise Refusal(404, "NotFound", f"Resource {named} not found.", more={"details": []})
    return Answer(_shown(call.state, group, endpoint), headers={"etag": endpoint["etag"]})


def list_all(call: Call) -> Answer:
    endpoint = private_link.find_endpoint(call)
    groups = private_link.groups_of(call.state, endpoint["id"])
    return Answer({"value": [_shown(call.state, each, endpoint) for each in groups]})


def put(call: Call) -> Answer:
    """Create or replace: zones that are not sent lose their records when it is done."""
    endpoint = private_link.find_endpoint(call)
    group_id = f"{endpoint['id']}/privateDnsZoneGroups/{call.names['zones']}"
    before = call.state["zoneGroups"].get(group_id.lower())
    configs = call.properties.get("privateDnsZoneConfigs") or []
    group = document(group_id, [(each["name"], _zone(call, group_id, each)) for each in configs])
    _check(call, endpoint, before, configs)
    if before is not None:
        _forget(call.state, before)
    group["properties"]["provisioningState"] = "Updating"
    call.state["zoneGroups"][group_id.lower()] = group
    headers = provider.begin(call, "group", endpoint)
    return provider.begun(call, _shown(call.state, group, endpoint), headers, is_new=before is None)


def delete(call: Call) -> Answer:
    """What is not there is gone: 204."""
    endpoint = private_link.find_endpoint(call)
    group = call.state["zoneGroups"].get(_GROUP.format(**call.names).lower())
    if group is None:
        return Answer(status=204)
    provider.check_idle(call, endpoint)
    group["properties"]["provisioningState"] = "Deleting"
    return provider.accepted(provider.begin(call, "group", endpoint))


def end_group(state: Document, key: str) -> None:
    """The endpoint and its group have one new ETag; a group that was being deleted is gone with its records."""
    endpoint = state["privateEndpoints"].get(key)
    if endpoint is None:
        return
    private_link.settle(endpoint)
    for each in private_link.groups_of(state, key):
        if each["properties"]["provisioningState"] == "Deleting":
            remove(state, each)
        else:
            each["properties"]["provisioningState"] = "Succeeded"
    write_records(state, endpoint)


def remove(state: Document, group: Document) -> None:
    """The group is gone, and its records with it."""
    _forget(state, group)
    del state["zoneGroups"][group["id"].lower()]


def write_records(state: Document, endpoint: Document) -> None:
    """What the endpoint's groups keep in their zones: a record while the connection is approved, else none."""
    name, address = private_link.vault_name(state, endpoint), private_link.address(state, endpoint)
    for group in private_link.groups_of(state, endpoint["id"]):
        _forget(state, group)
        if not name or not private_link.is_approved(endpoint):
            continue
        for zone in _zones(group):
            if zone in state["recordSets"] and ids.name(zone).startswith("privatelink.vaultcore."):
                guid = endpoint["properties"]["resourceGuid"]
                creator = f"created by private endpoint {endpoint['name']} with resource guid {guid}"
                record = {"ttl": _TTL, "addresses": [address], "creator": creator, "group": group["id"].lower()}
                state["recordSets"][zone][name] = record


def document(group_id: str, zones: list[tuple[str, str]]) -> Document:
    """A group as the state keeps it, of names and zone ids."""
    configs = [
        {
            "name": name,
            "id": f"{group_id}/privateDnsZoneConfigs/{name}",
            "type": f"{_TYPE}/privateDnsZoneConfigs",
            "properties": {"privateDnsZoneId": zone},
        }
        for name, zone in zones
    ]
    properties = {"provisioningState": "Succeeded", "privateDnsZoneConfigs": configs}
    return {"name": ids.name(group_id), "id": group_id, "type": _TYPE, "properties": properties}


def _zone(call: Call, group_id: str, config: Document) -> str:
    """The id of a zone that was sent, if the caller may join it and it is there."""
    zone_id = str((config.get("properties") or {}).get("privateDnsZoneId") or "")
    linked.check(call, _TYPE + "/write", group_id, linked.JOIN_ZONE, zone_id)
    zone = call.state["privateDnsZones"].get(zone_id.lower())
    if zone is None or not private_dns.is_made(zone):
        raise provider.not_referenced(zone_id, group_id)
    return zone_id


def _check(call: Call, endpoint: Document, before: Document | None, configs: list[Document]) -> None:
    """One group per endpoint and five zones per group are documented; the codes of these refusals are not known."""
    provider.check_precondition(call, endpoint)
    provider.check_idle(call, endpoint)
    if not 1 <= len(configs) <= _MOST:
        message = f"A private DNS zone group has 1 to {_MOST} zones; {len(configs)} were sent."
        raise Refusal(400, "InvalidRequestFormat", message, more={"details": []})
    if before is None and private_link.groups_of(call.state, endpoint["id"]):
        message = f"The private endpoint {endpoint['id']} has a private DNS zone group already."
        raise Refusal(400, "PrivateEndpointCannotHaveMoreThanOnePrivateDnsZoneGroup", message, more={"details": []})


def _forget(state: Document, group: Document) -> None:
    """Take the group's records away, whoever wrote them last."""
    for zone in _zones(group):
        held = state["recordSets"].get(zone, {})
        name = next((name for name, each in held.items() if each["group"] == group["id"].lower()), None)
        if name is not None:
            del held[name]


def _zones(group: Document) -> list[str]:
    configs = group["properties"]["privateDnsZoneConfigs"]
    return [str(each["properties"]["privateDnsZoneId"]).lower() for each in configs]


def _shown(state: Document, group: Document, endpoint: Document) -> Document:
    """With the endpoint's ETag, and the records that are there now."""
    common = {"etag": endpoint["etag"]}
    progress = group["properties"]["provisioningState"]
    configs = [
        {
            **each,
            **common,
            "properties": {
                "provisioningState": progress,
                **each["properties"],
                "recordSets": _records(state, group, str(each["properties"]["privateDnsZoneId"]).lower()),
            },
        }
        for each in group["properties"]["privateDnsZoneConfigs"]
    ]
    return {**group, **common, "properties": {"provisioningState": progress, "privateDnsZoneConfigs": configs}}


def _records(state: Document, group: Document, zone: str) -> list[Document]:
    return [
        {
            "recordType": "A",
            "recordSetName": name,
            "fqdn": f"{name}.{ids.name(zone)}",
            "ttl": each["ttl"],
            "ipAddresses": each["addresses"],
            "provisioningState": "Succeeded",
        }
        for name, each in sorted(state["recordSets"].get(zone, {}).items())
        if each["group"] == group["id"].lower()
    ]


OPERATIONS = (
    Operation("GET", ENDPOINT + "/privateDnsZoneGroups", _TYPE + "/read", list_all, ENDPOINT),
    Operation("GET", _GROUP, _TYPE + "/read", get, _GROUP),
    Operation("PUT", _GROUP, _TYPE + "/write", put, _GROUP),
    Operation("DELETE", _GROUP, _TYPE + "/delete", delete, _GROUP),
)
