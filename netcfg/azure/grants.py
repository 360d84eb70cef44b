"""Letting an identity read the secrets of a vault: by a role on it, or by one of its access policies."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID, uuid5

from netcfg.azure.arm import ResourceManager
from netcfg.azure.errors import SDK_ERRORS, Unsettled, translate, unsettled
from netcfg.azure.firewall.listed import VERSION
from netcfg.azure.refusal import hear
from netcfg.core.errors import GrantUnsettled, NetcfgError, Throttled
from netcfg.core.linking.groups import SECRETS_USER
from netcfg.core.resources import Vault
from netcfg.core.wire import Json, an_object, objects

ROLES_VERSION = "2022-04-01"
PERMISSIONS = ("get", "list")
# Seconds between two looks, where Azure does not say.
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
_EXISTS = "RoleAssignmentExists"


class AzureGrants:
    """Gives one identity one permission on one vault. Nobody loses anything by it."""

    def __init__(self, arm: ResourceManager, sleep: Callable[[float], None] = time.sleep) -> None:
        self._arm = arm
        self._sleep = sleep

    def allow(self, vault: Vault, object_id: str, tenant: str) -> bool:
        """Let the identity get and list secrets: by the role Key Vault Secrets User on this vault alone, or by an
        access policy that takes nothing from anybody, as the vault is set to. Whether anything was written for it:
        nothing is where it may already.

        A vault that does not say which of the two counts goes by its access policies (REST reference of
        `enableRbacAuthorization`).
        """
        identity = object_id.lower()
        if vault.is_role_based:
            return self._settle(
                vault, lambda: self._has_role(vault, identity), lambda: self._give_role(vault, identity)
            )
        return self._settle(
            vault,
            lambda: self._has_policy(vault, identity, tenant),
            lambda: self._give_policy(vault, identity, tenant),
        )

    def _settle(self, vault: Vault, is_done: Callable[[], bool], write: Callable[[], None]) -> bool:
        """Look, write, and look again, until it is there. Both writes may be repeated: they only add.

        Once one of them may have happened, whatever goes wrong leaves that open.
        """
        if is_done():
            return False
        is_written = False
        try:
            for pause in (*PAUSES, None):
                doubt = self._try(vault, write)
                is_written = is_written or doubt.may_have_happened
                if is_done():
                    return is_written
                if pause:
                    self._sleep(doubt.wait or pause)
        except NetcfgError as error:
            if is_written:
                raise GrantUnsettled(vault.name, str(error), request_id=error.request_id) from error
            raise
        raise GrantUnsettled(vault.name, doubt.reason, may_have_happened=is_written, request_id=doubt.request_id)

    def _try(self, vault: Vault, write: Callable[[], None]) -> Unsettled:
        """Why another look is needed after this."""
        subject = f"vault {vault.name}"
        try:
            write()
        except Throttled as error:
            return Unsettled(str(error), error.wait, may_have_happened=False)
        except SDK_ERRORS as error:
            refusal = hear(error, subject)
            if refusal and refusal.code == _EXISTS:
                return Unsettled(refusal.words, request_id=refusal.request_id, may_have_happened=False)
            if doubt := unsettled(error, subject):
                return doubt
            raise translate(error, subject, self._arm.url) from error
        return Unsettled("Azure does not show it yet")

    def _has_role(self, vault: Vault, identity: str) -> bool:
        """Whether the role is assigned on the vault, or on what it is in; on one of its secrets is not enough."""
        subject, id = f"the role assignments of vault {vault.name}", vault.id.text.lower()
        query = {"$filter": f"principalId eq '{identity}'"}
        for each in self._arm.items(f"{vault.id.text}/{_ASSIGNMENTS}", ROLES_VERSION, subject, query):
            properties = an_object(each.get("properties"), subject)
            scope, role = properties.get("scope"), str(properties.get("roleDefinitionId") or "").lower()
            # The filter is Azure's promise; that it is this identity is checked all the same.
            is_its = str(properties.get("principalId") or "").lower() == identity and not properties.get("condition")
            holds = isinstance(scope, str) and f"{id}/".startswith(f"{scope.lower().rstrip('/')}/")
            if is_its and holds and role.endswith(f"/{SECRETS_USER}"):
                return True
        return False

    def _give_role(self, vault: Vault, identity: str) -> None:
        # The same name every time, so that of two runs at once the second finds what the first has made.
        name = uuid5(UUID(SECRETS_USER), f"{vault.id.text.lower()} {identity}")
        definition = f"/subscriptions/{vault.id.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        properties = {
            "roleDefinitionId": f"{definition}/{SECRETS_USER}",
            "principalId": identity,
            # Without it Azure looks the identity up, and does not find one that is a minute old.
            "principalType": "ServicePrincipal",
        }
        self._arm.put_once(f"{vault.id.text}/{_ASSIGNMENTS}/{name}", ROLES_VERSION, {"properties": properties})

    def _has_policy(self, vault: Vault, identity: str, tenant: str) -> bool:
        policy = self._policy(vault, identity, tenant)
        held = {str(each).lower() for each in _secrets_of(policy)}
        return "all" in held or held.issuperset(PERMISSIONS)

    def _give_policy(self, vault: Vault, identity: str, tenant: str) -> None:
        """What the identity has is sent along: that `add` keeps it is nowhere promised."""
        policy = self._policy(vault, identity, tenant)
        held = _secrets_of(policy)
        known = {str(each).lower() for each in held}
        permissions = an_object(policy.get("permissions") or {}, f"vault {vault.name}")
        added = {**permissions, "secrets": [*held, *(each for each in PERMISSIONS if each not in known)]}
        sent = {"objectId": identity, "tenantId": tenant or self._tenant(vault), **policy, "permissions": added}
        self._arm.put_once(f"{vault.id.text}/accessPolicies/add", VERSION, {"properties": {"accessPolicies": [sent]}})

    def _policy(self, vault: Vault, identity: str, tenant: str) -> Json:
        """The identity's policy as it is now; empty if it has none. One for an application on its behalf is another."""
        subject = f"vault {vault.name}"
        for each in objects(self._properties(vault).get("accessPolicies"), subject):
            is_its = str(each.get("objectId") or "").lower() == identity and not each.get("applicationId")
            if is_its and (not tenant or str(each.get("tenantId") or "").lower() == tenant.lower()):
                return each
        return {}

    def _tenant(self, vault: Vault) -> str:
        return str(self._properties(vault).get("tenantId") or "")

    def _properties(self, vault: Vault) -> Json:
        subject = f"vault {vault.name}"
        return an_object(self._arm.get(vault.id.text, VERSION, subject).get("properties"), subject)


def _secrets_of(policy: Json) -> list[object]:
    permissions = policy.get("permissions")
    found = permissions.get("secrets") if isinstance(permissions, dict) else None
    return list(found) if isinstance(found, list) else []
