"""What is handed over to other code, and what is withheld because that code would ask no guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netcfg.core.handover import Handover
from netcfg.core.plan import PlanSet
from netcfg.core.rules import PublicAccess, VirtualNetworkRule
from tests.formats import builders


def names(planned: PlanSet) -> list[str]:
    return [each.vault.name for each in Handover(planned).given.plans]


def hidden() -> PlanSet:
    """Public access is off and stays off, and Azure showed no rules."""
    disabled = builders.vault(public_access=PublicAccess.DISABLED)
    return builders.plan_set(builders.plan(disabled, public_access=PublicAccess.DISABLED))


def idle() -> PlanSet:
    """A perimeter decides alone; that guard cannot fire where only private endpoints are asked for."""
    plan = builders.plan(builders.vault(ip_rules=["191.10.20.7"], public_access=PublicAccess.SECURED_BY_PERIMETER))
    return builders.plan_set(replace(plan, guards=()))


PLANS = [
    (builders.unchanged(), ["kv-payments"], 0),
    (builders.opened(), ["kv-payments"], 0),
    (builders.refused(), [], 5),
    (builders.perimeter(), [], 5),
    (builders.several(), ["kv-payments", "kv-audit"], 7),
    (hidden(), [], 1),
    (idle(), [], 1),
    (replace(builders.unchanged(), undetermined=(builders.unread("kv-x", "no"),)), ["kv-payments"], 7),
    (builders.plan_set(undetermined=(builders.unread("kv-x", "no"),)), [], 1),
]


@pytest.mark.parametrize(("planned", "given", "status"), PLANS)
def test_only_what_no_guard_refuses_and_is_wholly_known_is_handed_over(planned: PlanSet, given: list[str], status: int):
    assert names(planned) == given
    assert Handover(planned).status == status
    assert Handover(planned).given.undetermined == ()


def test_every_vault_is_given_or_withheld_with_a_reason():
    handover = Handover(builders.several())
    assert [type(each).__name__ for each in handover.withheld] == ["VaultWithheld", "NetcfgError"]


def test_rules_that_are_accepted_to_be_replaced_are_handed_over():
    disabled = builders.vault(public_access=PublicAccess.DISABLED)
    planned = builders.plan(disabled, "hidden-rules", public_access=PublicAccess.ENABLED)
    assert names(builders.plan_set(planned)) == ["kv-payments"]


def test_what_cannot_be_read_is_named():
    (remark,) = Handover(builders.plan_set(builders.plan(builders.vault(ip_rules=["'10.91.4.0/24'"])))).remarks
    assert remark.startswith("kv-payments: exported as found, though other tools may refuse what cannot be read: ")
    assert "10.91.4.0/24" in remark


def test_what_rules_say_of_themselves_and_terraform_cannot_is_named():
    subnet = str(builders.subnet_id("agents"))
    found = f'{{"id": "{subnet}", "ignoreMissingVnetServiceEndpoint": true}}'
    of = builders.vault(ip_rules=["191.10.20.7"])
    of = replace(of, firewall=of.firewall.with_rules(virtual_network_rules=(VirtualNetworkRule(subnet, found),)))
    (remark,) = Handover(builders.plan_set(builders.plan(of))).remarks
    assert remark == (
        "kv-payments: terraform and tfvars leave out what rules have beside what they admit: "
        "ignoreMissingVnetServiceEndpoint"
    )


def test_what_is_not_handed_over_is_named():
    assert Handover(builders.several()).absent == ("kv-orders", str(builders.vault_id("kv-legacy")))
    assert Handover(builders.unchanged()).absent == ()


def test_endpoints_that_are_missing_are_named():
    planned = builders.plan(builders.vault(), "service-endpoint", subnets=(builders.subnet_id("agents"),))
    (remark,) = Handover(builders.plan_set(planned)).remarks
    assert "Azure wants it on vnet-build/agents first" in remark
