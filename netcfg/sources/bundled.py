"""The facts that come with the program: the atlas of geographies, and every edition up to its release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from netcfg.core.errors import BadEdition, NoEdition
from netcfg.core.geography import Atlas, Region, parse_atlas
from netcfg.core.ranges import Catalogue, Edition, Publisher, Range


@cache
def data_folder() -> Path:
    """`data/` beside the package in a clone, inside it in an installed wheel."""
    package = Path(__file__).parent.parent
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"


@cache
def atlas() -> Atlas:
    return parse_atlas(json.loads((data_folder() / "geographies.json").read_text("utf-8")))


@cache
def catalogue() -> Catalogue:
    """Every bundled edition of both publishers; a publisher without one is an error."""
    editions = tuple(_read(path) for publisher in Publisher for path in _files(publisher))
    return Catalogue(editions)


def _files(publisher: Publisher) -> Iterable[Path]:
    folder = data_folder() / publisher.value
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NoEdition(publisher.value, str(folder))
    return files


def _read(path: Path) -> Edition:
    return parse_edition(json.loads(path.read_text("utf-8")), atlas(), path.name)


def parse_edition(document: Mapping[str, Any], atlas: Atlas, where: str) -> Edition:
    """An edition in our own compact format: prefixes under the region's name as its publisher writes it.

    A range that is not public, or a region that no geography claims, makes the whole edition unusable.
    """
    ranges: list[Range] = []
    ipv6: list[tuple[IPv6Network, Region]] = []
    for name, prefixes in document["regions"].items():
        region = atlas.region(name, where)
        for text in prefixes:
            network = _network(text, where)
            if isinstance(network, IPv4Network):
                ranges.append(Range(network, region))
            else:
                ipv6.append((network, region))
    if not ranges:
        raise BadEdition(where, "it has no IPv4 range")
    return Edition(
        publisher=Publisher(document["publisher"]),
        day=date.fromisoformat(document["edition"]),
        source=document["source"],
        ranges=tuple(ranges),
        ipv6=tuple(ipv6),
        change_number=document.get("changeNumber"),
        confirmed=date.fromisoformat(document.get("confirmed", document["edition"])),
    )


def _network(text: str, where: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise BadEdition(where, f"{text!r} is not a range") from error
    if not network.is_global:
        raise BadEdition(where, f"{text} is not public")
    return network
