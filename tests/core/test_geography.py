"""The atlas: every spelling that Azure DevOps is known to use, and an error for every other."""

from __future__ import annotations

import pytest

from netcfg.core.errors import BadEdition, UnknownGeography, UnknownRegion
from netcfg.core.geography import parse_atlas
from netcfg.sources import bundled

ATLAS = bundled.atlas()

SPELLINGS = {
    "US": [
        "us",
        "United States",
        "CUS",
        "eus2",
        "centralus",
        "East US 2",
        "East 2 United States",
        "North United States",
    ],
    "EU": ["Europe", "WEU", "neu", "West Europe", "Western Europe", "northeurope"],
    "UK": ["United Kingdom", "uks", "UK South", "ukwest"],
    "AU": ["Australia", "EAU", "australiasoutheast", "Australia South East"],
    "BR": ["Brazil", "SBR", "South America", "brazilsouth"],
    "CA": ["Canada", "CC", "cca", "Central Canada", "canadaeast"],
    "IN": ["India", "MA", "cin", "sin", "South India", "centralindia"],
    "APAC": ["Asia Pacific", "apac", "SEA", "EA", "Southeast Asia (Singapore)", "eastasia"],
}


@pytest.mark.parametrize(("id", "text"), [(id, text) for id, texts in SPELLINGS.items() for text in (id, *texts)])
def test_every_spelling_is_understood(id: str, text: str):
    assert ATLAS.find(text).id == id
    assert ATLAS.find(text.upper()).id == id


@pytest.mark.parametrize("text", ["", "Mars", "XYZ", "swedencentral", "Sweden", "eastus2euap", "E U 2"])
def test_every_other_is_an_error_that_quotes_it(text: str):
    with pytest.raises(UnknownGeography, match=repr(text)):
        ATLAS.find(text)
    with pytest.raises(UnknownRegion, match=repr(text)):
        ATLAS.locate(text, "a field")


def test_regions_that_no_document_assigns_are_marked():
    inferred = {each.name for each in ATLAS.regions.values() if each.is_inferred}
    assert inferred == {"canadaeast", "ukwest", "eastasia"}


def test_sweden_and_the_emirates_belong_to_none_of_the_eight():
    outside = {each.name for each in ATLAS.regions.values() if each.geography is None}
    assert outside == {"swedencentral", "swedensouth", "uaecentral", "uaenorth"}


def test_a_spelling_with_two_meanings_is_refused():
    document = {
        "geographies": [
            {"id": "A", "name": "Aland", "spellings": ["X"], "regions": []},
            {"id": "B", "name": "Beland", "spellings": ["x"], "regions": []},
        ],
        "outside": [],
    }
    with pytest.raises(BadEdition, match="two geographies"):
        parse_atlas(document)
