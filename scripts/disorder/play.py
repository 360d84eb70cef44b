"""Playing a schedule: its steps one after the other, then the same without misfortune, until nothing is left to do."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from netcfg.core.errors import RecordUnreadable
from netcfg.saved.journal import SUFFIX, runs
from netcfg.saved.reading import read
from scripts.disorder import grounds
from scripts.disorder.clock import Clock
from scripts.disorder.grounds import Grounds, ip_rules
from scripts.disorder.line import Killed, Run
from scripts.disorder.place import Site, site
from scripts.disorder.process import in_turn, meant_by, perform, writings
from scripts.disorder.schedule import GUARDS, HERE, Document, Schedule, Step, Verb, draw
from scripts.disorder.watch import Sight, Witness, Wrong, comparable, describe, promised

# A record is synced to the disk before every write, of which a schedule needs no more than that it was asked for.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own is made in it

DEAD = -9  # the status of a run that was killed
DAY = 25 * 3600.0  # seconds after which whatever was let in for a while should be over


@dataclass
class Played:
    """What became of a schedule."""

    schedule: Schedule
    wrongs: list[Wrong]
    statuses: list[tuple[str, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    window: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    writes: int = 0


def play(schedule: Schedule | int) -> Played:
    """Play it; everything that was wrong is in what comes back."""
    chosen = draw(schedule) if isinstance(schedule, int) else schedule
    random.seed(chosen.seed)  # netcfg spreads its retries by it
    here = site()
    here.begin(chosen.start)
    with in_turn(is_indexed=chosen.is_indexed), TemporaryDirectory(dir=_MEMORY) as folder:
        return _Play(chosen, here, Path(folder) / "records").all()


class _Play:
    def __init__(self, schedule: Schedule, here: Site, folder: Path) -> None:
        self._schedule = schedule
        self._folder = folder
        self._clock = Clock(here.sandbox.today)
        self._witness = Witness(here, self._clock, Grounds("nothing", only_looks=True))
        self._witness.versions.append(self._witness.vault())
        self._played = Played(schedule, self._witness.wrongs)
        self._requests = 0
        self._undone: list[Document] = []  # the writes of the record that is rolled back
        self._met = 0  # misfortunes before the run that is under way

    def all(self) -> Played:
        witness, played = self._witness, self._played
        witness.story.append(f"the vault: {describe(witness.vault())}")
        for number, step in enumerate(self._schedule.steps):
            if f"step {number}" not in self._schedule.without:
                self._run(number, step)
        self._converge(len(self._schedule.steps))
        played.names, played.story = witness.names, witness.story
        played.faults, played.acts, played.ends, played.window = (
            witness.faults,
            witness.acts,
            witness.ends,
            witness.window,
        )
        played.requests = self._requests
        played.writes = sum(each.writes for each in witness.sights.values())
        return played

    def _run(self, number: int, step: Step, schedule: Schedule | None = None) -> int:
        witness = self._witness
        self._clock.let_pass(step.jump)
        witness.grounds = meant_by(step, self._schedule.meant, self._folder)
        witness.is_announced = self._is_announced
        self._undone = writings(self._folder) if step.verb is Verb.ROLLBACK else []
        witness.ran = False
        before, self._met = witness.vault(), len(witness.names)
        witness.story.append(f"  run {number}: {step.verb.value}")
        run = Run(number, schedule or self._schedule, self._clock, witness, self._folder)
        written: dict[Path, int] = {}
        run.died = lambda: written.update(_sizes(self._folder))
        try:
            status = perform(step, self._schedule.meant, run)
        except Killed:
            status = DEAD
            _cut(self._folder, written)
        witness.story.append(f"  status {status}")
        self._requests += run.requests
        self._played.statuses.append((step.verb.value, status))
        self._judge(number, step, status, before)
        return status

    def _judge(self, number: int, step: Step, status: int, before: Document) -> None:
        """What a run said, beside what it did."""
        sight, witness = self._witness.sight(number), self._witness
        if witness.grounds.records and sight.writes:
            self._read_record(is_dead=status == DEAD)
        if status == DEAD:
            return
        if step.verb is not Verb.EXEC and status in (1, 2, 3, 5, 6) and sight.writes:
            witness.wrong("I4", f"the status is {status}, and the vault was written")
        if status == 7 and len(witness.names) == self._met:
            witness.wrong("I4", "nothing went wrong, and the status is 7")
        if status == 0:
            self._judge_done(step, sight, before)
        if step.verb is Verb.EXEC and status != 7:
            self._left(number, before)
            if (status in (0, 3)) is not witness.ran:
                witness.wrong("I4", f"the status is {status}, and COMMAND {'ran' if witness.ran else 'never ran'}")

    def _judge_done(self, step: Step, sight: Sight, before: Document) -> None:
        """Whether it is true that everything is as it should be. A plan that only saw an index saw what was once."""
        witness = self._witness
        match step.verb:
            case Verb.APPLY | Verb.NEWER | Verb.CLEAN:
                if sight.wrote_at > sight.seen_at:
                    witness.wrong("I4", "it is done, and nobody looked at what was written")
                for each in promised(sight.seen or before, witness.grounds, self._clock.now()):
                    witness.wrong("I4", f"it is done, and {each}")
            case Verb.PLAN if sight.seen:
                for each in promised(sight.seen, witness.grounds, self._clock.now()):
                    witness.wrong("I4", f"there is nothing to do, and {each}")
            case Verb.ROLLBACK if sight.seen and self._undone:
                self._judge_undone(sight.seen, before)

    def _is_announced(self, sent: Document) -> bool:
        """Whether the newest record tells of this write, by what it sends."""
        told = [each["sent"]["networkAcls"] for each in writings(self._folder)]
        return _comparable(sent["properties"]["networkAcls"]) in map(_comparable, told)

    def _read_record(self, *, is_dead: bool) -> None:
        """Whether the record can be read, and says of the vault no less than what happened to it."""
        names = runs(self._folder)
        try:
            entry = read(self._folder / f"{names[-1]}{SUFFIX}").entries[0]
        except RecordUnreadable as error:
            self._witness.wrong("I7", str(error))
            return
        if not any(each.fate.may_have_happened for each in entry.writes):
            self._witness.wrong("I7", f"the vault was written, and its record says {entry.fate}")
        if not is_dead and entry.ending is None:
            self._witness.wrong("I7", "the run came to its end, and its record does not say how")

    def _judge_undone(self, seen: Document, before: Document) -> None:
        """Whether what its record had changed is as it was, but for those who are let in for a while, or were until it
        was over."""
        first = _found(self._undone[0])
        lent = {each.network for each in grounds.marks(seen["tags"]) if not each.is_kept}
        over = grounds.overdue(first["tags"], self._clock.now()) | lent
        if not self._witness.acts:
            self._restored(seen, first, over)
        # Where public access is off Azure shows no rules, and of several writes some may not have been done.
        if len(self._undone) == 1 and grounds.is_enabled(before):
            self._went_back(seen, over)

    def _restored(self, seen: Document, first: Document, over: frozenset[str]) -> None:
        """Where nobody else did anything, a rollback brings back everything that its record had found."""

        def rules(vault: Document) -> list[str]:
            left = [each for each in ip_rules(vault) if each not in over]
            return sorted(left) if over else left  # where nothing else comes back, nothing is written

        held = (("rules", rules), ("default action", grounds.default_action), ("bypass", grounds.bypass))
        for name, of in held:
            now, then = of(seen), of(first)
            if now != then:
                self._witness.wrong("I4", f"it is rolled back, and of the {name} there is {now}, not {then}")

    def _went_back(self, seen: Document, over: frozenset[str]) -> None:
        """Whatever somebody else did, the rules that he let alone are as they were. This machine's own is left to
        `exec`, which may have come and gone since."""
        witness, now = self._witness, set(ip_rules(seen))
        found, sent = (set(ip_rules({"properties": self._undone[0][name]})) for name in ("found", "sent"))
        others = {*witness.hands, *witness.taken, *over, f"{HERE}/32"}
        if still := sorted((sent - found - others) & now):
            witness.wrong("I4", f"it is rolled back, and {still} are there still")
        if missing := sorted(found - sent - others - now):
            witness.wrong("I4", f"it is rolled back, and {missing} are not back")

    def _left(self, number: int, before: Document) -> None:
        """Whether a run of `exec` has left its address behind, and does not say so."""
        witness, own = self._witness, f"{HERE}/32"
        sight = witness.sight(number)
        if not sight.writes or sight.seen is None:
            return
        if own in ip_rules(sight.seen) and self._is_nobodys(own, sight.seen, before):
            witness.wrong("I6", f"{own} is still let in, and nobody else wants it")
        if set(witness.grounds.marks) & set(sight.seen["tags"]):
            witness.wrong("I6", "the tag of a run that is over is still there")

    def _is_nobodys(self, own: str, vault: Document, before: Document) -> bool:
        held = {each.network for each in grounds.marks(vault["tags"]) if each.key not in self._witness.grounds.marks}
        was_there = own in ip_rules(before) and own not in {each.network for each in grounds.marks(before["tags"])}
        return own not in held and not was_there and own not in self._witness.hands

    # --- in the end ---------------------------------------------------------------------------------------------

    def _converge(self, number: int) -> None:
        """Without misfortune, and a day later: one run arrives, and the next finds nothing to do."""
        witness = self._witness
        calm = replace(self._schedule, odds={}, acting=0.0, end=None)
        statuses = [self._run(number, Step(Verb.APPLY, frozenset(GUARDS), jump=DAY), calm)]
        held = witness.vault()
        statuses.append(self._run(number + 1, Step(Verb.APPLY, frozenset(GUARDS)), calm))
        if statuses[0] != 0:
            witness.wrong("I5", f"a run without misfortune ends with {statuses[0]}")
        if statuses[1] != statuses[0]:
            witness.wrong("I5", f"the next run ends with {statuses[1]}, after {statuses[0]}")
        if witness.sight(number + 1).writes or witness.vault() != held:
            witness.wrong("I5", "the next run finds something to do")
        if statuses[0] == 0:
            for each in _overdue(held, self._clock, witness.grounds.wanted):
                witness.wrong("I6", f"{each} is let in for good")


def _overdue(vault: Document, clock: Clock, wanted: frozenset[str]) -> list[str]:
    over = grounds.overdue(vault["tags"], clock.now()) & set(ip_rules(vault))
    return sorted(each for each in over if not any(grounds.covers([one], each) for one in wanted))


def _found(write: Document) -> Document:
    """The vault as a write found it."""
    return {"properties": write["found"], "tags": write["foundTags"]}


def _comparable(acls: Document) -> Document:
    """Rules as they are sent, without what no answer shows."""
    return {**acls, "virtualNetworkRules": [comparable(each) for each in acls["virtualNetworkRules"]]}


def _sizes(folder: Path) -> dict[Path, int]:
    return {each: each.stat().st_size for each in folder.glob("*")} if folder.exists() else {}


def _cut(folder: Path, sizes: dict[Path, int]) -> None:
    """What a process writes that is dead was never written: the one that stands for it here lives on for a moment."""
    for each in _sizes(folder):
        if each in sizes:
            os.truncate(each, sizes[each])
        else:
            each.unlink()
