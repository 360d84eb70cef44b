"""Admitting: the address is let in before the command and out after it, whatever happens to either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest

from netcfg.core.errors import (
    AddressUnknown,
    CommandNotBegun,
    Interrupted,
    NetcfgError,
    NotInAzure,
    NotLetIn,
    NotTakenOut,
    NotVerified,
    OtherAddress,
    PublicAccessOff,
    TimeOver,
    VaultDeleted,
    VaultNotVisible,
    VaultNowhere,
    WriteUnsettled,
)
from netcfg.core.resources import Tags, Vault, VaultId
from netcfg.core.rules import DefaultAction, IpRule, PublicAccess
from netcfg.core.verification import Answer, Lookup, Observation, Resolution
from netcfg.workflow.admitting import Entrance, Stay, admit
from tests.core.test_visit import ID, vault
from tests.workflow import fakes
from tests.workflow.fakes import Azure, Killed

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HERE = "191.10.60.9"
TAG = ("netcfg-exec-0000000a", "191.10.60.9/32 until 2026-07-01T13:01:00Z")


@dataclass
class Machine:
    """This machine, as a vault sees it: let in `lag` looks after its rule is there. It runs a command that looks into
    the vault, does what it is told, and ends with status 3."""

    azure: Azure
    address: str = HERE
    told: str | NetcfgError = HERE
    lag: int = 1
    way: Lookup = field(default_factory=lambda: Lookup(Resolution.PUBLIC, ("191.10.120.10",)))
    meanwhile: Callable[[], Any] = lambda: None
    looks: int = 0
    seconds: float = 0.0
    saw: list[Vault] = field(default_factory=list)
    left: list[NotTakenOut | None] = field(default_factory=list)
    now: float = 0.0
    is_time_over: bool = False
    finishes: int = 0

    def look(self, name: str) -> Observation:
        shown = self.azure.vaults[ID].firewall.rule_set
        lets_in = shown.default_action is DefaultAction.ALLOW or any(
            each.network and ip_address(self.address.split()[0]) in each.network for each in shown.ip_rules
        )
        self.looks = self.looks + 1 if lets_in else 0
        said = Answer(403, "Forbidden", "ForbiddenByRbac", "Caller is not authorized to perform action on resource.")
        if self.looks <= self.lag and self.way.resolution is not Resolution.PRIVATE:
            who = f"Client address is not authorized, no trusted service. Client address: {self.address}"
            said = Answer(403, "Forbidden", "ForbiddenByFirewall", who)
        address = self.way.addresses[0] if self.way.addresses else ""
        return Observation(
            name, f"{name}.vault.azure.net", "privatelink.vaultcore.azure.net", self.way, said, address=address
        )

    def ask(self) -> IPv4Address:
        if isinstance(self.told, NetcfgError):
            raise self.told
        return IPv4Address(self.told)

    def run(self, seconds: float) -> int:
        self.saw.append(self.azure.vaults[ID])
        self.seconds = seconds
        self.meanwhile()
        return 3

    def sleep(self, seconds: float) -> None:
        """Who has no time left does not sleep, unless he is finishing something."""
        self.now += seconds if self.finishes or not self.is_time_over else 0.0

    @contextmanager
    def finishing(self) -> Iterator[None]:
        self.finishes += 1
        yield
        self.finishes -= 1

    def ended(self) -> NetcfgError:
        return TimeOver(60) if self.is_time_over else Interrupted()

    def end_time(self) -> None:
        self.is_time_over = True
        self.stop.set()

    def clock(self) -> float:
        self.now += 0.001
        return self.now

    def exec(self, **stay: Any) -> int:
        around = replace(fakes.around(self.azure), started=NOON, clock=self.clock, sleep=self.sleep)
        around = replace(around, stop=_Stop(self.sleep), finishing=self.finishing, ended=self.ended)
        self.stop = around.stop
        entrance = Entrance(around, self, self, key=lambda: TAG[0], leave=self.left.append)
        return admit(Stay(ID, **{"lasting": timedelta(hours=1), "wait": 300, **stay}), self, entrance)

    @property
    def rules(self) -> list[str]:
        return [each.value for each in self.azure.vaults[ID].firewall.rule_set.ip_rules]

    @property
    def tags(self) -> Tags:
        return self.azure.vaults[ID].tags

    @property
    def writes(self) -> int:
        return sum(each.startswith("write") for each in self.azure.calls)


class _Stop(fakes.Stop):
    """Waiting takes the time of the machine's own clock."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        super().__init__([])
        self._sleep = sleep

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self._sleep(timeout or 0.0)
        return self.is_set()


def machine(found: Vault | None = None, **more: Any) -> Machine:
    return Machine(Azure({ID: found or vault("191.10.77.7", tags=(("team", "payments"),))}), **more)


def test_it_is_let_in_while_the_command_runs_and_taken_out_after_it():
    here = machine()
    before = here.azure.vaults[ID]
    assert here.exec() == 3
    assert [each.value for each in here.saw[0].firewall.rule_set.ip_rules] == ["191.10.77.7", "191.10.60.9/32"]
    assert here.saw[0].tags == (("team", "payments"), TAG)
    assert here.azure.vaults[ID].firewall.spelling == before.firewall.spelling
    assert here.tags == before.tags
    assert here.writes == 2
    assert [bool(each) for each in here.left] == [True, False]


def test_the_command_gets_what_is_left_of_the_time_and_no_more():
    here = machine(lag=3)
    here.exec(lasting=timedelta(seconds=90))
    assert 80 < here.seconds < 84  # the rule took seven seconds to have effect


@pytest.mark.parametrize("rule", ["191.10.60.9", "191.10.60.9/32", "191.10.60.0/24"])
def test_whoever_is_let_in_already_is_neither_let_in_nor_taken_out(rule: str):
    here = machine(vault(rule))
    assert here.exec() == 3
    assert (here.rules, here.tags, here.writes) == ([rule], (), 0)


def test_a_vault_that_is_open_is_left_as_it_is_and_nobody_asks_for_the_address():
    here = machine(vault(action=DefaultAction.ALLOW), told=AddressUnknown(["nobody"]))
    assert here.exec() == 3
    assert (here.rules, here.writes) == ([], 0)


def test_whoever_comes_by_a_private_endpoint_needs_no_rule():
    here = machine(way=Lookup(Resolution.PRIVATE, ("10.1.2.3",)))
    assert here.exec() == 3
    assert here.writes == 0


@pytest.mark.parametrize("known", ["before", "between the look and the write"])
def test_a_rule_that_was_there_is_tried_before_the_command_runs(known: str):
    here = machine(vault("191.10.60.9") if known == "before" else None, lag=3)

    def declare(number: int, what: str) -> None:
        if number == 1 and known != "before":
            here.azure.vaults[ID] = vault("191.10.60.9")

    here.azure.before = declare
    assert here.exec() == 3
    assert (here.looks, here.rules, here.writes) == (4, ["191.10.60.9"], 0)


def test_a_rule_for_another_address_than_the_one_that_the_vault_sees_does_not_help():
    here = machine(vault("191.10.60.9"), address="191.10.60.99")
    with pytest.raises(OtherAddress):
        here.exec()
    assert (here.writes, here.saw) == (0, [])


@pytest.mark.parametrize(
    "seen", ["10.3.4.5", "2603:1030:7::5", "191.10.60.9 from /subscriptions/s/virtualNetworks/v/subnets/agents"]
)
def test_nothing_is_written_for_a_machine_that_no_rule_for_an_address_can_let_in(seen: str):
    here = machine(address=seen)
    with pytest.raises(NotLetIn, match="cannot let this machine in, so the command was not run: the firewall of kv"):
        here.exec()
    assert (here.writes, here.saw) == (0, [])


def test_whoever_has_his_rule_taken_time_and_again_gives_up():
    here = machine(lag=0)

    def take(number: int, what: str) -> None:
        if here.writes > len(taken):
            taken.append(number)
            here.azure.vaults[ID] = vault("191.10.77.7")

    taken: list[int] = []
    here.azure.after = lambda number, what: None
    look = here.look

    def seen(name: str) -> Observation:
        found = look(name)
        if here.rules != ["191.10.77.7"]:
            take(0, "")
        return found

    here.look = seen  # type: ignore[method-assign]
    with pytest.raises(NotLetIn, match="somebody takes out its address, or the tag beside it, as often as it is added"):
        here.exec()
    assert len(taken) == 5
    assert here.saw == []


def test_a_vault_without_public_access_is_not_opened():
    closed = vault()
    here = machine(replace(closed, firewall=replace(closed.firewall, public_access=PublicAccess.DISABLED)))
    with pytest.raises(PublicAccessOff):
        here.exec()
    assert (here.writes, here.saw) == (0, [])


def test_nothing_is_written_where_the_vault_sees_another_address_than_the_services():
    here = machine(address="191.10.60.99")
    with pytest.raises(OtherAddress, match=r"from 191\.10\.60\.99 and not from 191\.10\.60\.9"):
        here.exec()
    assert (here.writes, here.saw) == (0, [])


def test_an_address_that_changes_while_it_is_waited_for_is_taken_out_at_once():
    here = machine(lag=10)
    here.azure.after = lambda number, what: setattr(here, "address", "191.10.60.99")
    with pytest.raises(OtherAddress):
        here.exec()
    assert (here.rules, here.tags, here.saw) == (["191.10.77.7"], (("team", "payments"),), [])


def test_a_vault_that_does_not_answer_in_time_is_left_and_the_command_not_run():
    here = machine(lag=10_000)
    with pytest.raises(NotLetIn, match="did not let this machine in in 30 s, so the command was not run"):
        here.exec(wait=30)
    assert (here.rules, here.tags, here.saw) == (["191.10.77.7"], (("team", "payments"),), [])


def test_what_is_told_of_a_wait_is_how_long_it_was():
    with pytest.raises(NotLetIn, match="did not let this machine in in 20 s"):
        machine(lag=10_000).exec(wait=300, lasting=timedelta(seconds=20))


@pytest.mark.parametrize("error", [NetcfgError("it could not"), KeyError("a bug"), KeyboardInterrupt()])
def test_it_is_taken_out_whatever_the_command_ends_in(error: BaseException):
    def fail() -> None:
        raise error

    here = machine(meanwhile=fail)
    with pytest.raises(type(error)):
        here.exec()
    assert (here.rules, here.tags) == (["191.10.77.7"], (("team", "payments"),))


@pytest.mark.parametrize("at", range(1, 6))
def test_whoever_ends_it_at_any_request_leaves_nothing_open(at: int):
    """`stop` is set before one request after the other."""
    here = machine()
    here.azure.before = lambda number, what: here.stop.set() if number == at else None
    try:
        here.exec()
    except Interrupted:
        assert here.saw == []
    assert (here.rules, here.tags) == (["191.10.77.7"], (("team", "payments"),))


@pytest.mark.parametrize("happened", [True, False])
def test_a_write_that_nobody_answered_is_looked_at_and_taken_back(happened: bool):
    """The connection breaks at the first write, and somebody wants us to end there."""
    here = machine()
    write = here.azure.write

    def broken(vault: Vault, *words: Any, **more: Any) -> None:
        here.azure.write = write
        if happened:
            write(vault, *words, **more)
        here.stop.set()
        raise WriteUnsettled("kv", "the connection broke off")

    here.azure.write = broken  # type: ignore[method-assign]
    with pytest.raises((Interrupted, NetcfgError)):
        here.exec()
    assert (here.rules, here.tags, here.saw) == (["191.10.77.7"], (("team", "payments"),), [])


@pytest.mark.parametrize("seconds", [0.4, 3.0, None], ids=["at once", "in three seconds", "never"])
def test_a_write_that_was_never_answered_is_looked_for_until_it_comes_and_told_if_it_does_not(seconds: float | None):
    """The connection breaks, somebody wants us to end, and Azure takes the write when nobody asks any more."""
    here = machine()
    write, begun = here.azure.write, 0.0

    def lose(vault: Vault, *words: Any, **more: Any) -> None:
        nonlocal begun
        here.azure.write, begun = write, here.now  # type: ignore[method-assign]

        def come(number: int, what: str) -> None:
            if seconds is not None and here.now >= begun + seconds:
                here.azure.before = lambda number, what: None
                write(vault, *words, **more)

        here.azure.before = come
        here.stop.set()
        raise WriteUnsettled("kv", "the connection broke off")

    here.azure.write = lose  # type: ignore[method-assign]
    kept = (["191.10.77.7"], (("team", "payments"),), [])
    with pytest.raises(CommandNotBegun if seconds else NotTakenOut) as told:
        here.exec()
    assert (here.rules, here.tags, here.saw) == kept
    assert here.now - begun < 6
    if seconds is None:
        assert "the write that lets it in was never answered, and may have its effect still" in str(told.value)


def test_a_rule_that_somebody_adds_in_the_very_moment_of_a_lost_write_stays():
    here = machine()
    write = here.azure.write

    def lost(vault: Vault, *words: Any, **more: Any) -> None:
        here.azure.write = write
        found = here.azure.vaults[ID]
        rules = (*found.firewall.rule_set.ip_rules, IpRule("191.10.60.9"))
        here.azure.vaults[ID] = replace(found, firewall=found.firewall.with_rules(ip_rules=rules))
        raise WriteUnsettled("kv", "a conflict", may_have_happened=False)

    here.azure.write = lost  # type: ignore[method-assign]
    assert here.exec() == 3
    assert here.rules == ["191.10.77.7", "191.10.60.9"]


def test_where_the_tag_went_before_the_write_was_seen_nobody_says_that_all_is_well():
    """The write happens, its answer is lost, and somebody rewrites the tags before the next look: whose is the rule?"""
    here = machine()
    write = here.azure.write

    def lost(vault: Vault, *words: Any, **more: Any) -> None:
        here.azure.write = write  # type: ignore[method-assign]
        write(vault, *words, **more)
        here.azure.vaults[ID] = replace(here.azure.vaults[ID], tags=(("team", "payments"),))
        raise WriteUnsettled("kv", "the connection broke off")

    here.azure.write = lost  # type: ignore[method-assign]
    with pytest.raises(NotTakenOut):
        here.exec()
    assert here.rules == ["191.10.77.7", "191.10.60.9/32"]


def test_a_rule_that_comes_back_by_somebody_elses_write_is_taken_out_again():
    """Another writer sends what it read before we had taken the address out."""
    here = machine()
    stale: list[Vault] = []

    def again(number: int, what: str) -> None:
        if not stale:
            stale.append(here.azure.vaults[ID])
        elif len(stale) == 1:
            stale.append(here.azure.vaults[ID])
            here.azure.vaults[ID] = stale[0]

    here.azure.after = again
    assert here.exec() == 3
    assert (here.rules, here.tags) == (["191.10.77.7"], (("team", "payments"),))
    assert here.writes == 3


@pytest.mark.parametrize("at", ["before it is read back", "before the last look"])
def test_a_rule_whose_tag_somebody_takes_at_once_goes_all_the_same(at: str):
    """Terraform takes tags that it does not know."""
    here = machine()

    def take(number: int, what: str) -> None:
        if number == {"before it is read back": 3, "before the last look": 4}[at]:
            here.azure.vaults[ID] = replace(here.azure.vaults[ID], tags=(("team", "payments"),))

    here.azure.before = take
    if at == "before the last look":
        assert here.exec() == 3
        assert here.saw[0].tags == (("team", "payments"), TAG)  # it is remembered again
    else:
        with pytest.raises(NotVerified, match=f"the tag {TAG[0]} is missing"):
            here.exec()
    assert (here.rules, here.tags) == (["191.10.77.7"], (("team", "payments"),))


def test_what_is_declared_while_it_is_waited_for_stays_and_so_does_the_note_of_it():
    here = machine()

    def declare(number: int, what: str) -> None:
        if number == 4:
            tags = (("team", "payments"), (TAG[0], f"{TAG[1]} kept"))
            here.azure.vaults[ID] = replace(here.azure.vaults[ID], tags=tags)

    here.azure.before = declare
    assert here.exec() == 3
    assert (here.rules, here.tags) == (["191.10.77.7", "191.10.60.9/32"], (("team", "payments"),))


MOVED = replace(ID, text=ID.text.replace("/g/", "/other/"), resource_group="other")
GONE = NotInAzure("vault kv", "check the id")


def leave_its_place(here: Machine, said: NetcfgError = GONE) -> None:
    """From now on nothing is at the vault's id."""
    read = here.azure.read

    def look(id: VaultId) -> Vault:
        if id == ID:
            raise said
        return read(id)

    here.azure.read = look  # type: ignore[method-assign]


def test_a_vault_that_was_moved_meanwhile_is_found_and_the_address_taken_out_there():
    here = machine()

    def move() -> None:
        leave_its_place(here)
        here.azure.vaults[MOVED] = replace(here.azure.vaults.pop(ID), id=MOVED)

    here.meanwhile = move
    assert here.exec() == 3
    there = here.azure.vaults[MOVED]
    assert [each.value for each in there.firewall.rule_set.ip_rules] == ["191.10.77.7"]
    assert there.tags == (("team", "payments"),)
    assert here.left[-1] is None


@pytest.mark.parametrize(
    ("at_its_id", "by_its_name", "is_gone"),
    [
        (VaultDeleted(ID, "2026-07-01", "2026-09-29", "az keyvault recover"), None, True),
        (GONE, VaultNowhere("kv", "kv.vault.azure.net"), True),
        (GONE, VaultDeleted(MOVED, "2026-07-01", "2026-09-29", "az keyvault recover"), True),
        (GONE, VaultNotVisible("kv", 3), False),
        (GONE, ID, False),
    ],
    ids=["deleted", "nowhere", "moved and deleted", "out of sight", "not where the index has it"],
)
def test_only_a_vault_that_is_certainly_gone_has_nobody_in_it(at_its_id, by_its_name, is_gone: bool):
    here = machine()
    here.meanwhile = lambda: leave_its_place(here, at_its_id)
    found = here.azure.find
    here.azure.find = lambda names: {"kv": by_its_name} if here.saw else found(names)  # type: ignore[method-assign]
    if is_gone:
        assert here.exec() == 3
        assert here.left[-1] is None
        return
    with pytest.raises(NotTakenOut, match="Azure knows no vault kv; check the id"):
        here.exec()
    assert here.left[-1] is not None


def test_an_address_that_cannot_be_taken_out_is_told_with_its_tag_its_end_and_the_command():
    here = machine()

    def forbid() -> None:
        def refuse(*words: Any, **more: Any) -> None:
            raise NetcfgError("you may not write it any more")

        here.azure.write = refuse  # type: ignore[method-assign]

    here.meanwhile = forbid
    with pytest.raises(NotTakenOut) as told:
        here.exec()
    assert told.value.status == 7
    assert str(told.value) == (
        "191.10.60.9/32 may still be let in by kv: that it was taken out could not be proved (you may not write it any "
        "more); the tag netcfg-exec-0000000a remembers it until 2026-07-01 13:01 UTC, and after that any apply or "
        "'netcfg exec --clean kv' takes it out"
    )
    assert 60 <= here.now < 70
    assert here.left[-1] is not None


def test_the_end_of_the_time_makes_no_wait_of_the_taking_out_short():
    """Another job writes back what it had read before, half a second after the address was taken out."""
    here = machine()
    stale: list[Vault] = []
    back: list[float] = []

    def again(number: int, what: str) -> None:
        if not stale:
            stale.append(here.azure.vaults[ID])
        elif not back:
            back.append(here.now + 0.5)

    def come(number: int, what: str) -> None:
        if back and stale and here.now >= back[0]:
            here.azure.vaults[ID] = stale.pop()

    here.azure.after, here.azure.before = again, come
    here.meanwhile = here.end_time
    assert here.exec() == 3
    assert (here.rules, here.tags) == (["191.10.77.7"], (("team", "payments"),))
    assert here.writes == 3
    assert len(here.azure.calls) < 20


def test_whoever_is_out_of_time_asks_a_busy_azure_no_more_often_than_others():
    here = machine()

    def forbid() -> None:
        def refuse(*words: Any, **more: Any) -> None:
            raise NetcfgError("you may not write it any more")

        here.azure.write = refuse  # type: ignore[method-assign]
        here.end_time()

    here.meanwhile = forbid
    with pytest.raises(NotTakenOut):
        here.exec()
    assert 60 <= here.now < 70
    assert len(here.azure.calls) < 70


def test_once_somebody_wants_us_to_end_no_wait_of_the_taking_out_is_long():
    """Azure is busy, and asks to be left alone for half a minute."""
    here = machine()
    busy = WriteUnsettled("kv", "too many requests", 30.0, may_have_happened=False)

    def hinder() -> None:
        write, left = here.azure.write, [busy, busy]

        def refuse(*words: Any, **more: Any) -> None:
            if left:
                raise left.pop()
            write(*words, **more)

        here.azure.write = refuse  # type: ignore[method-assign]
        here.stop.set()
        here.now = 1000.0

    here.meanwhile = hinder
    assert here.exec() == 3
    assert here.rules == ["191.10.77.7"]
    assert here.now < 1001


def test_a_process_that_is_killed_leaves_a_tag_by_which_others_find_the_rule():
    def kill() -> None:
        raise Killed

    here = machine(meanwhile=kill)
    here.azure.before = lambda number, what: kill() if here.saw else None
    with pytest.raises(Killed):
        here.exec()
    assert here.rules == ["191.10.77.7", "191.10.60.9/32"]
    assert here.tags == (("team", "payments"), TAG)
