"""Hand-made plans, small enough to be read on one screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from netcfg.core.declared import parse_declaration
from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Evidence, Geography, Organization, Region, Witness
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined, draw, look
from netcfg.core.ranges import Catalogue, Edition, Publisher, Range, Resolution, resolve
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId, parse_subnet, parse_vault
from netcfg.core.rules import (
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    Perimeter,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.core.switchover import NOTHING_SEEN, Exit, Survey

TODAY = date(2026, 11, 20)
SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
OTHER_SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"

EUROPE = Geography("EU", "Europe")
CANADA = Geography("CA", "Canada")
WESTEUROPE = Region("westeurope", EUROPE)
NORTHEUROPE = Region("northeurope", EUROPE)
CANADACENTRAL = Region("canadacentral", CANADA)
CANADAEAST = Region("canadaeast", CANADA, is_inferred=True)
SWEDEN = Region("swedencentral", None)


def ranges(region: Region, *networks: str) -> tuple[Range, ...]:
    return tuple(Range(IPv4Network(each), region) for each in networks)


CATALOGUE = Catalogue(
    (
        Edition(
            Publisher.TABLE,
            date(2026, 2, 10),
            "https://learn.microsoft.com/…/allow-list-ip-url",
            ranges(WESTEUROPE, "40.74.28.0/23")
            + ranges(NORTHEUROPE, "20.166.41.0/24")
            + ranges(CANADACENTRAL, "52.228.82.0/24"),
            confirmed=date(2026, 11, 19),
        ),
        Edition(
            Publisher.SERVICE_TAG,
            date(2025, 10, 10),
            "ServiceTags_Public_20251010.json",
            ranges(WESTEUROPE, "40.74.28.0/23", "52.236.192.0/26"),
            change_number=12,
        ),
        Edition(
            Publisher.SERVICE_TAG,
            date(2026, 6, 20),
            "ServiceTags_Public_20260620.json",
            ranges(WESTEUROPE, "40.74.28.0/23", "172.199.233.128/26")
            + ranges(NORTHEUROPE, "20.166.41.0/24", "134.149.110.74/31")
            + ranges(CANADACENTRAL, "52.228.82.0/24")
            + ranges(CANADAEAST, "20.200.34.0/26")
            + ranges(SWEDEN, "20.91.148.128/25"),
            ipv6=((IPv6Network("2603:1020:5:19::600/120"), NORTHEUROPE),),
            change_number=13,
            confirmed=date(2026, 11, 20),
        ),
    )
)


def resolution(*geographies: Geography) -> Resolution:
    return resolve(CATALOGUE, Intent(geographies=(EUROPE,)).policy, geographies or (EUROPE,))


def organization(name: str = "contoso", witness: Witness = Witness.COLLECTION, text: str = "EU") -> Organization:
    fields = {Witness.COLLECTION: "preferredGeography", Witness.OVERVIEW: "region", Witness.SIGN_IN: "host"}
    return Organization(name, (Evidence(witness, fields[witness], text, EUROPE),))


def vault_id(name: str, group: str = "rg-payments") -> VaultId:
    text = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
    found = parse_vault(text)
    assert isinstance(found, VaultId)
    return found


def subnet_id(
    name: str, network: str = "vnet-build", group: str = "rg-network", subscription: str = SUBSCRIPTION
) -> SubnetId:
    return parse_subnet(
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}"
    )


def vault(
    name: str = "kv-payments",
    ip_rules: Iterable[str] = (),
    subnets: Iterable[str] = (),
    *,
    is_open: bool = False,
    public_access: PublicAccess = PublicAccess.ENABLED,
    perimeter: Perimeter = Perimeter.NONE,
    group: str = "rg-payments",
) -> Vault:
    rule_set = NetworkRuleSet(
        default_action=DefaultAction.ALLOW if is_open else DefaultAction.DENY,
        ip_rules=tuple(map(IpRule, ip_rules)),
        virtual_network_rules=tuple(map(VirtualNetworkRule, subnets)),
    )
    return Vault(vault_id(name, group), Firewall(public_access, rule_set), perimeter)


def plan(
    of: Vault,
    *accept: str,
    allow: Iterable[str] = (),
    organizations: tuple[Organization, ...] = (),
    endpoints: bool = False,
    geographies: tuple[Geography, ...] = (EUROPE,),
    survey: Survey = NOTHING_SEEN,
    gone: Iterable[SubnetId] = (),
    **intent: Any,
) -> Plan:
    meant = Intent(
        organizations=tuple(each.name for each in organizations),
        geographies=geographies if not organizations else (),
        allow=tuple(map(parse_declaration, allow)),
        **intent,
    )
    subnets = [Subnet(each, endpoints) for each in meant.subnets]
    acceptances = [Acceptance(each) for each in accept]
    ranges = resolution(*geographies)
    seen = look(of, meant, ranges, organizations, subnets, TODAY, survey=survey, gone=tuple(gone))
    return draw(seen, acceptances)


def plan_set(
    *plans: Plan, undetermined: tuple[Undetermined, ...] = (), by: tuple[Organization, ...] | None = None
) -> PlanSet:
    """The plans as one run made them, for contoso unless somebody else is given."""
    organizations = (organization(),) if by is None else by
    return PlanSet(() if organizations else (EUROPE,), organizations, resolution(), plans, undetermined)


def unread(name: str, reason: str) -> Undetermined:
    return Undetermined(str(vault_id(name)), NetcfgError(reason))


# --- the plans that the formats are shown with -------------------------------------------------------------------


def opened() -> PlanSet:
    """Open to all networks; agents' subnets without and with their endpoint; the guards accepted."""
    of = vault(is_open=True)
    agents, builds = subnet_id("agents"), subnet_id("builds", "vnet-other", "rg-other", OTHER_SUBSCRIPTION)
    route = "its route table rt-hub sends 0.0.0.0/0 to the appliance at 10.0.0.4"
    exits = (Exit(agents, (IPv4Network("191.10.40.5"),)), Exit(builds, (), (route,), "10.0.0.4"))
    return plan_set(
        plan(
            of,
            "default-deny",
            "service-endpoint",
            allow=["191.10.18.0/28=head office;until=2027-01-31"],
            subnets=(agents, builds),
            survey=Survey(exits, (vault("kv-orders", ["191.10.40.5"]),), ("finance",)),
        )
    )


def refused() -> PlanSet:
    agents = subnet_id("agents")
    others = (vault("kv-orders", ["191.10.40.5"]), vault("kv-audit", ["191.10.40.0/24"]))
    seen = Survey((Exit(agents, (IPv4Network("191.10.40.5"),)),), others)
    return plan_set(plan(vault(is_open=True), subnets=(agents,), survey=seen))


def shared() -> PlanSet:
    """Rules of somebody else in every shape, partial cover, an expired declaration, a retired range, a dead subnet."""
    of = vault(
        ip_rules=[
            "40.74.28.0/24", "20.166.41.0/24", "52.228.82.7", "191.10.20.7", "191.10.18.0/28", "191.10.19.9",
            "52.236.192.0/26", "20.91.148.130", "'10.91.4.0/24'",
        ],
        subnets=[
            subnet_id("Agents").text,
            subnet_id("legacy", "vnet-app", "rg-app", OTHER_SUBSCRIPTION).text,
            "/subscriptions/x/resourceGroups/old/providers/Microsoft.ClassicNetwork/virtualNetworks/v/subnets/s",
        ],
    )  # fmt: skip
    allow = ["191.10.18.0/28=head office", "191.10.19.9=visitors;until=2026-10-31"]
    gone = (subnet_id("legacy", "vnet-app", "rg-app", OTHER_SUBSCRIPTION),)
    return plan_set(plan(of, allow=allow, subnets=(subnet_id("agents"),), endpoints=True, gone=gone))


def unchanged() -> PlanSet:
    published = [str(each.network) for each in resolution().wanted]
    return plan_set(plan(vault(ip_rules=[*published, "191.10.20.7"])))


def several() -> PlanSet:
    published = [str(each.network) for each in resolution().wanted]
    return plan_set(
        plan(vault("kv-orders", ["191.10.20.7"], is_open=True)),
        plan(vault("kv-payments", published)),
        plan(
            vault("kv-audit", ["40.74.28.0/23"], group="rg-audit"), exclusive=True, public_access=PublicAccess.ENABLED
        ),
        undetermined=(unread("kv-legacy", "you may not read this vault; ask for the role Reader on it"),),
    )


def perimeter() -> PlanSet:
    return plan_set(plan(vault(ip_rules=["191.10.20.7"], perimeter=Perimeter.ENFORCED)))


def removal() -> PlanSet:
    many = [f"191.10.{each}.0/24" for each in range(12)]
    return plan_set(plan(vault(ip_rules=many), "exclusive", exclusive=True))


def closed() -> PlanSet:
    return plan_set(plan(vault(public_access=PublicAccess.DISABLED)))


def inferred() -> PlanSet:
    who = (organization("contoso", Witness.SIGN_IN, "spsprodweu5"),)
    return plan_set(plan(vault(), organizations=who), by=who)


def hostile(name: str) -> PlanSet:
    """A plan in which everything that somebody else may choose is `name`."""
    who = Organization(name, (Evidence(Witness.COLLECTION, "preferredGeography", name, EUROPE),))
    of = vault(ip_rules=[name, "191.10.20.7"], subnets=[name])
    odd = VaultId(
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/x/providers/Microsoft.KeyVault/vaults/{name}",
        SUBSCRIPTION,
        name,
        name,
    )
    subnet = SubnetId(f"/{name}", SUBSCRIPTION, name, name, name)
    made = plan(Vault(odd, of.firewall), allow=[f"191.10.18.0/28= {name}."], organizations=(who,), subnets=(subnet,))
    return plan_set(made, undetermined=(Undetermined(name, NetcfgError(name)),), by=(who,))


def applied(planned: PlanSet, *endings: Ending, error: str = "", **of: Any) -> Result:
    """What became of the plans, one ending for each."""
    fault = NetcfgError(error) if error else None
    outcomes = [
        Outcome(
            each, ending, ending is Ending.DONE, error=fault if ending in (Ending.FAILED, Ending.STALE) else None, **of
        )
        for each, ending in zip(planned.plans, endings, strict=True)
    ]
    return Result(planned, tuple(outcomes))
