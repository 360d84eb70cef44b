"""Clues: which vault, address, subnet and identity an error message is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from netcfg.core.messages.boundaries import REACH
from netcfg.core.messages.pasted import Pasted
from netcfg.core.resources import as_subnet
from netcfg.core.verification import parse_address

_VAULT = r"([a-z][a-z0-9-]{1,22}[a-z0-9])"
_GUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_HOSTS = r"\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)"
_NETWORK = r"/subscriptions/[0-9a-z-]{1,40}/resourcegroups/[\w.()-]{1,90}/providers/microsoft\.network/virtualnetworks/"
_END = r"(?=vault:|caller:|clientaddress|do(?:es)?nothave|[^\w.-]|\Z)"


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.IGNORECASE) for each in patterns)


# All of these are searched in a text without blanks, so each has to know where what it looks for ends.
# What a vault says of itself counts first, then whom Azure DevOps asked, then any address, and an id last.
_NAMED = _compiled(rf"vault:{_VAULT};location=", rf"keyvault'{_VAULT}(?:;location=[^']*)?'")
_QUERIED = _compiled(rf"failedtoqueryserviceconnectionapi:'https://{_VAULT}{_HOSTS}/")
_SHOWN = (
    _compiled(rf"(?://|['\"(=@]){_VAULT}{_HOSTS}(?![a-z0-9.-])"),
    _compiled(rf"providers/microsoft\.keyvault/vaults/{_VAULT}(?=[/'\"?;,)\]\\]|\Z)"),
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
# Of these the first counts that finds anything.
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
    """What a message tells of the refused; a text is empty where it does not, or tells two things.

    `is_relayed` is whether it was Azure DevOps that asked, and `is_cut` whether the address is the last that there is,
    so that its end may be missing. `is_disputed` is whether more than one may have been refused, so that none is told,
    and `is_named` whether the vault itself told its name.
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
    is_disputed: bool = False
    is_named: bool = False

    @property
    def subnet(self) -> str:
        """The only subnet."""
        return self.subnets[0] if len(self.subnets) == 1 else ""


def find(pasted: Pasted, first: int, last: int, vault: str = "") -> Clues:
    """The clues in the message from `first` to `last`; it is about the `vault`, where that is known already."""
    message = _Message(pasted, first, last)
    named = message.only(_NAMED)
    vault = vault or _vault(message)
    address, is_cut = _address(message)
    is_disputed = message.is_divided(_ADDRESS) or (
        address is not None and _names_others(pasted, message, address, vault)
    )
    lacking = {f"{each[2]} for {each[1]}".lower() for each in _LACKING.finditer(message.tight)}
    return Clues(
        vault=vault,
        address=str(address) if address and not is_disputed else "",
        is_cut=is_cut and not is_disputed,
        subnets=() if is_disputed else tuple(_subnets(message.tight)),
        client=message.only(_CLIENT),
        object_id=message.only(_OBJECT).lower(),
        tenant=message.only(_TENANT).lower(),
        permission=lacking.pop() if len(lacking) == 1 else "",
        action=message.foremost(_ACTION),
        resource=message.foremost(_SCOPE),
        secret=message.foremost(_SECRET),
        is_relayed="failedtoqueryserviceconnectionapi" in message.tight.lower(),
        is_disputed=is_disputed,
        is_named=bool(named),
    )


def names_another(pasted: Pasted, first: int, last: int, vault: str) -> bool:
    """Whether what stands around a message is of another vault, by what vaults say of themselves."""
    parts = ((0, first), (last, len(pasted.tight)))
    found = (each[1].lower() for at in parts for pattern in _NAMED for each in pattern.finditer(pasted.tight, *at))
    return any(each != vault.lower() for each in found)


class _Message:
    """One message of a text."""

    def __init__(self, pasted: Pasted, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.tight = pasted.tight[first:last]
        self.text = pasted.stretch(first, last) if last > first else ""
        self.is_end = last == len(pasted.tight)

    def only(self, patterns: Iterable[re.Pattern[str]]) -> str:
        """What the patterns find, unless they find two things: then nobody knows which is meant."""
        return _only(each[1] for pattern in patterns for each in pattern.finditer(self.tight))

    def foremost(self, patterns: Iterable[re.Pattern[str]]) -> str:
        """The same for the first of the patterns that finds anything."""
        return next((self.only([each]) for each in patterns if each.search(self.tight)), "")

    def is_divided(self, pattern: re.Pattern[str]) -> bool:
        return len({each[1] for each in pattern.finditer(self.tight)}) > 1


def _only(found: Iterable[str]) -> str:
    """The one thing that was found, however often and in whatever case."""
    spelt = {each.lower(): each for each in found}
    return next(iter(spelt.values())) if len(spelt) == 1 else ""


def _vault(message: _Message) -> str:
    """The vault by the best that tells it. Where that tells two, the lesser is not asked."""
    for patterns in (_NAMED, _QUERIED, *_SHOWN):
        if any(each.search(message.tight) for each in patterns):
            return message.only(patterns)
    return _only(each[1] for each in _BARE_HOST.finditer(message.text))


def _address(message: _Message) -> tuple[IPv4Address | IPv6Address | None, bool]:
    """The address that was refused, and whether its end may be missing; none where two readings of it differ.

    What was broken over two lines may be `40.74.28.1` and a 2 that counts something, or `40.74.28.12`.
    """
    tight = list(_ADDRESS.finditer(message.tight))
    spaced = {parse_address(each[1].rstrip(".:")) for each in _SPACED_ADDRESS.finditer(message.text)}
    one = spaced.pop() if len(spaced) == 1 else None
    if isinstance(one, IPv6Address) and not tight:
        return one, False
    if one is None or {parse_address(each[1]) for each in tight} != {one}:
        return None, False
    return one, message.is_end and tight[-1].end() == len(message.tight)


def _names_others(pasted: Pasted, message: _Message, address: IPv4Address | IPv6Address, vault: str) -> bool:
    """Whether another address stands around the message that may have been refused by the same vault.

    Anybody may have written it into a log, and may have written it first.
    """
    first, last = max(0, message.first - REACH), min(len(pasted.tight), message.last + REACH)
    found = list(_ADDRESS.finditer(pasted.tight, first, last))
    ends = [each.start() for each in found[1:]] + [last] * bool(found)
    for each, end in zip(found, ends, strict=True):
        if message.first <= each.start() < message.last or parse_address(each[1]) == address:
            continue
        named = _only(one[1] for pattern in _NAMED for one in pattern.finditer(pasted.tight, each.end(), end))
        if not named or named.lower() == vault.lower():
            return True
    return False


def _subnets(tight: str) -> Iterator[str]:
    bare = list(_BARE_SUBNETS.finditer(tight))
    if len({each[2].lower() for each in bare}) > 1:
        return
    for found in bare[:1]:
        for name in found[1].split(","):
            text = name if name.startswith("/") else f"{found[2]}/subnets/{name}"
            if subnet := as_subnet(text):
                yield str(subnet)
        return
    seen = dict.fromkeys(str(subnet) for found in _SUBNET.finditer(tight) if (subnet := as_subnet(found[1])))
    yield from seen
