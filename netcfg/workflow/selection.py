"""Selection: which vaults are meant, once Azure was asked, and all that is meant for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netcfg.core.errors import NetcfgError, NothingSelected, NotInConfiguration, UsageError
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
        """Whether the vault may be in the place that is not seen; of one by its name nobody knows where it is."""
        is_there = isinstance(vault, str) or f"{vault}/".lower().startswith(f"{self.place}/".lower())
        return is_there and self.selection.may_hold(vault)

    def is_about(self, choice: Choice, vault: VaultId | str) -> bool:
        """Whether something else might be meant for the vault, if the selection were seen whole."""
        if not self.may_hold(vault):
            return False
        try:
            (both,) = merge([choice, replace(self.choice, chosen=vault)])
            return both.intent() != choice.intent()
        except UsageError:
            return True  # they contradict each other


def select(choices: Sequence[Choice], around: Surroundings) -> tuple[list[Target], list[Undetermined]]:
    """The vaults that are chosen, each once, and what could not be selected.

    A vault for which a selection that cannot be seen might mean something else is undetermined too, and so is one for
    which its entry and a selection cannot be meant together. Where nothing at all is left, what kept us from it is an
    error of the whole run.
    """
    named = [each for each in choices if not isinstance(each.chosen, Selection)]
    found: list[Choice] = []
    doubts: list[_Doubt] = []
    lost: list[Undetermined] = []
    for choice, selection in _selections(choices):
        seen = _look(selection, around)
        wanted = [each for each in seen.vaults if selection.wants(each)]
        _tell(choice, wanted, around)
        found += [replace(choice, chosen=each) for each in wanted]
        doubts += [_Doubt(selection, choice, place, error) for place, error in seen.unseen]
        lost += _unseen(choice, selection, seen)
    lost += _missing(choices, {each.name for each in (*named, *found)}, doubts)
    asked = {name_of(one) for _, selection in _selections(choices) for one in selection.only}
    asked |= {each.name for each in named}
    targets: list[Target] = []
    for each in _located([*named, *found], bool(doubts), around):
        if isinstance(each, Undetermined):
            lost.append(each)
        elif isinstance(each.chosen, Selection):
            continue
        elif doubt := next((one for one in doubts if one.is_about(each, each.chosen)), None):
            lost.append(undetermined(each.chosen, doubt.error, each.where))
        else:
            targets.append(Target(each.chosen, each.intent(), each.name not in asked, each.where))
    if not targets and lost:
        raise lost[0].error
    return targets, lost


def _located(choices: Iterable[Choice], are_doubts: bool, around: Surroundings) -> Iterator[Choice | Undetermined]:
    """The choices with each vault once. Where there are doubts, each is by its id: they are about places."""
    together: dict[str, list[Choice]] = {}
    for each in choices:
        together.setdefault(each.name, []).append(each)
    merged: list[Choice] = []
    for same in together.values():
        try:
            (one,) = merge(same)
            one.intent()
        except UsageError as error:
            yield undetermined(same[-1].chosen, error, same[0].where)
        else:
            merged.append(one)
    names = [each.chosen for each in merged if isinstance(each.chosen, str)] if are_doubts else []
    known = around.vaults.find(names) if names else {}
    for each in merged:
        id = known.get(each.chosen) if isinstance(each.chosen, str) else None
        if isinstance(id, NetcfgError):
            yield undetermined(each.chosen, id, each.where)
        else:
            yield replace(each, chosen=id) if id else each


def _selections(choices: Iterable[Choice]) -> Iterator[tuple[Choice, Selection]]:
    return ((each, each.chosen) for each in choices if isinstance(each.chosen, Selection))


def _look(selection: Selection, around: Surroundings) -> Selected:
    around.progress.step(f"looking for {selection}")
    try:
        return around.vaults.select(selection)
    except NetcfgError as error:
        return Selected((), (("", error),))


def _unseen(choice: Choice, selection: Selection, seen: Selected) -> Iterator[Undetermined]:
    """What is not known of a selection. Nothing at all is no answer, unless it was to find certain vaults only."""
    if selection.only:
        return
    errors = [error for _, error in seen.unseen]
    if not errors and not seen.vaults:
        errors = [NothingSelected(str(selection), str(choice.where or "the command line"))]
    for each in errors:
        yield replace(undetermined(selection, each, choice.where), is_selection=True)


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
        yield undetermined(vault, doubt.error, doubt.choice.where)
