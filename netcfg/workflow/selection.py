"""Selection: which vaults are meant, once Azure was asked, and all that is meant for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from netcfg.core import target
from netcfg.core.errors import (
    AmbiguousVault,
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
    is_consistent: bool = False,
) -> Meant:
    """The vaults that are chosen; of those the ones that `within` finds too, and that belong to the `shard`.

    A vault for which a selection that cannot be seen might mean something else is undetermined too, and so is one for
    which its entry and a selection cannot be meant together. Where nothing at all is left, what kept us from it is an
    error of the whole run; but a shard may be empty. Vaults are looked for in an index that lags, or in lists where it
    is to be `is_consistent`.
    """
    look = _Look(around, is_consistent)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        limit = pool.submit(look.at, within, _organizations(choices)) if within else None
        if within:
            choices = target.within(choices, within)
        selections = [(each, each.chosen) for each in choices if isinstance(each.chosen, Selection)]
        for name in _organizations(choices) if within or selections else ():
            around.organizations.expect(name)
        seen = list(pool.map(lambda one: look.at(one[1], one[0].intent().organizations), selections))
        found = _found(choices, list(zip(selections, seen, strict=True)), look)
        if within and limit:
            found = _narrowed(found, choices, within, limit.result(), look)
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


@dataclass(frozen=True)
class _Look:
    """A look at Azure: into an index that lags, or into lists that do not."""

    around: Surroundings
    is_consistent: bool

    def at(self, selection: Selection, organizations: Sequence[str]) -> Selected:
        """What a selection finds. That it cannot be seen at all is no error yet: there may be others."""
        self.around.progress.step(f"looking for {selection}")
        try:
            if not selection.is_linked:
                return self._select(selection)
            if not selection.has_limits:
                return linked.select(organizations, self.around, is_consistent=self.is_consistent)
            with ThreadPoolExecutor(1) as pool:
                found = pool.submit(self._select, replace(selection, is_linked=False))
                used = linked.select(organizations, self.around, is_consistent=self.is_consistent)
                return linked.among(used, selection, found.result(), is_consistent=self.is_consistent)
        except NetcfgError as error:
            return Selected((), (("", error),))

    def _select(self, selection: Selection) -> Selected:
        return self.around.vaults.select(selection, is_consistent=self.is_consistent)

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        """Vaults that no selection showed."""
        look = self.around.vaults.listed if self.is_consistent else self.around.vaults.show
        return look(vaults) if vaults else {}


def _found(
    choices: Sequence[Choice], looked: Sequence[tuple[tuple[Choice, Selection], Selected]], look: _Look
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
        said += _sentences(choice.where, selection, wanted, seen, is_consistent=look.is_consistent)
        found += _meant(choice, wanted, seen)
        asked |= {name_of(one) for one in selection.only} | set(seen.users)
        shown |= {each.id: each for each in seen.vaults}
        lost += _illegible(selection, seen, choice.where)
        doubts += _doubts(selection, choice, seen)
        lost += _unseen(choice, selection, seen)
    lost += _missing(choices, {each.name for each in (*named, *found)}, doubts)
    intents = _Intents()
    targets: list[Target] = []
    for each in _located(named, found, bool(doubts), intents, look.around):
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
        return linked.is_in(vault, self.place) and self.selection.may_hold(vault)

    def is_about(self, choice: Choice, vault: VaultId | str) -> bool:
        """Whether something else might be meant for the vault, if the selection were seen whole."""
        if not self.may_hold(vault):
            return False
        try:
            (both,) = merge([choice, replace(self.choice, chosen=vault)])
            return both.intent() != choice.intent()
        except UsageError:
            return True  # they contradict each other


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
    named: Sequence[Choice], found: Sequence[Choice], are_doubts: bool, intents: _Intents, around: Surroundings
) -> Iterator[Choice | Undetermined]:
    """The choices with each vault once. Where there are doubts, each is by its id: they are about places."""
    together: dict[str, list[Choice]] = {}
    for each in (*named, *found):
        together.setdefault(each.name, []).append(each)
    written = {each.chosen for each in named}
    merged: list[Choice] = []
    for same in together.values():
        ids = {each.chosen for each in same if isinstance(each.chosen, VaultId)}
        if len(ids) > 1 and not ids <= written:  # nobody wrote both; it was moved, or what somebody wrote is old
            yield undetermined(same[0].chosen, AmbiguousVault(same[0].name, sorted(map(str, ids))), same[0].where)
            continue
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
    names = {name_of(each) for each in selection.only}
    for vault, error in seen.illegible:
        is_wanted = not names or vault.lower() in names if isinstance(vault, str) else selection.wants(vault)
        if is_wanted:
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
    where: Location | None, selection: Selection, wanted: Sequence[VaultId], seen: Selected, *, is_consistent: bool
) -> Iterator[str]:
    """What was selected, by whom; and what cannot be known of it."""
    if wanted:
        places = counted(len({each.subscription for each in wanted}), "subscription")
        # A linked vault that the index does not show yet is looked for by its name.
        is_sure = is_consistent or selection.is_linked
        lag = "" if is_sure else "; one made in the last minutes may be missing"
        found = f"{where or 'the command line'} selects {selection} ({len(wanted):,} in {places}{lag})"
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


def _narrowed(found: Meant, choices: Sequence[Choice], within: Selection, seen: Selected, look: _Look) -> Meant:
    """Of what a file chose, that which a selection on the command line finds too; a vault of which that cannot be
    known is undetermined."""
    there = {each.id.name: each for each in seen.vaults}
    # A vault of the same name at another id is not the one that the file means.
    shown = {each.vault: one for each in found.targets if (one := there.get(each.name)) and each.means(one.id)}
    apart = _apart([each for each in found.targets if each.vault not in shown], within, seen, look)
    serving = _Serving(seen)
    targets: list[Target] = []
    strangers: list[str] = []
    lost = [each for each in found.lost if each.is_selection or _may_hold(within, each)]
    for each in found.targets:
        verdict = apart.get(each.vault, True)
        if verdict is True and within.is_linked and each.is_selected:
            verdict = serving.verdict(each)
            strangers += [] if verdict else [each.name]
            each = serving.served(each)
        if isinstance(verdict, NetcfgError):
            lost.append(undetermined(each.vault, verdict, each.where))
        elif verdict:
            targets.append(replace(each, shown=each.shown or shown.get(each.vault)))
    lost += [replace(undetermined(within, error), is_selection=True) for _, error in seen.unseen]
    lost += [replace(undetermined(what, error), is_selection=True) for _, what, error in seen.closed]
    lost += _illegible(within, seen, None)
    file = next((each.where.file for each in choices if each.where), "the configuration")
    if not targets and not lost:
        raise NothingInBoth(str(within), file)
    names = sorted(each.name for each in targets)
    said = [f"of these, {counted(len(names), 'vault')} {'is' if len(names) == 1 else 'are'} among {within}"]
    if strangers:
        is_one = len(strangers) == 1
        out, it = f"{counted(len(strangers), 'vault')} {'is' if is_one else 'are'} left out", "it" if is_one else "them"
        why = f"none of the organizations that {file} means for {it} links {it}"
        said.append(f"{out}, because {why}: {listed(sorted(strangers))}")
    if others := sorted({*there} - {*names} - {*strangers} - {_name(each) for each in lost}):
        is_one = len(others) == 1
        also = f"{counted(len(others), 'other vault')} {'is' if is_one else 'are'} among {within}"
        them = f"{file} does not choose {'it' if is_one else 'them'}"
        said.append(f"{also} and left out, because {them}: {listed(others)}")
    said[0] += f": {listed(names)}" if names else ""
    once = {(each.vault, str(each.error)): each for each in reversed(lost)}
    return Meant(tuple(targets), tuple(reversed(once.values())), (*found.said, *said, *seen.said))


class _Serving:
    """What is meant for the linked vaults that a file's selections found: the organizations that link them, and no
    other of those that the file means for them."""

    def __init__(self, seen: Selected) -> None:
        self._seen = seen
        self._served: dict[tuple[Itself[Intent], tuple[str, ...]], Intent] = {}

    def verdict(self, target: Target) -> bool | NetcfgError:
        """Whether one of its organizations links it. Where the ranges of others go, those that could not be asked may
        not be left out."""
        mine = self._mine(target)
        meant = {each.casefold() for each in target.intent.organizations}
        if mine and target.intent.exclusive:
            known = {each.casefold() for each in mine}
            for organization, _, error in self._seen.closed:
                if organization.casefold() in meant - known:
                    return error
        return bool(mine) or not meant

    def served(self, target: Target) -> Target:
        mine = self._mine(target)
        if not mine:
            return replace(target, is_selected=False)
        key = Itself(target.intent), mine
        if key not in self._served:
            self._served[key] = replace(target.intent, organizations=mine)
        return replace(target, intent=self._served[key], is_selected=False)

    def _mine(self, target: Target) -> tuple[str, ...]:
        users = {each.casefold() for each in self._seen.users.get(target.name, ())}
        return tuple(each for each in target.intent.organizations if each.casefold() in users)


def _apart(
    targets: Iterable[Target], within: Selection, seen: Selected, look: _Look
) -> Mapping[VaultId | str, bool | NetcfgError]:
    """Whether vaults that the selection did not show are among it all the same; the index may not have them yet."""
    verdicts: dict[VaultId | str, bool | NetcfgError] = {}
    rest: list[VaultId | str] = []
    for each in targets:
        if isinstance(each.vault, VaultId) and (within.holds(each.vault) or not within.may_hold(each.vault)):
            verdicts[each.vault] = within.holds(each.vault)
        else:
            rest.append(each.vault)
    answers = look.show(rest)
    is_consistent = look.is_consistent
    return verdicts | {each: _verdict(answers[each], within, seen, is_consistent=is_consistent) for each in rest}


def _verdict(
    answer: Vault | NetcfgError, within: Selection, seen: Selected, *, is_consistent: bool
) -> bool | NetcfgError:
    if isinstance(answer, NetcfgError) or within.holds(answer.id) or not within.may_hold(answer.id):
        return answer if isinstance(answer, NetcfgError) else within.holds(answer.id)
    if failure := next((error for place, error in seen.unseen if not place), None):
        return failure
    if within.is_linked and seen.closed and answer.id.name not in seen.users:
        return seen.closed[0][2]
    # A vault that was shown with the others was compared with the tags there.
    has_shown = linked.has_shown(seen, answer, is_consistent=is_consistent)
    return TagsUnknown(answer.name) if within.tags and not has_shown else False


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
