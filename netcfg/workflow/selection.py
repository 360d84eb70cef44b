"""Selection: which vaults are meant, once Azure was asked, and all that is meant for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netcfg.core.errors import ConflictingTerms, NetcfgError, NothingSelected, NotInConfiguration
from netcfg.core.plan import Undetermined
from netcfg.core.resources import VaultId
from netcfg.core.target import Choice, Selected, Selection, Target, merge, name_of
from netcfg.core.words import listed
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import undetermined


@dataclass(frozen=True)
class _Doubt:
    """A selection that may find more than it did, in a place, and why."""

    selection: Selection
    choice: Choice
    place: str
    error: NetcfgError

    def may_hold(self, vault: VaultId | str) -> bool:
        is_there = isinstance(vault, str) or f"{vault}/".lower().startswith(f"{self.place}/".lower())
        return is_there and self.selection.may_hold(vault)

    def is_about(self, choice: Choice, vault: VaultId | str) -> bool:
        """Whether something else might be meant for the vault, if the selection were seen whole."""
        if not self.may_hold(vault):
            return False
        try:
            (both,) = merge([choice, replace(self.choice, chosen=vault)])
        except ConflictingTerms:
            return True
        return both.intent() != choice.intent()


def select(choices: Sequence[Choice], around: Surroundings) -> tuple[list[Target], list[Undetermined]]:
    """The vaults that are chosen, each once, and what could not be selected.

    A vault for which a selection that cannot be seen might mean something else is undetermined too. Where nothing at
    all is left, what kept us from it is an error of the whole run.
    """
    named = [each for each in choices if not isinstance(each.chosen, Selection)]
    found: list[Choice] = []
    doubts: list[_Doubt] = []
    for choice, selection in _selections(choices):
        seen = _look(choice, selection, around)
        wanted = [each for each in seen.vaults if selection.wants(each)]
        _tell(choice, wanted, around)
        found += [replace(choice, chosen=each) for each in wanted]
        doubts += [_Doubt(selection, choice, place, error) for place, error in seen.unseen]
    lost = [undetermined(each.selection, each.error) for each in doubts if not each.selection.only]
    lost += _missing(choices, {each.name for each in (*named, *found)}, doubts)
    asked = {name_of(one) for _, selection in _selections(choices) for one in selection.only}
    asked |= {each.name for each in named}
    targets: list[Target] = []
    for choice in merge((*named, *found)):
        if isinstance(choice.chosen, Selection):
            continue
        if doubt := next((each for each in doubts if each.is_about(choice, choice.chosen)), None):
            lost.append(undetermined(choice.chosen, doubt.error))
        else:
            targets.append(Target(choice.chosen, choice.intent(), choice.name not in asked, choice.where))
    if not targets and lost:
        raise lost[0].error
    return targets, lost


def _selections(choices: Iterable[Choice]) -> Iterator[tuple[Choice, Selection]]:
    return ((each, each.chosen) for each in choices if isinstance(each.chosen, Selection))


def _look(choice: Choice, selection: Selection, around: Surroundings) -> Selected:
    """What the selection finds. Nothing at all is not an answer, unless it was to find certain vaults only."""
    around.progress.step(f"looking for {selection}")
    try:
        seen = around.vaults.select(selection)
    except NetcfgError as error:
        return Selected((), (("", error),))
    if seen.vaults or seen.unseen or selection.only:
        return seen
    return Selected((), (("", NothingSelected(str(selection), str(choice.where or "the command line"))),))


def _tell(choice: Choice, wanted: Sequence[VaultId], around: Surroundings) -> None:
    if wanted:
        names = listed(sorted(each.name for each in wanted), most=50)
        around.progress.tell(f"selected by {choice.where or 'the command line'}: {names}")


def _missing(choices: Iterable[Choice], there: set[str], doubts: Sequence[_Doubt]) -> Iterator[Undetermined]:
    """The vaults that somebody named and that are neither entered nor found; where all was seen that is an error."""
    files = {
        one: choice.where.file if choice.where else "the configuration"
        for choice, selection in _selections(choices)
        for one in selection.only
    }
    for vault, file in files.items():
        if name_of(vault) in there:
            continue
        doubt = next((each for each in doubts if each.may_hold(vault)), None)
        if doubt is None:
            raise NotInConfiguration(str(vault), file)
        yield undetermined(vault, doubt.error)
