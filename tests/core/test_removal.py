"""What `--remove` names: an address, a range, a value as the vault shows it, a subnet by id or by name."""

from __future__ import annotations

import pytest

from netcfg.core.desired import fit
from netcfg.core.errors import AmbiguousSubnet, BadIdentifier, BothWanted
from netcfg.core.guards import Circumstances, evaluate
from netcfg.core.intent import Intent, parse_removal
from netcfg.core.ranges import Policy, resolve
from netcfg.core.resources import SubnetName, Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess, VirtualNetworkRule
from netcfg.sources import bundled
from tests.strategies import EUROPE, TODAY, VAULT_ID, shown, subnet_id

HERE = subnet_id("agents").text
THERE = HERE.replace("/0000/", "/0001/")


def vault(*subnets: str, values: tuple[str, ...] = ()) -> Vault:
    rules = NetworkRuleSet(
        default_action=DefaultAction.DENY,
        ip_rules=tuple(map(IpRule, values)),
        virtual_network_rules=tuple(map(VirtualNetworkRule, subnets)),
    )
    return Vault(VAULT_ID, Firewall(PublicAccess.ENABLED, rules))


def fitted(found: Vault, *removals: str, **more):
    intent = Intent(geographies=(EUROPE,), policy=Policy.TABLE, remove=tuple(map(parse_removal, removals)), **more)
    resolution = resolve(bundled.catalogue(), intent.policy, intent.geographies, canary=False)
    return intent, resolution, fit(found, intent, resolution, shown(intent), TODAY)


def left(found: Vault, *removals: str) -> list[str]:
    _, _, desired = fitted(found, *removals)
    return [str(rule) for rule in desired.after.rule_set.virtual_network_rules]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("191.10.20.7", IpRule("191.10.20.7/32")),
        (" 191.10.20.0/24 ", IpRule("191.10.20.0/24")),
        ("191.10.20.0/24/x", IpRule("191.10.20.0/24/x")),
        ("'a/b c/d'", IpRule("'a/b c/d'")),
        ("a/b", IpRule("a/b")),
        ("RG/VNet/Agents", SubnetName("rg", "vnet", "agents")),
        (HERE.upper(), VirtualNetworkRule(HERE)),
    ],
)
def test_what_is_meant(text: str, meant: object):
    assert parse_removal(text) == meant


@pytest.mark.parametrize("text", ["", " ", "/rg/vnet/agents"])
def test_what_cannot_be_meant(text: str):
    with pytest.raises(BadIdentifier):
        parse_removal(text)


def test_a_name_takes_the_rule_of_its_subnet_and_no_other():
    found = vault(HERE, subnet_id("builds").text, "/subscriptions/x/odd")
    assert left(found, "RG/vnet/Agents") == [subnet_id("builds").text, "/subscriptions/x/odd"]


@pytest.mark.parametrize("subscription", ["0000", "0001"])
def test_the_subscription_does_not_matter(subscription: str):
    assert left(vault(HERE.replace("/0000/", f"/{subscription}/")), "rg/vnet/agents") == []


def test_a_name_of_two_rules_takes_neither():
    with pytest.raises(AmbiguousSubnet, match="give the id of the one that is meant"):
        fitted(vault(HERE, THERE), "rg/vnet/agents")
    assert left(vault(HERE, THERE), THERE) == [HERE]


def test_a_name_of_what_is_asked_for_is_a_contradiction():
    with pytest.raises(BothWanted):
        fitted(vault(), "rg/vnet/agents", subnets=(subnet_id("agents"),))


def test_a_name_that_no_rule_has_is_noted():
    _, _, desired = fitted(vault(THERE), "rg/vnet/other", "191.10.20.7", "rg/vnet/agents")
    assert "asked to be removed, but not there: rg/vnet/other, 191.10.20.7/32" in desired.notes


def test_what_is_removed_by_name_is_not_what_exclusive_removes():
    found = vault(HERE)
    intent, resolution, desired = fitted(found, "rg/vnet/agents", exclusive=True)
    guards = evaluate(Circumstances(found, desired, intent, resolution, (), TODAY), ())
    assert "exclusive" not in {each.id for each in guards}
