"""The name of an Azure DevOps organization, from the name itself or from an address that somebody copied."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from netcfg.core.errors import BadOrganization

DEVOPS = "https://dev.azure.com"

# What "Naming restrictions and conventions" of Azure DevOps allows. The name becomes part of a path to which a token is
# sent, so nothing else may pass: `contoso/../fabrikam` and `contoso?x=` would ask for somebody else.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?")
_HOSTS = ("dev.azure.com", "vssps.dev.azure.com")
_OLD_SUFFIX = ".visualstudio.com"


def parse_name(text: str, devops: str) -> str:
    """The organization that `text` names, as `contoso`, `https://dev.azure.com/contoso/…` or `https://contoso.visualstudio.com`.

    `devops` is the address that stands for `https://dev.azure.com`. Of an address only the name is taken: the
    `contoso@` of a clone URL is dropped, and the request goes to `devops` whatever the host was.
    """
    name = text.strip()
    if not _NAME.fullmatch(name):
        name = _name_in_address(name, devops) or ""
    if not _NAME.fullmatch(name):
        raise BadOrganization(re.sub(r"[^/]*@", "", text))  # it may be a password
    return name


def _name_in_address(text: str, devops: str) -> str | None:
    address = text if "://" in text else f"https://{text}"
    try:
        found = urlsplit(address)
        host = found.hostname or ""
    except ValueError:
        return None
    own = urlsplit(devops)
    if found.netloc.rpartition("@")[2].lower() == own.netloc.lower():
        return _first_part(found.path.removeprefix(own.path))
    if host in _HOSTS:
        return _first_part(found.path)
    return host.removesuffix(_OLD_SUFFIX) if host.endswith(_OLD_SUFFIX) else None


def _first_part(path: str) -> str:
    return path.strip("/").partition("/")[0]
