"""The record sets of a private DNS zone, to be read: zone groups write them, or somebody did by hand."""

from __future__ import annotations

import uuid

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import ZONE, Document
from netcfg.sandbox.network import private_dns

_KINDS = ("ALL", "A", "AAAA", "CNAME", "MX", "PTR", "SOA", "SRV", "TXT")
_SOA: Document = {
    "host": "azureprivatedns.net",
    "email": "azureprivatedns-host.microsoft.com",
    "expireTime": 2419200,
    "minimumTTL": 10,
    "refreshTime": 3600,
    "retryTime": 300,
    "serialNumber": 1,
}


def list_all(call: Call) -> Answer:
    """The record sets of one type, or of all: the zone's own SOA first."""
    zone, kind = private_dns.find(call), _kind(call)
    records = [_soa(zone)] if kind in ("ALL", "SOA") else []
    if kind in ("ALL", "A"):
        held = call.state["recordSets"][zone["id"].lower()]
        records += [_record(zone, name, each) for name, each in sorted(held.items())]
    return private_dns.paged(call, records)


def get(call: Call) -> Answer:
    zone, kind, name = private_dns.find(call), _kind(call), call.names["record"].lower()
    if (kind, name) == ("SOA", "@"):
        return Answer(_soa(zone))
    held = call.state["recordSets"][zone["id"].lower()].get(name) if kind == "A" else None
    if held is None:
        message = (
            f"The resource record '{call.names['record']}' does not exist in resource group '{call.names['group']}'."
        )
        raise Refusal(404, "NotFound", message)
    return Answer(_record(zone, name, held))


def _kind(call: Call) -> str:
    kind = call.names["kind"].upper()
    if kind not in _KINDS:
        kinds = f"privateDnsZones/{call.names['kind']}"
        message = f"The resource type '{kinds}' could not be found in the namespace 'Microsoft.Network'."
        raise Refusal(404, "InvalidResourceType", message, gateway=True)
    return kind


def _record(zone: Document, name: str, held: Document) -> Document:
    """A record set that a zone group keeps; `metadata` says which endpoint's. One made by hand has none."""
    return _named(zone, "A", name) | {
        "properties": {
            "fqdn": f"{name}.{zone['name']}.",
            "ttl": held["ttl"],
            "aRecords": [{"ipv4Address": each} for each in held["addresses"]],
            "isAutoRegistered": False,
            **({"metadata": {"creator": held["creator"]}} if held["creator"] else {}),
        }
    }


def _soa(zone: Document) -> Document:
    properties = {"fqdn": f"{zone['name']}.", "ttl": 3600, "soaRecord": _SOA, "isAutoRegistered": False}
    return _named(zone, "SOA", "@") | {"properties": properties}


def _named(zone: Document, kind: str, name: str) -> Document:
    record_id = f"{zone['id']}/{kind}/{name}"
    etag = str(uuid.uuid5(uuid.NAMESPACE_URL, record_id.lower()))
    return {"id": record_id, "name": name, "type": f"{private_dns.TYPE}/{kind}", "etag": etag}


_READ = "Microsoft.Network/privateDnsZones/{kind}/read"
OPERATIONS = (
    Operation("GET", ZONE + "/{kind}", _READ, list_all, ZONE),
    Operation("GET", ZONE + "/{kind}/{record}", _READ, get, ZONE),
)
