"""One run of netcfg: its real verbs and its real way to Azure, put together as the command line does it.

What is not the program's own is made here: the line to the sandbox, the clock, and what COMMAND does. Work that would
be done side by side is done one after the other, so that a seed tells the same story every time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, NoReturn, cast
from unittest.mock import patch

from netcfg import __version__
from netcfg.azure.connection import connect
from netcfg.azure.pacing import Pacing
from netcfg.azure.quota import Quota
from netcfg.core import ranges
from netcfg.core.declared import Declaration
from netcfg.core.errors import Interrupted, NetcfgError, NotTakenOut
from netcfg.core.geography import Geography
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent, parse_removal
from netcfg.core.plan import PlanSet
from netcfg.core.ranges import Catalogue, Edition, Policy, Publisher, Range
from netcfg.core.record import Bearer, Where
from netcfg.core.resources import VaultId, parse_subnet, parse_vault
from netcfg.core.rules import PublicAccess
from netcfg.core.target import Target
from netcfg.core.verification import Answer, Lookup, Observation, Resolution
from netcfg.formats.json import vault_of_plan
from netcfg.saved.journal import SUFFIX, Facts, runs
from netcfg.saved.records import FileRecords, find
from netcfg.sources import bundled
from netcfg.workflow.admitting import Entrance, Stay, admit
from netcfg.workflow.apply import apply
from netcfg.workflow.cleaning import clean
from netcfg.workflow.collaborators import Linking, Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.plan import plan
from netcfg.workflow.rollback import plan_rollback
from netcfg.workflow.selection import Meant as Chosen
from scripts.benchmarks.fleet import EUROPE
from scripts.disorder import grounds
from scripts.disorder.clock import Stop
from scripts.disorder.grounds import Grounds
from scripts.disorder.line import Line, Run
from scripts.disorder.place import site
from scripts.disorder.schedule import DROPPED, HERE, NEWER, VAULT_ID, Document, Meant, Step, Verb

LASTING = timedelta(hours=1)
MARGIN = timedelta(minutes=1)  # that a tag may last longer than what it is about
_HERE = Where(is_sandbox=True)
_REALLY = ranges.resolve
_RESOLVED: dict[Any, Any] = {}
# What the tests of everything else shorten; nobody waits for it here.
_PAUSES = (
    ("netcfg.azure.arm", "FIRST_PAUSE", 0.8),
    ("netcfg.azure.pacing", "FIRST_PAUSE", 1.0),
    ("netcfg.azure.pacing", "SPREAD", 0.5),
)


class Nobody:
    """Nobody watches, and nobody is asked what a schedule does not need."""

    def step(self, what: str) -> None:
        pass

    def tell(self, what: str) -> None:
        pass

    def count(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        del what, total
        return nullcontext(lambda: None)

    def rest(self) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def asked(*_: object) -> NoReturn:
            raise AssertionError(f"{name} was asked for")

        return asked


class InTurn(ThreadPoolExecutor):
    """Does at once what it is given, in the thread that gives it."""

    def submit(self, do: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(do(*given, **named))
        except Exception as error:  # noqa: BLE001 - raised again where the result is taken
            done.set_exception(error)
        return done


@contextmanager
def in_turn(*, is_indexed: bool = False) -> Iterator[None]:
    """While the block lasts, no pool of netcfg does two things at once, and pauses are as long as ever.

    With `is_indexed` one vault is read as many would be, by the index that lags.
    """
    users = [each for name, each in sys.modules.items() if name.startswith("netcfg.")]
    with ExitStack() as patches:
        for each in users:
            if getattr(each, "ThreadPoolExecutor", None) is ThreadPoolExecutor:
                patches.enter_context(patch.object(each, "ThreadPoolExecutor", InTurn))
            if getattr(each, "resolve", None) is ranges.resolve:
                patches.enter_context(patch.object(each, "resolve", _resolve))
        for place, name, value in _PAUSES:
            patches.enter_context(patch.object(sys.modules[place], name, value))
        if is_indexed:
            patches.enter_context(patch("netcfg.workflow.reading.FEW", 0))
        yield


def _resolve(catalogue: Catalogue, policy: Policy, geographies: Iterable[Geography], *, canary: bool = False) -> Any:
    """The same, remembered: a schedule asks for it a dozen times, and there are two catalogues."""
    key = (id(catalogue), policy, tuple(geographies), canary)
    if key not in _RESOLVED:
        _RESOLVED[key] = _REALLY(catalogue, policy, key[2], canary=canary)
    return _RESOLVED[key]


def perform(step: Step, meant: Meant, run: Run) -> int:
    """Do what the step says; its exit status."""
    with _around(run, newest() if step.verb is Verb.NEWER else bundled.catalogue()) as around:
        try:
            return _VERBS[step.verb](step, meant, run, around)
        except NetcfgError as error:
            run.witness.story.append(f"    error: {error}")
            return _exec_status(error) if step.verb is Verb.EXEC else error.status


def _exec_status(error: NetcfgError) -> int:
    """As the command says it: what keeps COMMAND from running, or what is worse than whatever it did."""
    match error:
        case NotTakenOut():
            return error.status
        case Interrupted():
            return 130
        case _:
            return 125


@contextmanager
def _around(run: Run, catalogue: Catalogue) -> Iterator[Surroundings]:
    """As `cli/connect.py` does it."""
    sandbox = site().sandbox
    stop = Stop(run.clock, run)
    run.stop = stop.set
    deadline = run.clock.deadline(run)
    pacing = Pacing(stop, clock=run.clock, deadline=deadline)
    with connect(
        sandbox.token, resource_manager=sandbox.url, pacing=pacing, deadline=deadline, now=run.clock.now
    ) as azure:
        _rewire(azure, run)
        nobody = Nobody()
        yield Surroundings(
            vaults=azure.vaults,
            subnets=azure.subnets,
            neighbourhood=azure.neighbourhood,
            private=azure.private,
            organizations=cast("Any", nobody),
            agents=cast("Any", nobody),
            groups=cast("Any", nobody),
            linking=cast("Linking", nobody),
            catalogue=catalogue,
            today=run.clock.today,
            started=run.clock.now(),
            progress=nobody,
            sleep=deadline.sleep,
            clock=run.clock,
            stop=stop,
            parallel=1,
            finishing=deadline.finishing,
            pausing=deadline.pause,
            ahead=lambda: azure.arm.clock.ahead,
            records=FileRecords(run.folder, lambda: _facts(run), run.clock.now, vault_of_plan),
        )


def _rewire(azure: Any, run: Run) -> None:
    """Our line in the place of connections, our clock in the place of the real one."""
    stopped, arm = Stop(run.clock, run), azure.arm
    azure.subnets._stopped, azure.subnets._sleep = stopped, stopped.wait
    transport = arm._pipeline._transport
    transport.open()
    for scheme in ("http://", "https://"):
        transport.session.mount(scheme, Line(run))
    for runner in arm._pipeline._impl_policies:
        policy = getattr(runner, "_policy", runner)
        if isinstance(policy, Quota):
            policy._clock = run.clock


# --- the verbs ----------------------------------------------------------------------------------------------------


def _plan(step: Step, meant: Meant, _run: Run, around: Surroundings) -> int:
    planned, _ = plan([Target(_vault(), _intent(meant))], _accepted(step), around)
    return int(planned.status)


def _facts(run: Run) -> Facts:
    return Facts("chaos", __version__, Bearer("ConstantToken"), _HERE, (("run", str(run.number)),))


def _apply(step: Step, meant: Meant, run: Run, around: Surroundings) -> int:
    planned, drawings = plan([Target(_vault(), _intent(meant))], _accepted(step), around, is_to_be_written=True)
    return _applied(planned, drawings, run, around)


def _rollback(step: Step, _meant: Meant, run: Run, around: Surroundings) -> int:
    names = runs(run.folder) if run.folder.exists() else []
    if not names:
        run.witness.story.append("    there is no record")
        return 0
    geographies = {each.id: each for each in bundled.atlas().geographies}
    planned, drawings = plan_rollback(find(run.folder, names[-1]), geographies, _accepted(step), around)
    return _applied(planned, drawings, run, around)


def _clean(_step: Step, meant: Meant, _run: Run, around: Surroundings) -> int:
    return int(clean(Chosen((Target(_vault(), _intent(meant)),)), around).status)


def _applied(planned: PlanSet, drawings: Drawings, run: Run, around: Surroundings) -> int:
    result = apply(planned, drawings, around)
    for each in planned.undetermined:
        run.witness.story.append(f"    undetermined: {each.error}")
    for outcome in result.outcomes:
        refused = ", ".join(each.id for each in outcome.plan.guards if not each.accepted)
        told = f"{outcome.ending.value} {refused} {outcome.error or ''}".strip()
        run.witness.story.append(f"    {told}")
    return int(result.status)


def _exec(step: Step, _meant: Meant, run: Run, around: Surroundings) -> int:
    stay = Stay(_vault(), LASTING, 300.0, IPv4Address(HERE))
    secrets = _From(run)
    key = f"{grounds.PREFIX}{run.number:08x}"
    return admit(stay, _Command(step.status, run), Entrance(around, secrets, cast("Any", Nobody()), lambda: key))


class _Command:
    """Takes a minute, looks into the vault once, and ends as the step says."""

    def __init__(self, status: int, run: Run) -> None:
        self._status = status
        self._run = run

    def run(self, seconds: float) -> int:
        del seconds
        self._run.clock.let_pass(60)
        self._run.insist()
        self._run.witness.story.append("    COMMAND runs")
        self._run.witness.ran = True
        return self._status


class _From:
    """The data plane, as it answers this machine: the rules decide at once."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def look(self, vault: str) -> Observation:
        self._run.insist()
        shown = self._run.witness.vault()
        is_in = grounds.is_open(shown) or (
            grounds.is_enabled(shown) and grounds.covers(grounds.ip_rules(shown), f"{HERE}/32")
        )
        refusal = f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {HERE}\r\n"
        said = Answer(200, has_names=True) if is_in else Answer(403, "Forbidden", "ForbiddenByFirewall", refusal)
        host = f"{vault}.vault.azure.net"
        there = Lookup(Resolution.PUBLIC, ("191.10.100.1",))
        return Observation(vault, host, "privatelink.vaultcore.azure.net", there, said, "191.10.100.1")


_VERBS: Mapping[Verb, Callable[[Step, Meant, Run, Surroundings], int]] = {
    Verb.PLAN: _plan,
    Verb.APPLY: _apply,
    Verb.NEWER: _apply,
    Verb.EXEC: _exec,
    Verb.CLEAN: _clean,
    Verb.ROLLBACK: _rollback,
}


# --- what is meant ------------------------------------------------------------------------------------------------


def _vault() -> VaultId:
    found = parse_vault(VAULT_ID)
    assert isinstance(found, VaultId)  # noqa: S101 - for mypy
    return found


@lru_cache(1024)
def _intent(meant: Meant) -> Intent:
    allow = (
        Declaration(IPv4Network(network), "chaos", date.fromisoformat(until) if until else None)
        for network, until in meant.allow
    )
    return Intent(
        geographies=(_europe(),),
        allow=tuple(allow),
        remove=tuple(parse_removal(each) for each in meant.remove),
        public_access=PublicAccess.ENABLED if meant.public_access else None,
        subnets=tuple(parse_subnet(each) for each in meant.subnets),
    )


@cache
def _europe() -> Geography:
    return bundled.atlas().find("EU")


def _accepted(step: Step) -> Sequence[Acceptance]:
    return [Acceptance(each) for each in sorted(step.accept)]


@cache
def newest() -> Catalogue:
    """The bundled editions and a newer one of each publisher: a range more for Europe, and one less."""
    known = bundled.catalogue()
    return Catalogue((*known.editions, *(_newer(known.of(each)[-1]) for each in Publisher)))


def _newer(edition: Edition) -> Edition:
    region = next(each.region for each in edition.ranges if str(each.network) in EUROPE)
    left = (each for each in edition.ranges if str(each.network) != DROPPED)
    return replace(
        edition,
        day=date(2026, 6, 28),
        confirmed=date(2026, 6, 30),
        change_number=edition.change_number and edition.change_number + 1,
        ranges=(*left, Range(IPv4Network(NEWER), region)),
    )


def meant_by(step: Step, meant: Meant, folder: Path) -> Grounds:
    """What the run of a step may do, in words of its own."""
    today = "2026-07-01"
    if step.verb is Verb.PLAN:
        as_applied = meant_by(replace(step, verb=Verb.APPLY), meant, folder)
        return replace(as_applied, verb=step.verb.value, only_looks=True, records=False)
    if step.verb is Verb.EXEC:
        return Grounds(step.verb.value, own=f"{HERE}/32", within=LASTING + MARGIN)
    if step.verb is Verb.CLEAN:
        return Grounds(step.verb.value)
    if step.verb is Verb.ROLLBACK:
        return _undoing(step, folder)
    published = {*EUROPE, NEWER} - {DROPPED} if step.verb is Verb.NEWER else set(EUROPE)
    declared = {network for network, until in meant.allow if not until or until >= today}
    going = {network for network, until in meant.allow if until and until < today}
    going |= {grounds.meaning(each) for each in meant.remove}
    return Grounds(
        step.verb.value,
        wanted=frozenset(published | declared),
        subnets=frozenset(each.lower() for each in meant.subnets),
        going=frozenset(going),
        gone=frozenset(going),
        records=True,
        settings=frozenset({("Allow", "Deny"), *([("Disabled", "Enabled")] if meant.public_access else [])}),
        may_enable=bool(meant.public_access),
        enables=bool(meant.public_access),
    )


def _undoing(step: Step, folder: Path) -> Grounds:
    """What the undoing of the newest record may do, by the lines of its file: what each write took may come back, what
    it added may go, and what it set may be again what it was."""
    writes = writings(folder)
    found, sent = ([_state(each, name) for each in writes] for name in ("found", "sent"))
    writing = list(zip(found, sent, strict=True))
    settings = {(now[at], was[at]) for was, now in writing for at in (1, 2) if was[at] != now[at]}
    tags = {name for each in writes for name in each["foundTags"]}
    return Grounds(
        step.verb.value,
        restored=frozenset(rule for was, now in writing for rule in was[0] - now[0]),
        going=frozenset(
            {rule for was, now in writing for rule in now[0] - was[0]}
            | {name for w in writes for name in w["sentTags"]}
        ),
        restored_tags=frozenset(tags),
        respelt=frozenset(rule for each in found for rule in each[0]),
        settings=frozenset(settings),
        is_undoing=True,
        may_open="default-allow" in step.accept and any(each[1] == "Allow" for each in found),
        may_enable="public-access" in step.accept and any(each[2] == "Enabled" for each in found),
        records=True,
    )


def _state(write: Document, name: str) -> tuple[set[str], str, str]:
    vault: Document = {"properties": write[name]}
    rules = {*grounds.ip_rules(vault), *grounds.network_rules(vault)}
    return rules, grounds.default_action(vault), str(write[name].get("publicNetworkAccess"))


def writings(folder: Path) -> list[Document]:
    """What the newest record says that was sent, or was about to be; a line that was not finished says nothing."""
    names = runs(folder) if folder.exists() else []
    if not names:
        return []
    lines = (folder / f"{names[-1]}{SUFFIX}").read_text("utf-8").split("\n")[:-1]
    return [each for line in lines if (each := json.loads(line)).get("event") == "writing"]
