"""`netcfg ranges diff`: two editions by day, publisher or file, bundled or kept on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from netcfg.sources import bundled
from tests.cli.conftest import Program
from tests.formats.test_json import conform

DATA = Path(__file__).parents[2] / "data"

HONG_KONG = """\
table 2021-06-09 → table 2023-03-27

Asia Pacific (APAC) 1 IPv4 range, 256 addresses
- 20.189.107.0/24  eastasia (inferred)
+ 20.195.68.0/24   southeastasia

1 added, 1 removed, 0 moved to another region; 16 IPv4 ranges, 5,120 addresses
"""


def keep(folder: Path, publisher: str, day: str, **changes: object) -> None:
    """An edition as a refresh leaves it: the newest bundled one with changes."""
    newest = sorted((DATA / publisher).glob("*.json"))[-1]
    kept = folder / "sandbox" / "editions" / publisher / f"{day}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = json.loads(newest.read_text("utf-8")) | {"edition": day} | changes
    document["sha256"] = bundled.parse_edition(document, bundled.atlas(), "test").sha256
    kept.write_text(json.dumps(document), "utf-8")


def test_two_days(netcfg: Program):
    ran = netcfg("ranges", "diff", "2021-06-09", "2023-03-27")
    assert (ran.status, ran.out, ran.err) == (0, HONG_KONG, "")


def test_a_publisher_with_its_day_and_a_file_are_the_same(netcfg: Program, tmp_path: Path):
    file = shutil.copy(DATA / "table" / "2023-03-27.json", tmp_path / "theirs.json")
    assert netcfg("ranges", "diff", "table:2021-06-09", str(file)).out == HONG_KONG


def test_without_a_day_each_publisher_is_compared_with_its_last_edition(netcfg: Program):
    ran = netcfg("ranges", "diff")
    assert ran.status == 0
    assert ran.out.startswith("table 2024-01-02 → table 2026-02-10\n\nnothing changed")
    assert "service tag 2026-03-25 (change 12) → service tag 2026-06-20 (change 13)" in ran.out


def test_one_day_is_compared_with_the_newest(netcfg: Program):
    ran = netcfg("ranges", "diff", "2023-03-27")
    assert ran.out.startswith("table 2023-03-27 → table 2026-02-10\n")
    assert "+ 20.166.41.0/24  northeurope" in ran.out


def test_what_a_refresh_has_kept_is_known_too(netcfg: Program):
    regions = {"Western Europe": ["40.74.28.0/23", "20.0.0.0/24"]}
    keep(netcfg.folder, "table", "2026-09-01", regions=regions)
    ran = netcfg("ranges", "diff")
    assert ran.out.startswith("table 2026-02-10 → table 2026-09-01\n")
    assert "+ 20.0.0.0/24     westeurope" in ran.out
    ran = netcfg("ranges", "list", "--edition", "table:2026-09-01", "--ranges", "table", "--format", "cidr")
    assert ran.out == "20.0.0.0/24\n40.74.28.0/23\n"


def test_a_day_of_both_publishers_is_a_question_of_whose(netcfg: Program):
    keep(netcfg.folder, "service-tag", "2024-01-02", changeNumber=14)
    ran = netcfg("ranges", "diff", "2024-01-02")
    assert ran.status == 2
    assert "table:2024-01-02 or service-tag:2024-01-02" in ran.err
    assert netcfg("ranges", "diff", "table:2024-01-02").status == 0


@pytest.mark.parametrize("words", [("1999-01-01",), ("2024-01-02", "tomorrow"), ("service-tag:2024-01-02",)])
def test_an_unknown_day_is_status_2_and_answered_with_those_that_are_known(netcfg: Program, words: tuple[str, ...]):
    ran = netcfg("ranges", "diff", *words)
    assert (ran.status, ran.out) == (2, "")
    assert repr(words[-1]) in ran.err
    assert "2026-03-11" in ran.err


def test_a_file_that_is_no_edition_is_an_error(netcfg: Program, tmp_path: Path):
    (tmp_path / "broken.json").write_text("{}")
    ran = netcfg("ranges", "diff", str(tmp_path / "broken.json"))
    assert (ran.status, ran.out) == (1, "")
    assert "broken.json" in ran.err


def test_the_document(netcfg: Program):
    ran = netcfg("ranges", "diff", "2025-10-10", "2026-03-11", "--format", "json")
    document = conform(ran.out, "ranges-diff")
    (found,) = document["comparisons"]
    assert [found[end].get("changeNumber") for end in ("old", "new")] == [8, 10]
    assert found["added"][0] == {"value": "4.188.8.0/27", "geography": "IN", "region": "centralindia"}
    assert found["total"]["percent"] == {"ranges": 25.0, "addresses": 3.2}
    assert {"geography": None} in [{"geography": each["geography"]} for each in found["geographies"]]


def test_markdown(netcfg: Program):
    ran = netcfg("ranges", "diff", "2021-06-09", "2023-03-27", "--format", "markdown")
    assert ran.out == (
        "## netcfg ranges diff\n"
        "\n"
        "### table 2021-06-09 → table 2023-03-27\n"
        "\n"
        "1 added, 1 removed, 0 moved to another region; 16 IPv4 ranges, 5,120 addresses\n"
        "\n"
        "| geography | before → after |\n"
        "|---|---|\n"
        "| Asia Pacific (APAC) | 1 IPv4 range, 256 addresses |\n"
        "\n"
        "```diff\n"
        "# Asia Pacific (APAC)\n"
        "- 20.189.107.0/24  eastasia (inferred)\n"
        "+ 20.195.68.0/24   southeastasia\n"
        "```\n"
    )


def test_every_bundled_edition_can_be_compared_with_every_other(netcfg: Program):
    days = [path.stem for kind in ("table", "service-tag") for path in sorted((DATA / kind).glob("*.json"))]
    for old, new in zip(days, [*days[1:], days[0]], strict=True):
        ran = netcfg("ranges", "diff", old, new, "--format", "json")
        assert ran.status == 0
        conform(ran.out, "ranges-diff")
