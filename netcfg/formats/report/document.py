"""A report for programs: every finding as it is, waived or not, in the order that people are shown them in."""

from __future__ import annotations

from typing import Any

from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.report import Inspection, Report
from netcfg.core.target import Location
from netcfg.formats import order, phrases
from netcfg.formats.report import findings

Object = dict[str, Any]


def document(report: Report) -> Object:
    """What the document of kind `report` says beside what the run rests on; long lists are made as they are read."""
    return {
        "vaults": map(_vault, order.inspections(report.inspections)),
        "findings": map(finding, findings.every(report)),
        "undetermined": [
            {"vault": each.vault, "reason": str(each.error)} for each in order.undetermined(report.undetermined)
        ],
        "summary": {
            "vaults": len(report.inspections),
            "findings": {severity.value: report.counts[severity] for severity in Severity},
            "waived": report.waived,
            "undetermined": len(report.undetermined),
            "failOn": report.fail_on.value if report.fail_on else "never",
            "fails": report.fails,
            "compliant": findings.is_compliant(report),
            "status": report.status,
        },
    }


def _vault(inspection: Inspection) -> Object:
    return {
        "id": str(inspection.vault.id),
        "name": inspection.vault.name,
        "geographies": [each.id for each in inspection.seen.resolution.geographies],
        "state": phrases.state(inspection.vault),
        "worst": inspection.worst.value if inspection.worst else None,
    }


def finding(found: Finding) -> Object:
    named = found.group
    group = {"project": named.project, "name": named.name, "id": named.id} if named else None
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "vault": str(found.vault) if found.vault else None,
        "subject": found.subject,
        "message": found.message,
        "fix": found.fix,
        "location": _location(found.where) if found.where else None,
        "waived": _waiver(found.waived) if found.waived else None,
        **({"group": group} if group else {}),
    }


def _location(where: Location) -> Object:
    return {"file": where.file, "line": where.line}


def _waiver(waiver: Waiver) -> Object:
    return {"reason": waiver.reason, "until": waiver.until.isoformat() if waiver.until else None}
