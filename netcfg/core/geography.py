"""Where an organization's data lives, and every spelling by which Azure DevOps and Azure call that place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from netcfg.core.errors import BadEdition, UnknownGeography, UnknownRegion


@dataclass(frozen=True, order=True)
class Geography:
    """One of the eight, with the id and the name that the Azure DevOps status API gives it."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Region:
    """An Azure region that publishes inbound ranges.

    `geography` is `None` where the region belongs to none of the eight (Sweden, the United Arab Emirates).
    """

    name: str
    geography: Geography | None
    is_inferred: bool = False  # no document says it; the region lies in that geography's country
    is_canary: bool = False


@dataclass(frozen=True)
class Atlas:
    """The eight geographies, their regions, and all spellings of both."""

    geographies: tuple[Geography, ...]
    spellings: Mapping[str, Geography]
    regions: Mapping[str, Region]

    def find(self, text: str) -> Geography:
        """The geography that an id, name, region or region code stands for; an unknown one is a usage error."""
        try:
            return self.spellings[_fold(text)]
        except KeyError:
            raise UnknownGeography(text, [each.id for each in self.geographies]) from None

    def locate(self, text: str, where: str) -> Geography:
        """As `find`, for what Azure DevOps said in `where`: never a guess, the error quotes the code."""
        try:
            return self.spellings[_fold(text)]
        except KeyError:
            raise UnknownRegion(text, where) from None

    def region(self, text: str, where: str) -> Region:
        """The region that a publisher calls `text`, by its Azure name or by the documentation's."""
        try:
            return self.regions[_fold(text)]
        except KeyError:
            raise UnknownRegion(text, where) from None


def _fold(text: str) -> str:
    """`West US 2`, `westus2` and `WestUS2` are one spelling."""
    return "".join(each for each in text.casefold() if each.isalnum())


def parse_atlas(document: Mapping[str, Any]) -> Atlas:
    """The atlas written in `data/geographies.json`; two meanings of one spelling are an error."""
    spellings: dict[str, Geography] = {}
    regions: dict[str, Region] = {}

    def learn(names: Iterable[str], geography: Geography) -> None:
        for name in names:
            if spellings.setdefault(_fold(name), geography) != geography:
                raise BadEdition("geographies.json", f"{name!r} is written for two geographies")

    geographies = tuple(Geography(each["id"], each["name"]) for each in document["geographies"])
    for geography, entry in zip(geographies, document["geographies"], strict=True):
        learn((geography.id, geography.name, *entry.get("spellings", ())), geography)
        for each in entry["regions"]:
            region = Region(each["name"], geography, each.get("inferred", False), each.get("canary", False))
            names = (region.name, *each.get("spellings", ()))
            regions.update((_fold(name), region) for name in names)
            if not region.is_canary:
                learn(names, geography)
    for country in document["outside"]:
        regions.update((_fold(name), Region(name, None)) for name in country["regions"])
    return Atlas(geographies, spellings, regions)


class Witness(Enum):
    """Who said where an organization lives, best first; the last is a hint."""

    COLLECTION = "collections-me"
    OVERVIEW = "organization-overview"
    SIGN_IN = "sign-in-host"


@dataclass(frozen=True)
class Evidence:
    """One statement about an organization's geography: the field it stood in, and the text found there."""

    witness: Witness
    field: str
    text: str
    geography: Geography


@dataclass(frozen=True)
class Organization:
    """An Azure DevOps organization and what is known of its geography; there is at least one piece of evidence."""

    name: str
    evidence: tuple[Evidence, ...]

    @property
    def geography(self) -> Geography:
        return self.evidence[0].geography

    @property
    def is_inferred(self) -> bool:
        """Whether only the sign-in host hints at it."""
        return all(each.witness is Witness.SIGN_IN for each in self.evidence)
