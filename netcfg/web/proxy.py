"""The proxy that a request goes through, by the environment: its name without its password, and who set it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from requests.utils import get_environ_proxies, select_proxy

from netcfg.core.errors import BadProxy

SCHEMES = ("http", "https")


@dataclass(frozen=True)
class Proxy:
    """A proxy as it may be printed, and the variable that names it, if one does."""

    where: str
    variable: str = ""

    def __str__(self) -> str:
        return f"the proxy {self.where}" + (f" ({self.variable})" if self.variable else "")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by a name or address that no network can answer for."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_near(host: str) -> bool:
    """Whether `host` is this machine, or beside it on its own link, as the service is that tells a machine its tokens:
    nothing that is routed answers for either."""
    try:
        return is_loopback(host) or ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def is_near_url(url: str) -> bool:
    """Whether `url` is as near, where no proxy belongs in between; one that cannot be read is nowhere."""
    try:
        return is_near(urlsplit(url).hostname or "")
    except ValueError:
        return False


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment wants between us and `url`."""
    if is_near_url(url):
        return None
    return _named(url, select_proxy(url, get_environ_proxies(url, no_proxy=None)))


def checked(url: str, proxies: Mapping[str, str]) -> Mapping[str, str]:
    """The same, if whoever is meant by it can be a proxy; the libraries fail in ways of their own where not."""
    chosen = select_proxy(url, dict(proxies))
    if chosen and not _is_usable(chosen):
        raise BadProxy(urlsplit(url).hostname or url)
    return proxies


def _is_usable(address: str) -> bool:
    parts = _split(address)
    return parts is not None and parts.scheme.lower() in SCHEMES and bool(parts.hostname)


def _split(address: str) -> SplitResult | None:
    """The address in its parts, if that is one of a proxy."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        parts.port  # noqa: B018 - it raises when it is none
    except ValueError:  # brackets that do not close, a port that is no number
        return None
    # A password with a `#`, a `?` or a `/` in it: what stands before that would be taken for the host, and printed.
    is_cut = "@" in f"{parts.path}{parts.query}{parts.fragment}"
    return None if is_cut else parts


def _named(url: str, address: str | None) -> Proxy | None:
    if not address:
        return None
    scheme = urlsplit(url).scheme
    # As the standard library reads them: the name in small letters counts before the one in capitals.
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    variable = next((name for name in names if os.environ.get(name) == address), "")
    parts = _split(address)
    if parts is None or not parts.hostname:
        return Proxy(f"of {variable}" if variable else "of this system")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return Proxy(f"{parts.scheme}://{host}{port}", variable)
