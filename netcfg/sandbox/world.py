"""Worlds: make-believe tenants, each one JSON document written by hand, that a sandbox starts from.

A world is terse (`"virtualNetworkRules": ["vnet-agents/builds"]`); the state made from it is what Azure would show.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from netcfg.sandbox import ids, publishers
from netcfg.sandbox.ids import Document

VERSION = 1  # of the state's shape
World = str | Path | Mapping[str, Any]

_SETTINGS = {
    "pageSize": 5,  # small, so that no client forgets to follow nextLink
    "writeSeconds": 0.01,  # how long a vault is being written, and another writer gets ConflictError
    "operationSeconds": 0.04,  # how long a virtual network is being changed
    "retryAfter": 0.05,  # Azure says whole seconds; a test that waited for those would be slow
    "graphLagSeconds": 0,  # how long Resource Graph still shows what a vault was before a write
}


def load(world: World) -> Document:
    """The world as it was written, by name, by the path of its file, or given as a document; whole, where it extends
    another one."""
    return _load(world, Path(), ())


def _load(world: World, beside: Path, within: tuple[str, ...]) -> Document:
    """`beside` is where the path of a file counts from, `within` the worlds that extend this one."""
    if isinstance(world, Mapping):
        written, folder, known_as = copy.deepcopy(dict(world)), beside, "given"
    else:
        path = _path(world, beside)
        written, folder, known_as = dict(json.loads(path.read_text(encoding="utf-8"))), path.parent, str(path)
    if known_as in within:
        raise ValueError(f"the world {str(world)!r} extends itself")
    if "extends" not in written:
        return written
    base = _load(written.pop("extends"), folder, (*within, known_as))
    return merge(base, written)


def _path(world: str | Path, beside: Path) -> Path:
    named = str(world).endswith(".json")
    path = beside / world if named else _folder() / f"{world}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in _folder().glob("*.json")))
        raise ValueError(f"no world {str(world)!r}; there are {known}, or give the path of a JSON file")
    return path


def merge(base: Document, changes: Mapping[str, Any]) -> Document:
    """`base` with `changes`: sections within sections, null takes away, and anything else, lists too, replaces.

    A JSON merge patch: https://www.rfc-editor.org/rfc/rfc7386
    """
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            within = merged.get(key)
            merged[key] = merge(within if isinstance(within, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def begin(world: World) -> Document:
    """The state with which a sandbox of this world begins."""
    written = load(world)
    groups = _groups(written)
    networks = {
        each["id"].lower(): each for each in (_network(it, groups) for it in written.get("virtualNetworks", []))
    }
    state = {
        "version": VERSION,
        "world": written.get("name", "unnamed"),
        "today": written.get("today", "2026-07-01"),
        "writes": 0,
        "settings": _SETTINGS | written.get("settings", {}),
        "tenant": written["tenant"],
        "principal": written["principal"],
        "principals": {each["name"]: {"denials": []} | each for each in written["principals"]},
        "subscriptions": {each["id"].lower(): {"resourceGroups": {}} | each for each in written["subscriptions"]},
        "vaults": {each["name"].lower(): _vault(each, written, groups, networks) for each in written.get("vaults", [])},
        "deletedVaults": {},
        "secrets": {each["name"].lower(): each.get("secrets", []) for each in written.get("vaults", [])},
        "perimeters": {name: _associations(each, name, groups) for name, each in written.get("perimeters", {}).items()},
        "virtualNetworks": networks,
        "resources": [_resource(each, groups) for each in written.get("resources", [])],
        "locks": written.get("locks", []),
        "policies": written.get("policies", []),
        "writing": {},
        "operations": {},
        "stale": {},
        "organizations": {each["name"].lower(): _organization(each) for each in written.get("organizations", [])},
        "publishers": written.get("publishers", {}),
    }
    publishers.check(state)
    return state


def _folder() -> Path:
    """`data/worlds` of the clone, or of the installed package, which has its own copy."""
    package = Path(__file__).parent.parent
    installed = package / "data" / "worlds"
    return installed if installed.is_dir() else package.parent / "data" / "worlds"


def _groups(written: Document) -> dict[str, tuple[str, str]]:
    """`production/rg-payments` → the id of that resource group and where it lies."""
    return {
        f"{each['name']}/{group}": (ids.GROUP.format(subscription=each["id"], group=group), location)
        for each in written["subscriptions"]
        for group, location in each.get("resourceGroups", {}).items()
    }


def _vault(each: Document, written: Document, groups: Mapping[str, tuple[str, str]], networks: Document) -> Document:
    group, location = groups[each["group"]]
    properties: Document = {
        "tenantId": written["tenant"]["id"],
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": True,
        "vaultUri": f"https://{each['name'].lower()}.vault.azure.net/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    } | each.get("properties", {})
    if "networkAcls" in each:
        properties["networkAcls"] = _acls(each["networkAcls"], networks)
    made = {"createdAt": "2025-01-15T09:00:00.000Z", "createdBy": "owner@contoso.example", "createdByType": "User"}
    return {
        "id": f"{group}/providers/Microsoft.KeyVault/vaults/{each['name']}",
        "name": each["name"],
        "type": "Microsoft.KeyVault/vaults",
        "location": each.get("location", location),
        "tags": each.get("tags", {}),
        "systemData": made | {key.replace("created", "lastModified"): value for key, value in made.items()},
        "properties": properties,
    }


def _acls(each: Document, networks: Document) -> Document:
    """What a vault holds is taken as the world says it, also what no service would accept today."""
    return {
        "bypass": each.get("bypass", "AzureServices"),
        "defaultAction": each.get("defaultAction", "Deny"),
        "ipRules": [{"value": value} for value in _addresses(each.get("ipRules", []))],
        "virtualNetworkRules": [{"id": _subnet_id(rule, networks)} for rule in each.get("virtualNetworkRules", [])],
    }


def _addresses(rules: Iterable[str | Document]) -> Iterable[str]:
    """`{"count": 995, "from": "191.10.64.0"}` stands for that many single addresses, every second one."""
    for rule in rules:
        if isinstance(rule, str):
            yield rule
        else:
            first = IPv4Address(rule["from"])
            yield from (f"{first + 2 * step}/32" for step in range(rule["count"]))


def _subnet_id(name: str, networks: Document) -> str:
    """A subnet by its whole id, or as `network/subnet` where the network's name is enough in this world."""
    if name.startswith("/"):
        return name.lower()
    network, subnet = name.split("/")
    found = next(key for key in networks if key.endswith(f"/{network.lower()}"))
    return f"{found}/subnets/{subnet.lower()}"


def _network(each: Document, groups: Mapping[str, tuple[str, str]]) -> Document:
    group, location = groups[each["group"]]
    network_id = f"{group}/providers/Microsoft.Network/virtualNetworks/{each['name']}"
    subnets = [
        {
            "name": name,
            "id": f"{network_id}/subnets/{name}",
            "properties": _subnet_properties(properties, groups),
            "type": "Microsoft.Network/virtualNetworks/subnets",
        }
        for name, properties in each["subnets"].items()
    ]
    return {
        "name": each["name"],
        "id": network_id,
        "etag": f'W/"{each["resourceGuid"]}"',
        "type": "Microsoft.Network/virtualNetworks",
        "location": each.get("location", location),
        "tags": each.get("tags", {}),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": each["resourceGuid"],
            "addressSpace": {"addressPrefixes": each["addressSpace"]},
            "subnets": subnets,
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
        },
    }


def _subnet_properties(written: Document, groups: Mapping[str, tuple[str, str]]) -> Document:
    defaults: Document = {
        "provisioningState": "Succeeded",
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }
    filled: Document = _with_ids(defaults | written, groups)
    return filled


def _resource(each: Document, groups: Mapping[str, tuple[str, str]]) -> Document:
    """Any other resource of Resource Manager: shown as the world says it, never changed by the sandbox."""
    group, location = groups[each["group"]]
    shown = {
        "id": f"{group}/providers/{each['type']}/{each['name']}",
        "name": each["name"],
        "type": each["type"],
        "location": each.get("location", location),
        "tags": each.get("tags", {}),
        "properties": _with_ids(each.get("properties", {}), groups),
    }
    return shown | {key: each[key] for key in ("sku", "zones", "identity") if key in each}


def _with_ids(value: Any, groups: Mapping[str, tuple[str, str]]) -> Any:
    """`production/rg-network:Microsoft.Network/natGateways/nat` → the whole id, wherever it stands."""
    if isinstance(value, dict):
        return {key: _with_ids(each, groups) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_ids(each, groups) for each in value]
    if isinstance(value, str) and value.partition(":")[0] in groups:
        group, _, rest = value.partition(":")
        return f"{groups[group][0]}/providers/{rest}"
    return value


def _associations(each: Document, vault: str, groups: Mapping[str, tuple[str, str]]) -> list[Document]:
    """A vault's association with a network security perimeter, shaped as in the REST reference's example."""
    group, location = groups[each["group"]]
    name = f"{each['guid']}.{vault}-{each['guid']}"
    rules = [
        {
            "name": f"inbound-{number}",
            "properties": {
                "direction": "Inbound",
                "addressPrefixes": [prefix],
                "subscriptions": [],
                "fullyQualifiedDomainNames": [],
            },
        }
        for number, prefix in enumerate(each.get("inbound", []), start=1)
    ]
    return [
        {
            "name": name,
            "type": "Microsoft.KeyVault/vaults/networkSecurityPerimeterConfigurations",
            "properties": {
                "provisioningState": "Succeeded",
                "networkSecurityPerimeter": {
                    "id": f"{group}/providers/Microsoft.Network/networkSecurityPerimeters/{each['perimeter']}",
                    "perimeterGuid": each["guid"],
                    "location": location,
                },
                "resourceAssociation": {"name": f"{vault}-{each['guid']}", "accessMode": each["accessMode"]},
                "profile": {
                    "name": "defaultprofile",
                    "accessRulesVersion": 1,
                    "accessRules": rules,
                    "diagnosticSettingsVersion": 0,
                    "enabledLogCategories": [],
                },
            },
        }
    ]


def _organization(each: Document) -> Document:
    defaults: Document = {"collection": {"refuses": 403}, "overview": {"refuses": 403}, "badToken": "redirect"}
    empty: Document = {"tokens": {}, "projects": [], "pools": [], "elasticPools": []}
    return defaults | empty | each
