"""What Azure Resource Manager knows of a vault that cannot be read from here."""

from __future__ import annotations

from netcfg.azure.firewall.vaults import AzureVaults
from netcfg.core.errors import NetcfgError
from netcfg.core.resources import VaultId
from netcfg.core.verification import Known


class KnownVaults:
    """The vaults as Azure Resource Manager shows them; an agent's identity often may see none of them."""

    def __init__(self, vaults: AzureVaults) -> None:
        self._vaults = vaults

    def known(self, vault: VaultId | str) -> Known:
        """The vault with its private endpoints. What may not be seen is an error."""
        if isinstance(vault, str):
            found = self._vaults.find([vault])[vault]
            if isinstance(found, NetcfgError):
                raise found
            vault = found
        return Known(self._vaults.read(vault))
