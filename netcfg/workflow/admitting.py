"""Admitting: this machine's address is let in while a command runs, and taken out again whatever happens.

From the moment on when the write that lets it in may have been sent, every way out of here leads through the taking
out. A process that is killed has no such way: the tag that goes with the rule is for whoever comes after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from secrets import token_hex
from threading import Event
from typing import Protocol

from netcfg.core import visit
from netcfg.core.errors import (
    CommandNotBegun,
    Interrupted,
    NetcfgError,
    NotInAzure,
    NotLetIn,
    NotTakenOut,
    OtherAddress,
    TimeOver,
    VaultDeleted,
    VaultNowhere,
    WriteUnsettled,
)
from netcfg.core.resources import Vault, VaultId
from netcfg.core.shell import quote
from netcfg.core.temporary import PREFIX, TemporaryRule
from netcfg.core.verdict import judge
from netcfg.core.verification import Answer, Known, Obstacle, Verification
from netcfg.workflow.collaborators import Secrets, Surroundings
from netcfg.workflow.patience import Watch, look_until
from netcfg.workflow.reading import id_of
from netcfg.workflow.writing import Goal, Halt, settle

PERSISTING = 60.0  # seconds for which the address is tried to be taken out while nobody wants us to end
HURRYING = 4.0  # the same once somebody does: a pipeline that is cancelled leaves 7.5
MARGIN = timedelta(minutes=1)  # between the end of the command and that in the tag: time to take the address out
BRIEF = 0.25  # seconds between two tries then, whatever Azure asks for
AGAIN = 1.0  # seconds after which it is looked again: longer than others take between their look and their write
TRIES = 5  # how often the address is let in again that somebody takes out before the command has begun

_ELSEWHERE = frozenset((Obstacle.NO_VAULT, Obstacle.DNS, Obstacle.TLS))  # what no rule of the vault mends


class Addresses(Protocol):
    """Whoever knows the public address of this machine."""

    def ask(self) -> IPv4Address:
        """The address, if that is certain; anything else is an error."""


class Command(Protocol):
    """The command that is to run meanwhile."""

    def run(self, seconds: float) -> int:
        """Start it and wait until it is over, `seconds` have passed or somebody wants us to end; its exit status.

        One that is running still is told to end, and not waited for. One that cannot be started is an error.
        """


@dataclass(frozen=True)
class Stay:
    """What was asked for: `lasting` is how long the machine is let in at most, `wait` for how many seconds it is waited
    until the vault answers; without an `address` the services are asked."""

    vault: VaultId | str
    lasting: timedelta
    wait: float
    address: IPv4Address | None = None


@dataclass(frozen=True)
class Entrance:
    """Everything outside that admitting works with; `key` makes the name of this run's tag.

    `leave` hears what has to be said if we came to our end right now, and `None` once nothing is open any more.
    """

    around: Surroundings
    secrets: Secrets
    addresses: Addresses
    key: Callable[[], str] = lambda: f"{PREFIX}{token_hex(4)}"
    leave: Callable[[NotTakenOut | None], None] = lambda _: None


@dataclass
class _Run:
    """A visit under way. `may_be_in` is whether the write that lets the machine in may have been sent, `is_in` whether
    the vault showed it, `is_doubtful` whether nobody knows what became of it, so that it may have its effect at any
    time; and `writes` how often something was to be written."""

    stay: Stay
    entrance: Entrance
    begun: float
    may_be_in: bool = False
    is_in: bool = False
    is_doubtful: bool = False
    writes: int = 0

    @property
    def around(self) -> Surroundings:
        return self.entrance.around

    @property
    def is_hurried(self) -> bool:
        """Whether somebody wants us to end, who may soon kill us. The end of `--timeout` does no such thing."""
        return self.around.stop.is_set() and not isinstance(self.around.ended(), TimeOver)

    def now(self) -> datetime:
        """The time it is: a visit takes longer than it takes to plan one."""
        return self.around.moment().now + timedelta(seconds=self.around.clock() - self.begun)

    def left(self) -> float:
        """Seconds until the visit is to be over."""
        return self.begun + self.stay.lasting.total_seconds() - self.around.clock()


def admit(stay: Stay, command: Command, entrance: Entrance) -> int:
    """Run the command while the vault lets this machine in; its exit status. What keeps it from running is an error,
    and so is an address that may still be let in afterwards, whatever became of the command."""
    around = entrance.around
    entrance = replace(entrance, around=replace(around, ended=lambda: _ended(around)))
    run = _Run(stay, entrance, around.clock())
    vault = _find(stay.vault, run.around)
    rule = _plan(vault, run)
    if rule is None:
        return _start(command, run)
    try:
        _stay_in(vault, rule, run)
        return _start(command, run)
    finally:
        if run.may_be_in:
            _take_out(vault, rule, run)


def _ended(around: Surroundings) -> NetcfgError:
    """Why nothing new begins: what was begun here cannot be gone on with, as that of other verbs can."""
    error = around.ended()
    return CommandNotBegun() if isinstance(error, Interrupted) else error


def _start(command: Command, run: _Run) -> int:
    if run.around.stop.is_set():
        raise run.around.ended()
    run.around.progress.rest()
    return command.run(run.left())


def _find(vault: VaultId | str, around: Surroundings) -> Vault:
    id = id_of(vault, around)
    around.progress.step(f"reading {id.name}")
    return around.vaults.read(id)


# --- before -------------------------------------------------------------------------------------------------------


def _plan(vault: Vault, run: _Run) -> TemporaryRule | None:
    """The rule that lets this machine in; `None` where it is let in without one of ours, which is tried too."""
    around, name = run.around, vault.name
    if error := visit.obstacle(vault):
        raise error
    seen = _look(vault, run)
    if seen.seen.is_private and _is_let_in(seen):
        around.progress.tell(f"{name} is reached by a private endpoint, so no rule is needed")
        return None
    if seen.obstacle in _ELSEWHERE:
        raise NotLetIn(name, _why(seen))
    if visit.is_open(vault):
        around.progress.tell(f"{name} lets in every network, so no rule is needed")
        _await(vault, None, run)
        return None
    _insist_on_a_rule(seen)
    network = IPv4Network(run.stay.address or _ask(run))
    _insist_on(network, seen)
    if rule := visit.admitting(vault, network):
        around.progress.tell(f"{name} has a rule for {rule}, which stays: no other is needed for {network}")
        _await(vault, network, run)
        return None
    # Others read the end by their own clocks, of which Azure's is the nearest; ours may be wrong.
    until = (around.moment().azures + run.stay.lasting + MARGIN).replace(microsecond=0)
    return TemporaryRule(run.entrance.key(), network, until)


def _ask(run: _Run) -> IPv4Address:
    run.around.progress.step("asking for the public address of this machine")
    return run.entrance.addresses.ask()


def _look(vault: Vault, run: _Run) -> Verification:
    run.around.progress.step(f"reading secret names of {vault.name} from here")
    return judge(run.entrance.secrets.look(vault.name), Known(vault), run.around.program)


def _is_let_in(found: Verification) -> bool:
    """Whether the network is let in: a vault that answers anything but its firewall's refusal does so."""
    is_answer = isinstance(found.seen.said, Answer)
    return found.obstacle in (None, Obstacle.PERMISSION) or (found.obstacle is Obstacle.SIGN_IN and is_answer)


def _why(found: Verification) -> str:
    return f"{found.message}; {found.fix}" if found.fix else found.message


def _insist_on(network: IPv4Network, found: Verification) -> None:
    """Nobody else's address is let in: what the vault sees counts more than what others say."""
    _insist_on_a_rule(found)
    seen = found.client.public
    if seen is not None and seen not in network:
        raise OtherAddress(found.seen.vault, str(seen), str(network.network_address))


def _insist_on_a_rule(found: Verification) -> None:
    """No rule for an address lets in whom the vault sees in a subnet, or at an address that no rule can have."""
    client = found.client
    if client.subnet or (client.address and client.public is None):
        raise NotLetIn(found.seen.vault, _why(found))


# --- in -----------------------------------------------------------------------------------------------------------


def _stay_in(vault: Vault, rule: TemporaryRule, run: _Run) -> None:
    """Let the machine in, wait until it is, and look once more: whoever read the vault before our write, and wrote
    after it, has taken the rule or the tag without knowing."""
    shown = _let_in(vault, rule, run)
    for _ in range(TRIES):
        _await(shown, rule.network, run)
        writes = run.writes
        shown = _let_in(shown, rule, run)
        if run.writes == writes:
            return
    raise NotLetIn(vault.name, "somebody takes out its address, or the tag beside it, as often as it is added")


def _let_in(vault: Vault, rule: TemporaryRule, run: _Run) -> Vault:
    """Let the machine in, unless somebody did so meanwhile; the vault as Azure shows it then."""

    def decide(fresh: Vault) -> Goal:
        if error := visit.obstacle(fresh):
            raise error
        is_there = visit.has_begun(fresh, rule) and visit.has_rule(fresh, rule)
        is_needless = visit.is_open(fresh) or visit.admitting(fresh, rule.network) is not None
        if is_there if run.is_in else is_needless:
            return _goal(visit.state_of(fresh))
        state = visit.begin(fresh, rule, run.now())
        run.may_be_in = True
        run.writes += 1
        run.entrance.leave(_not_taken_out(fresh.name, rule, run, "this run came to its end before Azure had answered"))
        return _goal(state)

    doubts: list[WriteUnsettled] = []
    try:
        shown = settle(vault, decide, run.around, doubts=doubts)
    except Halt as halt:
        run.is_in |= halt.was_written
        run.is_doubtful |= halt.is_doubtful
        error = halt.error
    else:
        run.is_in |= visit.has_begun(shown, rule)
        # Its tag may have been taken before we saw it, and then nobody can say whose rule it is.
        may_be_ours = any(each.may_have_happened for each in doubts) and visit.has_rule(shown, rule)
        run.is_doubtful |= may_be_ours and not run.is_in
        return shown
    raise error  # out here, so that its causes do not lead back to it


def _goal(state: visit.State) -> Goal:
    return Goal(state.firewall, state.tags)


def _await(vault: Vault, network: IPv4Network | None, run: _Run) -> None:
    """Wait until the vault answers from here, which takes seconds or minutes after the rule is there. Without a
    `network` none is needed."""
    around = run.around

    def look() -> Verification:
        seen = _look(vault, run)
        if network:
            _insist_on(network, seen)
        return seen

    begun = around.clock()
    watch = Watch(around.progress, around.stop.wait, around.clock, around.stop.is_set)
    found = look_until(look, min(run.stay.wait, run.left()), watch)
    if around.stop.is_set():
        raise around.ended()
    if not _is_let_in(found):
        raise NotLetIn(vault.name, _why(found), around.clock() - begun)


# --- out ----------------------------------------------------------------------------------------------------------


class _Unending(Event):
    """Is never set: the taking out is not to be ended. Whoever wants us to end only makes its waits short."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self._run = run

    def wait(self, timeout: float | None = None) -> bool:
        run, seconds = self._run, timeout or 0.0
        begun = run.around.clock()
        if run.around.stop.wait(seconds):
            whole = min(BRIEF, seconds) if run.is_hurried else seconds
            run.around.sleep(max(0.0, whole - (run.around.clock() - begun)))
        return False


def _take_out(vault: Vault, rule: TemporaryRule, run: _Run) -> None:
    """Take the address out, and prove it. Tried until it is out, or until there is no more time.

    A moment after the proof it is looked again, and what is found is taken out again: another job that came or went at
    the same time has sent what it read before. Where our own write was never answered it may have its effect still:
    then that is what is looked for, and that it never came is no proof.
    """

    def decide(fresh: Vault) -> Goal:
        state = visit.end(fresh, rule, run.now(), was_in=run.is_in)
        run.writes += state != visit.state_of(fresh)
        run.is_doubtful &= not (visit.has_begun(fresh, rule) and visit.has_rule(fresh, rule))
        return _goal(state)

    around = replace(run.around, stop=_Unending(run))
    around.progress.step(f"taking {rule.network} out of {vault.name}")
    begun, wished, where = around.clock(), None, vault
    with around.finishing():
        while True:
            if run.is_hurried and wished is None:
                wished = around.clock()
            error: NetcfgError | None = None
            writes = run.writes
            try:
                settle(where, decide, around)
                run.is_in = False  # whose rule it is that is there without our tag from now on is not known
                if run.writes == writes and not run.is_doubtful:
                    break
            except Halt as halt:
                error = halt.error
            if isinstance(error, NotInAzure):
                found = _whereabouts(where, error, around)
                if found is None:
                    break
                where = found
            now = around.clock()
            if now - begun >= PERSISTING or (wished is not None and now - wished >= HURRYING):
                if error or run.is_doubtful:
                    why = str(error or "the write that lets it in was never answered, and may have its effect still")
                    raise _not_taken_out(vault.name, rule, run, why) from error
                break
            around.stop.wait(AGAIN)
    run.entrance.leave(None)


def _whereabouts(vault: Vault, error: NotInAzure, around: Surroundings) -> Vault | None:
    """The vault where it is now, as far as anybody knows: it may have been moved. `None` where it is certainly gone,
    and nothing of it is open."""
    if isinstance(error, VaultDeleted):
        return None
    found = around.vaults.find([vault.name])[vault.name]
    if isinstance(found, VaultDeleted | VaultNowhere):
        return None
    return vault if isinstance(found, NetcfgError) else replace(vault, id=found)


def _not_taken_out(name: str, rule: TemporaryRule, run: _Run, why: str) -> NotTakenOut:
    command = f"{run.around.program} exec --clean {quote(name)}"
    return NotTakenOut(name, str(rule.network), rule.key, f"{rule.until:%Y-%m-%d %H:%M} UTC", command, why)
