"""Two editions as the rows of a diff, geography by geography, and what it comes to in numbers."""

from __future__ import annotations

from netcfg.core.comparison import Comparison, Growth, Move
from netcfg.core.geography import Geography, Region
from netcfg.core.ranges import Edition
from netcfg.core.served import Served, by_address
from netcfg.formats.page import Row


def title(compared: Comparison) -> str:
    return f"{edition(compared.old)} → {edition(compared.new)}"


def edition(edition: Edition) -> str:
    """`service tag 2026-06-20 (change 13)`, or `table 2026-02-10`."""
    change = f" (change {edition.change_number})" if edition.change_number else ""
    return f"{edition.publisher.value.replace('-', ' ')} {edition.day}{change}"


def changed(compared: Comparison) -> list[Geography | None]:
    """The geographies of which something changed; one that lost ranges by moves alone has no row, but fewer ranges."""

    def is_changed(place: Geography | None) -> bool:
        numbers = within(compared, place)
        return numbers.before != numbers.after or bool(rows(compared, place))

    return [place for place in compared.geographies if is_changed(place)]


def within(compared: Comparison, place: Geography | None) -> Growth:
    return compared.growth(lambda region: region.geography == place)


def name(place: Geography | None) -> str:
    return f"{place} ({place.id})" if place else "no geography"


def rows(compared: Comparison, place: Geography | None) -> list[Row]:
    """What changed for one geography, by region and address; a move stands where the range is now."""
    found = [
        *((each.region, each.network, _added(compared, each)) for each in compared.added),
        *((each.region, each.network, _removed(compared, each)) for each in compared.removed),
        *((each.after, each.network, _moved(each)) for each in compared.moved),
    ]
    here = sorted(
        (one for one in found if one[0].geography == place), key=lambda one: (one[0].name, by_address(one[1]))
    )
    return [row for _, _, row in here]


def region(region: Region) -> str:
    """Its name, and what one has to know of it."""
    marks = [word for word, holds in (("inferred", region.is_inferred), ("canary", region.is_canary)) if holds]
    return f"{region.name} ({', '.join(marks)})" if marks else region.name


def growth(growth: Growth) -> str:
    """`32 → 84 IPv4 ranges (+162.5 %), 6,568 → 7,396 addresses (+12.6 %), 35 → 63 IPv6 ranges`."""
    before, after = growth.before, growth.after
    steps = [
        _step(before.ranges, after.ranges, "IPv4 range", growth.ranges),
        _step(before.addresses, after.addresses, "address", growth.addresses),
    ]
    return ", ".join([*steps, _step(before.ipv6, after.ipv6, "IPv6 range")] if before.ipv6 or after.ipv6 else steps)


def tally(compared: Comparison) -> str:
    """What all of it comes to, in one line."""
    if compared.is_empty:
        return f"nothing changed: {growth(compared.growth())}"
    counts = {"added": compared.added, "removed": compared.removed, "moved to another region": compared.moved}
    words = ", ".join(f"{len(found):,} {word}" for word, found in counts.items())
    return f"{words}; {growth(compared.growth())}"


def notes(compared: Comparison) -> list[str]:
    """What a reader might get wrong."""
    if compared.is_across:
        old, new = edition(compared.old), edition(compared.new)
        return [f"these are two publishers: + marks what only {new} has, - what only {old} has"]
    if compared.goes_back:
        return ["the second edition is the older one: this is the way back"]
    return []


def _added(compared: Comparison, each: Served) -> Row:
    known = "its addresses were published before, in other ranges" if compared.had_before(each) else ""
    return Row("+", str(each.network), (region(each.region), known), "add")


def _removed(compared: Comparison, each: Served) -> Row:
    known = "its addresses are still published, in other ranges" if compared.has_still(each) else ""
    return Row("-", str(each.network), (region(each.region), known), "remove")


def _moved(each: Move) -> Row:
    abroad = each.before.geography != each.after.geography
    origin = f"{region(each.before)} of {each.before.geography or 'no geography'}" if abroad else region(each.before)
    return Row("~", str(each.network), (region(each.after), f"was {origin}"), "set")


def _step(before: int, after: int, noun: str, percent: float | None = None) -> str:
    plural = f"{noun}{'es' if noun.endswith('s') else 's'}"
    if before == after:
        return f"{after:,} {noun if after == 1 else plural}"
    relative = f" ({percent:+.1f} %)" if percent is not None else ""
    return f"{before:,} → {after:,} {noun if after == 1 else plural}{relative}"
