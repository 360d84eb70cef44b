"""The clouds: where each one's Azure Resource Manager is, and who signs people in to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from netcfg.core.errors import CredentialInAddress, InsecureEndpoint, UnknownCloud
from netcfg.web.http import is_ambiguous, is_safe
from netcfg.web.proxy import is_loopback as is_loopback_host


@dataclass(frozen=True)
class Cloud:
    """One of Azure's clouds. Nothing but its name is shared with another."""

    name: str
    resource_manager: str
    scope: str
    authority: str
    vault_suffix: str  # a vault is at NAME.SUFFIX, and its tokens are for the suffix
    private_zone: str  # where the names of vaults with a private endpoint point to

    @property
    def vault_resource(self) -> str:
        """Whom the tokens for vaults are for."""
        return f"https://{self.vault_suffix}"


# The addresses that azure-core and azure-identity know the clouds by (azure.core.AzureClouds, AzureAuthorityHosts).
PUBLIC = Cloud(
    "public",
    "https://management.azure.com",
    "https://management.azure.com/.default",
    "login.microsoftonline.com",
    "vault.azure.net",
    "privatelink.vaultcore.azure.net",
)
CLOUDS = (
    PUBLIC,
    Cloud(
        "usgov",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "login.microsoftonline.us",
        "vault.usgovcloudapi.net",
        "privatelink.vaultcore.usgovcloudapi.net",
    ),
    Cloud(
        "china",
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "login.chinacloudapi.cn",
        "vault.azure.cn",
        "privatelink.vaultcore.azure.cn",
    ),
)


def parse_cloud(text: str) -> Cloud:
    """The cloud of that name, whatever its case; an unknown one is an error."""
    for cloud in CLOUDS:
        if cloud.name == text.lower():
            return cloud
    raise UnknownCloud(text, [cloud.name for cloud in CLOUDS])


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine by an address that no network can answer for."""
    return is_loopback_host(urlsplit(url).hostname or "")


def parse_endpoint(url: str) -> str:
    """`url` without its last slash. Only this machine may be asked without TLS: a token goes with every request."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # brackets that do not close, a port that is no number
        raise InsecureEndpoint(url) from error
    if parts.username is not None or parts.password is not None:
        raise CredentialInAddress(f"{parts.scheme}://…@{parts.hostname}")
    is_plain = named and not is_ambiguous(url) and not parts.query and not parts.fragment
    if is_plain and is_safe(parts.scheme, parts.hostname or ""):
        return url.rstrip("/")
    raise InsecureEndpoint(url)
