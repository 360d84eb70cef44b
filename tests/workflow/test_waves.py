"""Fleets against an Azure in memory: waves, and what an interrupt leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Lock, Timer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import Interrupted, NetcfgError, PutBack, WaveFailed, WriteUnsettled
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.resources import SubnetId, VaultId
from netcfg.core.rules import DefaultAction, IpRule
from netcfg.core.switchover import Survey
from netcfg.core.target import Target
from netcfg.core.waves import Waves, canary, parse_waves
from netcfg.workflow.apply import apply, in_waves
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import plan
from tests.pace import beside
from tests.strategies import EUROPE, VAULT_ID
from tests.workflow.fakes import Azure, Nowhere, around, targets
from tests.workflow.test_apply import ACCEPT_ALL, AGENTS, CLOSED, FOREIGN, OPEN, WANTED, azure_with
from tests.workflow.test_private import PRIVATELY
from tests.workflow.test_private import azure_with as private_azure

RANGES_ONLY = replace(WANTED, subnets=())


def run(
    azure: Azure,
    waves: Waves | None = None,
    intent=RANGES_ONLY,
    change: Callable[[Surroundings], Surroundings] = lambda each: each,
) -> Result:
    azure.before, before = (lambda number, what: None), azure.before
    planned, drawings = plan(targets(azure.vaults, intent), ACCEPT_ALL, around(azure))
    azure.calls.clear()
    azure.before = before
    return apply(planned, drawings, change(around(azure)), waves)


def one_by_one(surroundings: Surroundings) -> Surroundings:
    return replace(surroundings, parallel=1)


def writes(azure: Azure) -> list[str]:
    return [each.removeprefix("write ") for each in azure.calls if each.startswith(("write", "enable"))]


def endings(result: Result) -> dict[str, Ending]:
    return {each.plan.vault.name: each.ending for each in result.outcomes}


def waves_of(result: Result) -> list[list[str]]:
    numbers = sorted({each.wave for each in result.outcomes if each.wave})
    return [sorted(each.plan.vault.name for each in result.outcomes if each.wave == number) for number in numbers]


def outcome_of(result: Result, name: str) -> Outcome:
    return next(each for each in result.outcomes if each.plan.vault.name == name)


# --- waves --------------------------------------------------------------------------------------------------------


def test_one_wave_is_done_and_looked_at_again_before_the_next_begins():
    azure = azure_with(vaults=5)
    result = run(azure, canary(2, wait=25), change=one_by_one)
    first, second = waves_of(result)
    assert result.status == 0
    assert (len(first), len(second)) == (2, 3)
    assert sorted(writes(azure)[:2]) == first
    assert sorted(writes(azure)[2:]) == second
    assert sorted(azure.calls[6:8]) == [f"read {name}" for name in first]  # each was read, written and read before
    assert azure.slept == [10, 10, 5]


def test_without_waves_no_vault_has_one_and_nobody_waits():
    azure = azure_with(vaults=3)
    result = run(azure)
    assert [each.wave for each in result.outcomes] == [None, None, None]
    assert azure.slept == []


def test_after_the_last_wave_nobody_waits():
    azure = azure_with(vaults=2)
    run(azure, canary(5, wait=30))
    assert azure.slept == []


def test_the_first_wave_that_fails_is_the_last_one():
    azure = azure_with(vaults=9)
    planned, _ = plan(targets(azure.vaults, RANGES_ONLY), ACCEPT_ALL, around(azure))
    waves = parse_waves("1,50%,100%", 0)
    second = [each.vault.name for each in in_waves(planned, waves)[1]]

    def refuse(number: int, what: str) -> None:
        if what == f"write {second[0]}":
            raise NetcfgError("it is locked")

    azure.before = refuse
    result = run(azure, waves)
    assert result.status == 7
    found = endings(result)
    assert found[second[0]] is Ending.FAILED
    assert {found[each] for each in second[1:]} == {Ending.DONE}  # a failure stops nothing in its own wave
    left = [each for each in result.outcomes if each.ending is Ending.NOT_REACHED]
    assert {each.wave for each in left} == {3}
    assert len(left) == 4
    assert str(left[0].error) == f"wave 2 failed at {second[0]}, and nothing was begun after that: it is locked"
    assert len(writes(azure)) == 5


def test_a_canary_that_fails_leaves_all_others_as_they_are_and_is_status_7():
    azure = azure_with(vaults=4)

    def refuse(number: int, what: str) -> None:
        if what.startswith("write"):
            raise NetcfgError("it is locked")

    azure.before = refuse
    result = run(azure, canary(1))
    assert sorted(each.value for each in endings(result).values()) == ["failed"] + ["not-reached"] * 3
    assert len(writes(azure)) == 1
    assert result.status == 1  # nothing was changed anywhere


def test_a_vault_that_moved_ends_its_wave_too():
    azure = azure_with(vaults=4)
    moved = []

    def colleague(number: int, what: str) -> None:
        if what.startswith("read") and not moved:
            moved.append(what)
            id = next(each for each in azure.vaults if each.name == what.removeprefix("read "))
            azure.vaults[id] = replace(azure.vaults[id], firewall=CLOSED)

    azure.before = colleague
    result = run(azure, canary(1), change=one_by_one)
    assert sorted(each.value for each in endings(result).values()) == ["not-reached"] * 3 + ["stale"]
    assert result.status == 7


@pytest.mark.parametrize("put_back", [OPEN, "a rule more"])
def test_what_is_put_back_during_the_wait_fails_the_wave(put_back):
    azure = azure_with(vaults=4)
    written: list[VaultId] = []

    def policy(number: int, what: str) -> None:
        written.append(next(each for each in azure.vaults if what == f"write {each.name}"))

    class Waiting(type(around(azure).stop)):
        def wait(self, timeout: float | None = None) -> bool:
            vault = azure.vaults[written[0]]
            rules = (*vault.firewall.rule_set.ip_rules, FOREIGN)
            more = vault.firewall.with_rules(ip_rules=rules)
            azure.vaults[written[0]] = replace(vault, firewall=more if put_back == "a rule more" else put_back)
            return super().wait(timeout)

    azure.after = policy
    result = run(azure, canary(1), change=lambda each: replace(each, stop=Waiting(azure.slept)))
    failed = outcome_of(result, written[0].name)
    assert isinstance(failed.error, PutBack)
    assert (failed.ending, failed.touched, failed.verified) == (Ending.FAILED, True, False)
    assert all(isinstance(each.error, WaveFailed) for each in result.outcomes if each is not failed)
    assert len(written) == 1
    assert result.status == 7


def test_a_wave_that_cannot_be_looked_at_again_has_failed():
    azure = azure_with(vaults=3)
    reads: list[str] = []

    def blind(number: int, what: str) -> None:
        if what.startswith("read"):
            reads.append(what)
            if len(reads) == 3:
                raise NetcfgError("the connection broke")

    azure.before = blind
    result = run(azure, canary(1), change=one_by_one)
    assert sorted(each.value for each in endings(result).values()) == ["failed"] + ["not-reached"] * 2
    assert result.status == 7


def test_where_an_endpoint_is_needed_the_opening_goes_in_waves_first():
    azure = azure_with(vaults=5)
    result = run(azure, canary(1), WANTED, one_by_one)
    assert result.status == 0
    calls = writes(azure)
    first = waves_of(result)[0][0]
    assert calls[0] == f"{first} early"
    assert sum(each.endswith("early") for each in calls[:5]) == 5
    assert calls[5] == "enable agents"
    assert calls[6] == first
    assert len(calls) == 11
    assert azure.slept == [10] * 18  # after the canary and after all others were opened, and after the canary was done


def test_a_canary_that_cannot_be_opened_keeps_the_endpoint_as_it_is():
    azure = azure_with(vaults=5)

    def refuse(number: int, what: str) -> None:
        if what.endswith("early"):
            raise NetcfgError("it is locked")

    azure.before = refuse
    result = run(azure, canary(1), WANTED)
    assert len(writes(azure)) == 1
    assert not azure.endpoints[AGENTS]
    left = [each for each in result.outcomes if each.ending is Ending.NOT_REACHED]
    assert len(left) == 4
    assert "wave 1 of the opening failed at" in str(left[0].error)
    assert not any(each.touched for each in left)


def test_a_vault_that_was_shut_again_while_others_were_opened_holds_the_endpoint():
    azure = azure_with(vaults=5)

    def shut(number: int, what: str) -> None:
        if len(writes(azure)) == 4 and what.endswith("early"):
            first = next(id for id in azure.vaults if id.name == writes(azure)[0].partition(" ")[0])
            held = azure.vaults[first]
            closed = held.firewall.with_rules(ip_rules=held.firewall.rule_set.ip_rules, virtual_network_rules=())
            azure.vaults[first] = replace(held, firewall=closed)

    azure.after = shut
    result = run(azure, parse_waves("1,2,100%", 10), WANTED, one_by_one)
    assert not azure.endpoints[AGENTS]
    assert all(each.endswith("early") for each in writes(azure))
    assert Counter(each.ending for each in result.outcomes) == {Ending.FAILED: 1, Ending.NOT_REACHED: 4}
    left = [str(each.error) for each in result.outcomes if each.ending is Ending.NOT_REACHED]
    assert all("the look before the endpoints failed at" in each for each in left)
    assert all(each.touched for each in result.outcomes)
    assert result.status == 7


class Unseen(Nowhere):
    """Nobody may look any more who else depends on the agents' addresses, once the plan was made."""

    def __init__(self) -> None:
        self.looks = 0

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        self.looks += 1
        if self.looks > 1:
            raise NetcfgError("the connection broke")
        return super().survey(subnets)


def test_with_waves_a_look_that_fails_before_the_opening_begins_no_other_vault_either():
    azure = azure_with(vaults=6)
    surroundings = replace(around(azure), neighbourhood=Unseen())
    ranges = [each for each in azure.vaults if each.name in ("kv-1", "kv-2")]
    both = [Target(id, RANGES_ONLY if id in ranges else WANTED) for id in azure.vaults]
    planned, drawings = plan(both, ACCEPT_ALL, surroundings)
    result = apply(planned, drawings, surroundings, canary(1, 0))
    assert writes(azure) == []
    found = endings(result)
    assert {found["kv-1"], found["kv-2"]} == {Ending.NOT_REACHED}
    assert str(outcome_of(result, "kv-1").error).startswith("the look before the opening failed at kv-")


def test_what_was_held_back_here_is_no_attempt():
    azure = azure_with(CLOSED, endpoint=True)
    held = []

    def hold(number: int, what: str) -> None:
        if what.startswith("write") and len(held) < 7:
            held.append(what)
            raise WriteUnsettled("kv-test", "it takes nothing", 1.0, may_have_happened=False, was_sent=False)

    azure.before = hold
    assert run(azure).status == 0
    assert len(held) == 7


def test_vaults_that_were_opened_and_not_finished_say_so():
    azure = azure_with(vaults=5)

    def refuse(number: int, what: str) -> None:
        if what.startswith("write") and not what.endswith("early"):
            raise NetcfgError("it is locked")

    azure.before = refuse
    result = run(azure, canary(1), WANTED)
    assert result.status == 7
    assert [each.touched for each in result.outcomes] == [True] * 5
    assert sorted(each.value for each in endings(result).values()) == ["failed"] + ["not-reached"] * 4


@given(st.integers(1, 7), st.sampled_from(["100%", "1,100%", "1,10%,100%", "2,50%,100%"]), st.booleans())
@settings(max_examples=25)
def test_whatever_the_waves_the_fleet_ends_as_it_would_without_them(number: int, text: str, endpoint: bool):
    plain, waved = (azure_with(vaults=number, endpoint=endpoint) for _ in range(2))
    run(plain, intent=WANTED)
    assert run(waved, parse_waves(text, 0), WANTED).status == 0
    assert waved.vaults == plain.vaults
    assert run(waved, parse_waves(text, 0), WANTED).status == 0
    assert writes(waved) == []


# --- interrupts ---------------------------------------------------------------------------------------------------


def interrupted(azure: Azure, moment: int, intent, parallel: int, waves: Waves | None = None) -> Result:
    """Somebody wants us to end while the write (or the endpoint) of that number is under way."""
    lock, seen = Lock(), [0]
    stop: list[Surroundings] = []

    def count(number: int, what: str) -> None:
        with lock:
            seen[0] += what.startswith(("write", "enable"))
            if seen[0] > moment and stop:
                stop[0].stop.set()
                stop[0].subnets.stop()

    def keep(surroundings: Surroundings) -> Surroundings:
        stop.append(replace(surroundings, parallel=parallel))
        return stop[0]

    azure.before = count
    return run(azure, waves, intent, keep)


@pytest.mark.parametrize(
    ("parallel", "endpoint", "waves"),
    [(1, True, None), (4, True, canary(3, 0)), (4, False, None), (1, False, canary(3, 0))],
    ids=["one by one", "in waves", "three steps", "three steps in waves"],
)
def test_interrupted_at_any_write_it_ends_in_order_and_a_second_run_arrives(parallel, endpoint, waves):
    undisturbed = azure_with(vaults=10, endpoint=endpoint)
    run(undisturbed, intent=WANTED)
    number = len(writes(undisturbed))
    for moment in range(number):
        azure = azure_with(vaults=10, endpoint=endpoint)
        result = interrupted(azure, moment, WANTED, parallel, waves)
        assert moment < len(writes(azure)) < moment + 1 + parallel
        for each in result.outcomes:
            now = azure.vaults[each.plan.vault.id].firewall
            assert (each.ending is Ending.DONE) == (now == each.plan.after)
            assert each.ending in (Ending.DONE, Ending.NOT_REACHED)
            assert each.ending is Ending.DONE or isinstance(each.error, Interrupted)
            assert each.touched == (each.ending is Ending.NOT_REACHED and now != each.plan.before)
            assert now.is_open or azure.endpoints[AGENTS]  # nothing is closed before the agents come from inside
        is_done = all(each.ending is Ending.DONE for each in result.outcomes)
        assert result.status == (0 if is_done else 130)
        azure.before = lambda number, what: None
        assert run(azure, intent=WANTED).status == 0
        assert azure.vaults == undisturbed.vaults
        assert azure.endpoints[AGENTS]


def test_a_long_wait_for_a_busy_vault_ends_when_somebody_wants_us_to_end():
    azure, stop = azure_with(vaults=1, endpoint=True), Event()

    def busy(number: int, what: str) -> None:
        if what.startswith("write"):
            Timer(0.1, stop.set).start()
            raise WriteUnsettled("kv-test", "slow down", wait=299.0, may_have_happened=False)

    azure.before = busy
    result = beside(lambda: run(azure, change=lambda each: replace(each, stop=stop)))
    assert writes(azure) == ["kv-test"]
    assert (result.outcomes[0].ending, result.status) == (Ending.NOT_REACHED, 130)


def test_a_long_wait_between_waves_ends_when_somebody_wants_us_to_end():
    azure, stop = azure_with(vaults=2), Event()
    azure.after = lambda number, what: Timer(0.1, stop.set).start()
    result = beside(lambda: run(azure, canary(1, 86400), change=lambda each: replace(each, stop=stop)))
    assert len(writes(azure)) == 1
    assert result.status == 130


def test_who_waits_for_a_busy_vault_is_not_waited_for():
    azure = azure_with(vaults=1, endpoint=True)
    surroundings: list[Surroundings] = []

    def busy(number: int, what: str) -> None:
        if what.startswith("write"):
            surroundings[0].stop.set()
            raise WriteUnsettled("kv-test", "somebody else is writing", may_have_happened=False)

    def keep(each: Surroundings) -> Surroundings:
        surroundings.append(each)
        return each

    azure.before = busy
    result = run(azure, change=keep)
    assert azure.calls == ["read kv-test", "write kv-test", "read kv-test"]
    assert (result.outcomes[0].ending, result.status) == (Ending.NOT_REACHED, 130)


def test_a_lost_write_that_arrived_is_seen_even_when_somebody_wants_us_to_end():
    azure = azure_with(vaults=1, endpoint=True)
    surroundings: list[Surroundings] = []

    def lose(number: int, what: str) -> None:
        surroundings[0].stop.set()
        raise WriteUnsettled("kv-test", "the connection broke")

    def keep(each: Surroundings) -> Surroundings:
        surroundings.append(each)
        return each

    azure.after = lose
    result = run(azure, change=keep)
    assert (result.outcomes[0].ending, result.status) == (Ending.DONE, 0)


@pytest.mark.parametrize(("waves", "intent"), [(canary(3, 0), RANGES_ONLY), (canary(3, 0), WANTED)])
def test_who_interrupts_a_wave_in_which_a_vault_failed_is_why_the_others_were_not_begun(waves, intent):
    azure = azure_with(vaults=9)
    surroundings: list[Surroundings] = []

    def end(number: int, what: str) -> None:
        if what.startswith("write"):
            if len(writes(azure)) == 2:
                surroundings[0].stop.set()
            raise NetcfgError("it is locked")

    def keep(each: Surroundings) -> Surroundings:
        surroundings.append(one_by_one(each))
        return surroundings[0]

    azure.before = end
    result = run(azure, waves, intent, keep)
    assert len(writes(azure)) == 2
    assert sorted(each.value for each in endings(result).values()) == ["failed"] * 2 + ["not-reached"] * 7
    left = [each for each in result.outcomes if each.ending is Ending.NOT_REACHED]
    assert all(isinstance(each.error, Interrupted) for each in left)
    assert {each.wave for each in left} == {1, 2}
    assert (result.status, result.is_interrupted) == (130, True)


def test_an_interrupt_while_waves_wait_begins_no_other():
    azure = azure_with(vaults=3)

    class Waiting(type(around(azure).stop)):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return super().wait(timeout)

    result = run(azure, canary(1), change=lambda each: replace(each, stop=Waiting(azure.slept)))
    assert azure.slept == [10]
    assert sorted(each.value for each in endings(result).values()) == ["done"] + ["not-reached"] * 2
    assert result.status == 130


def test_an_interrupt_finishes_the_private_endpoint_that_was_begun_and_begins_no_other():
    azure = private_azure(vaults=3)
    surroundings: list[Surroundings] = []

    def end(number: int, what: str) -> None:
        if what.startswith("add NewEndpoint"):
            surroundings[0].stop.set()

    def keep(each: Surroundings) -> Surroundings:
        surroundings.append(each)
        return each

    azure.after = end
    result = run(azure, None, PRIVATELY, keep)
    made = [each.split()[1] for each in azure.calls if each.startswith("add")]
    assert made == ["NewEndpoint", "NewZone", "NewRecord"]
    assert [each.ending for each in result.outcomes] == [Ending.NOT_REACHED] * 3
    assert [each.touched for each in result.outcomes] == [True, False, False]
    assert result.status == 130
    azure.after = lambda number, what: None
    assert run(azure, None, PRIVATELY).status == 0
    assert run(azure, None, PRIVATELY).status == 0
    assert not [each for each in azure.calls if each.startswith("add")]


@pytest.mark.parametrize("waves", [None, canary(2, 0)])
def test_the_zone_of_many_vaults_goes_with_the_last_of_them_however_many_are_done_at_once(waves):
    azure = private_azure(vaults=6)
    assert run(azure, None, PRIVATELY).status == 0
    endpoints = tuple(each.id for each in azure.private.seen.endpoints)
    result = run(azure, waves, Intent(geographies=(EUROPE,), remove_endpoints=endpoints))
    assert result.status == 0
    assert azure.private.seen.zones == azure.private.seen.endpoints == ()


# --- side by side -------------------------------------------------------------------------------------------------


def test_a_busy_vault_keeps_no_other_of_its_network_waiting():
    """Its write comes again after the others of its network had their turn."""
    ruled = replace(WANTED, subnets=(AGENTS,))
    azure = azure_with(CLOSED, vaults=3, endpoint=True)
    refused = []

    def busy(number: int, what: str) -> None:
        if what == "write kv-1" and not refused:
            refused.append(what)
            raise WriteUnsettled("kv-1", "somebody else is writing", may_have_happened=False)

    class Waiting(type(around(azure).stop)):
        def wait(self, timeout: float | None = None) -> bool:
            while len(writes(azure)) < 3:
                pass
            return super().wait(timeout)

    azure.before = busy
    result = run(azure, intent=ruled, change=lambda each: replace(each, stop=Waiting(azure.slept), parallel=2))
    assert result.status == 0
    assert writes(azure) == ["kv-1", "kv-2", "kv-test", "kv-1"]


def test_subscriptions_have_their_turns_one_after_the_other():
    azure = azure_with(vaults=1)
    vault = azure.vaults.pop(VAULT_ID)
    for subscription, number in (("a", 3), ("b", 2), ("c", 1)):
        for each in range(number):
            name = f"{subscription}{each}"
            text = f"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}"
            id = VaultId(text, subscription, "rg", name)
            azure.vaults[id] = replace(vault, id=id)
    run(azure, change=one_by_one)
    assert writes(azure) == ["a0", "b0", "c0", "a1", "b1", "a2"]


def test_what_nobody_expected_is_a_traceback_after_what_was_begun_is_done():
    azure = azure_with(vaults=6)

    def bug(number: int, what: str) -> None:
        if what == "write kv-2":
            raise RuntimeError("a bug")

    azure.before = bug
    with pytest.raises(RuntimeError, match="a bug") as raised:
        run(azure, change=lambda each: replace(each, parallel=2))
    begun = {each.removeprefix("write ") for each in writes(azure)} - {"kv-2"}
    assert raised.value.__notes__ == [
        "writing kv-2; nobody knows whether it was written",
        f"{len(begun)} vaults were changed by then: {', '.join(sorted(begun))}",
        "run the same command again: it looks at every vault anew, and goes on",
    ]
    for id, vault in azure.vaults.items():
        assert (vault.firewall.rule_set.default_action is DefaultAction.DENY) == (id.name in begun)


def test_a_bug_among_vaults_that_wait_for_one_another_leaves_nobody_waiting():
    azure = azure_with(CLOSED, vaults=8, endpoint=True)  # of one network
    seen: set[str] = set()

    def busy(number: int, what: str) -> None:
        if what == "write kv-5":
            raise RuntimeError("a bug")
        if what.startswith("write") and what not in seen:
            seen.add(what)
            raise WriteUnsettled("kv-test", "somebody else is writing", may_have_happened=False)

    azure.before = busy
    with pytest.raises(RuntimeError, match="a bug"):
        beside(lambda: run(azure, None, WANTED))
    for id, vault in azure.vaults.items():
        is_done = vault.firewall != CLOSED
        assert is_done == (azure.calls.count(f"write {id.name}") == 2)
        assert (
            not is_done or azure.calls[-1 - azure.calls[::-1].index(f"write {id.name}") :].count(f"read {id.name}") == 1
        )


def test_the_rule_of_a_colleague_in_one_vault_touches_no_other():
    azure = azure_with(CLOSED, vaults=4, endpoint=True)

    def colleague(number: int, what: str) -> None:
        if number == 0:
            id = next(each for each in azure.vaults if each.name == "kv-3")
            rules = (IpRule("191.10.77.7/32"),)
            azure.vaults[id] = replace(azure.vaults[id], firewall=CLOSED.with_rules(ip_rules=rules))

    azure.before = colleague
    assert run(azure).status == 0
    holding = [
        id.name for id, each in azure.vaults.items() if IpRule("191.10.77.7/32") in each.firewall.rule_set.ip_rules
    ]
    assert holding == ["kv-3"]
