"""What netcfg writes belongs to its owner alone, whatever the umask says and whatever lay there before."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Program

OPEN = ("kv-payments", "--geography", "EU", "--accept", "default-deny")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@posix
def test_records_and_saved_plans_are_their_owner_s_alone(netcfg: Program, umask: None):
    saved, elsewhere = netcfg.folder / "plan.json", netcfg.folder / "kept"
    assert netcfg("plan", *OPEN, "--out", str(saved)).status == 3
    assert netcfg("apply", *OPEN, "--yes").status == 0
    assert netcfg("apply", "kv-orders", "--geography", "EU", "--yes", "--record-to", str(elsewhere)).status == 0
    records = [*netcfg.folder.rglob("records/*"), *elsewhere.iterdir()]
    assert len(records) == 2
    assert {mode(each) for each in (saved, *records)} == {0o600}
    assert {mode(each.parent) for each in records} == {0o700}


@posix
def test_a_saved_plan_takes_the_place_of_what_everybody_could_read(netcfg: Program):
    saved = netcfg.folder / "plan.json"
    saved.write_text("old")
    saved.chmod(0o666)
    with saved.open() as watching:  # who has it open goes on reading the old one
        assert netcfg("plan", *OPEN, "--out", str(saved)).status == 3
        assert mode(saved) == 0o600
        assert watching.read() == "old"
    assert json.loads(saved.read_text())["kind"] == "saved-plan"


@posix
@pytest.mark.parametrize("is_there", [True, False])
def test_nothing_is_written_through_a_link_that_somebody_planted(netcfg: Program, is_there: bool):
    victim, saved = netcfg.folder / "victim", netcfg.folder / "plan.json"
    if is_there:
        victim.write_text("mine")
    saved.symlink_to(victim)
    ran = netcfg("plan", *OPEN, "--out", str(saved))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("it is a link to another file; name that one, or a new one\n")
    assert victim.exists() is is_there
    assert not is_there or victim.read_text() == "mine"
    assert netcfg.sandbox.requests == []


@posix
def test_a_new_file_never_follows_a_link(tmp_path: Path):
    from netcfg.saved import files

    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        files.create(tmp_path / "link")
    files.write_private(tmp_path / "link", "text")
    assert not (tmp_path / "victim").exists()
    assert not (tmp_path / "link").is_symlink()
    assert mode(tmp_path / "link") == 0o600


@posix
def test_a_file_has_its_mode_from_the_moment_on_that_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A chmod afterwards would leave a moment in which somebody may open it."""
    from netcfg.saved import files

    made: list[int] = []
    really = os.open

    def opened(path: str, flags: int, given: int = 0o777, **more: object) -> int:
        found = really(path, flags, given, **more)  # type: ignore[arg-type]
        if flags & os.O_CREAT:
            made.append(mode(Path(path)))
        return found

    monkeypatch.setattr("os.open", opened)
    before = os.umask(0)
    try:
        files.write_private(tmp_path / "one", "text")
        os.close(files.create(tmp_path / "two"))
    finally:
        os.umask(before)
    assert made == [0o600, 0o600]


@posix
def test_where_the_folder_of_records_cannot_be_made_nothing_is_changed(netcfg: Program):
    (netcfg.folder / "file").write_text("no folder")
    ran = netcfg("apply", *OPEN, "--yes", "--record-to", str(netcfg.folder / "file" / "records"))
    assert ran.status in (1, 2)
    assert netcfg.writes == []
