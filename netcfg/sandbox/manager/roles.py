"""Azure's roles: what each lets its holder do, in Resource Manager (actions) and in what it manages (data actions).

A world's principal may do everything but what it is denied; one that is `grantedOnly` may do what its role assignments
say, and no more. Ids, actions and data actions are those of the built-in roles; what is not about vaults is left out
of some of them. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

import fnmatch
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from netcfg.sandbox import ids
from netcfg.sandbox.ids import Document

_SECRETS = "Microsoft.KeyVault/vaults/secrets/"
# What all roles of Key Vault may do with vaults that says nothing about their contents.
_LOOK = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)
_LOOK_INSIDE = (
    *_LOOK,
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)
_ASSIGN = ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete")


@dataclass(frozen=True)
class Role:
    """A role: what its holder may do, except what it may not."""

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    is_custom: bool = False


ROLES = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        (*_ASSIGN, "*/read", "Microsoft.Support/*"),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        _LOOK_INSIDE,
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        (*_LOOK, "Microsoft.KeyVault/*"),
        (
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    Role(
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        "Key Vault Data Access Administrator",
        (*_ASSIGN, *_LOOK, "Microsoft.Resources/subscriptions/read", "Microsoft.KeyVault/vaults/*/read"),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        _LOOK_INSIDE,
        data_actions=("Microsoft.KeyVault/vaults/*/read", _SECRETS + "readMetadata/action"),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        _LOOK_INSIDE,
        data_actions=(_SECRETS + "*",),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=(_SECRETS + "getSecret/action", _SECRETS + "readMetadata/action"),
    ),
    Role(
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
        "Key Vault Certificate User",
        data_actions=(
            "Microsoft.KeyVault/vaults/certificates/read",
            _SECRETS + "getSecret/action",
            _SECRETS + "readMetadata/action",
            "Microsoft.KeyVault/vaults/keys/read",
        ),
    ),
)
_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-000000000a03")
_LISTS = ("actions", "notActions", "dataActions", "notDataActions")
_ABOUT = ("id", "name", "roleName", "description", "isCustom", "roleType", "type", "assignableScopes", "properties")
_BY_ID = {each.id: each for each in ROLES}


def find(state: Document, definition_id: str) -> Role | None:
    """The role of a definition's id, which may begin with any scope."""
    name = definition_id.lower().rpartition("/")[2]
    made = state["roleDefinitions"].get(name)
    return custom(made) if made else _BY_ID.get(name)


def every(state: Document) -> tuple[Role, ...]:
    """The built-in roles, and those that were made in the world."""
    return (*ROLES, *(custom(each) for _, each in sorted(state["roleDefinitions"].items())))


def named(state: Document, name: str) -> Role:
    """The role that a world calls by its name; a `ValueError` for one that is not known here."""
    known = every(state)
    found = next((each for each in known if each.name.lower() == name.lower()), None)
    if found is None:
        raise ValueError(f"no role {name!r}; there are {', '.join(sorted(each.name for each in known))}")
    return found


def defined(written: Document) -> Document:
    """A custom role as the state keeps it, from the JSON that `az role definition create` takes: `Name`, `Actions`,
    `NotActions`, `DataActions`, `NotDataActions`; or from that of the REST API, with its `permissions`.

    A key that is misspelt is a `ValueError`, and so is a role that allows nothing: Azure would take neither.
    """
    lowered = {key.lower(): value for key, value in {**written, **written.get("properties", {})}.items()}
    for permission in lowered.pop("permissions", []):
        for key, values in permission.items():
            lowered[key.lower()] = [*lowered.get(key.lower(), []), *values]
    unknown = sorted(set(lowered) - {key.lower() for key in (*_LISTS, *_ABOUT)})
    name = str(lowered.get("rolename") or lowered.get("name") or "")
    if unknown or not name:
        what = f"the keys {', '.join(unknown)}" if unknown else "no name"
        raise ValueError(f"the definition of the role {name!r} has {what}; known are {', '.join((*_LISTS, *_ABOUT))}")
    kept: Document = {"id": str(uuid.uuid5(_NAMESPACE, name.lower())), "name": name}
    kept |= {key: list(lowered.get(key.lower(), [])) for key in _LISTS}
    if not kept["actions"] and not kept["dataActions"]:
        raise ValueError(f"the role {name!r} allows nothing: it has neither actions nor dataActions")
    return kept


def custom(kept: Document) -> Role:
    """The role that the state keeps so."""
    actions, not_actions, data_actions, not_data_actions = (tuple(kept[key]) for key in _LISTS)
    return Role(kept["id"], kept["name"], actions, not_actions, data_actions, not_data_actions, is_custom=True)


def definition(role: Role, subscription: str = "") -> str:
    """The id of a role's definition, as Azure shows it in a subscription."""
    place = f"/subscriptions/{subscription}" if subscription else ""
    return f"{place}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def entitled(state: Document, principal: Document) -> Document:
    """`principal` with its role assignments, if it is one that has nothing else."""
    if not principal.get("grantedOnly"):
        return principal
    mine = (each for each in state["roleAssignments"].values() if each["principalId"] == principal["objectId"])
    return {**principal, "grants": [{**each, "role": find(state, each["roleDefinitionId"])} for each in mine]}


def permits(principal: Document, action: str, scope: str) -> bool:
    """Whether the roles of `principal` allow `action` on `scope`. Of a whole tenant everybody may ask, and sees what
    the roles show."""
    if not principal.get("grantedOnly") or scope == "/":
        return True
    return any(ids.within(scope, each["scope"]) for each in _speaking(principal, action))


def permits_within(principal: Document, action: str, scope: str) -> bool:
    """Whether they allow it there, or on something beneath."""
    speaking = _speaking(principal, action)
    return permits(principal, action, scope) or any(ids.within(each["scope"], scope) for each in speaking)


def reads_within(principal: Document, scope: str) -> bool:
    """Whether they allow to read any kind of resource on `scope` or beneath it."""
    if not principal.get("grantedOnly"):
        return False
    found = (each["role"] for each in principal.get("grants", []) if each["role"] and ids.within(each["scope"], scope))
    return any(action.lower().endswith(("/read", "*")) for role in found for action in role.actions)


def permits_data(principal: Document, action: str, scope: str) -> bool:
    """Whether they allow the data action, as far as the data plane knows of them yet."""
    if not principal.get("grantedOnly"):
        return True
    now = time.time()
    known = (each for each in principal.get("grants", []) if each["arrives"] <= now)
    found = (each["role"] for each in known if ids.within(scope, each["scope"]))
    return any(
        role is not None and _matches(action, role.data_actions) and not _matches(action, role.not_data_actions)
        for role in found
    )


def _speaking(principal: Document, action: str) -> list[Document]:
    """The assignments of roles that allow the action of Resource Manager, wherever that is."""
    grants: list[Document] = principal.get("grants", [])
    return [each for each in grants if each["role"] is not None and _allows(each["role"], action)]


def _allows(role: Role, action: str) -> bool:
    return _matches(action, role.actions) and not _matches(action, role.not_actions)


def _matches(action: str, patterns: Iterable[str]) -> bool:
    """An asterisk between slashes may stand for nothing, so that who may do `vaults/*/read` sees the vaults: inferred
    from what the role Key Vault Reader is for."""
    whole = {pattern for each in patterns for pattern in (each.lower(), each.lower().replace("/*/", "/"))}
    return any(fnmatch.fnmatchcase(action.lower(), each) for each in whole)
