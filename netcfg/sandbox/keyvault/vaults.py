"""Vaults: `Microsoft.KeyVault/vaults`."""

from __future__ import annotations

import base64
import copy

from netcfg.sandbox import clock, ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, VAULT, Document
from netcfg.sandbox.keyvault import acls, propagation
from netcfg.sandbox.manager import inventory, linked, operations, resource_tags
from netcfg.sandbox.manager.gate import allowed, not_found

_ACTION = "Microsoft.KeyVault/vaults/"
# VaultPatchProperties of the REST reference without `networkAcls`; anything else is dropped without a word.
_PATCHABLE = (
    "tenantId",
    "sku",
    "accessPolicies",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
    "publicNetworkAccess",
)
_READ_ONLY = ("vaultUri", "provisioningState", "privateEndpointConnections")
_ACCESS = ("Enabled", "Disabled", "SecuredByPerimeter")


def get(call: Call) -> Answer:
    return Answer(_shown(find(call), call.api_version))


def list_all(call: Call) -> Answer:
    """One page. `nextLink` is there on the last page as well, and leads to an empty one (recorded 2022-10-12)."""
    scope = call.request.path.partition("/providers/")[0]
    beginning = f"{scope.lower()}/"
    mine = [each for each in call.state["vaults"].values() if each["id"].lower().startswith(beginning)]
    readable = [each for each in mine if allowed(call.principal, _ACTION + "read", each["id"])]
    start = _unpacked(call.request.query.get("$skiptoken", ""))
    rest = sorted((each for each in readable if _place(each) > start), key=_place)
    page = rest[: _page_size(call)]
    body: Document = {"value": [_shown(each, call.api_version) for each in page]}
    if page:
        asked = {"$top": call.request.query["$top"]} if "$top" in call.request.query else {}
        body["nextLink"] = call.url(call.request.path, **asked, **{"$skiptoken": _packed(page[-1])})
    return Answer(body)


def _page_size(call: Call) -> int:
    """What the caller asks for, and never more than the world gives."""
    most: int = call.state["settings"]["pageSize"]
    top = call.request.query.get("$top", str(most))
    if not top.isdecimal() or int(top) < 1:
        raise Refusal(400, "BadRequest", f"The value '{top}' of the parameter $top is not a positive number.")
    return min(int(top), most)


def put(call: Call) -> Answer:
    """Create or replace: what is left out is gone, the rule set too."""
    _check_creation(call)
    before = find(call) if call.names["vault"].lower() in call.state["vaults"] else None
    vault = copy.deepcopy(before) if before else _new(call)
    given = _given(call)
    vault["properties"] = {
        "sku": given["sku"],
        "tenantId": given["tenantId"],
        "enableSoftDelete": True,
        "publicNetworkAccess": "Enabled",
        **given,
        **{name: vault["properties"][name] for name in _READ_ONLY if name in vault["properties"]},
    }
    vault |= {"location": call.body["location"], "tags": resource_tags.kept(call.body.get("tags") or {})}
    return _with_rules(call, vault, before, None)


def patch(call: Call) -> Answer:
    """Update: what is left out stays, and so does what null is sent for (not known, so chosen). Tags that are sent are
    all that there are from now on: a merge of two maps is another operation, of Microsoft.Resources/tags."""
    before = find(call)
    vault = copy.deepcopy(before)
    vault["properties"] |= _given(call)
    if (call.body or {}).get("tags") is not None:
        vault["tags"] = resource_tags.kept(call.body["tags"])
    if not call.properties.get("networkAcls"):
        return save(call, vault, before)
    return _with_rules(call, vault, before, before["properties"].get("networkAcls"))


def claims(call: Call) -> frozenset[str]:
    """What a write holds on to: the vault and the networks of its rules, which other vaults may share.

    Key Vault's documentation names "common components within a Key Vault like VNET" among the causes of ConflictError.
    """
    vault = call.state["vaults"].get(call.names["vault"].lower(), {"properties": {}})
    sent, stored = call.properties.get("networkAcls") or {}, vault["properties"].get("networkAcls") or {}
    rules = [*(sent.get("virtualNetworkRules") or []), *stored.get("virtualNetworkRules", [])]
    networks = {ids.network_key(str(each.get("id"))) for each in rules}
    return frozenset({f"vault/{call.names['vault'].lower()}"} | networks)


def find(call: Call) -> Document:
    """The vault that the path names."""
    vault: Document | None = call.state["vaults"].get(call.names["vault"].lower())
    if vault is None or vault["id"].lower() != VAULT.format(**call.names).lower():
        raise not_found("Microsoft.KeyVault/vaults", call.names["vault"], call.names["group"])
    return vault


def save(call: Call, vault: Document, before: Document | None) -> Answer:
    """Every write moves `lastModifiedAt`, also one that changes nothing; there is no ETag."""
    at, author = clock.tick(call.state), call.principal["appId"]
    made = vault["systemData"] or {"createdAt": at, "createdBy": author, "createdByType": "Application"}
    changed = {"lastModifiedAt": at, "lastModifiedBy": author, "lastModifiedByType": "Application"}
    vault["systemData"] = made | changed
    key = vault["name"].lower()
    if before is None:
        operations.begin(call.state, "vault", key, at)
    call.state["vaults"][key] = vault
    inventory.outdate(call.state, vault["id"], before)
    propagation.outdate(call.state, vault, before)
    return Answer(_shown(vault, call.api_version))


def no_hsms(_call: Call) -> Answer:
    """The Azure CLI asks for them whenever it lists vaults; no world has any."""
    return Answer({"value": []})


def _shown(vault: Document, api_version: str) -> Document:
    """Older API versions know neither `publicNetworkAccess` nor `systemData`."""
    shown = dict(vault)
    if api_version < "2021-06-01":
        shown.pop("systemData")
    if api_version <= "2019-09-01":
        hidden = "publicNetworkAccess"
        shown["properties"] = {key: value for key, value in vault["properties"].items() if key != hidden}
    return shown


def _given(call: Call) -> Document:
    """What was sent and can be changed; null counts as not sent."""
    given = {name: call.properties[name] for name in _PATCHABLE if call.properties.get(name) is not None}
    if "publicNetworkAccess" in given:
        sent = str(given["publicNetworkAccess"])
        access = next((each for each in _ACCESS if each.lower() == sent.lower()), None)
        if access is None:
            raise Refusal(400, "BadRequest", f"Invalid value found at properties.publicNetworkAccess: {sent}")
        given["publicNetworkAccess"] = access
    return given


def _check_creation(call: Call) -> None:
    """What a PUT cannot do without, access policies no longer since 2026-02-01; and a name that is taken."""
    if not (call.body or {}).get("location"):
        message = "The location property is required for this definition."
        raise Refusal(400, "LocationRequired", message, gateway=True)
    is_role_based = call.properties.get("enableRbacAuthorization") or call.api_version >= "2026-02-01"
    for name in ("tenantId", "sku", *(() if is_role_based else ("accessPolicies",))):
        if call.properties.get(name) is None:
            raise Refusal(400, "BadRequest", f"The parameter {name} has no value, although it is required.")
    key = call.names["vault"].lower()
    other = call.state["vaults"].get(key)
    if key in call.state["deletedVaults"] or (other and other["id"].lower() != VAULT.format(**call.names).lower()):
        raise Refusal(409, "VaultAlreadyExists", f"The vault name '{call.names['vault']}' is already in use.")


def _new(call: Call) -> Document:
    """While its name goes into the DNS, a new vault's address has no slash at its end and the case that was sent."""
    name = call.names["vault"]
    return {
        "id": VAULT.format(**call.names),
        "name": name,
        "type": "Microsoft.KeyVault/vaults",
        "systemData": {},
        "properties": {"vaultUri": f"https://{name}.vault.azure.net", "provisioningState": "RegisteringDns"},
    }


def _with_rules(call: Call, vault: Document, before: Document | None, stored: Document | None) -> Answer:
    """Keep `vault` with the rule set that the request makes of `stored`, if every check passes; else keep nothing."""
    sent = call.properties.get("networkAcls") or {}
    merged = acls.merge(sent, stored)
    _check_joins(call, merged, before)
    acls.check_subnets(sent, stored, call.state["virtualNetworks"])
    vault["properties"].pop("networkAcls", None)
    if merged is not None:
        vault["properties"]["networkAcls"] = merged
    return save(call, vault, before)


def _check_joins(call: Call, merged: Document | None, before: Document | None) -> None:
    """Each subnet that was not in the rules before must allow the caller to join it."""
    held = (before or {"properties": {}})["properties"].get("networkAcls") or {}
    known = {each["id"] for each in held.get("virtualNetworkRules", [])}
    for rule in (merged or {}).get("virtualNetworkRules", []):
        if rule["id"] not in known:
            linked.check(call, _ACTION + "write", VAULT.format(**call.names), linked.JOIN_SERVICE_ENDPOINT, rule["id"])


def _place(vault: Document) -> tuple[str, str]:
    """Where a vault stands in a listing."""
    return ids.part(vault["id"], "resourceGroups").lower(), vault["name"].lower()


def _packed(vault: Document) -> str:
    """A skip token: `<resource group>|<vault>`."""
    return base64.b64encode(f"{ids.part(vault['id'], 'resourceGroups')}|{vault['name']}".encode()).decode()


def _unpacked(token: str) -> tuple[str, str]:
    try:
        group, _, name = base64.b64decode(token).decode().lower().partition("|")
    except ValueError:
        raise Refusal(400, "BadRequest", "The provided skip token is invalid.") from None
    return group, name


_PROVIDER = "/providers/Microsoft.KeyVault"
_HSMS = "Microsoft.KeyVault/managedHSMs/read"
OPERATIONS = (
    Operation("GET", VAULT, _ACTION + "read", get, VAULT),
    Operation("PUT", VAULT, _ACTION + "write", put, VAULT, claims),
    Operation("PATCH", VAULT, _ACTION + "write", patch, VAULT, claims),
    Operation("GET", GROUP + _PROVIDER + "/vaults", _ACTION + "read", list_all, GROUP, lists=True),
    Operation("GET", SUBSCRIPTION + _PROVIDER + "/vaults", _ACTION + "read", list_all, SUBSCRIPTION, lists=True),
    Operation("GET", SUBSCRIPTION + _PROVIDER + "/managedHSMs", _HSMS, no_hsms, SUBSCRIPTION),
    Operation("GET", SUBSCRIPTION + _PROVIDER + "/deletedManagedHSMs", _HSMS, no_hsms, SUBSCRIPTION),
)
