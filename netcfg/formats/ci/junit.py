"""For the Tests tab of a pipeline: a report as JUnit's XML, the way `PublishTestResults@2` of Azure Pipelines reads it.

A test is a rule in a vault, so a green run shows what was looked at. What fails the check fails, what is waived is
skipped, and what could not be read is an error. Of a vault that is not wholly known no rule passes: those that nothing
fails are skipped, with the reason. The reader: https://github.com/microsoft/azure-pipelines-agent,
`JunitResultReader.cs`; it drops a test without a name, and takes the run's name from the suite where there is one only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from xml.etree import ElementTree

from netcfg.core.checks.register import OF_GROUPS, OF_VAULTS
from netcfg.core.findings import Finding, Severity
from netcfg.core.linking.library import LibraryReport
from netcfg.core.plan import Undetermined
from netcfg.core.report import Report
from netcfg.formats import order, phrases
from netcfg.formats.harmless import line
from netcfg.formats.report import findings

RUN = "netcfg check"
RUN_OF_GROUPS = "netcfg group check"
GENERAL = "the run"
READABLE = "can be read"


@dataclass(frozen=True)
class Case:
    """One test: a rule in a vault, or whether the vault can be read. It fails, is an error or is skipped, or passes.

    `out` is what is told beside that, a line each.
    """

    vault: str
    rule: str
    failure: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


def report(report: Report) -> Iterator[str]:
    return _written(partial(_cases, report), RUN)


def library(report: LibraryReport) -> Iterator[str]:
    """A test is a rule in a variable group."""
    return _written(partial(_cases_of_groups, report), RUN_OF_GROUPS)


def _written(cases: Callable[[], Iterator[Case]], name: str) -> Iterator[str]:
    """The report in ASCII: characters beyond it are written by number, so no encoding can spoil it.

    Test by test: a fleet has hundreds of thousands, so they are counted first and made once more to be written.
    """
    counts: Counter[str] = Counter()
    for each in cases():
        found = {"failures": each.failure, "errors": each.errors, "skipped": each.skipped}
        counts.update(["tests", *(name for name, told in found.items() if told)])
    numbers = {each: str(counts[each]) for each in ("tests", "failures", "errors", "skipped")} | {"time": "0"}
    root, suite = (ElementTree.Element(tag, {"name": name, **numbers}) for tag in ("testsuites", "testsuite"))
    yield f'<?xml version="1.0" encoding="utf-8"?>\n{_opened(root)}\n'
    if not counts:
        yield f"  {_text(suite)}\n</testsuites>\n"
        return
    yield f"  {_opened(suite)}\n"
    for each in cases():
        test = _test(each)
        ElementTree.indent(test, level=2)
        yield f"    {_text(test)}\n"
    yield "  </testsuite>\n</testsuites>\n"


def _opened(element: ElementTree.Element) -> str:
    """The tag that an element with something in it begins with."""
    return f"{_text(element).removesuffix(' />')}>"


def _text(element: ElementTree.Element) -> str:
    return str(ElementTree.tostring(element, "us-ascii"), "ascii")


def _cases(report: Report) -> Iterator[Case]:
    doubts = _doubts(report.undetermined)
    yield from (Case(name, READABLE, errors=errors) for name, errors in doubts)
    known = _by_vault(doubts)
    general = [each.id for each in OF_VAULTS.values() if each.is_general and report.inspections]
    yield from _ruled(GENERAL, general, report.general, report.fail_on)
    specific = [each.id for each in OF_VAULTS.values() if not each.is_general]
    for inspection in order.inspections(report.inspections):
        cases = _ruled(inspection.vault.name, specific, inspection.findings, report.fail_on)
        unknown = known.get(inspection.vault.name.lower(), ())
        yield from (_doubted(each, unknown) if unknown else each for each in cases)


def _cases_of_groups(report: LibraryReport) -> Iterator[Case]:
    doubts = _doubts(report.undetermined)
    yield from (Case(name, READABLE, errors=errors) for name, errors in doubts)
    known = _by_vault(doubts)
    yield from _ruled(GENERAL, [], report.general, report.fail_on)
    specific = [each.id for each in OF_GROUPS.values() if not each.is_general]
    for inspection in report.inspections:
        cases = _ruled(str(inspection.linked.name), specific, inspection.findings, report.fail_on)
        unknown = known.get(inspection.linked.vault.name, ())
        yield from (_doubted(each, unknown) if unknown else each for each in cases)


def _doubts(undetermined: Iterable[Undetermined]) -> list[tuple[str, tuple[str, ...]]]:
    """The name of what could not be read, and why."""
    grouped = groupby(order.undetermined(undetermined), key=lambda each: each.vault)
    return [(phrases.vault_name(name), tuple(str(each.error) for each in members)) for name, members in grouped]


def _by_vault(doubts: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, errors in doubts:
        found[name.lower()] = found.get(name.lower(), ()) + errors
    return found


def _ruled(vault: str, rules: Iterable[str], found: Iterable[Finding], fail_on: Severity | None) -> Iterator[Case]:
    """A test for each of the rules, and for every other one that something was found for."""
    broken: dict[str, list[Finding]] = defaultdict(list)
    for each in found:
        broken[each.rule].append(each)
    for rule in dict.fromkeys([*rules, *sorted(broken)]):
        yield _case(vault, rule, broken[rule], fail_on)


def _case(vault: str, rule: str, found: list[Finding], fail_on: Severity | None) -> Case:
    unwaived = findings.unwaived(found)
    failing = tuple(each for each in unwaived if fail_on and each.severity.is_at_least(fail_on))
    others = [text for each in unwaived if each not in failing for text in _told(each)]
    excuses = tuple(f"{each.subject} is waived: {findings.excuse(one)}" for each, one in findings.waived(found))
    if unwaived:
        return Case(vault, rule, failing, out=(*others, *excuses))
    return Case(vault, rule, skipped=excuses)


def _doubted(case: Case, doubts: Iterable[str]) -> Case:
    """The test in a vault that is not wholly known: nothing that was found is withdrawn, and nothing passes."""
    if case.failure:
        return case
    return replace(case, skipped=(*(f"not known: {each}" for each in doubts), *case.skipped))


def _test(case: Case) -> ElementTree.Element:
    vault, rule = line(case.vault).strip() or "?", line(case.rule)
    test = ElementTree.Element("testcase", {"classname": vault, "name": f"{vault}: {rule}", "time": "0"})
    if case.failure:
        said = {"message": _first([each.message for each in case.failure]), "type": case.failure[0].severity.value}
        told = [text for each in case.failure for text in _told(each)]
        ElementTree.SubElement(test, "failure", said).text = _lines(told)
    if case.errors:
        said = {"message": _first(case.errors), "type": "undetermined"}
        ElementTree.SubElement(test, "error", said).text = _lines(case.errors)
    if case.skipped:
        ElementTree.SubElement(test, "skipped", {"message": _first(case.skipped)}).text = _lines(case.skipped)
    if case.out:
        ElementTree.SubElement(test, "system-out").text = _lines(case.out)
    return test


def _first(texts: Sequence[str]) -> str:
    more = f" (and {len(texts) - 1:,} more)" if len(texts) > 1 else ""
    return line(texts[0]) + more


def _told(found: Finding) -> list[str]:
    fix = [f"  fix: {found.fix}"] if found.fix else []
    where = [f"  at {found.where}"] if found.where else []
    return [f"{found.severity.value} {found.subject}: {found.message}", *fix, *where]


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(map(line, texts))
