"""What becomes of a variable group: the secrets that it maps, those that it should map, and what lies between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from fnmatch import fnmatchcase

from netcfg.core.errors import (
    GroupEmptied,
    Interrupted,
    MappedTwice,
    NetcfgError,
    NoSuchSecret,
    NothingMatches,
    NothingToMap,
    PlainValues,
    SecretReserved,
    SecretsMoved,
    SecretUnusable,
)
from netcfg.core.guards import REMOVALS, SHARED_GROUP, Acceptance, Guard, many_removals
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.linking.secrets import Secret, State, reserved_prefix
from netcfg.core.outcome import Ending, status_of, worst_of
from netcfg.core.plan import Action
from netcfg.core.resources import Vault
from netcfg.core.words import counted, listed

SECRETS_USER = "Key Vault Secrets User"
_OF_NO_USE = (State.DISABLED, State.EXPIRED)


class Part(Enum):
    """What a change touches, in the order in which it is done and shown."""

    ROLE = "role-assignment"
    POLICY = "access-policy"
    GROUP = "variable-group"
    SECRET = "secret"  # noqa: S105 - the kind of thing, not one


@dataclass(frozen=True)
class GroupChange:
    """One line of a plan. `was` is what a `set` replaces; `reason` says more, in words."""

    action: Action
    part: Part
    value: str
    was: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Wish:
    """Which secrets somebody wants mapped: by name, by patterns as in a shell, or all that can be."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    is_all: bool = False

    @property
    def is_nothing(self) -> bool:
        return not (self.names or self.patterns or self.is_all)


NOTHING = Wish()


@dataclass(frozen=True)
class Grant:
    """A permission to be given before the group is written: get and list, to one identity, on one vault alone."""

    vault: Vault
    object_id: str
    tenant: str
    connection: str

    @property
    def part(self) -> Part:
        return Part.ROLE if self.vault.is_role_based else Part.POLICY

    @property
    def change(self) -> GroupChange:
        whose = f"for {self.object_id}, which is {self.connection}, on {self.vault.name} alone"
        if self.part is Part.ROLE:
            return GroupChange(Action.ADD, Part.ROLE, SECRETS_USER, reason=whose)
        return GroupChange(Action.ADD, Part.POLICY, "secrets get, list", reason=f"{whose}; nobody loses one")

    def what_moved(
        self, planned: ServiceConnection, now: ServiceConnection, vault: Vault, identity: str | None
    ) -> tuple[str, ...]:
        """In words, what became of the connection and of the vault since this was planned; nothing if it would be the
        same. `identity` is who lacks the permission now, empty where that is not certain, `None` where nobody does."""
        pairs = (
            ("its tenant", planned.tenant, now.tenant),
            ("its application", planned.client, now.client),
            ("its object id", planned.object_id, now.object_id),
        )
        told = [each for each in pairs if all(each)]
        said = [f"{what} is {new} instead of {old}" for what, old, new in told if old.lower() != new.lower()]
        if identity is not None and identity.lower() != self.object_id.lower():
            lacks = f"{identity} lacks the permission" if identity else "who lacks the permission is not certain"
            said.append(f"{lacks}, and it was to be given to {self.object_id}")
        part = replace(self, vault=vault).part
        if part is not self.part:
            said.append(f"{vault.name} goes by {'roles' if part is Part.ROLE else 'access policies'} now")
        return tuple(said)


@dataclass(frozen=True)
class GroupPlan:
    """What would change in one variable group; one that is not there yet has no `before`.

    `after` are all the mappings that it then has. `connection` is the service connection's name, or its id where the
    name is not known.
    """

    project: Project
    name: str
    vault: str
    connection: ServiceConnection
    before: VariableGroup | None
    after: tuple[Mapping, ...]
    grant: Grant | None = None
    notes: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()

    @property
    def changes(self) -> tuple[GroupChange, ...]:
        """Every difference between before and after, by name; empty when there is nothing to do."""
        granted = (self.grant.change,) if self.grant else ()
        made = (GroupChange(Action.ADD, Part.GROUP, self.name),) if self.before is None else ()
        return (*granted, *made, *compare(self.mappings, self.after))

    @property
    def mappings(self) -> tuple[Mapping, ...]:
        """Those that it has now."""
        return self.before.mappings if self.before else ()

    @property
    def kept(self) -> tuple[Mapping, ...]:
        """The mappings that stay as they are, by name."""
        touched = {each.value.lower() for each in compare(self.mappings, self.after)}
        return tuple(sorted((each for each in self.mappings if each.key not in touched), key=_key))

    @property
    def is_written(self) -> bool:
        """Whether the group itself is: a permission alone changes nothing of it."""
        return self.before is None or bool(compare(self.mappings, self.after))

    @property
    def is_empty(self) -> bool:
        return not self.changes

    @property
    def refusals(self) -> tuple[Guard, ...]:
        """The guards that nobody accepted."""
        return tuple(each for each in self.guards if not each.accepted)


def compare(before: Iterable[Mapping], after: Iterable[Mapping]) -> tuple[GroupChange, ...]:
    """What becomes of the mappings, by name. How one is written in JSON is no difference."""
    old, new = {each.key: each for each in before}, {each.key: each for each in after}
    found = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            gone = "the vault no longer has it"
            found.append(GroupChange(Action.REMOVE, Part.SECRET, old[key].name, reason=gone))
        elif key not in old:
            found.append(GroupChange(Action.ADD, Part.SECRET, new[key].name))
        elif said := _news(old[key], new[key]):
            was = ", ".join(was for was, _ in said)
            found.append(
                GroupChange(Action.SET, Part.SECRET, new[key].name, was, reason=", ".join(now for _, now in said))
            )
    return tuple(found)


def _news(old: Mapping, new: Mapping) -> list[tuple[str, str]]:
    """What a mapping said of its secret, and what it says then."""
    pairs = [
        (_enabled(old), _enabled(new)),
        (_expires(old), _expires(new)),
        (f"content type {old.content_type!r}", f"content type {new.content_type!r}"),
    ]
    return [(was, now) for was, now in pairs if was != now]


def _enabled(mapping: Mapping) -> str:
    return "enabled" if mapping.enabled else "disabled"


def _expires(mapping: Mapping) -> str:
    return f"expires {mapping.expires:%Y-%m-%dT%H:%M:%SZ}" if mapping.expires else "never expires"


# --- which secrets ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """The secrets that a wish comes to, and what is to be said of those that it does not."""

    secrets: tuple[Secret, ...]
    notes: tuple[str, ...] = ()


def choose(
    vault: str,
    secrets: Iterable[Secret],
    wish: Wish,
    today: date,
    keys: Callable[[], Collection[str]] = tuple,
) -> Choice:
    """The secrets that are wished for. A name or a pattern that means none is an error.

    What is named has to be usable; of what a pattern means, or `--all`, the rest is left out and counted. `keys` are
    the names of the vault's keys, which are asked for only to explain why there is no such secret.
    """
    there = {each.key: each for each in secrets}
    named = [_named(name, vault, there, today, keys) for name in wish.names]
    by_pattern = {each.key: each for pattern in wish.patterns for each in _matching(pattern, vault, there)}
    meant = dict(there) if wish.is_all else by_pattern
    left_out = {key: why for key, each in meant.items() if (why := why_not(each, today))}
    chosen = {key: each for key, each in meant.items() if key not in left_out} | {each.key: each for each in named}
    for each in named:
        left_out.pop(each.key, None)
    early = [each.name for each in named if each.state(today) is State.NOT_YET]
    notes = (
        *_left_out(left_out, there),
        *([f"not valid yet, so jobs fail until then: {listed(early)}"] if early else []),
    )
    return Choice(tuple(chosen[key] for key in sorted(chosen)), notes)


def why_not(secret: Secret, today: date) -> str:
    """Why a secret is not mapped that nobody named; nothing if it is."""
    state = secret.state(today)
    if state is not State.USABLE:
        return str(state.value)
    if prefix := reserved_prefix(secret.name):
        return f"reserved by Azure Pipelines ({prefix}…)"
    return "kept by a certificate" if secret.is_managed else ""


def _named(name: str, vault: str, there: dict[str, Secret], today: date, keys: Callable[[], Collection[str]]) -> Secret:
    secret = there.get(name.lower())
    if secret is None:
        kind = "key" if name.lower() in keys() else ""
        raise NoSuchSecret(name, vault, (each.name for each in there.values()), kind)
    if prefix := reserved_prefix(name):
        raise SecretReserved(secret.name, prefix)
    state = secret.state(today)
    if state in _OF_NO_USE:
        raise SecretUnusable(secret.name, vault, state.value)
    return secret


def _matching(pattern: str, vault: str, there: dict[str, Secret]) -> list[Secret]:
    found = [each for key, each in there.items() if fnmatchcase(key, pattern.lower())]
    if not found:
        raise NothingMatches(pattern, vault, (each.name for each in there.values()))
    return found


def _left_out(reasons: dict[str, str], there: dict[str, Secret]) -> list[str]:
    """What is said of each kind of secret that is left out."""
    kinds: dict[str, list[str]] = {}
    for key in sorted(reasons):
        kinds.setdefault(reasons[key], []).append(there[key].name)
    return [
        f"left out, as {'it is' if len(names) == 1 else 'they are'} {why}: {listed(names)}"
        for why, names in sorted(kinds.items())
    ]


# --- what becomes of the mappings ---------------------------------------------------------------------------------


def linked(before: VariableGroup | None, vault: str, choice: Choice) -> tuple[Mapping, ...]:
    """The mappings of a group that gets these secrets too: those that it has stay as they are."""
    if not choice.secrets:
        raise NothingToMap(vault, choice.notes)
    after = _with(before.mappings if before else (), choice.secrets)
    if before:
        _check(before, after)
    return after


def refreshed(before: VariableGroup, choice: Choice, secrets: Iterable[Secret]) -> tuple[Mapping, ...]:
    """The mappings of a group that is brought in line with all `secrets` of its vault, and gets the chosen ones too.

    A mapping that netcfg does not know the shape of stays, whatever it is. A group that would have none left is an
    error: Azure DevOps takes no such group, and whoever uses it wants to know.
    """
    there = {each.key: each for each in secrets}
    held = [_brought_up(each, there.get(each.key)) for each in before.mappings]
    after = _with([each for each in held if each], choice.secrets)
    if not after:
        raise GroupEmptied(before.name, before.vault, len(before.mappings))
    _check(before, after)
    return after


def _check(before: VariableGroup, after: Iterable[Mapping]) -> None:
    """A group is written whole: what cannot be sent back as it is keeps it from being written at all."""
    if before.doubled:
        raise MappedTwice(before.name, before.doubled)
    if before.plain and compare(before.mappings, after):
        raise PlainValues(before.name, before.plain)


def _with(held: Sequence[Mapping], chosen: Iterable[Secret]) -> tuple[Mapping, ...]:
    known = {each.key for each in held}
    return (*held, *(Mapping.of(each) for each in chosen if each.key not in known))


def _brought_up(mapping: Mapping, secret: Secret | None) -> Mapping | None:
    """The mapping as its secret is now; none where there is no such secret."""
    if not mapping.is_legible:
        return mapping
    if secret is None:
        return None
    return replace(mapping, enabled=secret.enabled, expires=secret.expires, content_type=secret.content_type)


def as_listed(plan: GroupPlan, listed: Iterable[Secret], today: date) -> tuple[Mapping, ...]:
    """The mappings that were planned, the new ones with what Azure DevOps, which has `listed`, tells of them now.

    A plan is agreed to some time after it was made, and perhaps by what Resource Manager told. Where what it does to a
    mapping is no longer right, somebody has to look again; a secret that came since is not mapped before somebody has
    seen it in a plan.
    """
    there, held = {each.key: each for each in listed}, {each.key: each for each in plan.mappings}
    planned = {each.key: each for each in plan.after}
    moved = (
        _no_longer(held.get(key), planned.get(key), there.get(key), today)
        for key in sorted(held.keys() | planned.keys())
    )
    if said := [each for each in moved if each]:
        raise SecretsMoved(plan.vault, said)
    return tuple(each if each.key in held else Mapping.of(there[each.key]) for each in plan.after)


def _no_longer(old: Mapping | None, new: Mapping | None, secret: Secret | None, today: date) -> str:
    """Why it is no longer right to make `new` of `old`; nothing if it is, or if nothing becomes of it."""
    if new is None:
        return f"{secret.name} is there again" if secret else ""
    if old and not _news(old, new):
        return ""
    if secret is None:
        return f"{new.name} is not there any more"
    if old is None:
        state = secret.state(today)
        return f"{secret.name} is {state.value}" if state in _OF_NO_USE else ""
    now = _brought_up(old, secret)
    return f"{secret.name} changed again" if now and _news(new, now) else ""


def notes_of_link(before: VariableGroup | None, secrets: Iterable[Secret]) -> tuple[str, ...]:
    """What a link leaves as it is, and somebody might want to know."""
    there = {each.key for each in secrets}
    gone = [each.name for each in before.mappings if each.is_legible and each.key not in there] if before else []
    if not gone:
        return ()
    what = f"{counted(len(gone), 'mapped secret')} {'is' if len(gone) == 1 else 'are'} not in the vault any more"
    return (f"{what} ({listed(gone)}); 'netcfg group refresh' takes them out of the group",)


def notes_of_refresh(
    before: VariableGroup, after: Iterable[Mapping], secrets: Iterable[Secret], today: date
) -> tuple[str, ...]:
    """What a refresh leaves as it is, and somebody might want to know."""
    mapped = {each.key for each in after}
    unmapped = [each.name for each in sorted(secrets, key=_key) if each.key not in mapped and not why_not(each, today)]
    strange = [each.name for each in sorted(before.mappings, key=_key) if not each.is_legible]
    notes = []
    if unmapped:
        what = (
            f"{counted(len(unmapped), 'secret')} of the vault {'is' if len(unmapped) == 1 else 'are'} not mapped here"
        )
        notes.append(f"{what} ({listed(unmapped)}); --secret, --match or --all adds them")
    if strange:
        notes.append(f"kept as they are, as their shape is not known: {listed(strange)}")
    return tuple(notes)


def judge(plan: GroupPlan, acceptances: Iterable[Acceptance]) -> GroupPlan:
    """The plan with its guards. One that is accepted stays, so that the plan shows it."""
    accepted = list(acceptances)
    fired = sorted((id, text) for id, text in ((REMOVALS, _removals(plan)), (SHARED_GROUP, _shared(plan))) if text)
    return replace(
        plan,
        guards=tuple(Guard(id, text, any(each.is_of(id, plan.vault) for each in accepted)) for id, text in fired),
    )


def _removals(plan: GroupPlan) -> str | None:
    gone = sum(each.action is Action.REMOVE for each in plan.changes)
    return many_removals(gone, len(plan.mappings), "mappings")


def _shared(plan: GroupPlan) -> str | None:
    if plan.before is None or not plan.is_written:
        return None
    whose = sharers(plan.before)
    return f"the group is shared, so it changes for the pipelines of {whose} too" if whose else None


def sharers(group: VariableGroup) -> str:
    """In words, the other projects that use a group; empty where none does."""
    others = [each for each in group.projects if each.casefold() != group.project.name.casefold()]
    if others:
        return listed(sorted(others))
    return "others, which Azure DevOps does not name" if group.is_shared else ""


# --- what happened ------------------------------------------------------------------------------------------------


def what_moved(planned: VariableGroup, now: VariableGroup) -> tuple[str, ...]:
    """In words, what became of a group since it was planned for; nothing if it is the same to the letter."""
    said = _link_differences(planned, now)
    old, new = {each.key: each for each in planned.mappings}, {each.key: each for each in now.mappings}
    said += [f"{new[each].name} is mapped too" for each in sorted(new.keys() - old.keys())]
    said += [f"{old[each].name} is not mapped any more" for each in sorted(old.keys() - new.keys())]
    said += [
        f"{new[each].name} is mapped otherwise" for each in sorted(old.keys() & new.keys()) if old[each] != new[each]
    ]
    if planned.modified != now.modified:
        said.append(f"it was changed at {now.modified or 'a time that Azure DevOps does not tell'}")
    return tuple(said)


def differences(
    before: VariableGroup | None, vault: str, connection: str, after: Iterable[Mapping], found: VariableGroup
) -> tuple[str, ...]:
    """In words, how a group differs from what was sent; empty when it is that. `before` is how it was read right before
    that, if it was there: its name, and the projects that share it, are to be the same."""
    wanted = VariableGroup(found.id, found.name, found.project, vault=vault, connection=connection)
    said = _link_differences(replace(before, vault=vault, connection=connection) if before else wanted, found)
    if before and before.name != found.name:
        said.append(f"its name is {found.name!r} instead of {before.name!r}")
    if before and before.projects and set(before.projects) != set(found.projects):
        said.append(f"it is there for {listed(found.projects) or 'no project'} instead of {listed(before.projects)}")
    old, new = {each.key: each for each in after}, {each.key: each for each in found.mappings}
    said += [f"{old[each].name} is not mapped" for each in sorted(old.keys() - new.keys())]
    said += [f"{new[each].name} is mapped" for each in sorted(new.keys() - old.keys())]
    for each in sorted(old.keys() & new.keys()):
        if news := _news(old[each], new[each]):
            said.append(f"{new[each].name} is {', '.join(now for _, now in news)}")
    return tuple(said)


def _link_differences(one: VariableGroup, other: VariableGroup) -> list[str]:
    pairs = [
        ("type", one.type.lower(), other.type.lower()),
        ("vault", one.vault.lower(), other.vault.lower()),
        ("service connection", one.connection.lower(), other.connection.lower()),
    ]
    return [f"its {what} is {new!r} instead of {old!r}" for what, old, new in pairs if old != new]


@dataclass(frozen=True)
class Unplanned:
    """A group of which nothing can be said, or all those of a project, and why."""

    what: str
    error: NetcfgError


@dataclass(frozen=True)
class GroupPlans:
    """The plans of one run. `asks_which` is whether a guard is accepted by naming vaults."""

    organization: str
    plans: tuple[GroupPlan, ...]
    undetermined: tuple[Unplanned, ...] = ()
    asks_which: bool = False

    @property
    def is_refused(self) -> bool:
        return any(each.refusals for each in self.plans)

    @property
    def pending(self) -> tuple[GroupPlan, ...]:
        """What would be written: the plans that change something and that no guard refuses."""
        return tuple(each for each in self.plans if each.changes and not each.refusals)

    @property
    def status(self) -> int:
        """1 nothing could be read, 7 something could not, 5 refused, 3 changes are pending, 0 none."""
        if self.undetermined:
            return 7 if self.plans else 1
        return 5 if self.is_refused else 3 if self.pending else 0


@dataclass(frozen=True)
class GroupOutcome:
    """The ending of one group.

    `verified` is whether Azure DevOps showed afterwards what was sent; `touched` whether one that is not done was
    changed, or may have been, a permission on its vault counting as well. `group` is it as it was shown last.
    """

    plan: GroupPlan
    ending: Ending
    verified: bool = False
    touched: bool = False
    error: NetcfgError | None = None
    group: VariableGroup | None = None

    @property
    def status(self) -> int:
        return status_of(self.ending, touched=self.touched)


@dataclass(frozen=True)
class GroupResult:
    """What a link or a refresh did."""

    planned: GroupPlans
    outcomes: tuple[GroupOutcome, ...]

    @property
    def is_interrupted(self) -> bool:
        return any(isinstance(each.error, Interrupted) for each in self.outcomes)

    @property
    def status(self) -> int:
        """130 where it was interrupted, else that of everything that could be read and everything that could not."""
        if self.is_interrupted:
            return 130
        return worst_of({each.status for each in self.outcomes} | {1 for _ in self.planned.undetermined})


def settle(plan: GroupPlan) -> GroupOutcome | None:
    """How a group ends that nothing is written to; none where something is."""
    if plan.refusals:
        return GroupOutcome(plan, Ending.REFUSED, group=plan.before)
    if plan.is_empty:
        return GroupOutcome(plan, Ending.UNCHANGED, verified=True, group=plan.before)
    return None


def decline(plans: GroupPlans) -> GroupResult:
    """The result when somebody was asked, and did not want it."""
    outcomes = (settle(each) or GroupOutcome(each, Ending.NOT_REACHED, group=each.before) for each in plans.plans)
    return GroupResult(plans, tuple(outcomes))


def _key(named: Mapping | Secret) -> str:
    return named.key
