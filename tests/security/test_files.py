"""What netcfg writes belongs to its owner alone, whatever the umask says and whatever lay there before."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netcfg.cli.destination import Destination, parse_destinations
from netcfg.cli.main import app
from netcfg.core.errors import BadReport, OutputFailed
from tests.cli.conftest import Program

OPEN = ("kv-payments", "--geography", "EU", "--accept", "default-deny")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o277], ids=oct)
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
@pytest.mark.parametrize(
    ("folder", "owner", "is_refused"),
    [
        (0o1777, "somebody", True),
        (0o1770, "somebody", True),
        (0o1777, "mine", False),
        (0o1777, "the folder's", False),
        (0o755, "somebody", False),
    ],
)
@pytest.mark.parametrize("through", ["directly", "by a link of ours"])
def test_no_report_goes_where_somebody_s_link_in_everybody_s_folder_leads(
    folder: int, owner: str, is_refused: bool, through: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    victim, link, shared = tmp_path / "victim", tmp_path / "shared" / "report.json", tmp_path / "shared"
    shared.mkdir()
    shared.chmod(folder)
    link.symlink_to(victim)
    name = link
    if through == "by a link of ours":
        name = tmp_path / "report.json"
        name.symlink_to(link)
    users = {"somebody": 65_534, "mine": os.geteuid(), "the folder's": 1_000}
    whose = {link: users[owner], shared: users["the folder's"]}
    for each in ("stat", "lstat"):
        really = getattr(Path, each)
        monkeypatch.setattr(
            Path, each, lambda path, really=really, **more: _owned(really(path, **more), whose.get(path))
        )
    if is_refused:
        with pytest.raises(BadReport, match="a link that somebody else has put there, and the folder is everybody's"):
            parse_destinations([f"json={name}"], ["json"])
        with pytest.raises(OutputFailed, match="a link that somebody else has put there"):  # who planted it later
            Destination("json", str(name)).write("text")
        assert not victim.exists()
        return
    (found,) = parse_destinations([f"json={name}"], ["json"])
    found.write("text")
    assert victim.read_text() == "text"


def _owned(found: os.stat_result, user: int | None) -> os.stat_result:
    return found if user is None else os.stat_result((*found[:4], user, *found[5:]))


@posix
def test_what_is_made_of_the_data_folder_is_its_owner_s_alone_whoever_comes_first(netcfg: Program, umask: None):
    """Else somebody could put other records, or other editions, in their place."""
    folder = netcfg.folder / "new" / "data"
    for words in (("ranges", "refresh"), ("apply", "kv-orders", "--geography", "EU", "--yes")):
        ran = Program(netcfg.sandbox, folder)(*words)
        assert ran.status == 0, ran.err
    run = CliRunner().invoke(app, ["--data-dir", str(folder.with_name("other")), "sandbox", "reset"])
    assert run.exit_code == 0
    made = [each for each in (netcfg.folder / "new").rglob("*") if each.is_dir()]
    assert {each.name for each in made} >= {"data", "sandbox", "editions", "records", "other"}
    assert {mode(each) for each in (netcfg.folder / "new", *made)} == {0o700}


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
