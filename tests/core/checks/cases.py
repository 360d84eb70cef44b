"""Vaults beside what is meant for them, and what the checks say: small enough to be written out in a test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.declared import parse_declaration
from netcfg.core.findings import Finding
from netcfg.core.geography import Geography, Organization
from netcfg.core.guards import Circumstances
from netcfg.core.intent import Intent
from netcfg.core.plan import look
from netcfg.core.ranges import Catalogue, Policy, resolve
from netcfg.core.resources import Subnet, Vault
from netcfg.sources import bundled
from tests.formats.builders import CATALOGUE, EUROPE, TODAY

WORDS = ("apply", "kv-payments", "--geography", "EU")
APPLY = "netcfg apply kv-payments --geography EU"
EVERYTHING = ("20.166.41.0/24", "40.74.28.0/23", "134.149.110.74/31", "172.199.233.128/26")  # of Europe


def seen(
    of: Vault,
    *,
    catalogue: Catalogue = CATALOGUE,
    geographies: tuple[Geography, ...] = (EUROPE,),
    organizations: tuple[Organization, ...] = (),
    allow: Iterable[str] = (),
    endpoints: bool = True,
    **meant: Any,
) -> Circumstances:
    """A vault as a check sees it; `endpoints` is whether the agents' subnets have theirs."""
    names = tuple(each.name for each in organizations)
    intent = Intent(names, () if names else geographies, allow=tuple(map(parse_declaration, allow)), **_intent(meant))
    ranges = resolve(catalogue, meant.get("policy", Policy.UNION), geographies, canary=meant.get("canary", False))
    subnets = [Subnet(each, endpoints) for each in intent.subnets]
    return look(of, intent, ranges, organizations, subnets, TODAY, **_beside(meant))


def findings(of: Vault, **meant: Any) -> tuple[Finding, ...]:
    return register.inspect(Case(seen(of, **meant), WORDS, outbound=bundled.outbound()), ())


def found(rule: str, of: Vault, **meant: Any) -> list[tuple[str, str, str, str]]:
    """What one rule finds: severity, subject, message and fix."""
    return [
        (each.severity.value, each.subject, each.message, each.fix)
        for each in findings(of, **meant)
        if each.rule == rule
    ]


def rules(of: Vault, **meant: Any) -> list[tuple[str, str, str]]:
    """Severity, rule and subject of everything that is found, but that publishers never agree."""
    return [
        (each.severity.value, each.rule, each.subject)
        for each in findings(of, **meant)
        if each.rule != "editions-disagree"
    ]


BESIDE = ("gone", "landscape", "survey", "is_selected")


def _intent(meant: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in meant.items() if name not in BESIDE}


def _beside(meant: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in meant.items() if name in BESIDE}
