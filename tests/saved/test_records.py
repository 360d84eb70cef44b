"""Files of records: whose they are, in what order, and what is made of those that are not whole."""

from __future__ import annotations

import copy
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from netcfg.core.approval import PieceId
from netcfg.core.errors import NetcfgError, NoRecord, RecordNotWritten, RecordUnreadable
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import PieceKind
from netcfg.core.ranges import resolve
from netcfg.core.record import Bearer, Fate, Meant, Record, Recorded, Removing, Unread, Where, Writing
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess
from netcfg.saved import files
from netcfg.saved.journal import Facts, FileJournal
from netcfg.saved.reading import read
from netcfg.saved.records import FAR, FileRecords, find, history
from netcfg.sources import bundled
from netcfg.workflow.agents import Agents
from netcfg.workflow.drawing import Drawing
from tests.strategies import EUROPE, VAULT_ID
from tests.workflow.fakes import Azure, around

OPEN = Firewall(PublicAccess.ENABLED, NetworkRuleSet())
INTENT = Intent(geographies=(EUROPE,))


def noon(day: int = 1, second: int = 0) -> Callable[[], datetime]:
    return lambda: datetime(2026, 7, day, 12, 0, second, tzinfo=UTC)


NOON = noon()
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


def records(folder: Path, now: Callable[[], datetime] = NOON) -> FileRecords:
    facts = Facts("apply", "1.0", Bearer("test", (("oid", "me"),)), Where())
    return FileRecords(folder, lambda: facts, now, lambda plan: {"name": plan.vault.name})


def plan(id: VaultId = VAULT_ID) -> tuple[PlanSet, Plan]:
    resolution = resolve(bundled.catalogue(), INTENT.policy, INTENT.geographies)
    vault = Vault(id, OPEN)
    drawn = Drawing(Agents(INTENT), resolution, (), (Acceptance("default-deny"),)).draw(
        vault, around(Azure({id: vault}))
    )
    return PlanSet((EUROPE,), (), resolution, (drawn,)), drawn


def begin(kept: FileRecords, id: VaultId = VAULT_ID) -> FileJournal:
    planned, drawn = plan(id)
    return kept.begin(planned, [drawn], {id: Meant(("EU",))}, "")


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_record_is_its_owners_alone_whatever_the_umask(tmp_path: Path):
    begun = begin(records(tmp_path / "records"))
    assert stat.S_IMODE(begun.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(begun.path.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("umask")
def test_what_is_written_at_once_is_its_owners_alone_and_replaces_what_was_there(tmp_path: Path):
    path = tmp_path / "plan.json"
    files.write_private(path, "one")
    files.write_private(path, "two")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.usefixtures("umask")
def test_the_folders_above_it_are_its_owners_alone_too(tmp_path: Path):
    begin(records(tmp_path / "one" / "two" / "records"))
    made = [tmp_path / "one", tmp_path / "one" / "two", tmp_path / "one" / "two" / "records"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o700}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path):
    (tmp_path / "shared").mkdir(mode=0o755)
    begin(records(tmp_path / "shared"))
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_a_link_to_a_folder_leads_there(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    begun = begin(records(tmp_path / "link"))
    assert (tmp_path / "real" / begun.path.name).exists()


@pytest.mark.parametrize("kind", ["a file", "a link to nowhere", "below a file"])
def test_what_is_no_folder_keeps_the_run_from_beginning(tmp_path: Path, kind: str):
    folder = tmp_path / "records"
    if kind == "a link to nowhere":
        folder.symlink_to(tmp_path / "nowhere" / "else")
    else:
        folder.write_text("somebody's")
    with pytest.raises(RecordNotWritten, match="the record cannot be written to"):
        begin(records(folder / "below" if kind == "below a file" else folder))


def test_runs_at_the_same_moment_have_a_record_each(tmp_path: Path):
    barrier, names = Barrier(8), []

    def one() -> None:
        kept = records(tmp_path)
        barrier.wait()
        names.append(begin(kept).name)

    threads = [Thread(target=one) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(names)) == 8
    assert len(history(tmp_path, [], 20).records) == 8


def test_a_clock_that_goes_back_does_not_turn_the_order_of_runs_around(tmp_path: Path):
    names = [begin(records(tmp_path, now)).name for now in (noon(9), noon(1), noon(1), noon(20))]
    assert names == sorted(names)
    found = history(tmp_path, [], 9).records
    assert [each.when.day for each in found] == [20, 1, 1, 9]
    assert [each.partition("-")[0] for each in names] == [
        "20260709T120000Z", "20260709T120001Z", "20260709T120002Z", "20260720T120000Z",
    ]  # fmt: skip


def test_a_strange_file_beside_records_is_none_of_them(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "notes.jsonl").write_text("mine\n")
    begin(records(tmp_path))
    found = history(tmp_path, [], 9)
    assert len(found.records) == 1
    assert [each.path for each in found.unread] == [str(tmp_path / "notes.jsonl")]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


def test_half_of_a_last_line_was_never_said(tmp_path: Path):
    begun = begin(records(tmp_path))
    begun.doing(Writing(Vault(VAULT_ID, OPEN), OPEN, ()))
    whole = begun.path.read_text()
    begun.path.write_text(whole + '{"event": "did", "what": "wri')
    record = read(begun.path)
    assert record.is_torn
    assert [each.fate for each in record.entries[0].writes] == [Fate.OPEN]
    assert record.outcome == "did not end: may be written"


@pytest.mark.parametrize("kept", range(1, 3))
def test_a_run_that_was_killed_while_it_began_its_record_wrote_nothing(tmp_path: Path, kept: int):
    begun = begin(records(tmp_path))
    begun.path.write_text("".join(lines(begun.path)[:kept]) + '{"event"')
    assert read(begun.path).outcome == "ended before its first write"


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(
    "damage", ["null\n", "{}\n", "\n", '{"event": "party"}\n', '{"event": "did"}\n', "[" * 9999 + "\n"]
)
def test_a_line_that_netcfg_did_not_write_makes_the_record_unreadable(tmp_path: Path, number: int, damage: str):
    """One that is passed over might be a write, which then would not be undone."""
    begun = begin(records(tmp_path))
    begun.doing(Writing(Vault(VAULT_ID, OPEN), OPEN, ()))
    damaged = lines(begun.path)
    damaged[number] = damage
    begun.path.write_text("".join(damaged))
    with pytest.raises(RecordUnreadable):
        read(begun.path)


def test_the_end_of_a_write_that_never_began_makes_the_record_unreadable(tmp_path: Path):
    begun = begin(records(tmp_path))
    begun.did(Writing(Vault(VAULT_ID, OPEN), OPEN, ()), Fate.DONE)
    with pytest.raises(RecordUnreadable):
        read(begun.path)


def test_a_record_of_a_later_version_is_not_guessed_at(tmp_path: Path):
    begun = begin(records(tmp_path))
    first, *rest = lines(begun.path)
    begun.path.write_text(json.dumps(json.loads(first) | {"version": 2}) + "\n" + "".join(rest))
    with pytest.raises(RecordUnreadable, match="it has version 2, and this netcfg knows 1; update it"):
        find(tmp_path, begun.name)


def test_what_the_last_run_declared_is_known_by_the_id_in_any_case(tmp_path: Path):
    begun = begin(records(tmp_path))
    shouted = parse_vault(VAULT_ID.text.upper())
    assert isinstance(shouted, VaultId)
    last = records(tmp_path).last(shouted)
    assert isinstance(last, Recorded)
    assert (last.run, last.declared) == (begun.name, ())
    assert len(history(tmp_path, [shouted], 9).records) == 1
    assert len(history(tmp_path, ["KV-TEST"], 9).records) == 1


def test_an_unreadable_record_may_be_the_last_one_of_any_vault_that_is_older(tmp_path: Path):
    other = parse_vault(VAULT_ID.text.replace("kv-test", "kv-new"))
    assert isinstance(other, VaultId)
    begin(records(tmp_path, noon(1)))
    bad = begin(records(tmp_path, noon(2)))
    begin(records(tmp_path, noon(3)), other)
    bad.path.write_text("null\n")
    kept = records(tmp_path)
    assert isinstance(kept.last(other), Recorded)
    assert isinstance(kept.last(VAULT_ID), Unread)


def test_a_record_that_was_never_begun_tells_nothing_and_hides_nothing(tmp_path: Path):
    begin(records(tmp_path, noon(1)))
    (tmp_path / "20260702T000000Z-00000000.jsonl").touch()
    assert isinstance(records(tmp_path).last(VAULT_ID), Recorded)


def test_no_more_records_are_looked_at_than_there_is_use_for(tmp_path: Path):
    first = begin(records(tmp_path))
    for number in range(FAR):
        (tmp_path / f"20270101T000000Z-{number:08x}.jsonl").touch()
    assert records(tmp_path).last(VAULT_ID) is None
    assert find(tmp_path, first.name).run == first.name


def test_a_record_is_found_by_its_id_its_beginning_and_its_path(tmp_path: Path):
    begun = begin(records(tmp_path))
    for asked in (begun.name, begun.name[:9], begun.name[:9].lower(), str(begun.path)):
        assert find(tmp_path, asked).run == begun.name
    for asked in ("", "2030", "../" + begun.name):
        with pytest.raises((NoRecord, RecordUnreadable)):
            find(tmp_path, asked)


# Where a number, a text or a list is expected, and who edited it by hand wrote something else.
EDITED: list[tuple[int, tuple[str | int, ...], list[Any]]] = [
    (0, ("run",), [5, "zzz", "../../x"]),
    (0, ("command",), [["x"], None, "\ud800"]),
    (0, ("when",), [5, "2026-07-01", "never"]),
    (0, ("who", "credential"), [["x"], 5]),
    (0, ("who", "claims"), [["x"], {"oid": 5}]),
    (0, ("where", "sandbox"), ["no", None]),
    (0, ("acceptances",), ["text", [5]]),
    (0, ("vaults", 0, "id"), [5, "kv"]),
    (0, ("vaults", 0, "changes"), [{"add": float("inf")}, {"add": 1.5}, {"add": -1}, {"add": True}, []]),
    (0, ("vaults", 0, "declared"), [[[["x"], "y"]], [["x", 5]], [["x"]], {"a": "b"}]),
    (1, ("meant", "geographies"), ["EU", [["EU"]]]),
    (1, ("meant", "canary"), ["no"]),
    (1, ("meant", "subnets"), ["text", [5]]),
    (3, ("foundTags",), [["x"], {"a": 5}]),
    (6, ("error",), [["x"], 5]),
    (-2, ("outcome",), [["x"], 5, "excellent"]),
    (-2, ("verified",), ["yes"]),
    (-1, ("status",), [float("inf"), "0", -1]),
]


def ended(folder: Path) -> Path:
    """A record of a run that wrote one vault, which failed."""
    planned, drawn = plan()
    begun = begin(records(folder))
    writing = Writing(drawn.vault, OPEN, ())
    begun.doing(writing)
    begun.did(writing, Fate.REFUSED, "no")
    begun.doing(Removing(VAULT_ID, PieceKind.ENDPOINT, PieceId("/p")))
    begun.did(Removing(VAULT_ID, PieceKind.ENDPOINT, PieceId("/p")), Fate.DONE, "no")
    begun.end(Result(planned, (Outcome(drawn, Ending.FAILED, error=NetcfgError("no")),)))
    return begun.path


def test_whatever_is_edited_by_hand_is_an_error_and_no_traceback(tmp_path: Path):
    path = ended(tmp_path)
    assert read(path).status == 1
    whole = [json.loads(each) for each in lines(path)]
    for number, steps, values in EDITED:
        for value in values:
            edited = copy.deepcopy(whole)
            place = edited[number]
            for step in steps[:-1]:
                place = place[step]
            assert steps[-1] in place
            place[steps[-1]] = value
            path.write_text("".join(json.dumps(each) + "\n" for each in edited))
            with pytest.raises(RecordUnreadable, match="cannot be read"):
                read(path)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda all: [each for each in all if '"event": "vault"' not in each], "nowhere it says what kv-test held"),
        (lambda all: [*all[:2], all[1], *all[2:]], "twice it says what kv-test held"),
        (lambda all: [all[0].replace('"vaults": [', '"vaults": [' + all[0].partition('"vaults": [')[2][:-3] + ", "),
                      *all[1:]], "it names a vault twice"),
        (lambda all: [*all, all[4]], "something comes after its end"),
        (lambda all: [*all[:5], *all[4:]], "the end of a write that was never begun"),
        (lambda all: [*all[:2], *all[3:]], "a write before the beginning"),
    ],
)  # fmt: skip
def test_lines_that_do_not_go_together_make_the_record_unreadable(
    tmp_path: Path, edit: Callable[[list[str]], list[str]], why: str
):
    path = ended(tmp_path)
    path.write_text("".join(edit(lines(path))))
    with pytest.raises(RecordUnreadable, match=why):
        read(path)


def test_a_record_that_says_nothing_yet_is_a_run_that_wrote_nothing(tmp_path: Path):
    begin(records(tmp_path))
    (tmp_path / "20260702T000000Z-00000000.jsonl").touch()
    found = history(tmp_path, [], 9)
    assert [each.outcome for each in found.records] == ["ended before its first write", "did not end: not begun"]
    assert found.unread == ()


def test_a_copy_of_a_record_under_another_name_is_none_of_its_own(tmp_path: Path):
    begun = begin(records(tmp_path, noon(2)))
    old = begin(records(tmp_path / "old", noon(1)))
    (tmp_path / "backup.jsonl").write_text(begun.path.read_text())
    (tmp_path / "zzz.jsonl").write_text(old.path.read_text())
    assert [each.run for each in history(tmp_path, [], 9).records] == [old.name, begun.name]
    last = records(tmp_path).last(VAULT_ID)
    assert isinstance(last, Recorded)
    assert last.run == begun.name


def test_what_was_declared_last_is_not_what_a_rollback_was_asked_for(tmp_path: Path):
    declared = begin(records(tmp_path, noon(1)))
    planned, drawn = plan()
    records(tmp_path, noon(2)).begin(planned, [drawn], {VAULT_ID: Meant(("EU",))}, declared.name)
    last = records(tmp_path).last(VAULT_ID)
    assert isinstance(last, Recorded)
    assert last.run == declared.name


def test_the_later_runs_of_its_vaults_are_found_here_and_beside_a_record_that_lies_elsewhere(tmp_path: Path):
    other = parse_vault(VAULT_ID.text.replace("kv-test", "kv-new"))
    assert isinstance(other, VaultId)
    here, there = tmp_path / "here", tmp_path / "there"
    first = begin(records(there, noon(2)))
    begin(records(here, noon(1)))
    begin(records(here, noon(3)), other)
    later = [begin(records(here, noon(4))), begin(records(there, noon(5)))]
    bad = begin(records(here, noon(6)))
    bad.path.write_text(lines(bad.path)[0] + "null\n")
    (here / "notes.jsonl").write_text("mine\n")
    found = records(here).since(read(first.path))
    assert [each.run for each in found if isinstance(each, Record)] == [each.name for each in later]
    assert [(each.path, each.vaults) for each in found if isinstance(each, Unread)] == [
        (str(bad.path), frozenset({VAULT_ID}))
    ]


def test_only_our_own_tags_are_written_down(tmp_path: Path):
    begun = begin(records(tmp_path))
    tags = (("cost-centre", "secret-ish"), ("netcfg-exec-12345678", "191.10.7.7/32 until 2026-07-01T13:00:00Z"))
    begun.doing(Writing(Vault(VAULT_ID, OPEN, tags=tags), OPEN, tags[:1]))
    assert "secret-ish" not in begun.path.read_text()
    (write,) = read(begun.path).entries[0].writes
    assert (write.found_tags, write.sent_tags) == (tags[1:], ())


@posix
@pytest.mark.parametrize(
    ("owner", "mode", "why"),
    [
        (0, 0o600, ""),
        (0, 0o644, ""),
        (65_534, 0o600, "it belongs to somebody else"),
        (0, 0o664, r"others may write it; take that from them \(chmod go-w\)"),
        (0, 0o602, r"others may write it; take that from them \(chmod go-w\)"),
    ],
)
def test_a_record_that_others_may_have_written_is_believed_only_if_it_is_named(
    owner: int, mode: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Planted beside ours with a later name it would have a rollback keep what it says that it did."""
    first, later = begin(records(tmp_path, noon(1))), begin(records(tmp_path, noon(2)))
    mine, really = later.path.stat().st_ino, os.fstat

    def found(file: int) -> os.stat_result:
        there = really(file)
        if there.st_ino != mine:
            return there
        return os.stat_result((stat.S_IFREG | mode, *there[1:4], owner, *there[5:]))

    monkeypatch.setattr("os.fstat", found)
    (later_one,) = records(tmp_path).since(find(tmp_path, first.name))
    (told,) = history(tmp_path, [], 9).unread or [None]
    last = records(tmp_path).last(VAULT_ID)
    assert find(tmp_path, str(later.path)).run == later.name
    if not why:
        assert (type(later_one), told, type(last)) == (Record, None, Recorded)
        assert find(tmp_path, later.name).run == later.name
        return
    for each in (later_one, told, last):
        assert isinstance(each, Unread)
        assert re.search(why, each.why)
    with pytest.raises(RecordUnreadable, match=why):
        find(tmp_path, later.name)


@posix
@pytest.mark.parametrize(
    ("owner", "mode", "why"),
    [
        (0, 0o755, ""),
        (0, 0o1777, ""),
        (0, 0o777, "is one that everybody may write to"),
        (65_534, 0o755, "belongs to somebody else"),
    ],
)
def test_who_keeps_records_where_others_may_take_them_away_is_told(
    owner: int, mode: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kept = records(tmp_path)
    assert kept.doubt == ""
    begin(kept)
    really = Path.stat

    def found(path: Path, **more: bool) -> os.stat_result:
        there = really(path, **more)
        return os.stat_result((stat.S_IFDIR | mode, *there[1:4], owner, *there[5:])) if path == tmp_path else there

    monkeypatch.setattr(Path, "stat", found)
    expected = f"the folder of records {str(tmp_path)!r} {why}: others may take records away"
    assert kept.doubt == (expected if why else "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"event": "run", "event": "run"}\n', "'event' is there twice"),
        ('{"event": NaN}\n', "NaN is no number of JSON"),
        (f'{{"event": {"[" * 101}{"]" * 101}}}\n', "it is nested too deeply"),
        ('{"event": "run", "x": "' + "x" * (1 << 24), "its first line has more than 16,777,216 bytes"),
    ],
)
def test_a_line_that_two_readers_would_read_differently_is_not_read(text: str, why: str, tmp_path: Path):
    path = tmp_path / "20260702T000000Z-00000000.jsonl"
    path.write_text(text)
    (unread,) = history(tmp_path, [], 9).unread
    assert why in unread.why


@posix
def test_a_pipe_among_the_records_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "20260702T000000Z-00000000.jsonl")
    (unread,) = history(tmp_path, [], 9).unread
    assert "it is no regular file" in unread.why
