"""Endpoints of several subnets: what one failure means for the others, and what counts as proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from netcfg.core.errors import AzureUnreachable, NetcfgError, NetworkBusy, NotInAzure
from netcfg.core.outcome import Ending, Result
from netcfg.core.resources import SubnetId
from netcfg.core.rules import DefaultAction
from netcfg.workflow.apply import apply
from netcfg.workflow.plan import plan
from tests.strategies import VAULT_ID, subnet_id
from tests.workflow.fakes import Azure, Subnets, around
from tests.workflow.test_apply import ACCEPT_ALL, WANTED, azure_with

AGENTS, BUILDS, ELSEWHERE = subnet_id("agents"), subnet_id("builds"), subnet_id("runners", "other")
INTENT = replace(WANTED, subnets=(AGENTS, BUILDS, ELSEWHERE))


class Blind(Subnets):
    """Nobody may look whether it was done."""

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        raise AzureUnreachable("https://azure", "the connection broke")


def run(azure: Azure, subnets: Subnets | None = None) -> Result:
    planned, drawing = plan([VAULT_ID], INTENT, ACCEPT_ALL, around(Azure(azure.vaults, azure.endpoints)))
    return apply(planned, drawing, replace(around(azure), subnets=subnets or Subnets(azure)))


def three() -> Azure:
    azure = azure_with()
    azure.endpoints[ELSEWHERE] = False
    return azure


def enabled(azure: Azure) -> list[str]:
    return sorted(call for call in azure.calls if call.startswith("enable"))


def failing(azure: Azure, error: NetcfgError) -> Azure:
    def fail(number: int, what: str) -> None:
        if what == "enable agents":
            raise error

    azure.before = fail
    return azure


def test_one_subnet_that_fails_does_not_stop_the_next_of_its_network():
    azure = failing(three(), NotInAzure("subnet agents", "look"))
    assert run(azure).status == 7
    assert enabled(azure) == ["enable agents", "enable builds", "enable runners"]
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


def test_a_network_that_is_busy_is_not_waited_for_once_for_each_subnet():
    azure = failing(three(), NetworkBusy("subnet agents", "busy"))
    assert run(azure).status == 7
    assert enabled(azure) == ["enable agents", "enable runners"]


def test_an_endpoint_that_is_gone_again_does_not_count():
    azure = three()

    def take_away(number: int, what: str) -> None:
        if what == "enable builds":
            azure.endpoints[BUILDS] = False

    azure.after = take_away
    result = run(azure)
    assert result.outcomes[0].ending is Ending.FAILED
    assert result.status == 7
    assert str(result.outcomes[0].error) == (
        "the service endpoint on vnet/builds was not enabled, so nothing was tightened: Azure said that it was "
        "enabled, and does not show it; a policy or somebody else may have taken it away: look into the activity log "
        "of the virtual network, then run it again"
    )
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


def test_without_a_proof_nothing_is_tightened():
    azure = three()
    result = run(azure, Blind(azure))
    assert result.status == 7
    assert "the connection broke" in str(result.outcomes[0].error)
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.ALLOW


@pytest.mark.parametrize("there", [AGENTS, BUILDS])
def test_what_is_there_already_is_left_alone(there: SubnetId):
    azure = three()
    azure.endpoints[there] = True
    assert run(azure).status == 0
    assert f"enable {there.name}" not in azure.calls
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.DENY
