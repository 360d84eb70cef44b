"""The vaults in Azure: found by name, read with what holds them, and written in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

from netcfg.azure.arm import Json, ResourceManager, an_object, objects, untouched
from netcfg.azure.errors import SDK_ERRORS, translate, unsettled
from netcfg.azure.firewall import gone, perimeters, selected
from netcfg.azure.firewall import names as by_name
from netcfg.azure.firewall.acls import parse_firewall, patch
from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.errors import NetcfgError, SubnetsGone, WriteUnsettled
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import Firewall, Perimeter
from netcfg.core.target import Selected, Selection


class AzureVaults:
    """The vaults that Azure Resource Manager shows to the one who is signed in."""

    def __init__(self, arm: ResourceManager) -> None:
        self._arm = arm

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        """The ids of vaults known by name only; a name that stands for none, or cannot be found, maps to the error."""
        return by_name.find(self._arm, names)

    def select(self, selection: Selection) -> Selected:
        """The vaults that a selection means, and every place it names that the sign-in does not see whole."""
        return selected.select(self._arm, selection)

    def read(self, vault: VaultId) -> Vault:
        """The vault as Azure shows it now, with how a perimeter holds it; the two are asked side by side."""
        with ThreadPoolExecutor(1) as pool:
            perimeter = pool.submit(perimeters.read, self._arm, vault)
            found = self._get(vault)
            return parse_vault_json(found, vault, perimeter.result())

    def write(self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False) -> None:
        """Replace the firewall of a vault in one request, which is tried once.

        `vault` is the vault as just read. A conflict, throttling or broken connection is `WriteUnsettled`: whether the
        write happened is then unknown, and somebody has to look.
        """
        id, subject = vault.id, f"vault {vault.name}"
        # The SDK sends a plain dictionary as it is.
        body = cast(Any, patch(vault, after, ignore_missing_endpoint=ignore_missing_endpoint))
        try:
            self._arm.vaults(id.subscription).update(id.resource_group, id.name, body, retry_total=0, cls=untouched)
        except SDK_ERRORS as error:
            if doubt := unsettled(error, subject):
                raise WriteUnsettled(
                    vault.name,
                    doubt.reason,
                    doubt.wait,
                    may_have_happened=doubt.may_have_happened,
                    request_id=doubt.request_id,
                ) from error
            refused = translate(error, subject, self._arm.url)
            if isinstance(refused, SubnetsGone):
                refused = gone.name_rules(self._arm, refused, after)
            raise refused from error

    def _get(self, vault: VaultId) -> Json:
        with self._arm.asking(f"vault {vault}"):
            found = self._arm.vaults(vault.subscription).get(vault.resource_group, vault.name, cls=untouched)
        return an_object(found, f"vault {vault}")


def parse_vault_json(found: Json, asked: VaultId, perimeter: Perimeter) -> Vault:
    """The vault in Azure's answer. Its id is the one asked for, written as Azure writes it."""
    subject = f"vault {asked}"
    text = found.get("id")
    if isinstance(text, str) and text.lower() == asked.text.lower():
        asked = replace(asked, text=text)
    properties = an_object(found.get("properties"), subject)
    return Vault(asked, parse_firewall(properties, subject), perimeter, parse_connections(properties, subject))


def parse_connections(properties: Json, subject: str) -> tuple[Connection, ...]:
    """The private endpoints as the vault knows them, in the order of their ids."""
    found = []
    for each in objects(properties.get("privateEndpointConnections"), subject):
        details = an_object(each.get("properties"), subject)
        endpoint = an_object(details.get("privateEndpoint") or {}, subject).get("id")
        state = an_object(details.get("privateLinkServiceConnectionState") or {}, subject).get("status")
        if not isinstance(endpoint, str):
            continue  # its endpoint is gone, and so nobody can come by it
        found.append(Connection(PieceId(str(each.get("id"))), PieceId(endpoint), Approval(state)))
    return tuple(sorted(found, key=lambda one: one.endpoint.key))
