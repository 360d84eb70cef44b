"""The sign-in that a vault asks for: its challenge names the tenant that it trusts, and is believed no further."""

from __future__ import annotations

import re

from azure.core.credentials import TokenRequestOptions

from netcfg.azure.credentials import Credential, bearer_of, tenant_of
from netcfg.azure.endpoints import Cloud
from netcfg.core.errors import NetcfgError
from netcfg.core.verification import Bearer


class NoToken(Exception):
    """Why there is no token for the vault, in words."""


def sign_in(challenge: str, credential: Credential, cloud: Cloud) -> tuple[str, Bearer]:
    """A token for the vault: of the tenant that it trusts, and for vaults of the cloud whatever it says."""
    tenant = trusted_tenant(challenge, cloud)
    scope = f"{cloud.vault_resource}/.default"
    try:
        token = credential.get_token_info(scope).token
        told = str(credential.identity(scope))
    except NetcfgError as error:
        raise NoToken(str(error)) from error
    home = tenant_of(token)
    if home is None or home.lower() == tenant:
        return token, Bearer(home, bearer_of(token), told=told)
    trouble = f"the vault belongs to the tenant {tenant}, and the token is of {home}"
    try:
        token = credential.get_token_info(scope, options=TokenRequestOptions(tenant_id=tenant)).token
    except NetcfgError as error:
        raise NoToken(f"{trouble}: {error}") from error
    if tenant_of(token) not in (None, tenant):  # a managed identity does not listen
        raise NoToken(f"{trouble}, whichever is asked for; sign in there with 'az login --tenant {tenant}'")
    return token, Bearer(tenant, bearer_of(token), home, told)


def trusted_tenant(challenge: str, cloud: Cloud) -> str:
    """The tenant whose tokens a vault of the cloud asks for; anybody else who asks for one gets none."""
    said: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    resource = said.get("resource", said.get("scope", "")).removesuffix("/.default").rstrip("/").lower()
    authority = said.get("authorization", said.get("authorization_uri", ""))
    tenant = re.match(r"https://[^/]+/([\w.-]+)", authority, re.ASCII)
    if tenant and resource == cloud.vault_resource:
        return tenant[1].lower()
    wanted = f"for {resource}" if resource else "for nobody that it names"
    raise NoToken(
        f"what answers wants a token {wanted}, and a vault of this cloud wants one for {cloud.vault_resource}"
    )
