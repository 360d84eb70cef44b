"""What can be behind a refusal of a vault, or of a change of one."""

from __future__ import annotations

from enum import Enum


class Cause(Enum):
    """Why a vault, or a change of one, was refused."""

    FIREWALL = "firewall"
    PUBLIC_ACCESS = "public-access"
    PERIMETER = "perimeter"
    ROLE = "role"  # Azure RBAC: the identity lacks a role on the vault
    POLICY = "access-policy"
    HIDDEN = "hidden"  # a screen that says this whatever the cause was
    NO_VAULT = "no-vault"
    NAME = "name-resolution"  # no DNS server answered, so that nothing is known of the vault
    ABSENT = "no-secret"
    UNUSABLE = "secret-state"  # disabled, expired or not yet valid
    CONNECTION = "service-connection"
    SIGN_IN = "sign-in"
    ENDPOINT = "service-endpoint"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    PERMISSION = "permission"  # of whoever runs the command, in Azure Resource Manager or Azure DevOps
    ARGUMENT = "argument"
    UNKNOWN = "unknown"
