"""Plans of one run for which not the same is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from netcfg.core.declared import parse_declaration
from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Organization
from netcfg.core.guards import Acceptance
from netcfg.core.outcome import Ending
from netcfg.core.private import Landscape
from netcfg.core.resources import SubnetId, VaultId
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.core.switchover import Exit, Survey
from netcfg.core.target import Target
from netcfg.workflow.apply import apply
from netcfg.workflow.plan import plan
from tests.landscapes import ZONE, network, subnet_of
from tests.strategies import VAULT_ID, subnet_id
from tests.workflow.fakes import Azure, Contoso, Private, around
from tests.workflow.test_apply import ACCEPT_ALL, WANTED, azure_with

OTHER_ID = replace(VAULT_ID, text=VAULT_ID.text.replace(VAULT_ID.name, "kv-other"), name="kv-other")
AGENTS = subnet_id("agents")
OFFICE = parse_declaration("191.10.19.0/24=head office")


def two() -> Azure:
    azure = azure_with()
    azure.vaults[OTHER_ID] = replace(azure.vaults[VAULT_ID], id=OTHER_ID)
    return azure


def added(azure: Azure, *chosen: Target) -> dict[str, set[str]]:
    planned, _ = plan(chosen, ACCEPT_ALL, around(azure))
    return {each.vault.name: {change.value for change in each.changes} for each in planned.plans}


def test_each_vault_is_planned_by_what_is_meant_for_it():
    mine = added(two(), Target(VAULT_ID, replace(WANTED, allow=(OFFICE,))), Target(OTHER_ID, WANTED))
    assert "191.10.19.0/24" in mine[VAULT_ID.name]
    assert "191.10.19.0/24" not in mine["kv-other"]


@dataclass
class Counting(Contoso):
    asked: list[str] = field(default_factory=list)

    def look_up(self, organization: str) -> Organization:
        self.asked.append(organization)
        if organization == "fabrikam":
            raise NetcfgError("nobody has this organization")
        return super().look_up(organization)


def test_an_organization_of_several_vaults_is_looked_up_once():
    counting = Counting()
    meant = replace(WANTED, geographies=(), organizations=("contoso",))
    louder = replace(meant, organizations=("Contoso",), exclusive=True)
    surroundings = replace(around(two()), organizations=counting)
    planned, _ = plan([Target(VAULT_ID, meant), Target(OTHER_ID, louder)], (), surroundings)
    assert len(planned.plans) == 2
    assert [each.casefold() for each in counting.asked] == ["contoso"]


def test_what_one_vault_needs_and_cannot_be_read_leaves_the_others_planned():
    meant = replace(WANTED, geographies=(), organizations=("fabrikam",))
    chosen = [Target(VAULT_ID, WANTED), Target(OTHER_ID, meant)]
    planned, _ = plan(chosen, (), replace(around(two()), organizations=Counting()))
    assert [each.vault.name for each in planned.plans] == [VAULT_ID.name]
    assert [(each.vault, str(each.error)) for each in planned.undetermined] == [
        (str(OTHER_ID), "nobody has this organization")
    ]
    assert planned.status == 7


def test_what_every_vault_needs_and_cannot_be_read_is_the_error_of_the_run():
    meant = replace(WANTED, geographies=(), organizations=("fabrikam",))
    chosen = [Target(VAULT_ID, meant), Target(OTHER_ID, replace(meant, exclusive=True))]
    with pytest.raises(NetcfgError, match="nobody has this organization"):
        plan(chosen, (), replace(around(two()), organizations=Counting()))


def test_vaults_of_which_different_things_are_meant_are_all_opened_before_their_agents_move():
    azure = two()
    azure.endpoints[AGENTS] = False
    meant = replace(WANTED, subnets=(AGENTS,))
    chosen = [Target(VAULT_ID, meant), Target(OTHER_ID, replace(meant, allow=(OFFICE,)))]
    planned, drawings = plan(chosen, ACCEPT_ALL, around(Azure(azure.vaults, dict(azure.endpoints))))
    result = apply(planned, drawings, around(azure))
    assert [each.ending for each in result.outcomes] == [Ending.DONE, Ending.DONE]
    early = [call for call in azure.calls if call.startswith(("write", "enable"))]
    assert early.index("enable agents") == 2
    assert set(early[:2]) == {f"write {VAULT_ID.name} early", "write kv-other early"}


class Affecting:
    """The agents leave by one address, which both vaults admit."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        exits = tuple(Exit(each, (OFFICE.network,)) for each in subnets)
        return Survey(exits, tuple(self.azure.vaults.values()))


def endpoint_guard(azure: Azure, *chosen: Target) -> dict[str, list[str]]:
    planned, _ = plan(chosen, (), replace(around(azure), neighbourhood=Affecting(azure)))
    return {
        each.vault.name: [guard.message for guard in each.guards if guard.id == "service-endpoint"]
        for each in planned.plans
    }


def admitting(azure: Azure) -> Azure:
    azure.endpoints[AGENTS] = False
    rules = NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=(IpRule(str(OFFICE.network)),))
    for id, each in azure.vaults.items():
        azure.vaults[id] = replace(each, firewall=Firewall(PublicAccess.ENABLED, rules))
    return azure


def test_a_vault_that_gets_the_rule_by_other_terms_is_no_reason_to_worry():
    meant = replace(WANTED, subnets=(AGENTS,))
    other = replace(meant, exclusive=False, grace=meant.grace * 2)
    assert endpoint_guard(admitting(two()), Target(VAULT_ID, meant), Target(OTHER_ID, other)) == {
        VAULT_ID.name: [],
        "kv-other": [],
    }


def test_a_vault_of_the_run_that_gets_no_rule_for_the_agents_is_named():
    meant, elsewhere = replace(WANTED, subnets=(AGENTS,)), replace(WANTED, subnets=())
    found = endpoint_guard(admitting(two()), Target(VAULT_ID, meant), Target(OTHER_ID, elsewhere))
    assert len(found[VAULT_ID.name]) == 1
    assert "kv-other" in found[VAULT_ID.name][0]


def test_a_run_without_any_vault_promises_nothing():
    planned, drawings = plan([], (), around(two()))
    assert (planned.plans, dict(drawings)) == ((), {})


def test_a_selected_vault_that_is_not_linked_is_guarded():
    planned, _ = plan([Target(VAULT_ID, WANTED, is_selected=True)], (), around(two()))
    assert "unlinked" in {each.id for each in planned.plans[0].refusals}
    planned, _ = plan([Target(VAULT_ID, WANTED, is_selected=True)], [Acceptance("unlinked")], around(two()))
    assert "unlinked" not in {each.id for each in planned.plans[0].refusals}


def test_names_and_ids_stand_for_the_same_vault():
    assert isinstance(OTHER_ID, VaultId)
    assert Target(OTHER_ID, WANTED).name == Target("KV-Other", WANTED).name


def test_a_vault_whose_agents_will_come_privately_gets_no_rule_and_is_named():
    agents, azure = subnet_of("spoke", "agents"), admitting(two())
    azure.endpoints[agents] = False
    azure.private = Private(azure, Landscape(ZONE, (network("hub", "spoke"), network("spoke", "hub"))))
    meant = replace(WANTED, subnets=(agents,))
    privately = replace(meant, private_endpoint=subnet_of("hub"))
    found = endpoint_guard(azure, Target(VAULT_ID, meant), Target(OTHER_ID, privately))
    assert "kv-other" in found[VAULT_ID.name][0]
