"""Writes a report in each format, and tells seconds and bytes."""

import json
import time
from datetime import date

from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.intent import Intent
from netcfg.core.plan import look
from netcfg.core.ranges import resolve
from netcfg.core.report import Inspection, Report
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.formats import json as document
from netcfg.formats import markdown
from netcfg.formats.ci import junit, sarif
from netcfg.formats.html import document as page
from netcfg.sources import bundled

today, catalogue = date(2026, 7, 1), bundled.catalogue()
intent = Intent(geographies=(bundled.atlas().find("BR"),))
resolution = resolve(catalogue, intent.policy, intent.geographies)
group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
rules = tuple(IpRule(f"191.10.20.{each}/32") for each in range(10)) + tuple(
    IpRule(str(each.network)) for each in resolution.wanted
)
firewall = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=rules))
inspections = []
for number in range(1000):
    seen = look(Vault(parse_vault(f"{group}/kv-{number:05}"), firewall), intent, resolution, (), (), today)
    found = register.inspect(Case(seen, ("apply", f"kv-{number:05}", "--geography", "BR")), ())
    inspections.append(Inspection(seen, tuple(each for each in found if each.vault)))
report = Report(intent.geographies, (), resolution, tuple(inspections))
found = {"findings": len(report.findings)}
for name, write in (
    ("html", page.report),
    ("sarif", sarif.report),
    ("junit", junit.report),
    ("json", document.report),
    ("markdown", markdown.report),
):
    begun = time.perf_counter()
    text = write(report)
    size = len(text.encode()) if isinstance(text, str) else sum(len(part.encode()) for part in text)
    found[name] = (time.perf_counter() - begun, size)
print(json.dumps(found))
