"""`netcfg ranges list`: the bundled editions, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from tests.cli.conftest import Program
from tests.sources import samples

SCHEMA = Path(__file__).parents[2] / "data" / "schemas" / "ranges.schema.json"


def test_cidr_is_one_range_a_line(netcfg: Program):
    ran = netcfg("ranges", "list", "--geography", "Europe", "--ranges", "table", "--format", "cidr")
    assert ran.out == "20.166.41.0/24\n40.74.28.0/23\n"


def test_an_organization_stands_for_its_geography(netcfg: Program):
    assert netcfg("ranges", "list", "--organization", "contoso", "--format", "cidr").out.count("\n") == 7


def test_without_a_geography_all_eight_are_listed(netcfg: Program):
    ran = netcfg("ranges", "list", "--ranges", "table", "--format", "cidr")
    assert ran.out.count("\n") == 19


def test_an_older_edition_can_be_looked_at(netcfg: Program):
    words = ("ranges", "list", "--geography", "APAC", "--ranges", "table", "--format", "cidr")
    assert netcfg(*words, "--edition", "2021-06-09").out == "20.189.107.0/24\n"
    assert netcfg(*words).out == "20.195.68.0/24\n"


def test_an_edition_in_a_file_can_be_looked_at(netcfg: Program):
    file = Path(__file__).parents[2] / "data" / "service-tag" / "2021-01-06.json"
    ran = netcfg("ranges", "list", "--geography", "EU", "--edition", str(file), "--format", "cidr")
    assert ran.out == "40.74.28.0/23\n"


def test_an_unknown_edition_is_status_2_and_a_broken_file_is_an_error(netcfg: Program, tmp_path: Path):
    assert netcfg("ranges", "list", "--edition", "1999-01-01").status == 2
    broken = tmp_path / "broken.json"
    for text in (
        "",
        "[]",
        '{"regions": {}}',
        '{"regions": {"westeurope": ["x"]}}',
        '{"regions": {"moon": ["1.2.3.0/24"]}}',
    ):
        broken.write_text(text)
        ran = netcfg("ranges", "list", "--edition", str(broken))
        assert ran.status == 1
        assert "broken.json" in ran.err
    assert netcfg("ranges", "list", "--edition", str(tmp_path / "missing.json")).status == 1


def test_an_edition_without_the_wanted_publisher_is_not_empty_but_wrong(netcfg: Program):
    assert netcfg("ranges", "list", "--edition", "2026-02-10", "--ranges", "service-tag").status == 2


def test_canary_regions_count_only_when_asked_for(netcfg: Program):
    words = ("ranges", "list", "--geography", "US", "--format", "cidr")
    assert netcfg(*words).out.count("\n") == 28
    assert netcfg(*words, "--include-canary-regions").out.count("\n") == 36


def test_the_document_conforms_to_its_schema(netcfg: Program):
    ran = netcfg("ranges", "list", "--format", "json")
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(ran.document)
    assert ran.document["kind"] == "ranges"


def test_a_file_as_its_publisher_has_it_can_be_looked_at(netcfg: Program, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(samples.PAGE)
    assert netcfg("ranges", "list", "--geography", "EU", "--edition", str(page), "--format", "cidr").out == (
        "20.166.41.0/24\n40.74.28.0/23\n"
    )
    tags = tmp_path / "ServiceTags_Public_20260706.json"
    tags.write_bytes(samples.as_bytes(samples.tag_file()))
    ran = netcfg("ranges", "diff", "service-tag:2026-06-20", str(tags), "--format", "json")
    assert ran.status == 0
    assert ran.document["kind"] == "ranges-diff"
    page.write_text("# nothing")
    assert netcfg("ranges", "list", "--edition", str(page)).status == 1
