"""Roles of a vault's own data: which built-in one has an action that the vault refuses, and the least beside it.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
"""

from __future__ import annotations

_ROLES = {
    "Key Vault Secrets User": ("secrets/getsecret/action", "secrets/readmetadata/action"),
    "Key Vault Secrets Officer": (
        "secrets/setsecret/action",
        "secrets/update/action",
        "secrets/delete",
        "secrets/recover/action",
        "secrets/backup/action",
        "secrets/restore/action",
        "secrets/purge/action",
    ),
    "Key Vault Reader": ("keys/read", "certificates/read"),
    "Key Vault Crypto Service Encryption User": ("keys/wrap/action", "keys/unwrap/action"),
    "Key Vault Crypto Service Release User": ("keys/release/action",),
    "Key Vault Crypto User": (
        "keys/encrypt/action",
        "keys/decrypt/action",
        "keys/sign/action",
        "keys/verify/action",
        "keys/update/action",
        "keys/backup/action",
    ),
    "Key Vault Crypto Officer": (
        "keys/create/action",
        "keys/import/action",
        "keys/rotate/action",
        "keys/delete",
        "keys/recover/action",
        "keys/restore/action",
        "keys/purge/action",
    ),
    "Key Vault Certificates Officer": (
        "certificates/create/action",
        "certificates/import/action",
        "certificates/update/action",
        "certificates/delete",
        "certificates/recover/action",
        "certificates/backup/action",
        "certificates/restore/action",
        "certificates/purge/action",
    ),
}
_BY_ACTION = {f"microsoft.keyvault/vaults/{action}": role for role, actions in _ROLES.items() for action in actions}


def least_role_for(action: str) -> str:
    """The role that has the action and as little as any beside it; empty for one that is not known."""
    return _BY_ACTION.get(action.lower(), "")
