"""`netcfg ranges who`: an answer is an answer, whatever it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netcfg.sources import bundled
from tests.cli.conftest import Program
from tests.formats.test_json import conform


@pytest.mark.parametrize(
    ("address", "answer", "first"),
    [
        ("40.74.28.9", "inbound", "40.74.28.9 is inbound: Azure DevOps calls from it for Europe · westeurope"),
        (
            "20.189.107.5",
            "inbound",
            "20.189.107.5 is inbound: Azure DevOps calls from it for Asia Pacific · eastasia (inferred)",
        ),
        ("13.107.6.9", "outbound", "13.107.6.9 was outbound: people and agents used it to reach Azure DevOps"),
        ("150.171.22.5", "outbound", "150.171.22.5 is outbound: people and agents use it to reach Azure DevOps"),
        ("191.10.1.1", "unknown", "191.10.1.1 is unknown: no edition of anybody has it"),
        ("2620:1ec:4::1", "outbound", "2620:1ec:4::1 was outbound: people and agents used it to reach Azure DevOps"),
        ("10.1.2.3", "special", "10.1.2.3 is private: it means something inside one network only; nobody publishes it"),
        ("40.74.28.0/22", "partly", "40.74.28.0/22 is published in parts only, and by nobody as a whole"),
    ],
)
def test_an_address_is_answered_in_words_and_as_a_document(netcfg: Program, address: str, answer: str, first: str):
    ran = netcfg("ranges", "who", address)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == first
    ran = netcfg("ranges", "who", address, "--format", "json")
    document = conform(ran.out, "address")
    assert ran.status == 0
    assert (document["kind"], document["address"], document["answer"]) == ("address", address, answer)
    assert document["explanation"][0] == first


@pytest.mark.parametrize("address", ["hello", "40.74.28.256", "40.74.28.9/23", "", "40.74.28.9:443"])
def test_what_is_no_address_is_status_2_and_quoted(netcfg: Program, address: str):
    ran = netcfg("ranges", "who", address)
    assert (ran.status, ran.out) == (2, "")
    assert f"{address!r} is not an IP address or range" in ran.err


def test_what_a_refresh_has_kept_counts(netcfg: Program):
    kept = netcfg.folder / "sandbox" / "editions" / "table" / "2026-09-01.json"
    kept.parent.mkdir(parents=True)
    ranges = {"Western Europe": ["20.0.0.0/24"]}
    document = {"version": 1, "publisher": "table", "edition": "2026-09-01", "source": "x", "regions": ranges}
    digest = bundled.parse_edition(document, bundled.atlas(), "test").sha256
    kept.write_text(json.dumps(document | {"sha256": digest}))
    ran = netcfg("ranges", "who", "20.0.0.1", "--format", "json")
    (publication,) = ran.document["publications"]
    assert (publication["publisher"], publication["since"], publication["until"]) == ("table", "2026-09-01", None)


def test_nobody_is_asked(netcfg: Program):
    netcfg("ranges", "who", "40.74.28.9")
    assert netcfg.sandbox.requests == []


def test_every_bundled_range_is_somebodys(netcfg: Program):
    data = Path(__file__).parents[2] / "data" / "service-tag" / "2026-06-20.json"
    for region, prefixes in json.loads(data.read_text("utf-8"))["regions"].items():
        document = netcfg("ranges", "who", prefixes[0], "--format", "json").document
        assert document["answer"] == "inbound"
        assert region in [one["region"] for each in document["publications"] for one in each["ranges"]]
