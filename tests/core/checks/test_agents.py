"""Discovered pools of which nobody knows where their machines are."""

from __future__ import annotations

from netcfg.core.agents import HOSTED, PRESENT_MACHINES, AgentPool, PoolKind
from netcfg.core.rules import PublicAccess
from tests.core.checks.cases import EVERYTHING, found, rules
from tests.formats.builders import subnet_id, vault

NOWHERE = AgentPool("contoso", "Default", PoolKind.SELF_HOSTED, unknown="only their owner knows where they run")
PARTLY = AgentPool("contoso", "scale", PoolKind.SCALE_SET, subnets=(subnet_id("agents"),), unknown=PRESENT_MACHINES)
PLACED = AgentPool("contoso", "placed", PoolKind.SCALE_SET, subnets=(subnet_id("agents"),))
MICROSOFTS = AgentPool("contoso", "Azure Pipelines", PoolKind.HOSTED, unknown=HOSTED)
GONE = AgentPool("contoso", "gone", PoolKind.SCALE_SET, unknown="its scale set is gone", is_gone=True)
ADMITTED = vault(ip_rules=EVERYTHING, subnets=(subnet_id("agents").text,))


def test_each_pool_that_may_be_anywhere_is_a_warning_with_what_is_known_of_it():
    pools = (NOWHERE, PARTLY, PLACED, MICROSOFTS, GONE)
    assert found("agents-unplaced", ADMITTED, subnets=(subnet_id("agents"),), pools=pools) == [
        (
            "warning",
            "Default",
            f"where the agents of the pool Default are is not known, so they may be refused: {NOWHERE.unknown}",
            "netcfg discover contoso",
        ),
        (
            "warning",
            "scale",
            f"where the agents of the pool scale are is not wholly known, so they may be refused: {PRESENT_MACHINES}",
            "netcfg discover contoso",
        ),
    ]


def test_pools_of_one_name_in_two_organizations_are_told_apart():
    both = (NOWHERE, AgentPool("fabrikam", "Default", PoolKind.SELF_HOSTED, unknown="nobody knows"))
    assert [each[1] for each in found("agents-unplaced", ADMITTED, pools=both)] == [
        "Default of contoso",
        "Default of fabrikam",
    ]


def test_pools_whose_place_is_known_are_no_finding():
    assert rules(ADMITTED, subnets=(subnet_id("agents"),), pools=(PLACED, MICROSOFTS, GONE)) == []


def test_agents_without_a_private_endpoint_have_no_way_in_where_public_access_is_to_be_off():
    closed = vault(public_access=PublicAccess.DISABLED)
    assert rules(closed, subnets=(subnet_id("agents"),), public_access=PublicAccess.DISABLED) == [
        ("error", "subnet-rule-missing", str(subnet_id("agents")))
    ]
