"""How the name of a vault resolves on this machine, told apart where it has no address."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from netcfg.core.verification import Lookup, Resolution

if TYPE_CHECKING:
    from dns.resolver import Resolver

PATIENCE = 8.0  # seconds that the servers get for one question, all of them together


def resolve(host: str, zone: str, server: tuple[str, int] | None = None) -> Lookup:
    """What `host` is here, as every program on this machine sees it: hosts file and all.

    `zone` is the private DNS zone into which the names of vaults with a private endpoint point. `server` is asked in
    place of the system, as the sandbox's has to be. The system does not tell why a name has no address, so its DNS
    servers are asked again then.
    """
    if server:
        return _ask(host, zone, server)
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        asked = _ask(host, zone, None)
        if asked.addresses:
            reason = f"its DNS servers know {asked.addresses[0]}, and this machine does not ({_said(error)})"
            return Lookup(Resolution.FAILED, reason=reason)
        return asked
    return of_addresses(str(address[0]) for *_, address in found)


def of_addresses(addresses: Iterable[str], alias: str = "") -> Lookup:
    """The look-up that found these; the first one decides, since connections go there first."""
    found = tuple(dict.fromkeys(addresses))
    return Lookup(Resolution.PUBLIC if ip_address(found[0]).is_global else Resolution.PRIVATE, found, alias)


def _ask(host: str, zone: str, server: tuple[str, int] | None) -> Lookup:
    """Ask the DNS servers themselves: getaddrinfo hides the alias of a name that does not exist."""
    import dns.exception
    import dns.resolver

    try:
        resolver = _resolver(server)
        answers = [resolver.resolve(f"{host}.", kind, raise_on_no_answer=False) for kind in ("A", "AAAA")]
    except dns.resolver.NXDOMAIN as error:
        alias = error.canonical_name.to_text(omit_final_dot=True).lower()
        if alias == host.lower():
            return Lookup(Resolution.ABSENT)
        return _without_address(alias, zone)
    except dns.resolver.NoResolverConfiguration:
        return Lookup(Resolution.FAILED, reason="this machine names no DNS server")
    except dns.exception.Timeout:
        return Lookup(Resolution.FAILED, reason="no DNS server answered in time")
    except dns.resolver.NoNameservers:
        return Lookup(Resolution.FAILED, reason="the DNS servers could not answer")
    except (dns.exception.DNSException, OSError) as error:
        return Lookup(Resolution.FAILED, reason=_said(error))
    alias = answers[0].canonical_name.to_text(omit_final_dot=True).lower()
    addresses = [each.address for answer in answers for each in answer.rrset or ()]
    return (
        of_addresses(addresses, "" if alias == host.lower() else alias) if addresses else _without_address(alias, zone)
    )


def _without_address(alias: str, zone: str) -> Lookup:
    """A name that leads nowhere: into the private zone, whose record is missing, or somewhere else."""
    if alias.endswith(f".{zone}"):
        return Lookup(Resolution.HIDDEN, alias=alias)
    return Lookup(Resolution.FAILED, alias=alias, reason=f"the DNS has no address for {alias}")


def _resolver(server: tuple[str, int] | None) -> Resolver:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=server is None)
    resolver.lifetime = PATIENCE
    if server:
        resolver.nameservers, resolver.port = [server[0]], server[1]
    return resolver


def _said(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
