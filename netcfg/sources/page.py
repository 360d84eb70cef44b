"""The documentation page "Allowed IP addresses and domain URLs": its inbound table, and nothing else that it lists.

The same page names outbound addresses, those of ExpressRoute and ranges as broad as 52.108.0.0/14 that belong to other
services, so the table is found by its heading and its columns, never by what looks like a range.
https://learn.microsoft.com/azure/devops/organizations/security/allow-list-ip-url
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Network

from netcfg.core.errors import BadEdition, NoInboundTable, SourceTooLong, UnknownRegion
from netcfg.core.geography import Atlas
from netcfg.core.ranges import Edition, Publisher
from netcfg.sources import page_source, rendered_page
from netcfg.sources.inbound import Section, Table, fold
from netcfg.sources.publication import Publication, compose, find_region, parse_prefix, quote

# Up to March 2023 the table had no geographies; since January 2024 one is named once, and blank where it goes on.
_LAYOUTS = (("region", "ipv4ranges"), ("geography", "region", "ipv4ranges"))
_LONGEST = 4_000_000  # the real one has 25,000 bytes, and a parser of Markdown can be kept busy for hours
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")


def parse(content: bytes, atlas: Atlas, where: str, seen: date) -> Publication:
    """The edition in the page's Markdown source or in its rendered HTML; `seen` is its day where the page tells none.

    `where` is what errors call the page.
    """
    section = _read(content, where)
    table = _inbound_table(section, where)
    day, source = _day(section.dated, seen, where)
    is_dated = section.dated is not None and section.dated[0] == "ms.date"  # `updated_at` is when it was built
    blank = Edition(Publisher.TABLE, day, source, (), is_dated=is_dated)
    publication = compose(blank, _rows(table, atlas, where), atlas, where)
    if not section.is_ended:
        raise BadEdition(where, "it ends within the section of inbound connections, so a part may be missing")
    return publication


def _read(content: bytes, where: str) -> Section:
    if len(content) > _LONGEST:
        raise SourceTooLong(where, _LONGEST)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadEdition(where, "it is not UTF-8 text") from error
    is_html = text.lstrip()[:20].casefold().startswith(("<!doctype html", "<html"))
    return rendered_page.read(text, where) if is_html else page_source.read(text, where)


def _inbound_table(section: Section, where: str) -> Table:
    tables = [each for each in section.tables if each and tuple(map(fold, each[0])) in _LAYOUTS]
    if not tables:
        raise NoInboundTable(where, [quote(" | ".join(each[0])) for each in section.tables if each])
    if len(tables) > 1:
        raise BadEdition(where, f"it has {len(tables)} inbound tables, and which of them counts is not known")
    return tables[0]


def _rows(table: Table, atlas: Atlas, where: str) -> Iterator[tuple[str, str]]:
    """Region and prefix of each row, after its geography, named or continued, was compared with the region's."""
    header, *body = table
    geography = ""
    for cells in body:
        if not any(cells):
            continue
        if len(cells) != len(header):
            shown = quote(" | ".join(cells))
            raise BadEdition(where, f"the row {shown} has {len(cells)} cells where {len(header)} were expected")
        *first, name, prefix = cells
        geography = next(iter(first), "") or geography
        if not (name and prefix and (geography or not first)):
            raise BadEdition(where, f"the row {quote(' | '.join(cells))} leaves a cell blank")
        if not isinstance(parse_prefix(prefix, where), IPv4Network):
            raise BadEdition(where, f"{quote(prefix)} is not an IPv4 range")
        if "/" not in prefix:
            raise BadEdition(where, f"{quote(prefix)} has no prefix; the end of it may be missing")
        if first:
            _compare(geography, name, atlas, where)
        yield name, prefix


def _compare(geography: str, name: str, atlas: Atlas, where: str) -> None:
    try:
        named = atlas.locate(geography, where)
    except UnknownRegion as error:
        raise BadEdition(where, f"{quote(geography)} is not a geography that this version knows") from error
    known = find_region(name, atlas, where).geography
    if known != named:
        raise BadEdition(where, f"it has {quote(name)} in {named}, and this version knows it in {known or 'none'}")


def _day(dated: tuple[str, str] | None, seen: date, where: str) -> tuple[date, str]:
    """The edition's day, and its source in words."""
    title = "Microsoft Learn, Allowed IP addresses and domain URLs (security/allow-list-ip-url)"
    if dated is None:
        return seen, f"{title}, as seen on that day"
    field, text = dated
    try:
        day = _parse_day(text)
    except ValueError as error:
        raise BadEdition(where, f"its {field} is {quote(text)}, where a day like 02/10/2026 was expected") from error
    return day, f"{title}, {field} {day:%m/%d/%Y}"


def _parse_day(text: str) -> date:
    """`02/10/2026` in the Markdown, `2026-02-10T00:00:00Z` in the HTML; the time of day is left out."""
    if found := _AMERICAN.match(text):
        month, day, year = map(int, found.groups())
    elif found := _ISO.match(text):
        year, month, day = map(int, found.groups())
    else:
        raise ValueError(text)
    return date(year, month, day)
