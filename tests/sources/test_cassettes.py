"""Recorded answers, replayed without a network. `scripts/record-cassettes` records them anew."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml

from netcfg.core.ranges import Edition
from netcfg.sources import bundled
from netcfg.sources.fetch import Fetched, Fetcher
from netcfg.sources.places import Places
from netcfg.sources.published import parse
from tests.sources.record import CASSETTES, SCENES, record
from tests.sources.samples import ATLAS, SEEN


def is_as_conditional(one: Any, other: Any) -> bool:
    return all(one.headers.get(name) == other.headers.get(name) for name in ("If-None-Match", "If-Modified-Since"))


REPLAY = vcr.VCR(record_mode="none")
REPLAY.register_matcher("conditional", is_as_conditional)
REPLAY.match_on = ["method", "uri", "conditional"]


def play(name: str) -> Fetched | None:
    """What the scene comes to at the publishers' own addresses; every exchange on the cassette has to be asked for."""
    with REPLAY.use_cassette(str(CASSETTES / f"{name}.yaml")) as tape:
        found = SCENES[name](Fetcher(), Places())
        assert tape.all_played
    return found


def edition(name: str) -> Edition:
    found = play(name)
    assert found is not None
    return parse(found, ATLAS, SEEN).edition


@pytest.mark.parametrize("name", ["page-source", "rendered-page"])
def test_the_page_is_the_bundled_edition_in_both_forms(name):
    assert (edition(name),) == bundled.edition(str(bundled.data_folder() / "table" / "2026-02-10.json")).editions


def test_the_tag_file_is_found_through_its_download_page():
    found = edition("service-tag")
    assert (found.day, found.change_number, len(found.ranges), len(found.ipv6)) == (date(2026, 6, 20), 13, 84, 63)
    assert found.networks == bundled.catalogue().newest()[-1].networks


def test_a_page_that_did_not_change_is_not_sent_again():
    assert play("unchanged-page") is None


def test_a_page_that_is_gone_is_an_error():
    assert play("missing-page") is None


# --- what a cassette may hold -------------------------------------------------------------------------------------


def requests(path: Path) -> list[tuple[str, str]]:
    return [
        (each["request"]["method"], each["request"]["uri"]) for each in yaml.safe_load(path.read_text())["interactions"]
    ]


@pytest.mark.parametrize("path", sorted(CASSETTES.iterdir()), ids=lambda path: path.stem)
def test_a_cassette_tells_no_address_of_this_machine_and_no_cookie(path):
    assert re.findall("127\\.0\\.0\\.1|localhost|[Cc]ookie|[Aa]uthorization|[Uu]ser-[Aa]gent", path.read_text()) == []


def test_recording_anew_gives_the_same_cassettes(tmp_path):
    outcomes = [each.partition(":")[0] for each in record(tmp_path)]
    assert outcomes == list(SCENES)
    assert {path.name: requests(path) for path in tmp_path.iterdir()} == {
        path.name: requests(path) for path in CASSETTES.iterdir()
    }
