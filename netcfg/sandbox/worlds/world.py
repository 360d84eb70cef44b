"""Worlds: make-believe tenants, each one JSON document written by hand, that a sandbox starts from.

A world is terse (`"virtualNetworkRules": ["vnet-agents/builds"]`); the state made from it is what Azure would show.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from netcfg.sandbox import clock
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import contents, deleted_vaults
from netcfg.sandbox.manager import meanwhile, role_assignments, roles
from netcfg.sandbox.network import addresses
from netcfg.sandbox.publishing import publishers
from netcfg.sandbox.worlds import devops_world, network_world, private_world
from netcfg.sandbox.worlds.network_world import Groups
from netcfg.sandbox.worlds.written import World, load

VERSION = 5  # of the state's shape

_TODAY = "2026-07-01"
_SETTINGS = {
    "pageSize": 5,  # small, so that no client forgets to follow nextLink
    "writeSeconds": 0.01,  # how long a vault is being written, and another writer gets ConflictError
    "operationSeconds": 0.04,  # how long a virtual network is being changed
    "retryAfter": 0.05,  # Azure says whole seconds; a test that waited for those would be slow
    "graphLagSeconds": 0,  # how long Resource Graph still shows what a vault was before a write
    "ruleSeconds": 0,  # how long a vault's data plane still enforces the firewall that was before a write
    "roleSeconds": 0,  # how long it does not know a new role assignment or access policy
    "graphSubscriptions": 1000,  # named in one query; Microsoft advises not more than 300
    "graphLagWrites": 0,  # the same by the number of writes that must follow
    "clock": "",  # the moment that it is; empty is noon of the world's day
    "clockSkewSeconds": 0,  # by how much the clock in Azure's answers goes before it
    "throttling": False,  # whether who has used up an allowance is refused, and not only told
    "buckets": {},  # of an allowance, where they are not Azure's: {"writes": [200, 10]} is size and refill per second
}


def begin(world: World) -> Document:
    """The state with which a sandbox of this world begins."""
    written = load(world)
    groups = network_world.groups_of(written)
    networks = {
        each["id"].lower(): each
        for each in (network_world.network(it, groups) for it in written.get("virtualNetworks", []))
    }
    state = {
        "version": VERSION,
        "world": written.get("name", "unnamed"),
        "today": written.get("today", _TODAY),
        "writes": 0,
        "settings": _SETTINGS | written.get("settings", {}),
        "tenant": written["tenant"],
        "principal": written["principal"],
        "principals": {each["name"]: _principal(each, written) for each in written["principals"]},
        "tenants": _tenants(written),
        "subscriptions": {each["id"].lower(): _subscription(each, written) for each in written["subscriptions"]},
        "vaults": {each["name"].lower(): _vault(each, written, groups, networks) for each in written.get("vaults", [])},
        "deletedVaults": {
            each["name"].lower(): _deleted(each, written, groups, networks) for each in written.get("deletedVaults", [])
        },
        **_contents(written),
        "perimeters": {name: _associations(each, name, groups) for name, each in written.get("perimeters", {}).items()},
        "virtualNetworks": networks,
        "privateEndpoints": {},
        "privateDnsZones": {},
        "virtualNetworkLinks": {},
        "recordSets": {},
        "zoneGroups": {},
        "resources": [network_world.resource(each, groups) for each in written.get("resources", [])],
        "machine": _machine(written.get("machine"), networks),
        "appliances": written.get("appliances", {}),
        "locks": [_scoped(each, written) for each in written.get("locks", [])],
        "policies": [_scoped(each, written) for each in written.get("policies", [])],
        "meanwhile": written.get("meanwhile", []),
        "served": 0,
        "writing": {},
        "operations": {},
        "stale": {},
        "unsettled": {},
        "roleDefinitions": _role_definitions(written),
        "roleAssignments": _role_assignments(written),
        "organizations": {
            each["name"].lower(): devops_world.lay(each, written["tenant"]["domain"])
            for each in written.get("organizations", [])
        },
        "publishers": written.get("publishers", {}),
        "addressServices": written.get("addressServices", {}),
    }
    _lay_private(state, written, groups)
    state["stale"].clear()  # what was there when the world began is no news to Resource Graph
    clock.check(state)
    publishers.check(state)
    addresses.check(state["addressServices"])
    meanwhile.check(state)
    return state


def _lay_private(state: Document, written: Document, groups: Groups) -> None:
    """Zones before endpoints, whose groups write into them."""

    def whole(name: str) -> str:
        return str(network_world.with_ids(name, groups))

    def vault(name: str) -> str:
        return name if name.startswith("/") else str(state["vaults"][name.lower()]["id"])

    def network(name: str) -> str:
        wanted = whole(name).lower()
        return str(next(each["id"] for key, each in state["virtualNetworks"].items() if key.endswith(f"/{wanted}")))

    def subnet(name: str) -> str:
        return network_world.subnet_id(name, state["virtualNetworks"])

    for each in written.get("privateDnsZones", []):
        private_world.lay_zone(state, each, groups[each["group"]][0], network)
    for each in written.get("privateEndpoints", []):
        private_world.lay_endpoint(state, each, groups[each["group"]], subnet, whole, vault)


def _tenants(written: Document) -> Document:
    """The home tenant, and those of other subscriptions, each with the names of its guests."""
    found = [written["tenant"], *(each["tenant"] for each in written["subscriptions"] if "tenant" in each)]
    return {each["id"]: {"guests": []} | each for each in found}


def _subscription(each: Document, written: Document) -> Document:
    tenant = each["tenant"] if "tenant" in each else written["tenant"]
    return {"resourceGroups": {}, "tenantId": tenant["id"]} | {key: each[key] for key in each if key != "tenant"}


def _principal(each: Document, written: Document) -> Document:
    denials = [_scoped(denial, written) for denial in each.get("denials", [])]
    return {**each, "denials": denials}


def _role_definitions(written: Document) -> Document:
    found = (roles.defined(each) for each in written.get("roleDefinitions", []))
    return {each["id"]: each for each in found}


def _role_assignments(written: Document) -> Document:
    made = {"roleDefinitions": _role_definitions(written)}
    known = {each["name"]: each for each in written["principals"]}
    found = {}
    for each in written.get("roleAssignments", []):
        if each["principal"] not in known:
            raise ValueError(f"a role is given to {each['principal']!r}, and no principal of this world is called that")
        scope = _scope(each["scope"], written)
        laid = role_assignments.laid(known[each["principal"]], roles.named(made, each["role"]), scope)
        found[laid["name"]] = laid
    return found


def _contents(written: Document) -> Document:
    """By vault, for those that hold anything: a world of two thousand has none that does."""
    found: Document = {section: {} for section in contents.SECTIONS}
    for each in written.get("vaults", []):
        for section, held in contents.of(each).items():
            found[section] |= {each["name"].lower(): held} if held else {}
    return found


def _scoped(each: Document, written: Document) -> Document:
    """With whole ids for what is written as `subscription`, `subscription/group` or `subscription/group:type/name`."""
    whole = {**each, "scope": _scope(each["scope"], written)}
    if "except" in each:
        whole["except"] = [_scope(one, written) for one in each["except"]]
    return whole


def _scope(name: str, written: Document) -> str:
    groups = network_world.groups_of(written)
    if name.startswith("/"):
        return name
    if name in groups:
        return groups[name][0]
    found = next((each["id"] for each in written["subscriptions"] if each["name"] == name), None)
    whole = f"/subscriptions/{found}" if found else str(network_world.with_ids(name, groups))
    if whole == name:
        raise ValueError(f"the scope {name!r} is of nothing in this world")
    return whole


def _deleted(each: Document, written: Document, groups: Groups, networks: Document) -> Document:
    """A vault that was deleted on the morning of the world's day, or when it says."""
    deleted = each.get("deleted", f"{written.get('today', _TODAY)}T08:00:00Z")
    return deleted_vaults.document(_vault(each, written, groups, networks), deleted)


def _vault(each: Document, written: Document, groups: Groups, networks: Document) -> Document:
    group, location = groups[each["group"]]
    subscription = next(one for one in written["subscriptions"] if one["name"] == each["group"].partition("/")[0])
    properties: Document = {
        "tenantId": _subscription(subscription, written)["tenantId"],
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
        properties["networkAcls"] = _acls(each["networkAcls"], written, groups, networks)
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


def _acls(each: Document, written: Document, groups: Groups, networks: Document) -> Document:
    """What a vault holds is taken as the world says it, also what no service would accept today."""
    return {
        "bypass": each.get("bypass", "AzureServices"),
        "defaultAction": each.get("defaultAction", "Deny"),
        "ipRules": [{"value": value} for value in _addresses(each.get("ipRules", []), written)],
        "virtualNetworkRules": [
            {"id": network_world.subnet_id(network_world.with_ids(rule, groups), networks)}
            for rule in each.get("virtualNetworkRules", [])
        ],
    }


def _addresses(rules: Iterable[str | Document], written: Document) -> Iterable[str]:
    """`{"count": 995, "from": "191.10.64.0"}` stands for that many single addresses, every second one, and
    `{"set": "office"}` for those that the world's `ruleSets` has under that name."""
    for rule in rules:
        if isinstance(rule, str):
            yield rule
        elif "set" in rule:
            yield from _addresses(written["ruleSets"][rule["set"]], written)
        else:
            first = IPv4Address(rule["from"])
            yield from (f"{first + 2 * step}/32" for step in range(rule["count"]))


def _machine(written: str | Document | None, networks: Document) -> Document:
    """Where the machine is that nobody says anything else of: in a subnet, else somewhere on the internet, with the
    `address` by which that sees it."""
    said = {"subnet": written or ""} if not isinstance(written, dict) else {"subnet": ""} | written
    subnet = network_world.subnet_id(said["subnet"], networks) if said["subnet"] else ""
    return {"subnet": subnet, "address": said.get("address", "191.10.60.9")}


def _associations(each: Document, vault: str, groups: Groups) -> list[Document]:
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
