"""The guard `unlinked`: what variable groups say of vaults that were only selected, and when they are asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netcfg.core.errors import NetcfgError
from netcfg.core.intent import Intent
from netcfg.core.plan import Plan
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.core.target import Target
from netcfg.workflow import reading
from netcfg.workflow.plan import plan
from tests.strategies import EUROPE
from tests.workflow.fakes import Azure, around
from tests.workflow.test_selection import Groups, library, vault

CLOSED = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY))
HOLDING = Firewall(
    PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=(IpRule("40.74.28.17"),))
)
A, B = vault("kv-a"), vault("kv-b")
CONTOSO = Intent(organizations=("contoso",))


def planned(targets: list[Target], groups: Groups, vaults: dict[VaultId, Firewall] | None = None) -> dict[str, Plan]:
    there = vaults or dict.fromkeys((A, B), CLOSED)
    azure = Azure({id: Vault(id, firewall) for id, firewall in there.items()})
    found, _ = plan(targets, [], replace(around(azure), groups=groups))
    return {each.vault.name: each for each in found.plans}


def unlinked(found: Plan) -> str:
    return next((each.message for each in found.guards if each.id == "unlinked"), "")


def selected(id: VaultId, intent: Intent = CONTOSO) -> Target:
    return Target(id, intent, is_selected=True)


def test_a_vault_that_a_group_uses_is_meant_and_one_that_none_uses_is_not():
    groups = Groups({"contoso": library("KV-A")})
    found = planned([selected(A), selected(B)], groups)
    assert unlinked(found["kv-a"]) == ""
    why = "no variable group of contoso that this sign-in sees uses it: it may have nothing to do with"
    assert why in unlinked(found["kv-b"])
    assert groups.asked == ["contoso"]


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (library(closed="desk"), "(the variable groups of the project desk in contoso: it may not be read)"),
        (NetcfgError("no token"), "(the variable groups of contoso: no token)"),
    ],
)
def test_where_groups_could_not_be_read_the_guard_fires_and_says_why(known: object, why: str):
    found = planned([selected(A)], Groups({"contoso": known}))  # type: ignore[dict-item]
    assert f"whether a variable group of contoso uses it is not known {why}: it may have" in unlinked(found["kv-a"])


def test_a_group_of_an_organization_that_is_not_meant_says_nothing():
    fabrikam = Intent(organizations=("fabrikam",))
    groups = Groups({"contoso": library("kv-b"), "fabrikam": library()})
    found = planned([selected(A), selected(B, fabrikam)], groups)
    assert "no variable group of contoso that this sign-in sees uses it" in unlinked(found["kv-a"])
    assert "no variable group of fabrikam that this sign-in sees uses it" in unlinked(found["kv-b"])


def test_without_an_organization_nobody_is_asked_and_the_guard_says_so():
    groups = Groups({})
    found = planned([selected(A, Intent(geographies=(EUROPE,)))], groups)
    assert "no variable group is known to use it, as none of an organization was asked" in unlinked(found["kv-a"])
    assert groups.asked == []


def test_nobody_is_asked_for_vaults_that_are_named_or_hold_a_published_range():
    groups = Groups({})
    found = planned([Target(A, CONTOSO), selected(B)], groups, {A: CLOSED, B: HOLDING})
    assert [unlinked(each) for each in found.values()] == ["", ""]
    assert groups.asked == []


def test_reading_again_asks_the_organizations_that_nobody_has_asked_yet(monkeypatch: pytest.MonkeyPatch):
    """`kv-b` held a published range when the index saw it, so nobody asked about it; now it holds none."""
    monkeypatch.setattr(reading, "FEW", 0)
    azure = Azure({A: Vault(A, CLOSED), B: Vault(B, CLOSED)})
    groups = Groups({"contoso": library(), "fabrikam": library("kv-b")})
    fabrikam = Intent(organizations=("fabrikam",))
    was = [Vault(A, CLOSED, is_indexed=True), Vault(B, HOLDING, is_indexed=True)]
    targets = [
        replace(selected(each.id, intent), shown=each) for each, intent in zip(was, (CONTOSO, fabrikam), strict=True)
    ]
    world = replace(around(azure), groups=groups)
    found, _ = plan(targets, [], world, is_to_be_written=True)
    assert sorted(groups.asked) == ["contoso", "fabrikam"]
    plans = {each.vault.name: each for each in found.plans}
    assert "no variable group of contoso that this sign-in sees uses it" in unlinked(plans["kv-a"])
    assert unlinked(plans["kv-b"]) == ""
