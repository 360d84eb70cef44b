"""Selection: which vaults are meant, once Azure was asked, and all that is meant for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from netcfg.core import target
from netcfg.core.errors import (
    BadIdentifier,
    NetcfgError,
    NothingInBoth,
    NothingSelected,
    NotInConfiguration,
    TagsUnknown,
    UsageError,
)
from netcfg.core.intent import Intent
from netcfg.core.itself import Itself
from netcfg.core.plan import Undetermined
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.shard import Shard
from netcfg.core.target import Choice, Location, Selected, Selection, Target, merge, name_of
from netcfg.core.terms import Terms
from netcfg.core.words import counted, listed
from netcfg.workflow import linked
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.reading import undetermined

SIDE_BY_SIDE = 8


@dataclass(frozen=True)
class Meant:
    """The vaults of a run, each once, and what could not be selected; `said` tells in sentences what was."""

    targets: tuple[Target, ...]
    lost: tuple[Undetermined, ...] = ()
    said: tuple[str, ...] = ()


def select(
    choices: Sequence[Choice],
    around: Surroundings,
    *,
    within: Selection | None = None,
    shard: Shard | None = None,
) -> Meant:
    """The vaults that are chosen; of those the ones that `within` finds too, and that belong to the `shard`.

    A vault for which a selection that cannot be seen might mean something else is undetermined too, and so is one for
    which its entry and a selection cannot be meant together. Where nothing at all is left, what kept us from it is an
    error of the whole run; but a shard may be empty.
    """
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        limit = pool.submit(_look, within, _organizations(choices), around) if within else None
        if within:
            choices = target.within(choices, within)
        selections = [(each, each.chosen) for each in choices if isinstance(each.chosen, Selection)]
        for name in _organizations(choices) if within or selections else ():
            around.organizations.expect(name)
        seen = list(pool.map(lambda one: _look(one[1], one[0].intent().organizations, around), selections))
        found = _found(choices, list(zip(selections, seen, strict=True)), around)
        if within and limit:
            found = _narrowed(found, choices, within, limit.result(), around)
    if len(found.lost) == 1 and not found.targets:
        raise found.lost[0].error
    if shard:
        found = _part(found, shard)
    for each in found.said:
        around.progress.tell(each)
    return found


def _organizations(choices: Iterable[Choice]) -> list[str]:
    names = (name for each in choices for name in each.intent().organizations)
    return list({name.casefold(): name for name in names}.values())


def _look(selection: Selection, organizations: Sequence[str], around: Surroundings) -> Selected:
    """What a selection finds. That it cannot be seen at all is no error yet: there may be others."""
    around.progress.step(f"looking for {selection}")
    try:
        if not selection.is_linked:
            return around.vaults.select(selection)
        if not selection.has_limits:
            return linked.select(organizations, around)
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(around.vaults.select, replace(selection, is_linked=False))
            return linked.among(linked.select(organizations, around), selection, found.result())
    except NetcfgError as error:
        return Selected((), (("", error),))


def _found(
    choices: Sequence[Choice], looked: Sequence[tuple[tuple[Choice, Selection], Selected]], around: Surroundings
) -> Meant:
    named = [each for each in choices if not isinstance(each.chosen, Selection)]
    found: list[Choice] = []
    doubts: list[_Doubt] = []
    lost: list[Undetermined] = []
    said: list[str] = []
    shown: dict[VaultId | str, Vault] = {}
    asked = {each.name for each in named}  # by somebody, or by a variable group: not by a place or a tag alone
    for (choice, selection), seen in looked:
        wanted = [each.id for each in seen.vaults if selection.wants(each.id)]
        said += _sentences(choice.where, selection, wanted, seen)
        found += _meant(choice, wanted, seen)
        asked |= {name_of(one) for one in selection.only} | set(seen.users)
        shown |= {each.id: each for each in seen.vaults}
        lost += _illegible(selection, seen, choice.where)
        doubts += _doubts(selection, choice, seen)
        lost += _unseen(choice, selection, seen)
    lost += _missing(choices, {each.name for each in (*named, *found)}, doubts)
    intents = _Intents()
    targets: list[Target] = []
    for each in _located([*named, *found], bool(doubts), intents, around):
        if isinstance(each, Undetermined):
            lost.append(each)
        elif isinstance(each.chosen, Selection):
            continue
        elif doubt := next((one for one in doubts if one.is_about(each, each.chosen)), None):
            lost.append(undetermined(each.chosen, doubt.error, each.where))
        else:
            is_selected = each.name not in asked
            targets.append(Target(each.chosen, intents.of(each), is_selected, each.where, shown.get(each.chosen)))
    return Meant(tuple(targets), tuple(lost), tuple(dict.fromkeys(said)))


def _meant(choice: Choice, wanted: Iterable[VaultId], seen: Selected) -> list[Choice]:
    """What is meant for each vault that was found; one that variable groups use serves only their organizations."""
    serving: dict[tuple[str, ...], Choice] = {}
    found: list[Choice] = []
    for each in wanted:
        users = seen.users.get(each.name)
        if users and users not in serving:
            serving[users] = choice.serving(users)
        found.append(replace(serving[users] if users else choice, chosen=each))
    return found


@dataclass(frozen=True)
class _Doubt:
    """A selection that may find more than it did, in a place, and why."""

    selection: Selection
    choice: Choice
    place: str
    error: NetcfgError

    def may_hold(self, vault: VaultId | str) -> bool:
        """Whether the vault may be in the place that is not seen; of one by its name nobody knows where it is."""
        return _is_in(vault, self.place) and self.selection.may_hold(vault)

    def is_about(self, choice: Choice, vault: VaultId | str) -> bool:
        """Whether something else might be meant for the vault, if the selection were seen whole."""
        if not self.may_hold(vault):
            return False
        try:
            (both,) = merge([choice, replace(self.choice, chosen=vault)])
            return both.intent() != choice.intent()
        except UsageError:
            return True  # they contradict each other


def _is_in(vault: VaultId | str, place: str) -> bool:
    return isinstance(vault, str) or f"{vault}/".lower().startswith(f"{place}/".lower())


def _doubts(selection: Selection, choice: Choice, seen: Selected) -> Iterator[_Doubt]:
    for place, error in seen.unseen:
        yield _Doubt(selection, choice, place, error)
    for organization, _, error in seen.closed:
        # What a vault serves besides only adds to it, unless the ranges of others go.
        serving = choice.serving([organization])
        if serving.intent().exclusive:
            yield _Doubt(selection, serving, "", error)


class _Intents:
    """The intents of choices. Those that a selection found have all the same terms, and then one intent."""

    def __init__(self) -> None:
        self._known: dict[tuple[Itself[Terms], Itself[Terms]], Intent] = {}

    def of(self, choice: Choice) -> Intent:
        key = Itself(choice.terms), Itself(choice.top)
        if key not in self._known:
            self._known[key] = choice.intent()
        return self._known[key]


def _located(
    choices: Iterable[Choice], are_doubts: bool, intents: _Intents, around: Surroundings
) -> Iterator[Choice | Undetermined]:
    """The choices with each vault once. Where there are doubts, each is by its id: they are about places."""
    together: dict[str, list[Choice]] = {}
    for each in choices:
        together.setdefault(each.name, []).append(each)
    merged: list[Choice] = []
    for same in together.values():
        try:
            (one,) = merge(same) if len(same) > 1 else same
            intents.of(one)
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


def _illegible(selection: Selection, seen: Selected, where: Location | None) -> Iterator[Undetermined]:
    for vault, error in seen.illegible:
        if isinstance(vault, str) or selection.wants(vault):
            yield undetermined(vault, error, where)


def _unseen(choice: Choice, selection: Selection, seen: Selected) -> Iterator[Undetermined]:
    """What is not known of a selection. Nothing at all is no answer, unless it was to find certain vaults only."""
    if selection.only:
        return
    errors = [error for _, error in seen.unseen]
    if not errors and not seen.vaults and not seen.illegible and not seen.closed:
        errors = [NothingSelected(str(selection), str(choice.where or "the command line"))]
    for each in errors:
        yield replace(undetermined(selection, each, choice.where), is_selection=True)
    for _, what, error in seen.closed:
        yield replace(undetermined(what, error, choice.where), is_selection=True)


def _sentences(
    where: Location | None, selection: Selection, wanted: Sequence[VaultId], seen: Selected
) -> Iterator[str]:
    """What was selected, by whom; and what cannot be known of it."""
    if wanted:
        places = counted(len({each.subscription for each in wanted}), "subscription")
        found = f"{where or 'the command line'} selects {selection} ({len(wanted):,} in {places})"
        yield f"{found}: {listed(sorted(each.name for each in wanted))}"
    yield from seen.said


def _missing(choices: Iterable[Choice], there: set[str], doubts: Sequence[_Doubt]) -> Iterator[Undetermined]:
    """The vaults that somebody named and that are neither entered nor found; where all was seen that is an error."""
    files = {
        one: choice.where.file if choice.where else "the configuration"
        for choice in choices
        if isinstance(choice.chosen, Selection)
        for one in choice.chosen.only
    }
    for vault, file in files.items():
        if name_of(vault) in there:
            continue
        doubt = next((each for each in doubts if each.may_hold(vault)), None)
        if doubt is None:
            raise NotInConfiguration(str(vault), file)
        yield undetermined(vault, doubt.error, doubt.choice.where)


def _narrowed(
    found: Meant, choices: Sequence[Choice], within: Selection, seen: Selected, around: Surroundings
) -> Meant:
    """Of what a file chose, that which a selection on the command line finds too; a vault of which that cannot be
    known is undetermined."""
    there = {each.id.name: each for each in seen.vaults}
    apart = _apart([each for each in found.targets if each.name not in there], within, seen, around)
    targets: list[Target] = []
    lost = [each for each in found.lost if each.is_selection or _may_hold(within, each)]
    for each in found.targets:
        verdict = apart.get(each.vault, True)
        if isinstance(verdict, NetcfgError):
            lost.append(undetermined(each.vault, verdict, each.where))
        elif verdict:
            targets.append(replace(each, shown=each.shown or there.get(each.name)))
    lost += [replace(undetermined(within, error), is_selection=True) for _, error in seen.unseen]
    lost += [replace(undetermined(what, error), is_selection=True) for _, what, error in seen.closed]
    lost += _illegible(within, seen, None)
    file = next((each.where.file for each in choices if each.where), "the configuration")
    if not targets and not lost:
        raise NothingInBoth(str(within), file)
    names = sorted(each.name for each in targets)
    said = [f"of these, {counted(len(names), 'vault')} {'is' if len(names) == 1 else 'are'} among {within}"]
    if others := sorted({*there} - {*names} - {_name(each) for each in lost}):
        is_one = len(others) == 1
        also = f"{counted(len(others), 'other vault')} {'is' if is_one else 'are'} among {within}"
        them = f"{file} does not choose {'it' if is_one else 'them'}"
        said.append(f"{also} and left out, because {them}: {listed(others)}")
    said[0] += f": {listed(names)}" if names else ""
    once = {(each.vault, str(each.error)): each for each in reversed(lost)}
    return Meant(tuple(targets), tuple(reversed(once.values())), (*found.said, *said, *seen.said))


def _apart(
    targets: Iterable[Target], within: Selection, seen: Selected, around: Surroundings
) -> Mapping[VaultId | str, bool | NetcfgError]:
    """Whether vaults that the selection did not show are among it all the same; the index may not have them yet."""
    verdicts: dict[VaultId | str, bool | NetcfgError] = {}
    rest: list[VaultId | str] = []
    for each in targets:
        if isinstance(each.vault, VaultId) and (within.holds(each.vault) or not within.may_hold(each.vault)):
            verdicts[each.vault] = within.holds(each.vault)
        else:
            rest.append(each.vault)
    answers = around.vaults.show(rest) if rest else {}
    return verdicts | {each: _verdict(answers[each], within, seen) for each in rest}


def _verdict(answer: Vault | NetcfgError, within: Selection, seen: Selected) -> bool | NetcfgError:
    if isinstance(answer, NetcfgError) or within.holds(answer.id) or not within.may_hold(answer.id):
        return answer if isinstance(answer, NetcfgError) else within.holds(answer.id)
    if failure := next((error for place, error in seen.unseen if not place), None):
        return failure
    if within.is_linked and seen.closed and answer.id.name not in seen.users:
        return seen.closed[0][2]
    # A vault that the index shows was compared with the tags there.
    return TagsUnknown(answer.name) if within.tags and not answer.is_indexed else False


def _may_hold(selection: Selection, lost: Undetermined) -> bool:
    try:
        return selection.may_hold(parse_vault(lost.vault))
    except BadIdentifier:
        return True


def _part(found: Meant, shard: Shard) -> Meant:
    """What belongs to the shard; what is about places belongs to every one."""
    targets = tuple(each for each in found.targets if shard.holds(each.name))
    vaults = [each for each in found.lost if not each.is_selection]
    lost = tuple(each for each in found.lost if each.is_selection or shard.holds(_name(each)))
    mine = len(targets) + sum(not each.is_selection for each in lost)
    of = counted(len(found.targets) + len(vaults), "vault")
    return Meant(targets, lost, (*found.said, f"{shard}: {mine:,} of {of}"))


def _name(lost: Undetermined) -> str:
    return lost.vault.rpartition("/")[2].lower()
