"""For programs: documents of version 1, as `data/schemas/` describes them. They are built field by field and only grow.

Whatever a name holds, it is here in full, and yet no runner that shows the document obeys it: a string can hide any
character behind its number. What may be about a whole fleet is written vault by vault: ten thousand plans are never
there a second time, as one document or as one string.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from operator import eq
from typing import Any

from netcfg.core.attribution import Attribution, Passage, Publication, Span
from netcfg.core.cleaning import Cleaning
from netcfg.core.comparison import Comparison, Extent, Growth
from netcfg.core.desired import Reason
from netcfg.core.discovery import Discovery
from netcfg.core.entrance import Entrance
from netcfg.core.geography import Evidence, Organization, Region
from netcfg.core.guards import Guard
from netcfg.core.linking.grouping import GroupResult
from netcfg.core.linking.library import LibraryReport, Listing
from netcfg.core.messages.explanation import Explanation
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Change, Plan, PlanSet, Undetermined
from netcfg.core.proof import Proof
from netcfg.core.ranges import Edition, PublishedRange, Publisher, Resolution
from netcfg.core.record import History
from netcfg.core.refresh import Judgement, News, Refreshed, addresses
from netcfg.core.report import Report
from netcfg.core.resources import SubnetId
from netcfg.core.rules import Firewall, IpRule, Rule
from netcfg.core.served import Served
from netcfg.core.setup import SetupPlan, SetupResult
from netcfg.core.verification import Verification
from netcfg.formats import attribution as attributed
from netcfg.formats import callers, comparison, order, phrases, pieces
from netcfg.formats import cleaning as cleaned
from netcfg.formats import discovery as discovered
from netcfg.formats import explanation as explained
from netcfg.formats import grouping as grouped
from netcfg.formats import groups as linked
from netcfg.formats import records as recorded
from netcfg.formats import setup as told_setup
from netcfg.formats import verification as verified
from netcfg.formats.report import document as reported
from netcfg.formats.report import groups as reported_groups

VERSION = 1

Object = dict[str, Any]


def plan(plans: PlanSet) -> Iterator[str]:
    vaults = map(_vault, order.plans(plans.plans))
    log = {"callers": callers.document_of_log(plans.callers)} if plans.callers else {}
    return _stream({"version": VERSION, "kind": "plan", **_foundation(plans), **log, "vaults": vaults, **_end(plans)})


def result(outcome: Result) -> Iterator[str]:
    end = _ends(outcome)
    vaults = map(partial(_outcome, is_proved=outcome.is_proved), order.outcomes(outcome.outcomes))
    return _stream({"version": VERSION, "kind": "result", **_foundation(outcome.planned), "vaults": vaults, **end})


def setup(planned: SetupPlan) -> Iterator[str]:
    """A plan of one vault, with the other steps beside it."""
    document = {"version": VERSION, "kind": "plan", **_foundation(planned.planned)}
    vaults = map(_vault, order.plans(planned.planned.plans))
    end = _end(planned.planned)
    end["summary"]["refused"] = planned.is_refused
    return _stream({**document, "vaults": vaults, **told_setup.document(planned), **end})


def setup_result(found: SetupResult) -> Iterator[str]:
    """The result of an apply of one vault, with what became of the other steps beside it."""
    end = _ends(found.result)
    end["summary"] |= _known("interrupted", found.is_interrupted)
    vaults = map(partial(_outcome, is_proved=found.result.is_proved), order.outcomes(found.result.outcomes))
    document = {"version": VERSION, "kind": "result", **_foundation(found.result.planned), "vaults": vaults}
    return _stream({**document, **told_setup.result_document(found), **end})


def geography(organizations: Iterable[Organization]) -> str:
    ordered = order.organizations(organizations)
    found = [_organization(each) | {"statements": [_statement(one) for one in each.evidence]} for each in ordered]
    return _write({"version": VERSION, "kind": "geography", "organizations": found})


def ranges(resolution: Resolution) -> str:
    document = {
        "version": VERSION,
        "kind": "ranges",
        "geographies": [{"id": each.id, "name": each.name} for each in resolution.geographies],
        "policy": resolution.policy.value,
        "editions": [_edition(each) for each in resolution.editions],
        "ranges": [_range(each) for each in order.ranges(resolution.wanted)],
        "summary": {"ranges": len(resolution.wanted), "ipv6": resolution.ipv6, "outside": resolution.outside},
    }
    return _write(document)


def refreshed(found: Refreshed) -> str:
    """The document of kind `edition`: what a refresh found, place by place."""
    return _write(
        {
            "version": 1,
            "kind": "edition",
            "editions": [_judgement(each) for each in found.judgements],
            "failures": [{"place": each.place, "error": str(each.error)} for each in found.failures],
            "notes": list(found.notes),
            "summary": {
                "new": sum(each.news is News.NEW for each in found.judgements),
                "kept": 0 if found.checked_only else sum(each.is_kept for each in found.judgements),
                "refused": any(each.refusals for each in found.judgements),
                "failed": len(found.failures),
            },
        }
    )


def _judgement(judgement: Judgement) -> Object:
    found, known = judgement.edition, judgement.predecessor
    before = known.networks if known else frozenset()
    return {
        **_edition(found),
        "source": found.source,
        "news": judgement.news.value,
        "addresses": {"now": addresses(found), "before": addresses(known) if known else None},
        "added": [str(each) for each in sorted(found.networks - before)],
        "removed": [str(each) for each in sorted(before - found.networks)],
        "guards": [_guard(each) for each in judgement.guards],
    }


def comparisons(compared: Iterable[Comparison]) -> str:
    return _write({"version": VERSION, "kind": "ranges-diff", "comparisons": [_comparison(each) for each in compared]})


def attribution(found: Attribution) -> str:
    explanation = attributed.explanation(found)
    document = {"version": VERSION, "kind": "address", **_attribution(found), "explanation": explanation}
    return _write(document | {"parts": [_attribution(each) for each in found.parts]})


def discovery(found: Discovery) -> str:
    return _write({"version": VERSION, "kind": "discovery", **discovered.document(found)})


def cleaning(found: Cleaning) -> str:
    return _write({"version": VERSION, "kind": "cleaning", **cleaned.document(found)})


def report(found: Report) -> Iterator[str]:
    return _stream({"version": VERSION, "kind": "report", **_foundation(found), **reported.document(found)})


def library(found: LibraryReport) -> Iterator[str]:
    return _stream({"version": VERSION, "kind": "report", **reported_groups.document(found)})


def groups(found: Listing, vaults: tuple[str, ...] = ()) -> str:
    return _write({"version": VERSION, "kind": "groups", **linked.document(found, vaults)})


def grouping(found: GroupResult) -> str:
    """The document of kind `groups` of a link or a refresh."""
    return _write({"version": VERSION, "kind": "groups", **grouped.document(found)})


def records(found: History) -> str:
    return _write({"version": VERSION, "kind": "records", **recorded.document(found)})


def verification(found: Verification) -> str:
    return _write({"version": VERSION, "kind": "verification", **verified.document(found)})


def proof(found: Proof, here: Verification | None = None) -> str:
    """The document of kind `verification` where Azure DevOps was asked, beside what was seen from `here` or alone."""
    told = verified.proof_document(found)
    whole = {**verified.document(here), "devops": told} if here else told
    return _write({"version": VERSION, "kind": "verification", **whole})


def explanation(found: Explanation) -> str:
    return _write({"version": VERSION, "kind": "explanation", **explained.error_document(found)})


def entrance(found: Entrance) -> str:
    """The document of kind `explanation` that is about an address."""
    is_subnet = isinstance(found.asked, SubnetId)
    document = {
        "version": VERSION,
        "kind": "explanation",
        "about": "address",
        "id": str(found.vault.id),
        "name": found.vault.name,
        "address": None if is_subnet else explained.name(found),
        "subnet": str(found.asked) if is_subnet else None,
        "now": explained.outlook(found.now),
        "planned": explained.outlook(found.planned),
        "rules": [explained.rule(each) | _reason(each.reason) for each in found.grounds],
        "refusedBy": list(found.refusals),
        "whose": explained.whose(found.whose),
        "next": list(found.next),
        "notes": list(found.notes),
    }
    return _write(document)


def _write(document: Object) -> str:
    return "".join(_stream(document))


def _stream(document: Object) -> Iterator[str]:
    """The document piece by piece; what is given as an iterator is an array, of which each element is a piece."""
    lead = "{\n"
    for name, value in document.items():
        yield f'{lead}  "{name}": '
        yield from _array(value) if isinstance(value, Iterator) else (_piece(value, 1),)
        lead = ",\n"
    yield "\n}\n"


def _array(elements: Iterator[object]) -> Iterator[str]:
    lead = "[\n"
    for each in elements:
        yield f"{lead}    {_piece(each, 2)}"
        lead = ",\n"
    yield "[]" if lead == "[\n" else "\n  ]"


def _piece(value: object, depth: int) -> str:
    """ASCII only: it survives every pipe and code page, and no control character is left to a terminal.

    The number sign appears in strings alone, so a pair of them, which begins a command of Azure Pipelines, can always
    be written by number. GitHub's `::` counts where a line begins, and there a document has its own signs. No string
    holds the end of a line as it is, so all of them can be moved to where this piece stands.
    """
    written = json.dumps(value, indent=2, ensure_ascii=True)
    harmless = written.replace("##", r"\u0023\u0023").replace("\x7f", r"\u007f")
    return harmless.replace("\n", "\n" + "  " * depth)


def _foundation(run: PlanSet | Report) -> Object:
    """What everything that one run says rests on."""
    editions = [_edition(each) for each in run.resolution.editions]
    return {
        "organizations": [_organization(each) for each in order.organizations(run.organizations)],
        "ranges": {"policy": run.resolution.policy.value, "editions": editions},
        "selected": list(run.selected),
    }


def _end(plans: PlanSet) -> Object:
    return {
        "undetermined": [_undetermined(each) for each in order.undetermined(plans.undetermined)],
        "summary": {"vaults": len(plans.plans), "changes": plans.changes, "refused": plans.is_refused},
    }


def _ends(outcome: Result) -> Object:
    counts = Counter(each.ending for each in outcome.outcomes)
    end = _end(outcome.planned)
    end["summary"]["outcomes"] = {each.value: counts[each] for each in Ending}
    end["summary"] |= _known("interrupted", outcome.is_interrupted)
    return end


def _organization(organization: Organization) -> Object:
    place = organization.geography
    found: Object = {"id": place.id, "name": place.name, "evidence": organization.evidence[0].witness.value}
    if organization.is_inferred:
        found["inferred"] = True
    return {"name": organization.name, "geography": found}


def _statement(evidence: Evidence) -> Object:
    return {
        "witness": evidence.witness.value,
        "field": evidence.field,
        "text": evidence.text,
        "geography": evidence.geography.id,
    }


def _edition(edition: Edition) -> Object:
    found: Object = {"publisher": edition.publisher.value, "edition": edition.day.isoformat()}
    if edition.change_number is not None:
        found["changeNumber"] = edition.change_number
    return found | {"sha256": edition.sha256, "confirmed": edition.confirmed.isoformat()}


def _vault(plan: Plan) -> Object:
    return {
        "id": str(plan.vault.id),
        "name": plan.vault.name,
        "geographies": [each.id for each in plan.geographies],
        "state": phrases.state(plan.vault),
        "before": _firewall(plan.before),
        "after": _firewall(plan.after),
        "changes": [_change(each) for each in plan.changes],
        "kept": [_kept(rule, reason) for rule, reason in plan.kept],
        "guards": [_guard(each) for each in plan.guards],
        "notes": list(plan.desired.notes),
        **({"callers": callers.document(plan.callers)} if plan.callers else {}),
    }


def vault_of_plan(plan: Plan) -> Object:
    """What a document of kind `plan` says of one vault, for a record that keeps it."""
    return _vault(plan)


def _outcome(outcome: Outcome, *, is_proved: bool) -> Object:
    proof = verified.reading(outcome)
    return _vault(outcome.plan) | {
        "outcome": outcome.ending.value,
        "verified": outcome.verified,
        "error": str(outcome.error) if outcome.error else None,
        **_known("touched", outcome.touched),
        "record": outcome.record,
        **({"wave": outcome.wave} if outcome.wave else {}),
        **({"devops": proof} if is_proved else {}),
    }


def _firewall(firewall: Firewall) -> Object:
    """In Azure's own words, as its REST API has them; rules in order of address, for Azure's order means nothing."""
    rule_set = firewall.rule_set
    return {
        "publicNetworkAccess": firewall.public_access.value,
        "networkAcls": {
            "bypass": rule_set.bypass.value,
            "defaultAction": rule_set.default_action.value,
            "ipRules": [
                {"value": each.value} for each in sorted(rule_set.ip_rules, key=lambda each: (each.key, each.value))
            ],
            "virtualNetworkRules": [
                {"id": each.subnet}
                for each in sorted(rule_set.virtual_network_rules, key=lambda each: (each.key, each.subnet))
            ],
        },
    }


def _change(change: Change) -> Object:
    found: Object = {"action": change.action.value, "kind": change.kind.value, "value": change.value}
    if change.was is not None:
        found["was"] = change.was
    if change.subnet is not None:
        found["subnet"] = str(change.subnet)
    if change.piece is not None:
        found |= pieces.document(change.piece)
    return found | (_reason(change.reason) if change.reason else {})


def _kept(rule: Rule, reason: Reason) -> Object:
    kind = "ip-rule" if isinstance(rule, IpRule) else "virtual-network-rule"
    return {"kind": kind, "value": str(rule), **_reason(reason)}


def _reason(reason: Reason) -> Object:
    found: Object = {"standing": reason.standing.value, **_source(reason.publishers, reason.region)}
    return found | ({"reason": reason.text} if reason.text else {})


def _range(each: PublishedRange) -> Object:
    return {"value": str(each.network), **_source(each.publishers, each.region)}


def _source(publishers: Iterable[Publisher], region: Region | None) -> Object:
    """Who publishes a range and for which region; a region that belongs to none of the eight has no geography."""
    found: Object = {}
    if names := [each.value for each in publishers]:
        found["publishedBy"] = names
    if region and region.geography:
        found["geography"] = region.geography.id
    if region:
        found["region"] = region.name
    if region and region.is_inferred:
        found["inferred"] = True
    return found


def _comparison(compared: Comparison) -> Object:
    added = [_served(each) | _known("coveredBefore", compared.had_before(each)) for each in compared.added]
    removed = [_served(each) | _known("coveredAfter", compared.has_still(each)) for each in compared.removed]
    geographies = [
        {"geography": each.id if each else None, **_growth(comparison.within(compared, each))}
        for each in compared.geographies
    ]
    regions = [_region(each) | _growth(compared.growth(partial(eq, each))) for each in compared.regions]
    return {
        "old": _edition(compared.old),
        "new": _edition(compared.new),
        "added": added,
        "removed": removed,
        "moved": [
            {"value": str(each.network), "before": _region(each.before), "after": _region(each.after)}
            for each in compared.moved
        ],
        "total": _growth(compared.growth()),
        "geographies": geographies,
        "regions": regions,
        "notes": comparison.notes(compared),
    }


def _growth(growth: Growth) -> Object:
    return {
        "before": _extent(growth.before),
        "after": _extent(growth.after),
        "percent": {"ranges": growth.ranges, "addresses": growth.addresses},
    }


def _extent(extent: Extent) -> Object:
    return {"ranges": extent.ranges, "addresses": extent.addresses, "ipv6": extent.ipv6}


def _attribution(found: Attribution) -> Object:
    return {
        "address": attributed.address(found.asked),
        "answer": found.answer.value,
        "special": found.special.value if found.special else None,
        "publications": [_publication(each) for each in found.publications],
        "outbound": [_passage(each) for each in found.passages],
    }


def _publication(each: Publication) -> Object:
    ranges = [_served(one) for one in each.ranges]
    return {"publisher": each.publisher.value, "ranges": ranges, **_span(each.span)}


def _passage(each: Passage) -> Object:
    return {"way": each.way.value, "value": str(each.network), **_span(each.span)}


def _span(span: Span) -> Object:
    """Days of editions; `until` is the first one without it, and nothing while the newest has it."""
    found: Object = {"since": span.since.isoformat(), "until": span.until.isoformat() if span.until else None}
    return (
        found
        | {"newest": span.newest.isoformat()}
        | _known("orEarlier", span.is_oldest)
        | _known("gaps", span.has_gaps)
    )


def _served(each: Served) -> Object:
    return {"value": str(each.network), **_region(each.region)}


def _region(region: Region) -> Object:
    return _source((), region) | _known("canary", region.is_canary)


def _known(name: str, holds: bool) -> Object:
    """A property that is written only where it is true."""
    return {name: True} if holds else {}


def _guard(guard: Guard) -> Object:
    return {"id": guard.id, "accepted": guard.accepted, "message": guard.message}


def _undetermined(undetermined: Undetermined) -> Object:
    return {"vault": undetermined.vault, "reason": str(undetermined.error)}
