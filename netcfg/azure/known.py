"""What Azure Resource Manager knows of a vault that cannot be read from here."""

from __future__ import annotations

from netcfg.azure.arm import Json, ResourceManager, an_object, objects
from netcfg.azure.vaults import AzureVaults
from netcfg.core.errors import NetcfgError
from netcfg.core.resources import VaultId
from netcfg.core.verification import Known

VAULT_VERSION = "2026-02-01"


class KnownVaults:
    """The vaults as Azure Resource Manager shows them; an agent's identity often may see none of them."""

    def __init__(self, arm: ResourceManager, vaults: AzureVaults) -> None:
        self._arm = arm
        self._vaults = vaults

    def known(self, vault: VaultId | str) -> Known:
        """The vault with its private endpoints. What may not be seen is an error."""
        if isinstance(vault, str):
            found = self._vaults.find([vault])[vault]
            if isinstance(found, NetcfgError):
                raise found
            vault = found
        return Known(self._vaults.read(vault), tuple(self._endpoints(vault)))

    def _endpoints(self, vault: VaultId) -> list[tuple[str, str]]:
        """The names of its private endpoints, each with the state of its connection.

        They are in the vault itself, so that whoever may read it may see them.
        """
        subject = f"the private endpoints of vault {vault.name}"
        properties = an_object(self._arm.get(str(vault), VAULT_VERSION, subject).get("properties"), subject)
        return sorted(
            _endpoint(each, subject) for each in objects(properties.get("privateEndpointConnections"), subject)
        )


def _endpoint(connection: Json, subject: str) -> tuple[str, str]:
    properties = an_object(connection.get("properties"), subject)
    endpoint = an_object(properties.get("privateEndpoint") or {}, subject).get("id")
    state = an_object(properties.get("privateLinkServiceConnectionState") or {}, subject).get("status")
    return str(endpoint or connection.get("id")).rpartition("/")[2], str(state)
