"""Who is cut off when a service endpoint changes a subnet's source address."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.desired import fit
from netcfg.core.intent import Intent
from netcfg.core.ranges import resolve
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId
from netcfg.core.rules import (
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    Perimeter,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.core.switchover import Exit, Hold, Survey, consequences, stranded, undecided, useless
from netcfg.sources import bundled
from tests.strategies import EUROPE, TODAY, networks, subnet_id, vaults

AGENTS = subnet_id("agents")
NAT = IPv4Network("191.10.40.5/32")

exits = st.lists(networks, max_size=3).map(tuple)


def vault(name: str, *values: str, subnets: tuple[SubnetId, ...] = (), **firewall: object) -> Vault:
    id = VaultId(f"/subscriptions/0/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}", "0", "rg", name)
    rules = NetworkRuleSet(
        default_action=firewall.get("action", DefaultAction.DENY),  # type: ignore[arg-type]
        ip_rules=tuple(map(IpRule, values)),
        virtual_network_rules=tuple(VirtualNetworkRule(each.text) for each in subnets),
    )
    return Vault(id, Firewall(firewall.get("access", PublicAccess.ENABLED), rules))  # type: ignore[arg-type]


def survey(*vaults: Vault, networks: tuple[IPv4Network, ...] = (NAT,), **more: object) -> Survey:
    return replace(Survey((Exit(AGENTS, networks),), vaults), **more)


def names(seen: Survey) -> list[str]:
    return [each.vault.name for each in stranded(seen, AGENTS)]


@given(vaults, exits)
def test_a_rule_for_the_subnet_keeps_a_vault_from_stranding_it(each: Vault, addresses: tuple[IPv4Network, ...]):
    rules = each.firewall.rule_set.virtual_network_rules
    added = each.firewall.with_rules(virtual_network_rules=(*rules, VirtualNetworkRule(AGENTS.text.upper())))
    assert not names(survey(replace(each, firewall=added), networks=addresses))


@given(vaults, exits)
def test_only_a_vault_that_denies_by_its_rules_strands_anybody(each: Vault, addresses: tuple[IPv4Network, ...]):
    if names(survey(each, networks=addresses)):
        assert each.firewall.public_access is PublicAccess.ENABLED
        assert each.firewall.rule_set.default_action is DefaultAction.DENY
        assert each.perimeter is not Perimeter.ENFORCED


@given(st.lists(vaults, max_size=3), exits, networks)
def test_more_exits_never_strand_fewer(some: list[Vault], addresses: tuple[IPv4Network, ...], another: IPv4Network):
    fewer, more = survey(*some, networks=addresses), survey(*some, networks=(*addresses, another))
    assert {id(each.vault) for each in stranded(fewer, AGENTS)} <= {id(each.vault) for each in stranded(more, AGENTS)}


@given(vaults, exits)
def test_a_vault_of_the_run_is_not_among_the_others(each: Vault, addresses: tuple[IPv4Network, ...]):
    assert not names(survey(each, networks=addresses).without({each.id}))


@given(vaults, exits)
def test_it_is_stranded_by_rules_that_reach_its_exit_and_no_others(each: Vault, addresses: tuple[IPv4Network, ...]):
    for found in stranded(survey(each, networks=addresses), AGENTS):
        readable = [rule.network for rule in found.rules if rule.network]
        assert all(any(network.overlaps(exit) for exit in addresses) for network in readable)


@given(vaults, exits)
def test_what_is_useless_admits_nobody_else(each: Vault, addresses: tuple[IPv4Network, ...]):
    for rule in useless(each.firewall.rule_set.rules, Exit(AGENTS, addresses)):
        assert rule.network
        assert any(rule.network.subnet_of(exit) for exit in addresses)


def test_every_vault_that_admits_the_exit_is_found_with_its_rules():
    seen = survey(
        vault("kv-b", "191.10.40.0/24", "191.10.40.5", "191.10.41.0/24"),
        vault("kv-a", "191.10.40.5/32"),
        vault("kv-other", "191.10.41.0/24"),
        vault("kv-open", "191.10.40.5/32", action=DefaultAction.ALLOW),
        vault("kv-off", "191.10.40.5/32", access=PublicAccess.DISABLED),
        vault("kv-perimeter", "191.10.40.5/32", access=PublicAccess.SECURED_BY_PERIMETER),
        replace(vault("kv-enforced", "191.10.40.5/32"), perimeter=Perimeter.ENFORCED),
        vault("kv-both", "191.10.40.5/32", subnets=(AGENTS,)),
        vault("kv-other-subnet", "191.10.40.5/32", subnets=(subnet_id("builds"),)),
    )
    assert [(each.vault.name, list(map(str, each.rules))) for each in stranded(seen, AGENTS)] == [
        ("kv-a", ["191.10.40.5/32"]),
        ("kv-b", ["191.10.40.0/24", "191.10.40.5/32"]),
        ("kv-other-subnet", ["191.10.40.5/32"]),
    ]


OPEN, OFF = DefaultAction.ALLOW, PublicAccess.DISABLED
SECURED = PublicAccess.SECURED_BY_PERIMETER
KV = vault("kv-a")
BY_ADDRESS = (NAT,)


def held(each: Vault, perimeter: Perimeter, networks: tuple[IPv4Network, ...] = (), *, others: bool = False) -> Survey:
    return survey(each, holds=(Hold(each.id, perimeter, networks, others),))


@pytest.mark.parametrize(
    ("each", "perimeter", "is_stranded"),
    [
        (KV, Perimeter.NONE, False),
        (KV, Perimeter.LEARNING, True),
        (KV, Perimeter.ENFORCED, True),
        (vault("kv-a", access=SECURED), Perimeter.LEARNING, True),
        (vault("kv-a", access=OFF), Perimeter.LEARNING, True),
        (vault("kv-a", action=OPEN), Perimeter.LEARNING, False),
        (vault("kv-a", action=OPEN), Perimeter.ENFORCED, True),
        (vault("kv-a", subnets=(AGENTS,)), Perimeter.LEARNING, False),
        (vault("kv-a", subnets=(AGENTS,)), Perimeter.ENFORCED, True),
    ],
)
def test_who_comes_by_an_access_rule_of_a_perimeter_loses_it(each: Vault, perimeter: Perimeter, is_stranded: bool):
    seen = held(each, perimeter, () if perimeter is Perimeter.NONE else BY_ADDRESS)
    assert (names(seen) == ["kv-a"]) is is_stranded
    assert undecided(seen, AGENTS) == ()


@pytest.mark.parametrize(
    ("each", "perimeter", "others", "is_undecided"),
    [
        (KV, Perimeter.UNKNOWN, False, True),
        (vault("kv-a", access=OFF), Perimeter.UNKNOWN, False, True),
        (vault("kv-a", action=OPEN), Perimeter.UNKNOWN, False, True),
        (KV, Perimeter.ENFORCED, True, True),
        (KV, Perimeter.ENFORCED, False, False),
        (KV, Perimeter.LEARNING, True, True),
        (vault("kv-a", subnets=(AGENTS,)), Perimeter.LEARNING, True, False),
        (vault("kv-a", subnets=(AGENTS,)), Perimeter.ENFORCED, True, True),
    ],
)
def test_what_a_perimeter_decides_by_other_things_is_not_known(
    each: Vault, perimeter: Perimeter, others: bool, is_undecided: bool
):
    seen = held(each, perimeter, others=others)
    assert (undecided(seen, AGENTS) == ("kv-a",)) is is_undecided
    assert names(seen) == []


def test_a_vault_is_named_with_the_rule_of_its_perimeter_and_what_helps_there():
    learns, decides = vault("kv-a", "191.10.40.5"), vault("kv-b")
    holds = (Hold(learns.id, Perimeter.LEARNING, BY_ADDRESS), Hold(decides.id, Perimeter.ENFORCED, BY_ADDRESS))
    assert consequences(survey(learns, decides, holds=holds), [AGENTS]) == (
        (
            "kv-a (191.10.40.5/32, 191.10.40.5/32 of its perimeter), kv-b (191.10.40.5/32 of its perimeter) admit "
            "vnet/agents by public address only and would cut it off"
        ),
        "name kv-a in this run too, and it gets its rule before the switch",
        (
            "a rule for the subnet does nothing in kv-b, where a network security perimeter decides: give these agents "
            "a private endpoint there first"
        ),
    )


def test_vaults_whose_perimeter_cannot_be_read_are_named_as_far_as_one_reads_on():
    some = [vault(f"kv-{number}") for number in range(7)]
    holds = tuple(Hold(each.id, Perimeter.UNKNOWN) for each in some)
    assert consequences(survey(*some, holds=holds), [AGENTS]) == (
        (
            "whether kv-0, kv-1, kv-2, kv-3, kv-4 and 2 more would cut them off is not known, as a network security "
            "perimeter may decide there"
        ),
    )


def test_subnets_behind_one_appliance_are_told_together():
    builds, others = subnet_id("builds"), subnet_id("others")
    seen = Survey((Exit(AGENTS, appliance="10.0.0.4"), Exit(builds, appliance="10.0.0.4"), Exit(others)))
    assert consequences(seen, [AGENTS, builds, others]) == (
        "the endpoint's routes bypass the appliance at 10.0.0.4 for vnet/agents, vnet/builds",
    )


def test_a_rule_with_host_bits_may_admit_the_exit():
    """What Azure makes of it is not known, and a vault that may cut somebody off is not left out for that."""
    assert names(survey(vault("kv-odd", "191.10.40.77/24"), vault("kv-quoted", "'191.10.40.5'"))) == ["kv-odd"]


def test_a_rule_inside_a_prefix_of_the_nat_gateway_counts():
    prefix = (IPv4Network("191.10.40.0/28"),)
    assert names(survey(vault("kv-a", "191.10.40.9/32"), networks=prefix)) == ["kv-a"]


def test_nothing_is_said_when_everything_is_known_and_nobody_is_affected():
    assert consequences(survey(vault("kv-other", "191.10.41.0/24")), [AGENTS]) == ()


def test_who_cannot_get_out_is_cut_off_by_nobody():
    """Then it does not matter that some vaults cannot be seen."""
    assert consequences(survey(networks=(), unreadable=("finance",), illegible=("kv-new",)), [AGENTS]) == ()


def test_a_subnet_that_nobody_looked_at_is_not_taken_for_harmless():
    assert consequences(Survey(), [AGENTS]) == (
        "which other vaults admit vnet/agents by public address is not known, because nobody looked at it",
    )


def test_everything_that_is_known_and_unknown_is_said():
    route = "its route table rt-hub sends 0.0.0.0/0 to the appliance at 10.0.0.4"
    seen = Survey(
        (Exit(AGENTS, (NAT,)), Exit(subnet_id("builds"), (), (route, "the moon is full"), "10.0.0.4")),
        (vault("kv-b", "191.10.40.5/32"), vault("kv-a", "191.10.40.0/24", "191.10.40.5")),
        ("finance", "hr"),
        ("kv-new",),
    )
    assert consequences(seen, [AGENTS, subnet_id("builds")]) == (
        (
            "kv-a (191.10.40.0/24, 191.10.40.5/32), kv-b (191.10.40.5/32) admit vnet/agents by public address only and "
            "would cut it off"
        ),
        "name kv-a kv-b in this run too, and they get their rules before the switch",
        (
            "which other vaults admit vnet/builds by public address is not known, because its route table rt-hub sends "
            "0.0.0.0/0 to the appliance at 10.0.0.4, and the moon is full"
        ),
        "there may be such vaults in finance, hr, where not all can be seen",
        "whether kv-new would cut them off is not known, as that firewall is not understood",
        "the endpoint's routes bypass the appliance at 10.0.0.4 for vnet/builds",
    )


@pytest.mark.parametrize(
    ("rule", "is_named"),
    [("191.10.40.5/32", True), ("191.10.40.5", True), ("191.10.40.0/24", False), ("191.10.41.5/32", False)],
)
def test_a_rule_that_only_the_agents_used_is_named_with_its_removal(rule: str, is_named: bool):
    notes = notes_for(vault("kv-test", rule))
    expected = (
        "191.10.40.5/32 is a public address of vnet/agents, which no longer uses it once the service endpoint is "
        "there; unless somebody else does: --remove 191.10.40.5/32"
    )
    assert (expected in notes) == is_named


def test_a_rule_that_is_asked_for_is_not_called_useless():
    assert not [
        each
        for each in notes_for(vault("kv-test", "40.74.28.0/23"), IPv4Network("40.74.28.0/23"))
        if "--remove" in each
    ]


def test_no_rule_is_useless_where_the_endpoint_was_there_before():
    assert not [each for each in notes_for(vault("kv-test", "191.10.40.5"), has_endpoint=True) if "--remove" in each]


def notes_for(each: Vault, exit: IPv4Network = NAT, *, has_endpoint: bool = False) -> tuple[str, ...]:
    intent = Intent(geographies=(EUROPE,), subnets=(AGENTS,))
    resolution = resolve(bundled.catalogue(), intent.policy, intent.geographies)
    seen = survey(networks=(exit,))
    return fit(each, intent, resolution, [Subnet(AGENTS, has_endpoint)], TODAY, survey=seen).notes
