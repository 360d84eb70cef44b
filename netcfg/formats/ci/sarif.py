"""For GitHub's code scanning and the Scans tab of Azure DevOps: a report as SARIF 2.1.0.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
What GitHub takes of it, and how much: https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning

No string is empty, for GitHub takes none. A finding is in a vault, and a vault is no file: it is shown at the line of
the configuration that chose the vault, or at the first line of the configuration that there could be.

A vault that could not be read is a result too. Whoever takes these files closes what is no longer among the results,
and a vault of which nothing is known would look like one that was mended.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import groupby
from pathlib import PurePosixPath, PureWindowsPath
from posixpath import normpath
from typing import Any
from urllib.parse import quote

from netcfg import __version__
from netcfg.core.checks.check import Check
from netcfg.core.checks.register import CHECKS, OF_GROUPS, OF_VAULTS
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.linking.library import LibraryReport
from netcfg.core.plan import Undetermined
from netcfg.core.report import Judged, Report
from netcfg.core.target import Location
from netcfg.formats import order, phrases
from netcfg.formats.harmless import line
from netcfg.formats.report import findings, groups

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
CONFIGURATION = "netcfg.yaml"
MOST = 25_000  # results of a run; GitHub refuses the whole file where there are more
LONGEST_DESCRIPTION = 1024

# What GitHub sorts security alerts by: above 9 is critical, from 7 high, from 4 medium, below that low.
_SCORES = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
_CRITICAL = {"default-action-allow": "9.5"}  # everybody on the internet reaches the vault

UNDETERMINED = Check(
    "undetermined",
    Severity.ERROR,
    "Not all of it could be read, so nobody knows whether it is compliant",
    "Something that decides who gets into this vault, or which vaults were selected, could not be read: a permission "
    "was missing, Azure had no answer, or what is meant for it contradicts itself. Findings of an earlier run may be "
    "gone from this report for no other reason; they come back when it can be read.",
    "The message says what was asked and what came back. Mostly the identity that runs the check lacks the role Reader "
    "on the vault, or on a virtual network, zone or perimeter that belongs to it.",
    "There is no waiver for it. A vault that is not to be looked at belongs into no entry of the configuration.",
)

_RULES = {**CHECKS, UNDETERMINED.id: UNDETERMINED}  # all, for the words of one
_BRACES = re.compile(r"[{}]")

Object = dict[str, Any]


def report(report: Report, base: str = "") -> str:
    """The report; `base` is the folder that the files are named from, as the repository's root sees it."""
    return _written(report, {**OF_VAULTS, UNDETERMINED.id: UNDETERMINED}, "netcfg", findings.verdict(report), base)


def library(report: LibraryReport, base: str = "") -> str:
    """The same for what was found in variable groups, beside which the report on vaults stays."""
    return _written(report, {**OF_GROUPS, UNDETERMINED.id: UNDETERMINED}, "netcfg-group", groups.verdict(report), base)


def _written(report: Judged, rules: Mapping[str, Check], category: str, verdict: str, base: str) -> str:
    found = sorted(findings.every(report), key=lambda each: each.waived is not None)
    results = [*_unread(report), *found]  # the first ones matter most
    run = {
        "tool": {"driver": _driver(rules)},
        "automationDetails": {"id": _category(category, base)},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report, len(results), verdict)],
        "results": _results(results[:MOST], rules, base),
    }
    return _write({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _write(document: Object) -> str:
    """ASCII in one line: indented, the report of a fleet takes several times as long. No runner obeys it.

    The number sign appears in strings alone, so a pair of them can be written by number.
    """
    written = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    return written.replace("##", r"\u0023\u0023").replace("\x7f", r"\u007f") + "\n"


def _category(name: str, base: str) -> str:
    """What tells the reports of two folders apart, and stays the same whatever is found: the next report replaces the
    one of the same category."""
    return "/".join([name, *_steps(base), ""])


def _driver(rules: Mapping[str, Check]) -> Object:
    """All rules, for one that is not named is not known to have been looked at."""
    return {
        "name": "netcfg",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(each) for each in rules.values()],
    }


def _rule(check: Check) -> Object:
    paragraphs = [check.why, check.mending, check.waiving]
    more = [f"`netcfg check --explain {check.id}`"] if check.id in CHECKS else []
    return {
        "id": check.id,
        "name": check.id.title().replace("-", ""),
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": _shortened(check.why)},
        "help": {
            "text": "\n\n".join(paragraphs),
            "markdown": "\n\n".join([f"# {check.title}", *paragraphs, *more]),
        },
        "defaultConfiguration": {"level": check.severity.value},
        "properties": {
            "precision": "very-high",  # what is found was read, not guessed
            "security-severity": _CRITICAL.get(check.id, _SCORES[check.severity]),
            "tags": ["security", "network", "azure-key-vault", "azure-devops"],
        },
    }


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    return text[: LONGEST_DESCRIPTION - 1].rpartition(" ")[0] + "…"


def _invocation(report: Judged, found: int, verdict: str) -> Object:
    """How the run went: not well, where something could not be read, for that is not known to be compliant."""
    told = [_notification("error", _doubt(each), each.vault) for each in order.undetermined(report.undetermined)]
    if found > MOST:
        left = f"{phrases.count(found - MOST, 'finding')} left out: {MOST:,} of the {found:,} are here, the worst"
        told.append(_notification("warning", f"{left}; netcfg check --format json has them all"))
    return {
        "executionSuccessful": not report.undetermined,
        "exitCode": report.status,
        "exitCodeDescription": verdict,
        "toolExecutionNotifications": told,
    }


def _doubt(undetermined: Undetermined) -> str:
    return f"{phrases.vault_name(undetermined.vault)} is undetermined: {undetermined.error}"


def _unread(report: Judged) -> list[Finding]:
    """A finding for each vault or selection that could not be read whole, whatever the number of reasons."""
    grouped = groupby(order.undetermined(report.undetermined), key=lambda each: each.vault)
    return [_as_finding(vault, list(members)) for vault, members in grouped]


def _as_finding(vault: str, doubts: list[Undetermined]) -> Finding:
    where = next((each.where for each in doubts if each.where), None)
    message = "; ".join(map(_doubt, doubts))
    return Finding(UNDETERMINED.id, UNDETERMINED.severity, None, vault, message, "", where)


def _notification(level: str, text: str, vault: str = "") -> Object:
    return {"level": level, "message": {"text": _message(text)}, **_properties(vault=vault)}


def _results(found: list[Finding], rules: Mapping[str, Check], base: str) -> list[Object]:
    indices = {each: index for index, each in enumerate(rules)}
    # Whoever says of one result whether it is suppressed has to say it of each.
    is_told = any(each.waived for each in found)
    fingerprints = _fingerprints(found)
    return [
        _result(each, indices[each.rule], mark, base)
        | ({"suppressions": [_suppression(each.waived, base)] if each.waived else []} if is_told else {})
        for each, mark in zip(found, fingerprints, strict=True)
    ]


def _result(found: Finding, index: int, fingerprint: str, base: str) -> Object:
    fix = f"; fix: {found.fix}" if found.fix.strip() else ""
    place = _location(found.where, base)
    return {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": found.severity.value,
        "message": {"text": _message((found.message.strip() or _RULES[found.rule].title) + fix)},
        "locations": [place | ({"logicalLocations": [_vault(found)]} if found.vault else {})],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        **_properties(vault=str(found.vault) if found.vault else "", subject=found.subject, fix=found.fix),
    }


def _vault(found: Finding) -> Object:
    named = {"name": found.vault.name, "fullyQualifiedName": str(found.vault)} if found.vault else {}
    return {"kind": "resource"} | {name: text for name, text in named.items() if text.strip()}


def _properties(**said: str) -> Object:
    known = {name: text for name, text in said.items() if text.strip()}
    return {"properties": known} if known else {}


def _suppression(waiver: Waiver, base: str) -> Object:
    """That it is waived, as long as the waiver holds. The line of the waiver is told where it is known."""
    where = {"location": _location(waiver.where, base)} if waiver.where else {}
    reason = findings.excuse(waiver).strip() or waiver.rule
    return {"kind": "external", "status": "accepted", "justification": line(reason), **where}


def _fingerprints(found: Iterable[Finding]) -> list[str]:
    """What stays the same while a finding does, wherever its line moves and whatever words it is told in.

    As GitHub writes them: a hash, and which of those with this hash it is. Two that share one are one alert there.
    """
    seen: Counter[str] = Counter()
    marks = []
    for each in found:
        vault = each.vault.text.lower() if each.vault else ""
        key = "\0".join([each.rule, vault, each.subject.lower()])
        digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        seen[digest] += 1
        marks.append(f"{digest}:{seen[digest]}")
    return marks


def _location(where: Location | None, base: str) -> Object:
    """A whole line, or as much of one as can be said without having read it: its first character."""
    number = max(where.line, 1) if where else 1
    region = {"startLine": number, "startColumn": 1, "endLine": number, "endColumn": 2}
    return {"physicalLocation": {"artifactLocation": _artifact(where.file if where else "", base), "region": region}}


def _artifact(file: str, base: str) -> Object:
    """The file from the repository's root, so that it is found there; one that is named in full is not from there."""
    if PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute():
        return {"uri": f"file:///{'/'.join(_steps(file))}"}
    steps = _steps("/".join(filter(None, [base, file or CONFIGURATION])))
    return {"uri": "/".join(steps) or CONFIGURATION, "uriBaseId": "%SRCROOT%"}


def _steps(path: str) -> list[str]:
    """The steps of a path, whatever system it is of, as a URI has them."""
    plain = normpath(path.replace("\\", "/")) if path else ""
    return [quote(each, safe="", errors="replace") for each in plain.split("/") if each not in ("", ".")]


def _message(text: str) -> str:
    """The text for a message of SARIF, in which braces hold a place and `[…](…)` is a link."""
    doubled = _BRACES.sub(lambda found: found[0] * 2, line(text).strip())
    return doubled.replace("](", r"]\(") or "?"
