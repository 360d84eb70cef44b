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
from netcfg.saved.files import make_folder
from netcfg.sources import bundled, editions
from netcfg.sources.fetch import Validators
from netcfg.sources.kept import Kept
from netcfg.sources.publication import Publication

TABLE = bundled.catalogue().of(Publisher.TABLE)[-1]
NAMES = tuple((each.region.name, each.region) for each in TABLE.ranges)
URL = "https://publisher.example/page"
TODAY = date(2026, 11, 20)


def keep(folder: Path, etag: str | None = '"1"', day: date = TODAY) -> None:
    edition = replace(TABLE, confirmed=day)
    Kept(folder, make_folder).keep(
        Publication(edition, NAMES), "https://publisher.example/final", URL, Validators(etag)
    )


def test_what_was_kept_is_known_by_its_place_and_its_validators(tmp_path: Path):
    keep(tmp_path)
    known = Kept(tmp_path, make_folder).known(URL, Publisher.TABLE)
    assert known is not None
    validators, edition = known
    assert validators == Validators('"1"')
    assert edition == replace(TABLE, confirmed=TODAY)
    assert Kept(tmp_path, make_folder).known("https://other.example", Publisher.TABLE) is None


def test_a_file_says_where_it_was_found_and_what_its_digest_is(tmp_path: Path):
    keep(tmp_path)
    (file,) = (tmp_path / "table").glob("*.json")
    document = json.loads(file.read_text())
    assert document["url"] == "https://publisher.example/final"
    assert document["sha256"] == TABLE.sha256
    assert document["confirmed"] == "2026-11-20"


def test_without_validators_nothing_can_be_recognised(tmp_path: Path):
    keep(tmp_path, etag=None)
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is None


def test_a_confirmation_changes_the_day_and_nothing_else(tmp_path: Path):
    keep(tmp_path)
    (file,) = (tmp_path / "table").glob("*.json")
    before = json.loads(file.read_text())
    Kept(tmp_path, make_folder).confirm(replace(TABLE, confirmed=date(2027, 1, 1)), URL)
    assert json.loads(file.read_text()) == {**before, "confirmed": "2027-01-01"}


LINES = [
    {"file": "table/gone-0123456789ab.json", "etag": "1"},
    {"file": "service-tag/2026-06-20-0123456789ab.json", "etag": "1"},
    {"file": "../table/2021-06-09.json", "etag": "1"},
    {"file": "/etc/passwd", "etag": "1"},
    {"file": 7},
    7,
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_names_another_file_is_not_followed(tmp_path: Path, line: object):
    keep(tmp_path)
    (tmp_path / "places.json").write_text(json.dumps({URL: line}))
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is None


@pytest.mark.parametrize("etag", ["\u2603", "a\nb", "", 7])
def test_a_validator_that_cannot_be_a_header_is_none(tmp_path: Path, etag: object):
    keep(tmp_path)
    lines = json.loads((tmp_path / "places.json").read_text())
    lines[URL]["etag"] = etag
    (tmp_path / "places.json").write_text(json.dumps(lines))
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is None


def test_an_edition_without_its_digest_or_in_the_wrong_folder_is_not_believed(tmp_path: Path):
    keep(tmp_path)
    (file,) = (tmp_path / "table").glob("*.json")
    text = file.read_text()
    (tmp_path / "service-tag").mkdir()
    (tmp_path / "service-tag" / file.name).write_text(text)
    with pytest.raises(BadEdition, match="it is a table among those of the service-tag"):
        editions.catalogue(tmp_path)
    (tmp_path / "service-tag" / file.name).unlink()
    file.write_text("\n".join(line for line in text.splitlines() if "sha256" not in line))
    with pytest.raises(BadEdition, match="digest is missing"):
        editions.catalogue(tmp_path)


@pytest.mark.parametrize("how", ["a file", "a link to nothing"])
def test_a_folder_that_is_none_is_an_error_and_not_an_edition_less(tmp_path: Path, how: str):
    if how == "a file":
        (tmp_path / "table").write_text("")
    else:
        (tmp_path / "table").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadEdition):
        editions.catalogue(tmp_path)


@pytest.mark.parametrize("spoilt", ["", "{", "[]", "[" * 9000, '{"https://publisher.example/page": 7}'])
def test_a_spoilt_list_of_places_costs_a_request_and_no_more(tmp_path: Path, spoilt: str):
    keep(tmp_path)
    (tmp_path / "places.json").write_text(spoilt)
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is None
    keep(tmp_path)
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is not None


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
    assert Kept(tmp_path, make_folder).known(URL, Publisher.TABLE) is not None
    assert not list(tmp_path.rglob(".*"))


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path):
    (tmp_path / "table").write_text("in the way")
    with pytest.raises(BadEdition, match="cannot be kept"):
        keep(tmp_path)
