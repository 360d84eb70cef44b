"""`netcfg ranges refresh`, whole: the publishers move, lie, fail or stand still, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from netcfg.sandbox import sabotage
from netcfg.sandbox.worlds import world
from tests.cli.conftest import Program

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
EDITIONS = ("table", "service-tag")


def publish(netcfg: Program, name: str) -> None:
    """Let the sandbox's publishers publish what they do in another world, on its day."""
    other = world.begin(name)
    with netcfg.sandbox.edit() as state:
        state["today"] = other["today"]
        state["publishers"] = other["publishers"]


def kept(netcfg: Program) -> list[str]:
    return sorted(
        str(each.relative_to(netcfg.folder)) for each in netcfg.folder.rglob("*.json") if "editions" in each.parts
    )


def test_what_still_stands_is_confirmed_and_the_next_time_costs_one_request_a_place(netcfg: Program):
    assert netcfg("ranges", "refresh").out == (
        "  table        2026-02-10        confirmed: still what is published\n"
        "  service tag  13 of 2026-06-20  confirmed: still what is published\n"
    )
    asked = len(netcfg.sandbox.requests)
    ran = netcfg("ranges", "refresh")
    assert ran.status == 0
    assert [status for _, _, status in netcfg.sandbox.requests[asked:]] == [304, 304]


def test_a_refresh_makes_stale_editions_fresh(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["today"] = "2027-06-01"
    assert netcfg("plan", "kv-ready", "--geography", "EU").status == 5
    for _ in range(2):  # fetched, then answered 304
        assert netcfg("ranges", "refresh").status == 0
        assert netcfg("plan", "kv-ready", "--geography", "EU").status == 0
        with netcfg.sandbox.edit() as state:
            state["today"] = "2027-12-20"


def test_a_check_tells_with_status_3_and_keeps_nothing(netcfg: Program):
    publish(netcfg, "moved")
    ran = netcfg("ranges", "refresh", "--check")
    assert ran.status == 3
    assert "2 ranges added, 1 removed; new" in ran.out
    assert kept(netcfg) == []


def test_plan_and_list_follow_a_new_edition(netcfg: Program):
    publish(netcfg, "moved")
    ran = netcfg("ranges", "refresh")
    assert ran.status == 0
    assert "14 of 2026-08-31" in ran.out
    assert "191.10.130.0/24" in netcfg("ranges", "list", "--geography", "EU", "--format", "cidr").out
    plan = netcfg("plan", "kv-ready", "--geography", "EU", "--format", "json").document["vaults"][0]
    assert [each["value"] for each in plan["changes"]] == ["191.10.130.0/24"]
    assert {"kind": "ip-rule", "value": "172.199.233.80/28", "standing": "retired"}.items() <= next(
        each for each in plan["kept"] if each["value"] == "172.199.233.80/28"
    ).items()


def test_a_retired_range_is_removed_once_its_grace_is_over(netcfg: Program):
    publish(netcfg, "moved")
    netcfg("ranges", "refresh")
    with netcfg.sandbox.edit() as state:
        state["today"] = "2026-10-05"
    netcfg("ranges", "refresh")
    plan = netcfg("plan", "kv-ready", "--geography", "EU", "--format", "json").document["vaults"][0]
    assert {each["action"]: each["value"] for each in plan["changes"]}["remove"] == "172.199.233.80/28"


def test_a_clock_that_is_ahead_retires_nothing_and_is_told(netcfg: Program):
    publish(netcfg, "moved")
    netcfg("ranges", "refresh")
    with netcfg.sandbox.edit() as state:
        right, state["today"] = state["today"], "2026-10-05"
        state["settings"]["clockSkewSeconds"] = -34 * 86_400
    ran = netcfg("ranges", "refresh", "--format", "json")
    assert ran.document["notes"][0] == (
        "the clock of this machine shows 2026-10-05, and the publishers' answers 2026-09-01: "
        "what is still published is confirmed for the earlier day"
    )
    with netcfg.sandbox.edit() as state:
        state["today"], state["settings"]["clockSkewSeconds"] = right, 0
    plan = netcfg("plan", "kv-ready", "--geography", "EU", "--format", "json").document["vaults"][0]
    assert "remove" not in {each["action"] for each in plan["changes"]}


def test_the_document_conforms_to_its_schema(netcfg: Program):
    schema = json.loads((SCHEMAS / "edition.schema.json").read_text("utf-8"))
    publish(netcfg, "moved")
    for words in ((), ("--check",), ("--from", "nothing.json")):
        ran = netcfg("ranges", "refresh", *words, "--format", "json")
        jsonschema.Draft202012Validator(schema).validate(ran.document)


def test_the_service_lags_and_never_retires_anything(netcfg: Program):
    ran = netcfg("ranges", "refresh", "--from", "/subscriptions/00000000-0000-4000-8000-000000000001")
    assert ran.status == 0
    assert "older than the known one" in ran.out
    assert kept(netcfg) == []


def test_an_edition_of_ones_own_can_be_given(netcfg: Program, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "---\nms.date: 06/30/2026\n---\n### Inbound connections\n\n"
        "| Geography | Region | IP V4 ranges |\n|---|---|---|\n| Europe | Western Europe | 40.74.28.0/23 |\n"
        "\n### Other IP addresses\n"
    )
    ran = netcfg("ranges", "refresh", "--from", str(page))
    assert ran.status == 5
    assert "shrunken-edition" in ran.out
    assert kept(netcfg) == []
    assert netcfg("ranges", "refresh", "--from", str(page), "--accept", "shrunken-edition").status == 0
    assert netcfg("ranges", "list", "--geography", "UK", "--ranges", "table", "--format", "cidr").out == ""


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff garbage", b"{", b'{"values": []}', b"# no table here", b"[" * 5000]
)
def test_nonsense_is_refused_and_the_last_good_edition_stays(netcfg: Program, tmp_path: Path, content: bytes):
    netcfg("ranges", "refresh")
    before = {each: (netcfg.folder / each).read_bytes() for each in kept(netcfg)}
    bad = tmp_path / "bad"
    bad.write_bytes(content)
    ran = netcfg("ranges", "refresh", "--from", str(bad))
    assert ran.status == 1
    assert "Traceback" not in ran.out + ran.err
    assert {each: (netcfg.folder / each).read_bytes() for each in kept(netcfg)} == before


def test_one_place_that_fails_stops_no_other(netcfg: Program, tmp_path: Path):
    publish(netcfg, "moved")
    with netcfg.sandbox.edit() as state:
        state["publishers"]["tables"] = {
            state["publishers"]["table"]: {"inbound": [], "outbound": {"v4": [], "v6": []}}
        }
    ran = netcfg("ranges", "refresh")
    assert ran.status == 1
    assert "14 of 2026-08-31" in ran.out
    assert "191.10.130.0/24" in netcfg("ranges", "list", "--geography", "EU", "--format", "cidr").out


def test_a_kept_edition_that_was_spoilt_is_an_error_and_not_an_edition_less(netcfg: Program):
    publish(netcfg, "moved")
    netcfg("ranges", "refresh")
    (file,) = (netcfg.folder / "sandbox" / "editions" / "service-tag").glob("*.json")
    file.write_text(file.read_text().replace("191.10.130.0/24", "191.10.131.0/24"))
    ran = netcfg("plan", "kv-ready", "--geography", "EU")
    assert ran.status == 1
    assert "digest" in ran.err


def test_what_the_sandbox_publishes_stays_in_the_sandbox(netcfg: Program):
    publish(netcfg, "moved")
    netcfg("ranges", "refresh")
    assert all(each.startswith("sandbox/") for each in kept(netcfg))


SABOTAGE = [
    (place, fault) for place in ("page-source", "download-page", "tag-file") for fault in sorted(sabotage.KNOWN[place])
]
# The rendered page stands in for a source that does not answer; what answers nonsense is not excused.
EXCUSED = {("page-source", each) for each in ("not-found", "server-error", "wrong-type")}
EXCUSED |= {(place, "redirect-within") for place, _ in SABOTAGE}


@pytest.mark.parametrize(("place", "fault"), SABOTAGE)
def test_a_publisher_that_misbehaves_is_refused_and_the_last_good_edition_stays(
    netcfg: Program, place: str, fault: str
):
    before = netcfg("ranges", "list", "--format", "cidr").out
    with netcfg.sandbox.edit() as state:
        state["publishers"]["faults"] = {place: fault}
    ran = netcfg("ranges", "refresh")
    assert ran.status == (0 if (place, fault) in EXCUSED else 1)
    assert "Traceback" not in ran.err
    assert netcfg("ranges", "list", "--format", "cidr").out == before
    assert len(kept(netcfg)) - 1 == (2 if ran.status == 0 else 1)  # places.json is the third


def test_a_tag_that_lost_a_quarter_is_kept_only_when_it_is_accepted(netcfg: Program):
    publish(netcfg, "shrunken")
    ran = netcfg("ranges", "refresh")
    assert ran.status == 5
    assert "accept with --accept shrunken-edition" in ran.out
    assert netcfg("ranges", "list", "--ranges", "service-tag", "--format", "cidr").out.count("\n") > 60
    assert netcfg("ranges", "refresh", "--accept", "shrunken-edition").status == 0


def test_a_tag_that_grew_by_two_fifths_is_kept_only_when_it_is_accepted(netcfg: Program):
    publish(netcfg, "grown")
    assert netcfg("ranges", "refresh").status == 5
    assert netcfg("ranges", "refresh", "--accept", "grown-edition").status == 0
