"""The folder of kept editions: what is written, what is recognised, and what two writers at once leave."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from netcfg.core.errors import BadEdition
from netcfg.core.ranges import Publisher
from netcfg.sources import bundled, editions
from netcfg.sources.fetch import Fetched, Validators
from netcfg.sources.kept import Kept
from netcfg.sources.publication import Publication

TABLE = bundled.catalogue().of(Publisher.TABLE)[-1]
NAMES = tuple((each.region.name, each.region) for each in TABLE.ranges)
URL = "https://publisher.example/page"
TODAY = date(2026, 11, 20)


def keep(folder: Path, etag: str | None = '"1"', day: date = TODAY) -> None:
    edition = replace(TABLE, confirmed=day)
    found = Fetched("https://publisher.example/final", b"", Validators(etag))
    Kept(folder).keep(Publication(edition, NAMES), URL, found)


def test_what_was_kept_is_known_by_its_place_and_its_validators(tmp_path: Path):
    keep(tmp_path)
    known = Kept(tmp_path).known(URL)
    assert known is not None
    validators, edition = known
    assert validators == Validators('"1"')
    assert edition == replace(TABLE, confirmed=TODAY)
    assert Kept(tmp_path).known("https://other.example") is None


def test_a_file_says_where_it_was_found_and_what_its_digest_is(tmp_path: Path):
    keep(tmp_path)
    (file,) = (tmp_path / "table").glob("*.json")
    document = json.loads(file.read_text())
    assert document["url"] == "https://publisher.example/final"
    assert document["sha256"] == TABLE.sha256
    assert document["confirmed"] == "2026-11-20"


def test_without_validators_nothing_can_be_recognised(tmp_path: Path):
    keep(tmp_path, etag=None)
    assert Kept(tmp_path).known(URL) is None


def test_a_confirmation_changes_the_day_and_nothing_else(tmp_path: Path):
    keep(tmp_path)
    (file,) = (tmp_path / "table").glob("*.json")
    before = json.loads(file.read_text())
    Kept(tmp_path).confirm(replace(TABLE, confirmed=date(2027, 1, 1)), URL)
    assert json.loads(file.read_text()) == {**before, "confirmed": "2027-01-01"}


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"https://publisher.example/page": 7}', '{"x": {"file": "gone"}}'])
def test_a_spoilt_list_of_places_costs_a_request_and_no_more(tmp_path: Path, spoilt: str):
    keep(tmp_path)
    (tmp_path / "places.json").write_text(spoilt)
    assert Kept(tmp_path).known(URL) is None
    keep(tmp_path)
    assert Kept(tmp_path).known(URL) is not None


def test_the_catalogue_has_each_edition_once_with_its_last_confirmation(tmp_path: Path):
    keep(tmp_path)
    known = editions.catalogue(tmp_path).of(Publisher.TABLE)
    assert [each.day for each in known] == [each.day for each in bundled.catalogue().of(Publisher.TABLE)]
    assert known[-1].confirmed == TODAY


def test_two_at_once_leave_whole_files(tmp_path: Path):
    days = [date(2026, 11, day) for day in range(1, 29)]
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda day: keep(tmp_path, f'"{day}"', day), days):
            assert editions.catalogue(tmp_path).of(Publisher.TABLE)
    assert Kept(tmp_path).known(URL) is not None
    assert not list(tmp_path.rglob(".*"))


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path):
    (tmp_path / "table").write_text("in the way")
    with pytest.raises(BadEdition, match="cannot be kept"):
        keep(tmp_path)
