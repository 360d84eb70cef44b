"""Hypothesis strategies for the values of the core: vaults in every state, intents, editions."""

from __future__ import annotations

from datetime import date, timedelta
from ipaddress import IPv4Network

from hypothesis import strategies as st

from netcfg.core.declared import Declaration
from netcfg.core.geography import Geography, Organization
from netcfg.core.intent import Intent
from netcfg.core.ranges import Catalogue, Edition, Policy, Publisher, Range
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId, parse_subnet
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
from netcfg.sources import bundled

TODAY = date(2026, 7, 1)
EUROPE = Geography("EU", "Europe")
VAULT_ID = VaultId(
    "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-test", "0000", "rg", "kv-test"
)


def subnet_id(name: str, network: str = "vnet") -> SubnetId:
    return parse_subnet(
        f"/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}"
    )


published = [each.network for edition in bundled.catalogue().editions for each in edition.ranges]
near_published = st.sampled_from(published).flatmap(
    lambda network: st.one_of(
        st.just(network),
        st.integers(8, network.prefixlen).map(lambda prefix: network.supernet(new_prefix=prefix)),
        st.integers(network.prefixlen, 32).map(lambda prefix: next(network.subnets(new_prefix=prefix))),
    )
)
public = st.integers(0, 255).flatmap(
    lambda third: st.integers(17, 32).map(lambda prefix: IPv4Network((f"191.10.{third}.0", prefix), strict=False))
)
networks = st.one_of(near_published, public)

ip_rules = st.one_of(
    networks.map(lambda network: IpRule(str(network))),
    networks.map(lambda network: IpRule(str(network).removesuffix("/32"))),
    st.sampled_from(["'10.91.4.0/24'", "1.2.3.4/24", "2001:db8::/32", "", "0.0.0.0/2"]).map(IpRule),
)
names = st.sampled_from(["agents", "builds", "Deploy", "other"])
subnets = names.map(subnet_id)
virtual_network_rules = subnets.flatmap(
    lambda subnet: st.sampled_from([subnet.text, subnet.text.upper()]).map(VirtualNetworkRule)
)
rule_sets = st.builds(
    NetworkRuleSet,
    bypass=st.sampled_from(Bypass),
    default_action=st.sampled_from(DefaultAction),
    ip_rules=st.lists(ip_rules, max_size=14).map(tuple),
    virtual_network_rules=st.lists(virtual_network_rules, max_size=4).map(tuple),
)
firewalls = st.builds(Firewall, public_access=st.sampled_from(PublicAccess), rule_set=rule_sets)
vaults = st.builds(Vault, id=st.just(VAULT_ID), firewall=firewalls, perimeter=st.sampled_from(Perimeter))

declarations = st.builds(
    Declaration,
    network=networks.filter(lambda network: network.prefixlen >= 8),
    reason=st.sampled_from(["head office", "partner"]),
    until=st.one_of(st.none(), st.integers(-40, 40).map(lambda days: TODAY + timedelta(days=days))),
)
geographies = st.lists(st.sampled_from(bundled.atlas().geographies), min_size=1, max_size=3, unique=True)


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    public_access = draw(st.sampled_from([None, PublicAccess.ENABLED, PublicAccess.DISABLED]))
    return Intent(
        geographies=tuple(draw(geographies)),
        policy=draw(st.sampled_from(Policy)),
        canary=draw(st.booleans()),
        subnets=tuple(draw(st.lists(subnets, max_size=3))),
        allow=tuple(draw(st.lists(declarations, max_size=4))),
        remove=tuple(draw(st.lists(st.one_of(ip_rules, virtual_network_rules), max_size=2))),
        grace=timedelta(days=draw(st.integers(0, 60))),
        exclusive=draw(st.booleans()),
        public_access=public_access,
        keep_default_action=False if public_access is PublicAccess.ENABLED else draw(st.booleans()),
    )


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """The bundled editions, and perhaps later ones of either publisher that dropped some of their ranges."""
    known = bundled.catalogue()
    later = []
    for publisher in draw(st.lists(st.sampled_from(Publisher), unique=True)):
        newest = known.of(publisher)[-1]
        # One draw for what is dropped: one for each range would take longer than what is done with all of them.
        dropped = draw(st.sets(st.sampled_from(newest.ranges), max_size=len(newest.ranges) // 6))
        kept: list[Range] = [each for each in newest.ranges if each not in dropped]
        day = newest.day + timedelta(days=draw(st.integers(1, 5)))
        number = newest.change_number and newest.change_number + 1
        confirmed = day + timedelta(days=draw(st.integers(0, 90)))
        later.append(
            Edition(publisher, day, "test", tuple(kept or newest.ranges), newest.ipv6, number, confirmed=confirmed)
        )
    return Catalogue((*known.editions, *later))


def shown(intent: Intent, *, endpoints: bool = True) -> tuple[Subnet, ...]:
    """The intent's subnets as Azure would show them."""
    return tuple(Subnet(each, endpoints) for each in intent.subnets)


def nobody() -> tuple[Organization, ...]:
    return ()
