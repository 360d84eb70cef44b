"""Clues: which vault, address, subnet and identity an error message is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from netcfg.core.messages.pasted import Pasted
from netcfg.core.resources import as_subnet
from netcfg.core.verification import parse_address

REACH = 4000  # characters around a sign, which is more than any one message has

_VAULT = r"([a-z][a-z0-9-]{1,22}[a-z0-9])"
_GUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_HOSTS = r"\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)"
_NETWORK = r"/subscriptions/[0-9a-z-]{1,40}/resourcegroups/[\w.()-]{1,90}/providers/microsoft\.network/virtualnetworks/"
_END = r"(?=vault:|caller:|clientaddress|do(?:es)?nothave|[^\w.-]|\Z)"


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.IGNORECASE) for each in patterns)


# All of these are searched in a text without blanks, so each has to know where what it looks for ends.
_VAULTS = _compiled(
    rf"vault:{_VAULT};location=",
    rf"keyvault'{_VAULT}(?:;location=[^']*)?'",
    rf"(?://|['\"(=@]){_VAULT}{_HOSTS}(?![a-z0-9.-])",
    rf"providers/microsoft\.keyvault/vaults/{_VAULT}(?=[/'\"?;,)\]\\]|\Z)",
)
_BARE_HOST = re.compile(rf"(?<![\w.-]){_VAULT}{_HOSTS}(?![a-z0-9-])", re.IGNORECASE)
_ADDRESS = re.compile(r"clientaddress(?::|\()(\d{1,3}(?:\.\d{1,3}){3})(?!\d)", re.IGNORECASE)
_SPACED_ADDRESS = re.compile(r"client\s+address(?:\s*:\s*|\s*\()([0-9a-f.:]+)", re.IGNORECASE)
_SUBNET = re.compile(rf"({_NETWORK}[\w.-]{{1,80}}?/subnets/[\w.-]{{1,80}}?){_END}", re.IGNORECASE)
_BARE_SUBNETS = re.compile(
    rf"subnets?([^:;]{{1,800}}?)ofvirtualnetwork({_NETWORK}[\w.-]{{1,80}}?){_END}", re.IGNORECASE
)
_OBJECT = _compiled(rf"oid={_GUID}", rf"objectid'{_GUID}'")
_CLIENT = _compiled(
    rf"appid={_GUID}", r"client'([^'\s]{1,120})'", rf"applicationwithidentifier'{_GUID}'", rf"(?<![a-z])app'{_GUID}'"
)
_TENANT = _compiled(
    rf"expectedoneofhttps://[^/]{{1,60}}/{_GUID}", rf"mustmatch(?:the|oneofthe)tenants?'https://[^/]{{1,60}}/{_GUID}"
)
_LACKING = re.compile(r"does(?:not|n't)have(secrets|keys|certificates)([a-z]{1,20}?)permission", re.IGNORECASE)
_ACTION = _compiled(
    r"doesnothavepermissiontoperformaction(?:\(s\))?'([^']{1,200})'", r"performaction(?:\(s\))?'([^']{1,200})'",
    r"action:'([^']{1,200})'",
)  # fmt: skip
_SCOPE = _compiled(
    r"linkedscope(?:\(s\))?'(/[^']{1,500})'", r"arelocked:'(/[^']{1,500})'", r"overscope'(/[^']{1,500})'",
    r"resource:'(/[^']{1,500})'",
)  # fmt: skip
_SECRET = _compiled(
    r"secretwith\(name/id\)([0-9a-z-]{1,127})(?:/[0-9a-f]{0,40})?wasnotfound", r"/secrets/([0-9a-z-]{1,127})(?=[/'\"?])"
)


@dataclass(frozen=True)
class Clues:
    """What a message tells of the refused; a text is empty where it does not.

    `is_relayed` is whether it was Azure DevOps that asked, and `is_cut` whether the address is the last that there is,
    so that its end may be missing.
    """

    vault: str = ""
    address: str = ""
    is_cut: bool = False
    subnets: tuple[str, ...] = ()
    client: str = ""
    object_id: str = ""
    tenant: str = ""
    permission: str = ""
    action: str = ""
    resource: str = ""
    secret: str = ""
    is_relayed: bool = False


def find(pasted: Pasted, start: int, end: int) -> Clues:
    """The clues around the place where a sign stands: a log may hold more than one message."""
    near = _Near(pasted, start, end)
    address, is_cut = _address(near)
    lacking = _LACKING.search(near.tight)
    return Clues(
        vault=near.closest(_VAULTS) or _bare(near.text),
        address=str(address) if address else "",
        is_cut=is_cut,
        subnets=tuple(_subnets(near.tight)),
        client=near.closest(_CLIENT),
        object_id=near.closest(_OBJECT).lower(),
        tenant=near.foremost(_TENANT).lower(),
        permission=f"{lacking[2]} for {lacking[1]}".lower() if lacking else "",
        action=near.foremost(_ACTION),
        resource=near.foremost(_SCOPE),
        secret=near.foremost(_SECRET),
        is_relayed="failedtoqueryserviceconnectionapi" in near.tight.lower(),
    )


class _Near:
    """The text around a sign."""

    def __init__(self, pasted: Pasted, start: int, end: int) -> None:
        first, last = max(0, start - REACH), min(len(pasted.tight), end + REACH)
        self.tight = pasted.tight[first:last]
        self.text = pasted.stretch(first, last)
        self.is_end = last == len(pasted.tight)
        self._place = start - first

    def closest(self, patterns: tuple[re.Pattern[str], ...]) -> str:
        found = [each for pattern in patterns for each in pattern.finditer(self.tight)]
        return min(found, key=lambda each: abs(each.start() - self._place))[1] if found else ""

    def foremost(self, patterns: tuple[re.Pattern[str], ...]) -> str:
        """What the first of the patterns finds that finds anything."""
        return next((found[1] for each in patterns if (found := each.search(self.tight))), "")


def _address(near: _Near) -> tuple[IPv4Address | IPv6Address | None, bool]:
    """The address that was refused, and whether its end may be missing; none where two readings of it differ.

    What was broken over two lines may be `40.74.28.1` and a 2 that counts something, or `40.74.28.12`.
    """
    spaced, tight = _SPACED_ADDRESS.search(near.text), _ADDRESS.search(near.tight)
    one = parse_address(spaced[1].rstrip(".:")) if spaced else None
    other = parse_address(tight[1]) if tight else None
    if isinstance(one, IPv6Address) and not tight:
        return one, False
    if one is None or other is None or one != other:
        return None, False
    return one, bool(tight and near.is_end and tight.end() == len(near.tight))


def _subnets(tight: str) -> Iterator[str]:
    for found in _BARE_SUBNETS.finditer(tight):
        for name in found[1].split(","):
            text = name if name.startswith("/") else f"{found[2]}/subnets/{name}"
            if subnet := as_subnet(text):
                yield str(subnet)
        return
    seen = dict.fromkeys(str(subnet) for found in _SUBNET.finditer(tight) if (subnet := as_subnet(found[1])))
    yield from seen


def _bare(text: str) -> str:
    """The vault of the only host that is named, where none is within an address of the web."""
    hosts = {found[1].lower(): found[1] for found in _BARE_HOST.finditer(text)}
    return next(iter(hosts.values())) if len(hosts) == 1 else ""
