"""A vault's `networkAcls`: what Key Vault makes of a rule set that it is sent, and what it refuses.

Sources: the REST reference's examples, Microsoft's recordings, and issues quoted beside each rule. What nobody has
recorded is marked as not known, and is then chosen to surprise.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError, ip_network
from typing import Any

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.ids import Document

_IP_RULES = 1000  # and 200: Key Vault's "Network security" page, 2026-06-16
_NETWORK_RULES = 200
_OPEN: Document = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
_FORBIDDEN = {
    IPv4Network("10.0.0.0/8"): "10.0.0.0–10.255.255.255",
    IPv4Network("172.16.0.0/12"): "172.16.0.0–172.31.255.255",
    IPv4Network("192.168.0.0/16"): "192.168.0.0–192.168.255.255",
}


def merge(sent: Document, stored: Document | None) -> Document | None:
    """The rule set after `sent` replaced `stored`, or None for the one that Key Vault does not show.

    It is replaced as one object, but a list left out keeps its old rules (azure-sdk-for-net#41355). Open to all
    networks, without a rule, and with the bypass that is the default, is the same as never set: the property is absent.
    """
    before = stored or {}
    merged = {
        "bypass": _one_of(sent, "bypass", "AzureServices", "None"),
        "defaultAction": _one_of(sent, "defaultAction", "Allow", "Deny"),
        "ipRules": _ip_rules(_entries(sent, before, "ipRules")),
        "virtualNetworkRules": _network_rules(_entries(sent, before, "virtualNetworkRules")),
    }
    return None if merged == _OPEN else merged


def check_subnets(sent: Document, stored: Document | None, networks: Document) -> None:
    """Refuse subnets that are not there, and those whose `Microsoft.KeyVault` endpoint is not there (yet).

    `ignoreMissingVnetServiceEndpoint` waives the second only, and only for the request that carries it: no answer
    echoes it, so a rule that is sent back as it was found is checked again.
    """
    bare: dict[str, list[str]] = {}
    for rule in _entries(sent, stored or {}, "virtualNetworkRules"):
        parts = ids.subnet_parts(rule["id"])
        subnet = _find_subnet(rule["id"], networks)
        if subnet is None:
            raise _subnet_missing(rule["id"], networks)
        if parts and not rule.get("ignoreMissingVnetServiceEndpoint") and not _has_endpoint(subnet):
            bare.setdefault(ids.network_key(rule["id"]), []).append(parts["subnet"])
    for network, names in bare.items():
        raise _endpoints_missing(networks[network]["id"], names)


def _entries(sent: Document, before: Document, key: str) -> list[Document]:
    found = sent.get(key)
    rules: Any = before.get(key, []) if found is None else found
    if not isinstance(rules, list) or not all(isinstance(each, dict) for each in rules):
        raise _invalid(f"properties.networkAcls.{key}", "a list of objects is expected")
    return rules


def _one_of(sent: Document, key: str, *values: str) -> str:
    """Left out means the first value; any case is understood."""
    given = sent.get(key) or values[0]
    found = next((each for each in values if each.lower() == str(given).lower()), None)
    if found is None:
        raise _invalid(f"properties.networkAcls.{key}", f"{given} is none of {', '.join(values)}")
    return found


def _ip_rules(rules: Iterable[Document]) -> list[Document]:
    listed = [{"value": _ip_rule(str(each.get("value", "")), number)} for number, each in enumerate(rules)]
    _check_count(len(listed), _IP_RULES, "ipRules")
    return listed


def _ip_rule(value: str, number: int) -> str:
    """A bare address becomes a /32, and what cannot be read is kept as it was sent, quotes and all: both as in the
    example createVaultWithNetworkAcls. Not known, so chosen: host bits are cut off without a word, IPv6 is refused."""
    place = f"properties.networkAcls.ipRules[{number}].value"
    try:
        network = ip_network(value, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return value
    if isinstance(network, IPv6Network):
        raise _invalid(place, f"{value} is not an IPv4 address or range")
    for forbidden, name in _FORBIDDEN.items():
        if network.subnet_of(forbidden):  # a range around it passes: vaults with 0.0.0.0/2 have been recorded
            raise _invalid(place, f"{value} belongs to forbidden range {name} (private IP addresses)")
    return str(network)


def _network_rules(rules: Iterable[Document]) -> list[Document]:
    """Ids come back wholly in lower case, and without `ignoreMissingVnetServiceEndpoint`: so in every recording."""
    listed = [{"id": str(each.get("id", "")).lower()} for each in rules]
    _check_count(len(listed), _NETWORK_RULES, "virtualNetworkRules")
    return listed


def _check_count(count: int, most: int, key: str) -> None:
    """No recording of this refusal was found: the status is what everything else suggests, the words are ours."""
    if count > most:
        raise _invalid(f"properties.networkAcls.{key}", f"{count} rules exceed the maximum of {most}")


def _invalid(place: str, problem: str) -> Refusal:
    return Refusal(400, "BadRequest", f"Invalid value found at {place}: {problem}")


def _find_subnet(subnet_id: str, networks: Document) -> Document | None:
    network = networks.get(ids.network_key(subnet_id))
    subnets = network["properties"]["subnets"] if network else []
    return next((each for each in subnets if each["id"].lower() == subnet_id.lower()), None)


def _has_endpoint(subnet: Document) -> bool:
    return any(
        each["service"].lower() == "microsoft.keyvault" and each.get("provisioningState", "Succeeded") == "Succeeded"
        for each in subnet["properties"].get("serviceEndpoints", [])
    )


def _endpoints_missing(network_id: str, subnets: list[str]) -> Refusal:
    """The provider of networks speaks inside the provider of vaults: the code outside is its, two dots and all
    (terraform-provider-azurerm#11759)."""
    return _network_refusal(
        "400 (BadRequest)",
        "SubnetsHaveNoServiceEndpointsConfigured",
        f"Subnets {', '.join(subnets)} of virtual network {network_id} do not have ServiceEndpoints for "
        "Microsoft.KeyVault resources configured. Add Microsoft.KeyVault to subnet's ServiceEndpoints collection "
        "before trying to ACL Microsoft.KeyVault resources to these subnets.",
    )


def _subnet_missing(subnet_id: str, networks: Document) -> Refusal:
    """An old client saw `ResourceNotFound` from a missing network (azure-cli#7739); that today's text wraps it as it
    wraps the missing endpoint is inferred."""
    parts = ids.subnet_parts(subnet_id)
    if parts is None:
        return _invalid("properties.networkAcls.virtualNetworkRules", f"{subnet_id} is not the id of a subnet")
    if ids.network_key(subnet_id) in networks:
        return _network_refusal("404 (NotFound)", "NotFound", f"Resource {subnet_id} not found.")
    missing = f"Microsoft.Network/virtualNetworks/{parts['network']}"
    message = f"The Resource '{missing}' under resource group '{parts['group']}' was not found."
    return _network_refusal("404 (NotFound)", "ResourceNotFound", message)


def _network_refusal(status: str, code: str, message: str) -> Refusal:
    text = (
        f"Operation on Virtual Network could not be performed. StatusCode: {status}. Error Code: {code}. "
        f"Error Message: {message}."
    )
    return Refusal(400, "VirtualNetworkNotValid", text)
