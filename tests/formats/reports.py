"""Reports for the tests of every format: hand-made findings about vaults that are really looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.guards import Circumstances
from netcfg.core.intent import Intent
from netcfg.core.plan import Undetermined, look
from netcfg.core.report import Inspection, Report
from netcfg.core.resources import Subnet, Vault
from netcfg.core.target import Location
from tests.formats.builders import EUROPE, organization, resolution, subnet_id, unread, vault
from tests.strategies import TODAY

CONFIGURATION = "netcfg.yaml"


def seen(of: Vault, **intent: Any) -> Circumstances:
    """A vault beside what is meant for it, as a check sees it; every subnet has its endpoint."""
    meant = Intent(**{"organizations": ("contoso",), **intent})
    subnets = [Subnet(each, has_endpoint=True) for each in meant.subnets]
    return look(of, meant, resolution(EUROPE), (organization(),), subnets, TODAY)


def finding(
    of: Vault | None,
    rule: str = "foreign-rule",
    severity: Severity = Severity.WARNING,
    subject: str = "191.10.20.7/32",
    message: str = "191.10.20.7/32 is nobody's that is known: neither published nor declared",
    fix: str = "netcfg apply kv-payments --organization contoso --remove 191.10.20.7/32",
    **others: Any,
) -> Finding:
    where = others.pop("where", Location(CONFIGURATION, 7))
    return Finding(rule, severity, of.id if of else None, subject, message, fix, where, **others)


def inspection(of: Vault, *findings: Finding, **intent: Any) -> Inspection:
    return Inspection(seen(of, **intent), findings)


def report(
    *inspections: Inspection,
    general: Iterable[Finding] = (),
    undetermined: Iterable[Undetermined] = (),
    fail_on: Severity | None = Severity.ERROR,
) -> Report:
    return Report((), (organization(),), resolution(EUROPE), inspections, tuple(general), tuple(undetermined), fail_on)


def clean() -> Report:
    """One vault, nothing found."""
    return report(inspection(vault(ip_rules=("40.74.28.0/23", "52.236.192.0/26", "20.166.41.0/24"))))


def drifted() -> Report:
    """One vault with a finding of each severity, one that is waived, a waiver that expired, and one vault unread."""
    of = vault(ip_rules=("40.74.28.17/32", "191.10.20.7/32", "191.10.19.7/32"), subnets=(str(subnet_id("agents")),))
    waiver = Waiver("foreign-rule", "partner link", "kv-payments", "191.10.19.7/32", date(2027, 3, 1))
    missing = finding(
        of,
        "published-range-partly-covered",
        Severity.ERROR,
        "40.74.28.0/23",
        "Azure DevOps comes from 40.74.28.0/23 (Europe, westeurope), and 40.74.28.17/32 lets in a part of it only",
        "netcfg apply kv-payments --organization contoso",
    )
    differ = finding(
        of, "editions-disagree", Severity.NOTE, "Europe", "2 ranges for Europe are in the service tag alone", "netcfg x"
    )
    strange = finding(of)
    waived = replace(strange, subject="191.10.19.7/32", message="191.10.19.7/32 is nobody's", waived=waiver)
    late = finding(
        None,
        "expired-waiver",
        Severity.ERROR,
        "redundant-rule of kv-orders",
        "the waiver of redundant-rule of kv-orders ended on 2026-06-30: remove it, or say how long it holds now",
        "netcfg check --explain expired-waiver",
        where=Location(CONFIGURATION, 21),
    )
    agents = (subnet_id("agents"),)
    return report(
        inspection(of, missing, strange, waived, differ, subnets=agents),
        general=(late,),
        undetermined=(unread("kv-secret", "the sign-in may not read kv-secret; assign Reader on it"),),
    )


def hostile(name: str) -> Report:
    """The same name everywhere that somebody else chooses one."""
    of = vault(ip_rules=("191.10.20.7/32",))
    of = replace(of, id=replace(of.id, text=of.id.text.replace("kv-payments", name)))
    waiver = Waiver("foreign-rule", name, name, name)
    bad = finding(of, "foreign-rule", Severity.ERROR, name, name, name, where=Location(name, 3))
    found = (bad, replace(bad, severity=Severity.WARNING), replace(bad, severity=Severity.NOTE, waived=waiver))
    return report(
        inspection(of, *found),
        general=(replace(bad, vault=None),),
        undetermined=(Undetermined(name, NetcfgError(name)),),
    )


def many(vaults: int, findings: int = 10, *, are_alike: bool = False) -> Report:
    """A fleet: so many vaults, each with so many findings, which are about other addresses in each or the same."""
    made = []
    for number in range(vaults):
        of = vault(f"kv-{number:05}", ip_rules=("40.74.28.17/32", "191.10.20.7/32"))
        place = 0 if are_alike else number * findings
        subjects = (f"191.{10 + at // 65536}.{at // 256 % 256}.{at % 256}/32" for at in range(place, place + findings))
        found = (finding(of, subject=each) for each in subjects)
        made.append(inspection(of, *found))
    return report(*made)
