"""A setup as text, as Markdown and as a document: numbered steps, each with what it does and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from netcfg.core.guards import Guard
from netcfg.core.linking.grouping import GroupOutcome, GroupPlan
from netcfg.core.outcome import Ending
from netcfg.core.plan import Kind, Plan
from netcfg.core.proof import Proof
from netcfg.core.resources import as_subnet
from netcfg.core.rules import IpRule, Rule
from netcfg.core.setup import Permission, SetupPlan, SetupResult, permission_in
from netcfg.core.words import counted
from netcfg.formats import diff, grouping, phrases
from netcfg.formats import verification as verified
from netcfg.formats.harmless import code, fence, prose
from netcfg.formats.page import Page, Row

INDENT = "  "
_ENDINGS = ("outcome", "verified", "touched", "error")  # which a plan has none of
UNBOUNDED = Page(width=100_000)
NETWORK = frozenset((Kind.IP_RULE, Kind.PUBLIC_ACCESS, Kind.DEFAULT_ACTION))


@dataclass(frozen=True)
class Step:
    """One step: what stands beside its name, the lines that it changes, the guards that fire, what else is said, and
    the commands that this ends with."""

    title: str
    words: str
    style: str = ""
    rows: tuple[Row, ...] = ()
    guards: tuple[Guard, ...] = ()
    said: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


# --- as steps -----------------------------------------------------------------------------------------------------


def plan_steps(plan: SetupPlan) -> list[Step]:
    return [_place(plan), _network(plan), _agents(plan.vault), _permission(plan), _group(plan), _proof(plan)]


def _place(plan: SetupPlan) -> Step:
    return Step("geography and ranges", phrases.audience(plan.planned), said=(phrases.basis(plan.planned.resolution),))


def _network(plan: SetupPlan) -> Step:
    """The vault, but for its agents. Of one that stays as it is, no rule is shown."""
    vault = plan.vault
    changes = [row for each, row in zip(vault.changes, diff.changes(vault), strict=True) if each.kind in NETWORK]
    kept = [row for (rule, _), row in zip(vault.kept, diff.kept(vault), strict=True) if not _is_of_agents(rule, vault)]
    words = f"in {vault.vault.id.resource_group} · {phrases.tally([vault], phrases.FUTURE)}"
    rows = (*changes, *(() if vault.is_empty else kept))
    notes = tuple(f"note: {each}" for each in vault.desired.notes)
    return Step(f"vault {vault.vault.name}", words, rows=rows, guards=vault.guards, said=notes)


def _agents(vault: Plan) -> Step:
    changes = [row for each, row in zip(vault.changes, diff.changes(vault), strict=True) if each.kind not in NETWORK]
    kept = [row for (rule, _), row in zip(vault.kept, diff.kept(vault), strict=True) if _is_of_agents(rule, vault)]
    if not vault.desired.agents and not changes:
        return Step("agents", "none in networks of their own: --agents discover or --subnet ID lets them in", "quiet")
    words = counted(len(vault.desired.agents), "subnet") + ("" if changes else ", in already")
    return Step("agents", words, "" if changes else "quiet", rows=(*changes, *kept))


def _is_of_agents(rule: Rule, vault: Plan) -> bool:
    return not isinstance(rule, IpRule) and as_subnet(rule.subnet) in vault.desired.agents


def _permission(plan: SetupPlan) -> Step:
    who = f"{plan.connection.name} of {plan.connection.project.name}"
    said = (plan.note,) if plan.note else ()
    if plan.stays_closed:
        return Step(
            "permission", f"{who}: not looked for, as the vault stays without public access", "quiet", said=said
        )
    match plan.permission:
        case Permission.HELD:
            return Step("permission", f"{who} may get and list secrets already", "quiet", said=said)
        case Permission.UNSEEN:
            known = f"whether {who} may get and list secrets is known once the firewall lets Azure DevOps in"
            given = "given then, if it is missing" if plan.grants else "--grant gives it then, if it is missing"
            return Step("permission", f"{known}; {given}", said=said)
        case Permission.MISSING:
            if plan.grant:
                return Step(
                    "permission", f"{who} may not read secrets", rows=(grouping.row(plan.grant.change),), said=said
                )
            lost = "--grant gives it; without, all is done but the variable group, and the exit status is 7"
            return _told(Step("permission", f"MISSING: {lost}", "refused", said=said), plan.proof)


def _group(plan: SetupPlan) -> Step:
    group = plan.group
    if group is None:
        return Step("variable group", "none is wanted: --group NAME links one", "quiet")
    where = f"of {group.project.name}"
    words = (
        f"{where} · {grouping.tally(group, phrases.FUTURE)}"
        if group.changes
        else f"{where} maps {_secrets(len(group.after))} already"
    )
    rows = tuple(grouping.rows_of(group)) if group.changes else ()
    notes = tuple(f"note: {each}" for each in group.notes)
    return Step(f"variable group {group.name}", words, "" if group.changes else "quiet", rows, group.guards, notes)


def _proof(plan: SetupPlan) -> Step:
    if plan.proof.obstacle is None:
        words = "Azure DevOps reads the vault already" + ("; it is made to again" if plan.vault.changes else "")
        return Step("proof", words, "quiet")
    if plan.stays_closed:
        return Step("proof", "none: the vault stays without public access, so Azure DevOps does not get in", "quiet")
    return Step("proof", "Azure DevOps itself reads the vault", said=(f"now: {plan.proof.message}",))


def _secrets(number: int) -> str:
    return counted(number, "secret")


def _told(step: Step, proof: Proof) -> Step:
    """The step with what Azure DevOps got to read, and what to do about it."""
    commands = phrases.commands(proof)
    following = [f"next: {proof.remedy.words}{':' if commands else ''}"] if proof.remedy else []
    notes = (f"note: {each}" for each in proof.notes)
    return replace(step, said=(*step.said, proof.message, *notes, *following), commands=commands)


def summary(plan: SetupPlan) -> str:
    """What the whole plan comes to, in one line."""
    if plan.is_done:
        proved = "" if plan.stays_closed else ", and Azure DevOps reads the vault"
        return f"nothing to do: all of it is as it should be{proved}"
    refused = [*plan.vault.refusals, *(plan.group.refusals if plan.group else ())]
    vault = plan.vault
    parts = [f"{vault.vault.name}: {phrases.tally([vault], phrases.FUTURE)}"] if vault.changes else []
    parts += ["a permission to give"] if plan.grant else []
    parts += (
        [f"variable group {plan.group.name}: {grouping.tally(plan.group, phrases.FUTURE)}"]
        if plan.group and plan.group.changes
        else []
    )
    if refused:
        return f"{' · '.join(parts) or 'nothing to change'}; REFUSED by {phrases.guard_names(refused)}"
    if not plan.has_changes:
        return "nothing to change, and Azure DevOps does not read the vault"
    return " · ".join(parts)


# --- what became of them ------------------------------------------------------------------------------------------


def result_steps(result: SetupResult) -> list[Step]:
    outcome = result.vault
    said = (str(outcome.error),) if outcome.error else ()
    vault = Step(
        f"vault {outcome.plan.vault.name}",
        _already(outcome.ending, phrases.ending(outcome)),
        grouping.STYLES[outcome.ending],
        said=said,
    )
    return [vault, _permission_given(result), _group_done(result), _proved(result)]


def _already(ending: Ending, words: str) -> str:
    return "already as it should be" if ending is Ending.UNCHANGED else words


def _permission_given(result: SetupResult) -> Step:
    proof, who = result.proof, result.plan.connection.name
    if result.error:
        return Step("permission", "NOT given", "refused", said=(str(result.error),))
    if proof is None:
        return Step("permission", "not reached", "quiet")
    if proof.obstacle is None:
        return (
            Step("permission", f"given to {who}", "add")
            if result.granted
            else Step("permission", f"{who} has it already", "quiet")
        )
    if result.granted:
        return Step("permission", f"given to {who}, and not effective yet", "refused")
    is_missing = result.plan.permission is Permission.MISSING or proof.is_let_in
    return Step("permission", "MISSING: --grant gives it" if is_missing else "still not known", "refused")


def _group_done(result: SetupResult) -> Step:
    outcome = result.group
    if outcome is None:
        return Step("variable group", "none is wanted", "quiet")
    said = (str(outcome.error),) if outcome.error else ()
    return Step(
        f"variable group {outcome.plan.name}",
        _already(outcome.ending, grouping.ending(outcome)),
        grouping.STYLES[outcome.ending],
        said=said,
    )


def _proved(result: SetupResult) -> Step:
    proof = result.proof
    if proof is None:
        return Step("proof", "not reached", "quiet")
    if proof.obstacle is None:
        return Step("proof", proof.message, "add")
    return _told(Step("proof", phrases.proven(proof), "refused"), proof)


def conclusion(result: SetupResult) -> str:
    """What the whole setup comes to, in one line."""
    again = "run the same command again, it goes on where this one ended"
    if result.is_interrupted:
        return f"interrupted: {again}"
    if not result.is_complete:
        return f"setup is NOT complete: mend what is said above and {again}"
    group = result.group
    for_what = f" for {group.plan.name}, which maps {_secrets(len(group.plan.after))}" if group else ""
    done = "" if result.has_changed_something else "nothing was to do: "
    if result.plan.stays_closed:
        return f"{done}setup is complete: {result.vault.plan.vault.name} stays without public access"
    return f"{done}setup is complete: Azure DevOps reads {result.vault.plan.vault.name}{for_what}"


# --- text ---------------------------------------------------------------------------------------------------------


def text(plan: SetupPlan, page: Page) -> str:
    refused = "refused" if plan.is_refused else "title"
    return _join([*_blocks(plan_steps(plan), page), page.paragraph(summary(plan), refused)])


def result_text(result: SetupResult, page: Page) -> str:
    """What was done; whoever reads it has seen the plan."""
    style = "title" if result.is_complete else "refused"
    return _join([*_blocks(result_steps(result), page, 0), page.paragraph(conclusion(result), style)])


def _blocks(steps: Iterable[Step], page: Page, first: int = 1) -> Iterator[list[str]]:
    for number, each in enumerate(steps, first or 1):
        title = f"{number} {each.title}:" if first else f"{each.title}:"
        yield [*page.heading(title, each.words, each.style), *page.listing(each.rows), *_sentences(each, page)]


def _sentences(step: Step, page: Page) -> list[str]:
    lines = [line for each in step.said for line in page.paragraph(each, "", INDENT, INDENT)]
    lines += [f"{INDENT}{INDENT}{page.show(each)}" for each in step.commands]
    refusing = [
        Row("!", each.id, (each.message, _acceptance(each)), "refused") for each in step.guards if not each.accepted
    ]
    accepted = [Row(" ", each.id, (each.message,), "quiet") for each in step.guards if each.accepted]
    if refusing:
        lines += ["", *page.paragraph(phrases.refusal(step.guards), "refused"), *page.listing(refusing)]
    if accepted:
        lines += ["", *page.paragraph("accepted", "quiet"), *page.listing(accepted)]
    return lines


def _acceptance(guard: Guard) -> str:
    return f"accept with --accept {guard.id}" if guard.can_be_accepted else "cannot be accepted"


def _join(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


# --- Markdown -----------------------------------------------------------------------------------------------------


def markdown(plan: SetupPlan) -> str:
    return _page(f"netcfg setup: {summary(plan)}", plan_steps(plan))


def result_markdown(result: SetupResult) -> str:
    return _page(f"netcfg: {conclusion(result)}", result_steps(result))


def _page(title: str, steps: Iterable[Step]) -> str:
    blocks = [[f"## {prose(title)}"]]
    for number, each in enumerate(steps, 1):
        rows = [Row("!" if row.mark == "~" else row.mark, row.subject, row.cells) for row in each.rows]
        blocks += [[f"### {number} {prose(each.title)}"], [prose(each.words)]]
        blocks += [fence(UNBOUNDED.listing(rows), "diff")] if rows else []
        said = (*(f"- {prose(one)}" for one in each.said), *(f"- {code(one)}" for one in each.commands))
        blocks += [[*said, *map(_guard, each.guards)]]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _guard(guard: Guard) -> str:
    how = "accepted" if guard.accepted else _acceptance(guard)
    return f"- {code(guard.id)}: {prose(guard.message)} — {prose(how)}"


# --- the document -------------------------------------------------------------------------------------------------


def document(plan: SetupPlan) -> dict[str, Any]:
    """What stands in a plan beside its vault."""
    return {
        "permission": {"state": plan.permission.value, "grant": plan.grants},
        "group": _group_plan(plan.group) if plan.group else None,
        "devops": verified.proof_document(plan.proof),
    }


def result_document(result: SetupResult) -> dict[str, Any]:
    """What stands in a result beside its vault."""
    proof = result.proof
    state = Permission.UNSEEN if proof is None else permission_in(proof)
    return {
        "permission": {
            "state": state.value,
            "grant": result.plan.grants,
            "granted": result.granted,
            "error": str(result.error) if result.error else None,
        },
        "group": grouping.document_of(result.group) if result.group else None,
        "devops": verified.proof_document(proof) if proof else None,
        "complete": result.is_complete,
    }


def _group_plan(plan: GroupPlan) -> dict[str, Any]:
    found = grouping.document_of(GroupOutcome(plan, Ending.NOT_REACHED, group=plan.before))
    return {name: each for name, each in found.items() if name not in _ENDINGS}
