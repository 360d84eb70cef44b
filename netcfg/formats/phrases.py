"""What text and Markdown say in the same words: whom a plan serves, what it rests on, how much it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from netcfg.core.geography import Organization
from netcfg.core.guards import Guard
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Action, Plan, PlanSet, Undetermined
from netcfg.core.proof import NotAsked, Proof
from netcfg.core.ranges import Resolution
from netcfg.core.refresh import Judgement, News
from netcfg.core.report import Report
from netcfg.core.resources import Vault
from netcfg.core.verification import Obstacle
from netcfg.formats import order

FUTURE = {Action.ADD: "to add", Action.REMOVE: "to remove", Action.SET: "to change"}
INTERRUPTED = "interrupted: run the same command again: it goes on where this one ended"
WHOLE = "--format json names every vault, and has every rule of each"
PAST = {Action.ADD: "added", Action.REMOVE: "removed", Action.SET: "changed"}


def count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{plural}"


def audience(run: PlanSet | Report) -> str:
    """The organizations and where they live, or the geographies that were given instead."""
    told = [home(each) for each in order.organizations(run.organizations)]
    given = ", ".join(each.name for each in run.given)
    return " · ".join([*told, f"given: {given}"] if given else told)


def home(organization: Organization) -> str:
    hint = ", inferred" if organization.is_inferred else ""
    return f"{organization.name} → {organization.geography} ({organization.evidence[0].witness.value}{hint})"


def basis(resolution: Resolution) -> str:
    """The editions that the ranges come from."""
    editions = " and ".join(f"{each.publisher.value.replace('-', ' ')} {each.day}" for each in resolution.editions)
    return f"ranges: union of {editions}" if len(resolution.editions) > 1 else f"ranges: {editions}"


def state(vault: Vault) -> str:
    """Who showed the vault as it is told."""
    return "resource-graph" if vault.is_indexed else "resource-manager"


def lag(vaults: Iterable[Vault]) -> str:
    """What must be said where vaults are told as an index shows them; empty where none is."""
    number = sum(each.is_indexed for each in vaults)
    lags = "which lags by seconds or minutes; --consistent reads Resource Manager's"
    return f"the state of {count(number, 'vault')} is Resource Graph's, {lags}" if number else ""


def tally(plans: Iterable[Plan], words: dict[Action, str]) -> str:
    """`4 to add, 1 to remove, 2 to change; 3 rules kept`."""
    chosen = list(plans)
    counts = Counter(change.action for plan in chosen for change in plan.changes)
    parts = [f"{counts[action]:,} {word}" for action, word in words.items() if counts[action]]
    kept = sum(len(plan.kept) for plan in chosen)
    return (", ".join(parts) or "nothing to change") + (f"; {count(kept, 'rule')} kept" if kept else "")


def lost(undetermined: Iterable[Undetermined]) -> str:
    """How much is undetermined: `2 vaults and 1 selection`; a selection may be of any number of vaults."""
    found = list(undetermined)
    selections = len({each.vault for each in found if each.is_selection})
    vaults = _unread(found)
    parts = [count(vaults, "vault")] if vaults else []
    parts += [count(selections, "selection")] if selections else []
    return " and ".join(parts)


def _unread(undetermined: Iterable[Undetermined]) -> int:
    """How many vaults are undetermined, whatever the number of reasons."""
    return len({vault_name(each.vault).lower() for each in undetermined if not each.is_selection})


def summary(plans: PlanSet) -> str:
    """What the whole plan comes to, in one line."""
    if not plans.plans:
        missing = lost(plans.undetermined)
        return f"nothing is known of {missing}" if missing else "no vault is meant: nothing to change"
    refused = [plan for plan in plans.plans if plan.refusals]
    text = tally(plans.plans, FUTURE)
    if len(plans.plans) + len(plans.undetermined) == 1:
        return f"{text}; REFUSED by {guard_names(refused[0].refusals)}" if refused else text
    text = f"{count(len(plans.plans) + _unread(plans.undetermined), 'vault')}: {text}"
    text += f"; {count(len(refused), 'vault')} REFUSED" if refused else ""
    return "; ".join([text, *_missing(plans)])


def _missing(plans: PlanSet) -> list[str]:
    """How much is undetermined, where vaults are counted already; nothing if nothing is."""
    are_selections = any(each.is_selection for each in plans.undetermined)
    number = lost(plans.undetermined) if are_selections else f"{_unread(plans.undetermined):,}"
    return [f"{number} undetermined"] if plans.undetermined else []


def guard_names(guards: Iterable[Guard]) -> str:
    return ", ".join(each.id for each in guards)


def vault_name(vault: str) -> str:
    """The name in a vault's id; what is no id, a selection say, is shown as it is."""
    return (vault.rstrip("/").rpartition("/")[2] or vault) if vault.startswith("/") else vault


def refusal(guards: Iterable[Guard]) -> str:
    """The line above the guards that refuse."""
    hope = " until each of these is accepted" if all(each.accepted or each.can_be_accepted for each in guards) else ""
    return f"REFUSED: nothing is written{hope}"


def are_several(plans: PlanSet) -> bool:
    """Whether there are several vaults, or may be: a guard has to be accepted vault by vault then."""
    return plans.asks_which or len(plans.plans) + len(plans.undetermined) > 1


def acceptance(guard: Guard, plan: Plan, *, several: bool) -> str:
    """The option that accepts this guard for this vault; empty when nothing does."""
    if not guard.can_be_accepted:
        return ""
    return guard.accepting(f"--accept {guard.id}={plan.vault.name}" if several else f"--accept {guard.id}")


def shared_notes(plans: PlanSet) -> list[str]:
    """The notes that hold for every one of several vaults, to be said once."""
    if len(plans.plans) < 2:
        return []
    first, *others = plans.plans
    return [note for note in first.desired.notes if all(note in other.desired.notes for other in others)]


def ending(outcome: Outcome) -> str:
    """What became of one vault."""
    match outcome.ending:
        case Ending.DONE:
            return f"done: {tally([outcome.plan], PAST)}; {'verified' if outcome.verified else 'NOT verified'}"
        case Ending.UNCHANGED:
            return f"unchanged: {tally([outcome.plan], PAST)}"
        case _:
            return how(outcome.ending, outcome.plan.refusals, touched=outcome.touched)


def how(ending: Ending, refusals: Iterable[Guard], *, touched: bool, verified: bool = False) -> str:
    """What became of one vault or of several, whatever their plans are."""
    match ending:
        case Ending.DONE:
            return "done" if verified else "done, NOT verified"
        case Ending.UNCHANGED:
            return "unchanged"
        case Ending.REFUSED:
            return f"REFUSED by {guard_names(refusals)}: nothing was written"
        case Ending.STALE | Ending.FAILED:
            return (
                f"{ending.value.upper()}: {'something was written before that' if touched else 'nothing was written'}"
            )
        case Ending.NOT_REACHED:
            return "not finished: something was written before that" if touched else "not reached: nothing was written"
        case _:
            assert_never(ending)


def proof(found: Proof) -> str:
    """What came of Azure DevOps reading a vault after an apply, and what to do next."""
    return ": ".join(filter(None, [finding(found), "; ".join(commands(found))]))


def finding(found: Proof) -> str:
    """The same without the commands."""
    words = f"; next: {found.remedy.words}" if found.remedy else ""
    return f"{proven(found)}: {found.message}{words}"


def unasked(found: NotAsked) -> str:
    """Why Azure DevOps was not asked after an apply."""
    known = "whether Azure DevOps gets in is NOT known" if found.is_lost else "Azure DevOps was not asked"
    return f"{known}: {found.reason}"


def reading(outcome: Outcome) -> str:
    """What came of Azure DevOps reading a vault, or why it was not asked, without commands; empty where nobody wanted
    to know."""
    return finding(outcome.proof) if outcome.proof else unasked(outcome.unasked) if outcome.unasked else ""


def commands(found: Proof | None) -> tuple[str, ...]:
    return found.remedy.commands if found and found.remedy else ()


def proven(found: Proof) -> str:
    """The same in a few words."""
    match found.obstacle:
        case None:
            return "Azure DevOps gets in"
        case Obstacle.PERMISSION:
            return "warning: Azure DevOps lacks a permission, which no rule gives"
        case Obstacle.FIREWALL | Obstacle.PUBLIC_ACCESS | Obstacle.PERIMETER | Obstacle.NO_VAULT:
            return "Azure DevOps does NOT get in yet"
        case _:
            return "whether Azure DevOps gets in is NOT known"


def resumption(result: Result) -> str:
    """How to go on after an apply that somebody ended; nothing to say where nobody did."""
    return INTERRUPTED if result.is_interrupted else ""


def provenance(run: PlanSet | Report) -> list[str]:
    """What was selected, and whose word the states of the vaults are."""
    vaults = [each.vault for each in (run.plans if isinstance(run, PlanSet) else run.inspections)]
    return [*run.selected, *filter(None, [lag(vaults)])]


def conclusion(result: Result) -> str:
    """What the whole apply comes to, in one line."""
    unfinished = sum(each.ending is Ending.NOT_REACHED and each.touched for each in result.outcomes)
    counts = Counter(each.ending for each in result.outcomes)
    counts[Ending.NOT_REACHED] -= unfinished
    parts = [f"{counts[each]:,} {each.value.replace('-', ' ')}" for each in Ending if counts[each]]
    parts += [f"{unfinished:,} not finished"] if unfinished else []
    missing = _unread(result.planned.undetermined)
    parts += _missing(result.planned)
    unverified = sum(each.ending is Ending.DONE and not each.verified for each in result.outcomes)
    parts += [f"{unverified:,} NOT verified"] if unverified else []
    unread = sum(each.is_unproved for each in result.outcomes)
    parts += [f"{unread:,} NOT read by Azure DevOps"] if unread else []
    done = [each.plan for each in result.outcomes if each.ending is Ending.DONE]
    text = ": ".join(filter(None, [count(len(result.outcomes) + missing, "vault"), ", ".join(parts)]))
    return f"{text}; {tally(done, PAST)}" if done else text


def news(judgement: Judgement, *, checked_only: bool) -> tuple[str, str]:
    """What an edition is to us, and the style that it is shown in."""
    known = judgement.predecessor
    if judgement.news is News.OLDER and known:
        return f"older than the known one of {known.day}: not kept", "quiet"
    if judgement.news is News.CONFIRMED and not judgement.is_live:
        return "the same as the newest known; a file, or a service that lags, confirms nothing", "quiet"
    if judgement.news is News.CONFIRMED:
        return f"{'is' if checked_only else 'confirmed:'} still what is published", "quiet"
    added, removed = _difference(judgement)
    words = f"{count(added, 'range')} added, {removed} removed" if known else "the first one"
    if judgement.refusals:
        return f"{words}; REFUSED by {guard_names(judgement.refusals)}", "refused"
    return f"{words}; {'new' if checked_only else 'kept'}", "add"


def _difference(judgement: Judgement) -> tuple[int, int]:
    now = judgement.edition.networks
    before = judgement.predecessor.networks if judgement.predecessor else frozenset()
    return len(now - before), len(before - now)
