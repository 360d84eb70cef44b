"""Reading many vaults: from an index that lags, each shared thing once, and from Azure itself before a write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.agents import AgentPool
from netcfg.core.errors import NetcfgError, NotInAzure
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending
from netcfg.core.plan import PlanSet
from netcfg.core.private import Landscape
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId, as_subnet_name
from netcfg.core.rules import Firewall, IpRule, Perimeter, VirtualNetworkRule
from netcfg.core.switchover import Exit, Survey
from netcfg.core.target import Target
from netcfg.workflow import reading
from netcfg.workflow.apply import apply
from netcfg.workflow.check import check
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import plan
from tests.landscapes import ZONE, network, subnet_of
from tests.strategies import firewalls, subnet_id
from tests.workflow.fakes import Azure, Nowhere, Private, Subnets, around, targets
from tests.workflow.test_apply import ACCEPT_ALL, CLOSED, FOREIGN, OPEN, WANTED, vault_named

IDS = [vault_named(f"kv-{number}") for number in range(3)]
SIMPLE = replace(WANTED, subnets=())
BUILDS, DEPLOY = subnet_id("builds"), subnet_id("deploy", "other")


@pytest.fixture(autouse=True, scope="module")
def _three_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "FEW", 1)
        yield


@dataclass
class Indexed(Azure):
    """An Azure whose index shows what its vaults were; `looks` are the questions that it was asked."""

    index: dict[VaultId, Vault] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        self.looks.append("show")
        return {each: replace(self.index[each], is_indexed=True) for each in vaults if isinstance(each, VaultId)}

    def listed(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        self.looks.append("list")
        return {each: self.vaults.get(each) or self._deleted(each) for each in vaults if isinstance(each, VaultId)}

    def read(self, id: VaultId) -> Vault:
        if id not in self.vaults:
            raise self._deleted(id)
        return super().read(id)

    def _deleted(self, id: VaultId) -> NotInAzure:
        return NotInAzure(f"vault {id.name}", "somebody has deleted it")


def azure(now: Sequence[Firewall], was: Sequence[Firewall] | None = None) -> Indexed:
    def fleet(found: Sequence[Firewall]) -> dict[VaultId, Vault]:
        return {id: Vault(id, firewall) for id, firewall in zip(IDS, found, strict=True)}

    return Indexed(fleet(now), index=fleet(was or now))


def planned(found: Azure, intent: Intent = SIMPLE, **options: bool) -> PlanSet:
    return plan(targets(found.vaults, intent), ACCEPT_ALL, around(found), **options)[0]


three = st.tuples(firewalls, firewalls, firewalls)


@given(three)
@settings(max_examples=25)
def test_a_plan_by_the_index_and_one_by_azure_itself_of_the_same_state_are_equal(state: tuple[Firewall, ...]):
    found = azure(state)
    by_index, listed = planned(found), planned(found, is_consistent=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "FEW", len(IDS))
        by_hand = planned(found)
    assert by_index == by_hand
    assert listed == by_hand
    assert {each.vault.is_indexed for each in by_index.plans} <= {True}
    assert {each.vault.is_indexed for each in (*by_hand.plans, *listed.plans)} <= {False}


@given(three, three)
@settings(max_examples=25)
def test_an_index_that_lags_lets_nothing_be_written_that_azure_itself_would_not_have(
    now: tuple[Firewall, ...], was: tuple[Firewall, ...]
):
    right = azure(now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "FEW", len(IDS))
        truth = {each.vault.id: each for each in planned(right).plans}
    found = azure(now, was)
    shown, drawings = plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    result = apply(shown, drawings, around(found))
    for outcome in result.outcomes:
        id = outcome.plan.vault.id
        match outcome.ending:
            case Ending.DONE:
                assert outcome.plan == truth[id]
                assert found.vaults[id].firewall == truth[id].after
            case Ending.UNCHANGED:
                assert found.vaults[id].firewall == dict(zip(IDS, now, strict=True))[id]
                assert outcome.verified is not outcome.plan.vault.is_indexed
            case _:
                assert outcome.ending is Ending.REFUSED
                assert found.vaults[id].firewall == dict(zip(IDS, now, strict=True))[id]


def test_a_vault_of_which_the_index_says_nothing_new_is_unchanged_as_far_as_the_index_knows():
    held = planned(azure([CLOSED] * 3)).plans[0].after
    found = azure([OPEN, held, OPEN], [held, held, OPEN])
    shown, drawings = plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    assert [(each.vault.is_indexed, each.is_empty) for each in shown.plans] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    result = apply(shown, drawings, around(found))
    assert [(each.ending, each.verified) for each in result.outcomes] == [
        (Ending.UNCHANGED, False),
        (Ending.UNCHANGED, False),
        (Ending.DONE, True),
    ]


def test_a_vault_that_is_right_by_now_is_not_written_again():
    held = planned(azure([CLOSED] * 3)).plans[0].after
    found = azure([held] * 3, [OPEN] * 3)
    shown, _ = plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    assert [(each.vault.is_indexed, each.is_empty) for each in shown.plans] == [(False, True)] * 3


def test_only_what_would_change_is_asked_for_again():
    held = planned(azure([CLOSED] * 3)).plans[0].after
    found = azure([held, OPEN, held])
    plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    assert (found.looks, found.calls) == (["show"], ["read kv-1"])


def test_many_of_one_subscription_are_read_again_by_its_list():
    found = azure([OPEN] * 3)
    shown, _ = plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    assert (found.looks, found.calls) == (["show", "list"], [])
    assert [each.vault.is_indexed for each in shown.plans] == [False] * 3


def test_a_vault_that_was_deleted_meanwhile_is_undetermined_and_the_others_go_on():
    found = azure([OPEN] * 3)
    del found.vaults[IDS[1]]
    shown, drawings = plan(targets(IDS, SIMPLE), ACCEPT_ALL, around(found), is_to_be_written=True)
    assert [each.vault for each in shown.undetermined] == [str(IDS[1])]
    assert "somebody has deleted it" in str(shown.undetermined[0].error)
    result = apply(shown, drawings, around(found))
    assert [(each.plan.vault.name, each.ending) for each in result.outcomes] == [
        ("kv-0", Ending.DONE),
        ("kv-2", Ending.DONE),
    ]
    assert result.status == 7


def test_a_check_says_of_every_vault_where_its_state_is_from():
    def sources(**options: bool) -> list[bool]:
        found = azure([OPEN] * 3)
        report = check(targets(IDS, SIMPLE), (), None, lambda name: ("apply", name), around(found), **options)
        return [each.vault.is_indexed for each in report.inspections]

    assert sources() == [True] * 3
    assert sources(is_consistent=True) == [False] * 3


def test_what_a_selection_has_shown_is_not_asked_for_again():
    found = azure([OPEN] * 3)
    shown = [Target(id, SIMPLE, shown=replace(found.vaults[id], is_indexed=True)) for id in IDS]
    plan(shown, ACCEPT_ALL, around(found))
    assert (found.looks, found.calls) == ([], [])
    plan(shown, ACCEPT_ALL, around(found), is_consistent=True)
    assert found.looks == ["list"]


def test_a_vault_that_was_shown_at_another_id_is_never_taken_for_the_one_that_is_meant():
    found = azure([OPEN] * 3)
    other = Vault(replace(IDS[0], resource_group="elsewhere"), CLOSED, is_indexed=True)
    shown = [Target(IDS[0], SIMPLE, shown=other), *(Target(id, SIMPLE) for id in IDS[1:])]
    planned, _ = plan(shown, ACCEPT_ALL, around(found))
    assert [each.vault.id for each in planned.plans] == IDS
    assert found.looks == ["show"]


def test_what_the_lists_have_shown_is_not_asked_for_again_where_they_are_wanted():
    found = azure([OPEN] * 3)
    shown = [Target(id, SIMPLE, shown=found.vaults[id]) for id in IDS]
    plan(shown, ACCEPT_ALL, around(found), is_consistent=True)
    assert (found.looks, found.calls) == ([], [])


def test_a_single_vault_is_read_itself_whatever_a_selection_has_shown():
    found = azure([OPEN] * 3)
    was = replace(found.vaults[IDS[0]], firewall=CLOSED, is_indexed=True)
    shown, _ = plan([Target(IDS[0], SIMPLE, shown=was)], ACCEPT_ALL, around(found))
    assert (found.calls, shown.plans[0].before, shown.plans[0].vault.is_indexed) == (["read kv-0"], OPEN, False)


def test_a_vault_that_a_perimeter_holds_is_planned_as_such_from_the_index_too():
    found = azure([OPEN] * 3)
    for fleet in (found.index, found.vaults):
        fleet[IDS[1]] = replace(fleet[IDS[1]], perimeter=Perimeter.ENFORCED)
    shown = planned(found)
    assert [[guard.id for guard in each.refusals] for each in shown.plans] == [[], ["perimeter"], []]
    assert shown.plans[1].after == OPEN


# --- what several vaults and intents share is asked for once ---------------------------------------------------------


@dataclass
class Asked(Subnets):
    """Subnets that count what they are asked."""

    log: list[str] = field(default_factory=list)

    def read(self, subnets: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        self.log.append(f"read {', '.join(each.name for each in subnets)}")
        if unknown := [each for each in subnets if each not in self.azure.endpoints]:
            raise NotInAzure(f"subnet {unknown[0]}", "check the id")
        return super().read(subnets)

    def find(self, names: Sequence[object]) -> tuple[SubnetId, ...]:
        self.log.append(f"find {', '.join(map(str, names))}")
        return tuple(each for each in self.azure.endpoints if any(name.names(each) for name in names))  # type: ignore[attr-defined]

    def missing(self, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
        self.log.append(f"missing {', '.join(sorted(each.name for each in subnets))}")
        return super().missing(subnets)


@dataclass
class Everybody(Nowhere):
    log: list[str] = field(default_factory=list)

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        self.log.append(f"survey {', '.join(sorted(each.name for each in subnets))}")
        return Survey(tuple(Exit(each, unknown=(each.name,)) for each in subnets))

    def pools(self, organization: str) -> tuple[AgentPool, ...]:
        self.log.append(f"pools {organization}")
        return ()


def watched(found: Azure) -> tuple[Surroundings, list[str]]:
    log: list[str] = []
    everybody = Everybody(log=log)
    outside = replace(around(found), subnets=Asked(found, log=log), neighbourhood=everybody, agents=everybody)
    return outside, log


def test_a_network_that_several_vaults_mean_is_read_once_and_each_gets_its_own_subnets():
    found = azure([OPEN] * 3)
    found.endpoints |= {BUILDS: True, DEPLOY: True, subnet_id("agents"): True}
    meant = [(BUILDS,), (subnet_id("agents"), DEPLOY), (BUILDS, DEPLOY)]
    outside, log = watched(found)
    chosen = [Target(id, replace(SIMPLE, subnets=each)) for id, each in zip(IDS, meant, strict=True)]
    shown, _ = plan(chosen, ACCEPT_ALL, outside)
    assert sorted(log) == ["read agents, builds", "read deploy"]
    added = [{rule.subnet for rule in each.after.rule_set.virtual_network_rules} for each in shown.plans]
    assert added == [{each.text for each in subnets} for subnets in meant]


def test_a_subnet_that_is_not_there_troubles_only_who_means_it():
    found = azure([OPEN] * 3)
    found.endpoints |= {BUILDS: True}
    outside, _ = watched(found)
    nowhere = subnet_id("nowhere")
    meant = [(BUILDS,), (BUILDS, nowhere), (nowhere,)]
    chosen = [Target(id, replace(SIMPLE, subnets=each)) for id, each in zip(IDS, meant, strict=True)]
    shown, _ = plan(chosen, ACCEPT_ALL, outside)
    assert [each.vault.name for each in shown.plans] == ["kv-0"]
    assert [(each.vault, "nowhere" in str(each.error)) for each in shown.undetermined] == [
        (str(IDS[1]), True),
        (str(IDS[2]), True),
    ]


def test_who_else_depends_on_the_agents_is_asked_once_and_everybody_hears_of_his_own():
    found = azure([OPEN] * 3)
    found.endpoints |= {BUILDS: False, DEPLOY: False}
    outside, log = watched(found)
    meant = [(BUILDS,), (DEPLOY,), (BUILDS, DEPLOY)]
    chosen = [Target(id, replace(SIMPLE, subnets=each)) for id, each in zip(IDS, meant, strict=True)]
    _, drawings = plan(chosen, ACCEPT_ALL, outside)
    assert [each for each in log if each.startswith("survey")] == ["survey builds, deploy"]
    exits = [{each.subnet for each in drawings[id].agents.survey.exits} for id in IDS]
    assert exits == [{BUILDS}, {DEPLOY}, {BUILDS, DEPLOY}]


def test_pools_and_names_are_looked_for_once():
    found = azure([OPEN] * 3)
    found.endpoints |= {BUILDS: True}
    outside, log = watched(found)
    name = as_subnet_name("rg/vnet/builds")
    assert name
    meant = replace(SIMPLE, organizations=("contoso",), discovers_agents=True, named_subnets=(name,))
    others = [meant, replace(meant, organizations=("Contoso",)), replace(meant, canary=True)]
    plan([Target(id, each) for id, each in zip(IDS, others, strict=True)], ACCEPT_ALL, outside)
    assert sorted(each.lower() for each in log) == ["find rg/vnet/builds", "pools contoso", "read builds"]


def with_rules(*subnets: SubnetId) -> Firewall:
    return CLOSED.with_rules(
        ip_rules=(FOREIGN,), virtual_network_rules=[VirtualNetworkRule(str(each)) for each in subnets]
    )


def test_a_second_look_asks_only_for_subnets_that_nobody_has_looked_for():
    found = azure([with_rules(BUILDS, DEPLOY), with_rules(BUILDS), OPEN], [with_rules(BUILDS)] * 3)
    found.endpoints |= {BUILDS: True}
    outside, log = watched(found)
    shown, _ = plan(targets(IDS, SIMPLE), ACCEPT_ALL, outside, is_to_be_written=True)
    assert log == ["missing builds", "missing deploy"]
    dead = [{str(rule) for rule in each.desired.dead} for each in shown.plans]
    assert dead == [{DEPLOY.text}, set(), set()]


def test_a_second_look_looks_around_only_where_a_vault_was_not_as_the_index_showed_it():
    def looks(now: Sequence[Firewall]) -> int:
        found = azure(now, [OPEN] * 3)
        found.private = Private(found, Landscape(ZONE, (network("hub"),)))
        meant = replace(SIMPLE, private_endpoint=subnet_of("hub"))
        plan(targets(IDS, meant), ACCEPT_ALL, around(found), is_to_be_written=True)
        return found.calls.count("look")

    assert looks([OPEN] * 3) == 1
    assert looks([OPEN, OPEN, OPEN.with_rules(ip_rules=(IpRule("191.10.20.7/32"),))]) == 2
