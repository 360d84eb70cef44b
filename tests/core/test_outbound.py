"""The bundled editions of the addresses at which Azure DevOps is reached, against what is known of them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from netcfg.core.errors import BadEdition, NoEdition
from netcfg.core.outbound import Way
from netcfg.core.served import is_within, served_by
from netcfg.sources import bundled

# Day, and how many ranges: outbound IPv4 and IPv6, ExpressRoute IPv4 and IPv6.
EDITIONS = [
    ("2021-06-09", 4, 4, 12, 12),
    ("2023-03-27", 4, 4, 12, 12),
    ("2024-01-02", 4, 4, 12, 12),
    ("2026-02-10", 6, 3, 18, 18),
]


def test_every_edition_is_there_with_its_counts():
    kinds = list(product(Way, (4, 6)))
    assert [
        (str(each.day), *(sum((way, network.version) == kind for way, network in each.ranges) for kind in kinds))
        for each in bundled.outbound()
    ] == EDITIONS
    assert all(each.source for each in bundled.outbound())


def test_no_address_is_both_inbound_and_outbound():
    inbound = {each.network for edition in bundled.catalogue().editions for each in served_by(edition)}
    outbound = {network for edition in bundled.outbound() for _, network in edition.ranges}
    assert not [(a, b) for a, b in product(inbound, outbound) if is_within(a, b) or is_within(b, a)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of our own."""
    monkeypatch.setattr(bundled, "data_folder", lambda: tmp_path)
    (tmp_path / "outbound").mkdir()
    return tmp_path / "outbound"


def test_none_at_all_is_an_error_and_not_an_empty_list(folder: Path):
    with pytest.raises(NoEdition, match="outbound"):
        bundled.outbound.__wrapped__()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outbound": {"ipv4": ["x"]}}', '{"outbound": 1}'])
def test_a_file_that_is_none_is_named(folder: Path, text: str):
    (folder / "2030-01-01.json").write_text(text)
    with pytest.raises(BadEdition, match=r"2030-01-01\.json"):
        bundled.outbound.__wrapped__()


def test_a_bad_range_is_an_error(folder: Path):
    ways = {"outbound": {"ipv4": ["13.107.6.1/24"]}, "expressroute": {}}
    (folder / "2030-01-01.json").write_text(json.dumps({"edition": "2030-01-01", "source": "x", **ways}))
    with pytest.raises(BadEdition, match=r"2030-01-01\.json .*host bits"):
        bundled.outbound.__wrapped__()
