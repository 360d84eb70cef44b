import shutil
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from netcfg.sandbox.server import serve
from netcfg.sources import bundled
from tests.sources import samples
from tests.sources.samples import as_bytes

SCRIPT = Path(__file__).parents[2] / "scripts" / "refresh_data.py"
PUBLISHERS = ("table", "service-tag")


@pytest.fixture(scope="module")
def refresh() -> Callable[[list[str]], int]:
    specification = spec_from_file_location("refresh_data", SCRIPT)
    assert specification
    assert specification.loader
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.main


@pytest.fixture
def data(tmp_path) -> Path:
    for each in PUBLISHERS:
        shutil.copytree(bundled.data_folder() / each, tmp_path / each)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tag_file_at(folder: Path, name: str = "tags.json", **changes: object) -> str:
    path = folder / name
    path.write_bytes(as_bytes(samples.tag_file(**changes)))
    return str(path)


ACCEPTED = ("--accept", "shrunken-edition")  # the samples are much smaller than what is published


def test_what_is_published_as_it_is_bundled_changes_nothing(refresh, data, capsys):
    before = files(data)
    with serve() as sandbox:
        assert refresh(["--publishers", sandbox.url, "--into", str(data)]) == 0
    assert capsys.readouterr().out == (
        "table: the edition of 2026-02-10 is what is published; nothing changed\n"
        "service-tag: the edition of 2026-06-20, change number 13 is what is published; nothing changed\n"
    )
    assert files(data) == before


def test_a_new_edition_is_one_new_file_and_the_next_run_finds_it(refresh, data, capsys):
    kept = {path: (data / path).read_bytes() for path in ("table/2026-02-10.json", "service-tag/2026-06-20.json")}
    for path in kept:
        (data / path).unlink()
    before = files(data)
    with serve() as sandbox:
        assert refresh(["--publishers", sandbox.url, "--into", str(data)]) == 0
        assert capsys.readouterr().out == (
            f"table: wrote {data}/table/2026-02-10.json, the edition of 2026-02-10: "
            "0 ranges added, 0 removed; look at it with git diff\n"
            f"service-tag: wrote {data}/service-tag/2026-06-20.json, the edition of 2026-06-20, change number 13: "
            "80 ranges added, 0 removed; look at it with git diff\n"
        )
        after = files(data)
        assert after.keys() - before.keys() == kept.keys()
        assert {path: after[path] for path in before} == before
        assert after["table/2026-02-10.json"] == kept["table/2026-02-10.json"]
        assert refresh(["--publishers", sandbox.url, "--into", str(data)]) == 0
        assert capsys.readouterr().out.count("nothing changed") == 2
    assert files(data) == after


def test_a_publisher_that_fails_does_not_stop_the_other(refresh, data, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(samples.PAGE.replace("Inbound", "Some").replace("inbound", "some"))
    given = tag_file_at(tmp_path, "ServiceTags_Public_20260706.json", number=14)
    assert refresh(["--from", str(page), "--from", given, "--into", str(data)]) == 1
    assert "more than 10 % are gone (--accept shrunken-edition)" in capsys.readouterr().err
    assert not (data / "service-tag/2026-07-06.json").exists()
    assert refresh([*ACCEPTED, "--from", str(page), "--from", given, "--into", str(data)]) == 1
    shown = capsys.readouterr()
    assert f"refresh-data: {page} has no inbound table" in shown.err
    assert "service-tag: wrote " in shown.out
    assert (data / "service-tag/2026-07-06.json").exists()


def test_the_file_of_another_week_with_the_same_tag_is_no_edition(refresh, data, tmp_path, capsys):
    first = tag_file_at(tmp_path, "ServiceTags_Public_20260706.json", number=14)
    second = tag_file_at(tmp_path, "ServiceTags_Public_20260713.json", number=14, file=412)
    assert refresh([*ACCEPTED, "--from", first, "--from", second, "--into", str(data)]) == 0
    assert (
        "the edition of 2026-07-06, change number 14 is what is published; nothing changed" in capsys.readouterr().out
    )


def test_a_page_without_a_day_is_an_edition_once(refresh, data, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(samples.PAGE.replace("ms.date", "ms.data"))
    shutil.rmtree(data / "table")
    assert refresh(["--from", str(page), "--from", str(page), "--into", str(data)]) == 0
    assert [line.partition(",")[0].split()[1] for line in capsys.readouterr().out.splitlines()] == ["wrote", "the"]


def test_an_older_edition_never_replaces_a_newer_one(refresh, data, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(samples.PAGE.replace("02/10/2026", "01/02/2024"))
    before = files(data)
    assert refresh(["--from", str(page), "--from", tag_file_at(tmp_path, number=12), "--into", str(data)]) == 0
    out = capsys.readouterr().out
    assert "the edition of 2024-01-02 is older than the edition of 2026-02-10; nothing changed" in out
    assert "change number 12 is older than the edition of 2026-06-20, change number 13; nothing changed" in out
    assert {path: content for path, content in files(data).items() if path in before} == before


def test_other_ranges_under_the_same_name_are_for_a_human(refresh, data, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(samples.PAGE)
    before = files(data)
    assert refresh([*ACCEPTED, "--from", str(page), "--from", tag_file_at(tmp_path), "--into", str(data)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"it is not what {data}/table/2026-02-10.json says; look at both and decide by hand" in shown.err
    assert "under the same change number 13" in shown.err
    assert {path: content for path, content in files(data).items() if path in before} == before


def test_an_address_that_may_not_be_asked_is_a_usage_error(refresh, data, capsys):
    assert refresh(["--from", "http://example.org/page.md", "--into", str(data)]) == 2
    assert "it has to be https" in capsys.readouterr().err


def test_the_script_is_for_people_too(refresh, capsys):
    with pytest.raises(SystemExit) as caught:
        refresh(["--help"])
    assert caught.value.code == 0
    assert "--from URL-or-FILE" in capsys.readouterr().out
    assert "refresh_data" not in sys.modules
