"""Visits: whatever happens in between, and in which order, what others put into the vault is what is left."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core import visit
from netcfg.core.errors import PerimeterUnread, PublicAccessOff, SecuredByPerimeter, TooManyRules, TooManyTags
from netcfg.core.resources import Tags, Vault, VaultId
from netcfg.core.rules import (
    Bypass,
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    Perimeter,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.core.temporary import TemporaryRule, edited, temporary_rules
from netcfg.core.visit import State

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE, THERE = IPv4Network("191.10.60.9/32"), IPv4Network("191.10.60.10/32")
ID = VaultId("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv", "s", "g", "kv")
SUBNET = VirtualNetworkRule("/subscriptions/s/x/subnets/agents")


def vault(*rules: str, tags: Tags = (), action: DefaultAction = DefaultAction.DENY) -> Vault:
    ip_rules = tuple(map(IpRule, rules))
    return Vault(
        ID,
        Firewall(PublicAccess.ENABLED, NetworkRuleSet(Bypass.NONE, action, ip_rules, (SUBNET,))),
        tags=tags,
    )


def run(key: str = "0000000a", network: IPv4Network = HERE, until: datetime = NOON + HOUR) -> TemporaryRule:
    return TemporaryRule(f"netcfg-exec-{key}", network, until)


def put(vault: Vault, state: State) -> Vault:
    return replace(vault, firewall=state.firewall, tags=state.tags)


def rules(vault: Vault) -> list[str]:
    return [each.value for each in vault.firewall.rule_set.ip_rules]


# --- the law ------------------------------------------------------------------------------------------------------

KEYS = ("0000000a", "0000000b", "0000000c")
VISITORS = (HERE, HERE, THERE)  # two of them come from the same address
FOREIGN = ("191.10.60.0/28", "191.10.60.9/32", "191.10.99.0/24")


@dataclass
class World:
    """A vault, those who are in it, and what others have put there."""

    vault: Vault = field(default_factory=lambda: vault(tags=(("team", "payments"),)))
    now: datetime = NOON
    foreign: set[str] = field(default_factory=set)
    visits: dict[str, TemporaryRule] = field(default_factory=dict)
    free: set[str] = field(default_factory=set)  # runs that needed no rule
    cut_off: set[str] = field(default_factory=set)  # runs whose rule was declared, and then taken out by its owner

    @property
    def state(self) -> object:
        sets = map(frozenset, (self.foreign, self.visits.items(), self.free, self.cut_off))
        return (self.vault.firewall.spelling, self.vault.tags, self.now, *sets)

    def begin(self, number: int) -> None:
        key, network = KEYS[number], VISITORS[number]
        if key in self.visits or key in self.free:
            return
        if visit.admitting(self.vault, network):
            self.free.add(key)
            return
        self.visits[key] = run(key, network, self.now + HOUR)
        self.vault = put(self.vault, visit.begin(self.vault, self.visits[key], self.now))

    def end(self, number: int) -> None:
        self.free.discard(KEYS[number])
        if mine := self.visits.pop(KEYS[number], None):
            self.vault = put(self.vault, visit.end(self.vault, mine, self.now, was_in=True))

    def kill(self, number: int) -> None:
        """Its process is gone, and everything that it has written stays."""
        self.free.discard(KEYS[number])
        self.visits.pop(KEYS[number], None)

    def clean(self, number: int) -> None:
        self.vault = put(self.vault, visit.tidied(self.vault, self.now))

    def add(self, number: int) -> None:
        """Somebody adds a rule; where it is a run's already, it is declared, which `netcfg apply` notes at the run."""
        text = FOREIGN[number]
        if text in rules(self.vault):
            runs = [each for each in temporary_rules(self.vault.tags) if str(each.network) == text]
            edits = {each.key: replace(each, is_kept=True).value for each in runs}
            self.vault = replace(self.vault, tags=edited(self.vault.tags, edits))
        else:
            before = self.vault.firewall
            self.vault = replace(
                self.vault, firewall=before.with_rules(ip_rules=(IpRule(text), *before.rule_set.ip_rules))
            )
        self.foreign.add(text)

    def remove(self, number: int) -> None:
        """Somebody takes his own rule out again."""
        text = FOREIGN[number]
        if text in self.foreign:
            self.foreign.discard(text)
            left = tuple(each for each in self.vault.firewall.rule_set.ip_rules if each.value != text)
            self.vault = replace(self.vault, firewall=self.vault.firewall.with_rules(ip_rules=left))
            self.cut_off |= {key for key, each in self.visits.items() if str(each.network) == text}

    def wait(self, number: int) -> None:
        """Time passes; whoever's is over ends at once, as runs do, unless it was killed."""
        self.now += timedelta(minutes=25 * (number + 1))
        for key, mine in list(self.visits.items()):
            if mine.is_overdue(self.now):
                self.end(KEYS.index(key))


ACTS = [
    *((act, number) for act in ("begin", "end", "kill") for number in range(3)),
    *((act, number) for act in ("add", "remove") for number in (0, 1, 1)),
    *(("clean", 0), ("wait", 0), ("wait", 2)),
]


def after(world: World, act: tuple[str, int]) -> World:
    """A world of its own, one act later."""
    sets = {name: set(getattr(world, name)) for name in ("foreign", "free", "cut_off")}
    later = replace(world, visits=dict(world.visits), **sets)
    getattr(later, act[0])(act[1])
    return later


def insist(world: World, acts: object) -> None:
    """What holds at any time, and what is left when everybody has gone or his time is over."""
    for key, mine in world.visits.items():  # nobody is cut off by us while he is there
        assert key in world.cut_off or IpRule(str(mine.network)) in ip_rules(world.vault), acts
    assert world.foreign <= set(rules(world.vault)), acts
    assert set(rules(world.vault)) - world.foreign <= {str(HERE), str(THERE)}, acts  # never broader than one address
    for number in range(3):
        world = after(world, ("end", number))
    world.now += 2 * HOUR
    world = after(world, ("clean", 0))
    assert set(rules(world.vault)) == world.foreign, acts
    assert [name for name, _ in world.vault.tags] == ["team"], acts
    assert world.vault.firewall.rule_set.default_action is DefaultAction.DENY
    assert world.vault.firewall.rule_set.virtual_network_rules == (SUBNET,)


@given(st.lists(st.sampled_from(ACTS), max_size=16))
def test_runs_that_come_go_and_die_leave_exactly_what_others_put_there(acts: list[tuple[str, int]]):
    world = World()
    for act in acts:
        world = after(world, act)
        insist(world, acts)


def test_of_every_five_things_that_may_happen_the_same_holds():
    """All orders of all of them, each state once: two of the mistakes that were made here took just these steps."""
    seen: set[object] = set()
    worlds: list[tuple[World, tuple[tuple[str, int], ...]]] = [(World(), ())]
    for _ in range(5):
        later = [(after(world, act), (*acts, act)) for world, acts in worlds for act in sorted(set(ACTS))]
        worlds = []
        for world, acts in later:
            if (state := world.state) not in seen:
                seen.add(state)
                insist(world, acts)
                worlds.append((world, acts))
    assert len(seen) > 2000


def ip_rules(vault: Vault) -> tuple[IpRule, ...]:
    return vault.firewall.rule_set.ip_rules


# --- one by one ---------------------------------------------------------------------------------------------------


def test_beginning_and_ending_is_as_if_nothing_had_been():
    before = vault("191.10.77.7", "1.2.3.0/24", tags=(("Team", "payments"),))
    inside = put(before, visit.begin(before, run(), NOON))
    assert rules(inside) == ["191.10.77.7", "1.2.3.0/24", "191.10.60.9/32"]
    assert inside.tags == (
        ("Team", "payments"),
        ("netcfg-exec-0000000a", "191.10.60.9/32 until 2026-07-01T13:00:00Z"),
    )
    after = put(inside, visit.end(inside, run(), NOON, was_in=True))
    assert after.firewall.spelling == before.firewall.spelling
    assert after.tags == before.tags


def test_a_rule_goes_with_its_run_although_somebody_took_the_tag():
    inside = replace(put(vault(), visit.begin(vault(), run(), NOON)), tags=(("managed-by", "terraform"),))
    after = put(inside, visit.end(inside, run(), NOON, was_in=True))
    assert rules(after) == []
    assert after.tags == (("managed-by", "terraform"),)


def test_a_rule_of_somebody_else_stays_where_our_write_may_never_have_arrived():
    found = vault("191.10.60.9/32")
    assert visit.end(found, run(), NOON, was_in=False) == visit.state_of(found)


def test_whoever_comes_second_shares_the_rule_and_takes_it_out_if_he_is_the_last():
    one, other = run("0000000a"), run("0000000b")
    both = put(vault(), visit.begin(vault(), one, NOON))
    both = put(both, visit.begin(both, other, NOON))
    assert rules(both) == ["191.10.60.9/32"]
    left = put(both, visit.end(both, one, NOON, was_in=True))
    assert rules(left) == ["191.10.60.9/32"]
    assert [name for name, _ in left.tags] == ["netcfg-exec-0000000b"]
    assert rules(put(left, visit.end(left, other, NOON, was_in=True))) == []


def test_the_tag_of_a_run_that_is_over_keeps_no_rule():
    dead, mine = run("0000000d", until=NOON - HOUR), run()
    both = put(vault(), visit.begin(vault(), dead, NOON - 2 * HOUR))
    both = put(both, visit.begin(both, mine, NOON))
    assert [name for name, _ in both.tags] == ["netcfg-exec-0000000a"]
    assert rules(put(both, visit.end(both, mine, NOON, was_in=True))) == []


def test_what_was_declared_meanwhile_stays_when_the_run_ends():
    kept = replace(run(), is_kept=True)
    found = vault("191.10.60.9/32", tags=((kept.key, kept.value),))
    assert visit.admitting(found, HERE) == IpRule("191.10.60.9/32")
    assert visit.end(found, run(), NOON, was_in=True) == State(found.firewall, ())


@pytest.mark.parametrize("case", [str.upper, str.title])
def test_a_tag_is_ours_whatever_its_case(case):
    found = vault("191.10.60.9/32", tags=((case(run().key), run().value),))
    assert visit.end(found, run(), NOON, was_in=True) == State(vault().firewall, ())


def test_a_tag_of_ours_that_somebody_made_unreadable_goes_and_that_of_another_stays():
    tags = ((run().key, "until later"), ("netcfg-exec-5eed", "until tomorrow"))
    found = vault("191.10.60.9/32", tags=tags)
    assert visit.end(found, run(), NOON, was_in=True) == State(vault().firewall, tags[1:])
    assert visit.illegible(found) == ("netcfg-exec-0000000a=until later", "netcfg-exec-5eed=until tomorrow")


@pytest.mark.parametrize("rule", ["191.10.60.9", "191.10.60.9/32", "191.10.60.0/24"])
def test_a_rule_that_nobody_here_has_added_is_enough_and_stays(rule: str):
    assert visit.admitting(vault(rule), HERE) == IpRule(rule)
    assert visit.admitting(vault(rule), THERE) == (IpRule(rule) if rule.endswith("/24") else None)


def test_a_rule_of_a_run_is_not_enough_for_another_one_because_it_goes():
    found = put(vault(), visit.begin(vault(), run("0000000b"), NOON))
    assert visit.admitting(found, HERE) is None


def test_leftovers_say_whether_a_rule_goes_along():
    dead = run("0000000d", THERE, NOON - HOUR)
    gone = run("0000000e", IPv4Network("191.10.60.11/32"), NOON - HOUR)
    shared, living = run("0000000f", HERE, NOON - HOUR), run()
    tags = tuple((each.key, each.value) for each in (dead, gone, shared, living))
    found = vault("191.10.60.9/32", "191.10.60.10/32", tags=tags)
    assert [(each.rule.key[-1], each.has_rule) for each in visit.leftovers(found, NOON)] == [
        ("d", True), ("e", False), ("f", False),
    ]  # fmt: skip
    assert rules(put(found, visit.tidied(found, NOON))) == ["191.10.60.9/32"]


def test_a_full_vault_takes_no_visitor():
    full = vault(*(f"191.10.{each // 250}.{each % 250 + 1}/32" for each in range(1000)))
    with pytest.raises(TooManyRules, match=r"1,001 IP rules and a vault holds 1,000"):
        visit.begin(full, run(network=IPv4Network("191.11.0.1/32")), NOON)
    tagged = vault(tags=tuple((f"t{each}", "") for each in range(50)))
    with pytest.raises(TooManyTags, match="kv has 50 tags and takes 50"):
        visit.begin(tagged, run(), NOON)


def test_what_is_overdue_makes_room_for_a_visitor():
    dead = run("0000000d", THERE, NOON - HOUR)
    tags = (*((f"t{each}", "") for each in range(49)), (dead.key, dead.value))
    assert len(visit.begin(vault("191.10.60.10/32", tags=tags), run(), NOON).tags) == 50


@pytest.mark.parametrize(
    ("access", "perimeter", "error"),
    [
        (PublicAccess.ENABLED, Perimeter.NONE, None),
        (PublicAccess.ENABLED, Perimeter.LEARNING, None),
        (PublicAccess.DISABLED, Perimeter.NONE, PublicAccessOff),
        (PublicAccess.SECURED_BY_PERIMETER, Perimeter.NONE, SecuredByPerimeter),
        (PublicAccess.ENABLED, Perimeter.ENFORCED, SecuredByPerimeter),
        (PublicAccess.ENABLED, Perimeter.UNKNOWN, PerimeterUnread),
    ],
)
def test_nobody_is_let_in_where_rules_are_not_asked(access, perimeter, error):
    found = vault()
    found = replace(found, firewall=replace(found.firewall, public_access=access), perimeter=perimeter)
    assert type(visit.obstacle(found)) is (error or type(None))
