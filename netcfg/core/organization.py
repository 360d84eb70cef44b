"""The name of an Azure DevOps organization, from the name itself or from an address that somebody copied."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from netcfg.core.errors import BadOrganization

DEVOPS = "https://dev.azure.com"

# What "Naming restrictions and conventions" of Azure DevOps allows. The name becomes part of a path to which a token is
# sent, so nothing else may pass: `contoso/../fabrikam` and `contoso?x=` would ask for somebody else.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?")
_HOSTS = ("dev.azure.com", "vssps.dev.azure.com")
_OLD_SUFFIX = ".visualstudio.com"
_COLLECTION = "defaultcollection"  # which old addresses put before the project


def parse_name(text: str, devops: str) -> str:
    """The organization that `text` names, as `contoso`, `https://dev.azure.com/contoso/…` or `https://contoso.visualstudio.com`.

    `devops` is the address that stands for `https://dev.azure.com`. Of an address only the name is taken: the
    `contoso@` of a clone URL is dropped, and the request goes to `devops` whatever the host was.
    """
    return parse_place(text, devops)[0]


def parse_place(text: str, devops: str) -> tuple[str, str]:
    """The same with the project that an address names, as `https://dev.azure.com/contoso/payments` does; else empty."""
    name, project = text.strip(), ""
    if not _NAME.fullmatch(name):
        name, project = _place_in_address(name, devops)
    if not _NAME.fullmatch(name):
        raise BadOrganization(re.sub(r"[^/]*@", "", text))  # it may be a password
    return name, project


def _place_in_address(text: str, devops: str) -> tuple[str, str]:
    address = text if "://" in text else f"https://{text}"
    try:
        found = urlsplit(address)
        host = found.hostname or ""
    except ValueError:
        return "", ""
    own = urlsplit(devops)
    if found.netloc.rpartition("@")[2].lower() == own.netloc.lower():
        return _first_parts(found.path.removeprefix(own.path))
    if host in _HOSTS:
        return _first_parts(found.path)
    if not host.endswith(_OLD_SUFFIX):
        return "", ""
    collection = _first_parts(found.path)
    project = collection[1] if collection[0].casefold() == _COLLECTION else _as_project(collection[0])
    return host.removesuffix(_OLD_SUFFIX), project


def _first_parts(path: str) -> tuple[str, str]:
    name, _, rest = path.strip("/").partition("/")
    return name, _as_project(rest.partition("/")[0])


def _as_project(part: str) -> str:
    """The project of this part of a path; `_settings`, `_apis` and the like are pages of the organization itself."""
    return "" if part.startswith("_") else unquote(part)
