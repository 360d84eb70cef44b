"""What `ranges who` answers in words: whose an address is, and what that means for the firewall of a vault."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network
from typing import assert_never

from netcfg.core.attribution import Answer, Attribution, Passage, Publication, Span, Special
from netcfg.core.declared import parse_wanted
from netcfg.core.errors import BadRange
from netcfg.core.geography import Region
from netcfg.core.outbound import Way
from netcfg.core.ranges import Publisher
from netcfg.core.served import Network
from netcfg.formats import comparison
from netcfg.formats.page import Row

NOT_PUBLIC = {
    Special.PRIVATE: "private: it means something inside one network only",
    Special.SHARED: "shared by a provider and its customers (carrier-grade NAT)",
    Special.PLATFORM: "Azure's own inside every virtual network, for DNS and health probes",
    Special.LOOPBACK: "a loopback address: it never leaves its machine",
    Special.LINK_LOCAL: "link-local: it never leaves its link",
    Special.DOCUMENTATION: "reserved for documentation",
    Special.MULTICAST: "multicast: nobody calls from it",
    Special.RESERVED: "reserved",
}
WAYS = {Way.OUTBOUND: "outbound", Way.EXPRESSROUTE: "ExpressRoute"}


def address(network: Network) -> str:
    """A single address as people write it, a range with its prefix."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def explanation(found: Attribution) -> list[str]:
    """The answer in one sentence, then what follows from it."""
    return [_headline(found), *_advice(found)]


def rows(found: Attribution) -> list[Row]:
    """Everything that is published of it, of the whole first, then of its parts."""
    publications = [row for each in found.publications for row in _publication(each)]
    return [*publications, *map(_passage, found.passages), *(row for part in found.parts for row in rows(part))]


def place(region: Region) -> str:
    """The geography, and the region with what one has to know of it."""
    return f"{region.geography or 'no geography'} · {comparison.region(region)}"


def _publication(each: Publication) -> list[Row]:
    style = "quiet" if each.span.until else ""
    who = each.publisher.value.replace("-", " ")
    return [Row(" ", str(one.network), (who, place(one.region), *_span(each.span)), style) for one in each.ranges]


def _passage(each: Passage) -> Row:
    style = "quiet" if each.span.until else ""
    return Row(" ", str(each.network), (WAYS[each.way], *_span(each.span)), style)


def _span(span: Span) -> tuple[str, ...]:
    """Since and until which edition; before the oldest one, nobody can tell."""
    since = f"since {span.since}{' or earlier' if span.is_oldest else ''}{', with gaps' if span.has_gaps else ''}"
    return (since, f"until {span.until}") if span.until else (since,)


def _headline(found: Attribution) -> str:
    who = address(found.asked)
    match found.answer:
        case Answer.INBOUND:
            return f"{who} is inbound: Azure DevOps calls from it for {_places(found)}"
        case Answer.OUTBOUND:
            if _is_current(found):
                return f"{who} is outbound: people and agents use it to reach Azure DevOps"
            return f"{who} was outbound: people and agents used it to reach Azure DevOps"
        case Answer.EXPRESSROUTE:
            verb = "is" if _is_current(found) else "was"
            return f"{who} {verb} an address of Azure DevOps for networks that reach it over ExpressRoute"
        case Answer.RETIRED:
            return f"{who} was inbound once; no newest edition has it any more"
        case Answer.PARTLY:
            return f"{who} is published in parts only, and by nobody as a whole"
        case Answer.SPECIAL:
            return f"{who} is {NOT_PUBLIC[found.special or Special.RESERVED]}; nobody publishes it"
        case Answer.UNKNOWN:
            return f"{who} is unknown: no edition of anybody has it"
        case _:
            assert_never(found.answer)


def _advice(found: Attribution) -> Iterator[str]:
    match found.answer:
        case Answer.INBOUND:
            yield from _inbound(found)
        case Answer.OUTBOUND | Answer.EXPRESSROUTE:
            yield "Azure DevOps does not call from it, so it does not belong in a vault's firewall"
            if not _is_current(found):
                yield f"the newest edition, {found.passages[0].span.newest}, has other addresses instead"
        case Answer.RETIRED:
            yield "a rule for exactly that range is retired: netcfg plan takes it out after the days of --grace"
        case Answer.PARTLY:
            if not found.is_filled:
                yield "a rule for all of it would let in everybody else who has a part of it"
        case Answer.SPECIAL:
            yield from _special(found)
        case Answer.UNKNOWN:
            yield from _unknown(found)
        case _:
            assert_never(found.answer)


def _inbound(found: Attribution) -> Iterator[str]:
    for region in _regions(found):
        if region.geography is None:
            yield f"{region.name} belongs to none of the eight geographies, so netcfg never adds it"
        if region.is_inferred:
            yield f"no document says that {region.name} belongs to {region.geography}: it is inferred"
        if region.is_canary:
            yield f"{region.name} is a canary region: it counts only with --include-canary-regions"
    if isinstance(found.asked, IPv6Network):
        yield "a vault's firewall takes IPv4 only, so no rule can name it"
        return
    if len(found.publishers) < len(Publisher):
        (other,) = set(Publisher) - set(found.publishers)
        yield f"a plan with --ranges {other.value} leaves it out: that publisher's newest edition does not have it"
    for place in sorted({region.geography for region in _regions(found) if region.geography}):
        yield f"netcfg plan VAULT --geography {place.id} shows whether a vault lets it in"


def _special(found: Attribution) -> Iterator[str]:
    yield "no IP rule of a vault can name it"
    if found.special is Special.PRIVATE:
        yield (
            "a vault sees such an address only through the service endpoint of a subnet, which a virtual network rule "
            "lets in, or through a private endpoint; everywhere else it sees the public address behind it"
        )
    if found.special is Special.SHARED:
        yield "a vault sees the provider's public address instead"


def _unknown(found: Attribution) -> Iterator[str]:
    yield (
        "it may be a Microsoft-hosted agent's: their addresses are in neither list, may be any of a whole geography "
        "of Azure, which other customers use too, and change every week, so no rule can cover them; use self-hosted "
        "agents in a subnet that the vault lets in"
    )
    declare = f"; to let it in, --allow '{found.asked}=REASON'" if _may_be_asked_for(found.asked) else ""
    yield f"or it is somebody else's, such as an office's or your own agents'{declare}"


def _regions(found: Attribution) -> list[Region]:
    """Those that the newest editions give it, each once."""
    now = (one.region for each in found.publications if not each.span.until for one in each.ranges)
    return sorted(set(now), key=lambda each: each.name)


def _places(found: Attribution) -> str:
    named = (place(each) if each.geography else comparison.region(each) for each in _regions(found))
    return " and ".join(named)


def _is_current(found: Attribution) -> bool:
    return any(each.span.until is None for each in found.passages)


def _may_be_asked_for(network: Network) -> bool:
    """Whether a vault would take it: public IPv4, and not too broad."""
    try:
        parse_wanted(str(network))
    except BadRange:
        return False
    return True
