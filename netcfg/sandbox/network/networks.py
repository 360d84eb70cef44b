"""Virtual networks and their peerings: `Microsoft.Network/virtualNetworks`.

A PUT replaces a network: what is not sent is lost. One write per network at a time; the network and all its subnets
share one ETag, which moves when a write begins and again when it ends (recorded in test_subnets, 2020-05-19).
"""

from __future__ import annotations

import copy
import uuid

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, NETWORK, SUBSCRIPTION, Document
from netcfg.sandbox.manager import operations, provider
from netcfg.sandbox.network import subnets
from netcfg.sandbox.network.subnets import find_network

_ACTION = "Microsoft.Network/virtualNetworks/"
_TYPE = "Microsoft.Network/virtualNetworks"
_PEERINGS = NETWORK + "/virtualNetworkPeerings"


def get_network(call: Call) -> Answer:
    network = find_network(call)
    return Answer(_shown(network), headers={"etag": network["etag"]})


def list_networks(call: Call) -> Answer:
    scope = call.request.path.partition(provider.PROVIDER)[0]
    found = [each for key, each in sorted(call.state["virtualNetworks"].items()) if ids.within(key, scope)]
    return Answer({"value": [_shown(each) for each in found]})


def put_network(call: Call) -> Answer:
    """Create or replace; subnets that are not sent are gone."""
    sent = call.body or {}
    properties = sent.get("properties") or {}
    if not sent.get("location"):
        message = "The location property is required for this definition."
        raise Refusal(400, "LocationRequired", message, gateway=True)
    network_id = NETWORK.format(**call.names)
    before = call.state["virtualNetworks"].get(network_id.lower())
    if before is not None:
        provider.check_precondition(call, before)
        provider.check_idle(call, before)
    network = {
        "name": call.names["network"],
        "id": before["id"] if before else network_id,
        "etag": operations.new_etag(),
        "type": _TYPE,
        "location": sent["location"],
        **({"tags": sent["tags"]} if sent.get("tags") else {}),
        "properties": {
            **copy.deepcopy(properties),
            "provisioningState": "Updating",
            "resourceGuid": before["properties"]["resourceGuid"] if before else str(uuid.uuid4()),
            "subnets": _subnets(call, network_id, before),
            "virtualNetworkPeerings": properties.get("virtualNetworkPeerings") or [],
            # Not sent, it is off; recorded on 2021-04-19 as well as with a client that always sends it.
            "enableDdosProtection": properties.get("enableDdosProtection", False),
        },
    }
    call.state["virtualNetworks"][network_id.lower()] = network
    headers = provider.begin(call, "network", network)
    return provider.begun(call, _shown(network), headers, is_new=before is None)


def delete_network(call: Call) -> Answer:
    network = find_network(call)
    provider.check_idle(call, network)
    network["properties"]["provisioningState"] = "Deleting"
    return Answer(status=202, headers=provider.begin(call, "network", network))


def list_peerings(call: Call) -> Answer:
    network = find_network(call)
    return Answer({"value": [_with_etag(each, network) for each in network["properties"]["virtualNetworkPeerings"]]})


def get_peering(call: Call) -> Answer:
    """A missing one is reported as a missing subnet is."""
    network, wanted = find_network(call), call.names["peering"].lower()
    peerings = network["properties"]["virtualNetworkPeerings"]
    found = next((each for each in peerings if each["name"].lower() == wanted), None)
    if found is None:
        named = f"{_PEERINGS.format(**call.names)}/{call.names['peering']}"
        raise Refusal(404, "NotFound", f"Resource {named} not found.", more={"details": []})
    return Answer(_with_etag(found, network), headers={"etag": network["etag"]})


def _subnets(call: Call, network_id: str, before: Document | None) -> list[Document]:
    old = {each["name"].lower(): each for each in before["properties"]["subnets"]} if before else {}
    made = []
    for each in call.properties.get("subnets") or []:
        held = old.get(each["name"].lower())
        subnet = subnets.made(f"{network_id}/subnets/{each['name']}", each, held)
        subnets.check_links(call, _ACTION + "write", subnet, held, call.body["location"])
        made.append(subnet)
    return made


def _with_etag(each: Document, network: Document) -> Document:
    return {**each, "etag": network["etag"]}


def _shown(network: Document) -> Document:
    properties = network["properties"]
    parts = {
        key: [_with_etag(each, network) for each in properties[key]] for key in ("subnets", "virtualNetworkPeerings")
    }
    return {**network, "properties": properties | parts}


_ALL = provider.PROVIDER + "/virtualNetworks"
_PEERING = _ACTION + "virtualNetworkPeerings/read"
OPERATIONS = (
    Operation("GET", NETWORK, _ACTION + "read", get_network, NETWORK),
    Operation("PUT", NETWORK, _ACTION + "write", put_network, NETWORK),
    Operation("DELETE", NETWORK, _ACTION + "delete", delete_network, NETWORK),
    Operation("GET", GROUP + _ALL, _ACTION + "read", list_networks, GROUP),
    Operation("GET", SUBSCRIPTION + _ALL, _ACTION + "read", list_networks, SUBSCRIPTION),
    Operation("GET", _PEERINGS, _PEERING, list_peerings, NETWORK),
    Operation("GET", _PEERINGS + "/{peering}", _PEERING, get_peering, NETWORK),
)
