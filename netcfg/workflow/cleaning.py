"""Cleaning: whom killed runs of `netcfg exec` left in vaults is taken out, once their time is over."""

from __future__ import annotations

from dataclasses import replace

from netcfg.core import visit
from netcfg.core.cleaning import Cleaned, Cleaning
from netcfg.core.errors import NetcfgError
from netcfg.core.outcome import Ending
from netcfg.core.plan import Undetermined
from netcfg.core.resources import Vault
from netcfg.core.target import Target
from netcfg.core.visit import Leftover
from netcfg.core.words import counted
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.lanes import Aside, side_by_side
from netcfg.workflow.reading import id_of
from netcfg.workflow.selection import Meant
from netcfg.workflow.writing import Goal, Halt, ending_of, settle


def clean(meant: Meant, around: Surroundings) -> Cleaning:
    """Take out what is overdue in the vaults that are meant; one vault's failure stops no other.

    A vault that a selection found is read again only if there was something of a run: the index lags, but what is
    overdue was written long ago.
    """
    ended: dict[int, Cleaned | Undetermined] = {}
    work = list(enumerate(meant.targets))
    with around.progress.count(f"looking at {counted(len(work), 'vault')}", len(work)) as done:

        def one(item: tuple[int, Target], aside: Aside) -> Cleaned | Undetermined:
            del aside
            try:
                return _clean(item[1], around)
            finally:
                done()

        for (number, _), outcome in side_by_side(work, one, lambda _: (), around.parallel, around.stop):
            ended[number] = outcome
    left = (Undetermined(str(each.vault), around.ended()) for number, each in work if number not in ended)
    lost = (each for each in ended.values() if isinstance(each, Undetermined))
    vaults = (each for each in ended.values() if isinstance(each, Cleaned))
    return Cleaning(
        tuple(sorted(vaults, key=lambda each: each.vault.id.text.lower())),
        tuple(sorted((*meant.lost, *lost, *left), key=lambda each: each.vault.lower())),
        around.moment().remarks,
    )


def _clean(target: Target, around: Surroundings) -> Cleaned | Undetermined:
    shown = target.shown
    if shown and not (visit.leftovers(shown, around.moment().later.now) or visit.illegible(shown)):
        return Cleaned(shown, Ending.UNCHANGED)
    try:
        vault = around.vaults.read(id_of(target.vault, around))
    except NetcfgError as error:
        return Undetermined(str(target.vault), error, target.where)
    now = around.moment().now
    overdue: tuple[Leftover, ...] = visit.leftovers(vault, now)
    found = Cleaned(vault, Ending.UNCHANGED, overdue, visit.illegible(vault), notes=_notes(vault, overdue, around))
    if not overdue:
        return found

    def decide(fresh: Vault) -> Goal:
        state = visit.tidied(fresh, now)
        return Goal(state.firewall, state.tags)

    try:
        settle(vault, decide, around)
    except Halt as halt:
        return replace(found, ending=ending_of(halt.error), error=halt.error, touched=halt.touched)
    return replace(found, ending=Ending.DONE)


def _notes(vault: Vault, overdue: tuple[Leftover, ...], around: Surroundings) -> tuple[str, ...]:
    """What would be overdue by the other clock, where one of the two is wrong."""
    moment = around.moment()
    over = {each.rule.key for each in overdue}
    waiting = [each for each in visit.leftovers(vault, moment.later.now) if each.rule.key not in over]
    rules = sorted({str(each.rule.network) for each in waiting if each.has_rule})
    return moment.notes_of([*rules, *(each.rule.key for each in waiting)])
