"""Linking a vault to a variable group, and bringing groups in line with their vaults.

Between a plan and its writes somebody is asked, so everything is looked at again right before a write, and what moved
stops it. What happens between that look and the write, for as long as one request takes, cannot be seen: Azure DevOps
has no precondition for a group, and the later write wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from http import HTTPStatus

from netcfg.core.errors import (
    AmbiguousGroup,
    DevOpsCannotRead,
    DevOpsRefused,
    DevOpsUnsettled,
    DigitsForName,
    GrantMoved,
    GrantUnsettled,
    GroupMoved,
    GroupNotLinked,
    GroupNotVerified,
    GroupOfAnother,
    IdentityUnknown,
    Interrupted,
    NetcfgError,
    NoGroupName,
    NoRelay,
    NothingLinkedIn,
    NothingWished,
    NotLinked,
    SecretsMoved,
    TimeOver,
    VariableGroupGone,
)
from netcfg.core.guards import SHARED_GROUP, Acceptance
from netcfg.core.linking.grouping import (
    NOTHING,
    Choice,
    Grant,
    GroupOutcome,
    GroupPlan,
    GroupPlans,
    GroupResult,
    Unplanned,
    Wish,
    as_listed,
    choose,
    differences,
    judge,
    linked,
    notes_of_link,
    notes_of_refresh,
    refreshed,
    settle,
    sharers,
    what_moved,
)
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.library import NO_DEMAND, Demand, Linked, Listing
from netcfg.core.linking.relay import NO_RELAY, Relay, Relayed
from netcfg.core.linking.secrets import Secret, tie
from netcfg.core.outcome import Ending
from netcfg.core.proof import Proof
from netcfg.core.resources import VaultId
from netcfg.core.verification import Obstacle
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.granting import give
from netcfg.workflow.groups import look
from netcfg.workflow.proving import Found, find_connection, prove
from netcfg.workflow.reading import id_of
from netcfg.workflow.writing import Halt

SIDE_BY_SIDE = 8
FRESH = 10.0  # seconds for which what a vault holds is believed right before a write
LOOKS = (0.0, 5.0)  # seconds before each look at what became of a write whose answer was lost

Secrets = tuple[Secret, ...]
Pair = tuple[str, str]  # the name of a vault and the id of a service connection, in lower case


# --- link ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """What is to be linked: a vault to the group that `relay` names, with the secrets of `wish`. With `grants` a
    permission that is missing is given. `demanded` is what the configuration wants mapped, where nobody wished."""

    vault: VaultId | str
    relay: Relay
    wish: Wish
    grants: bool = False
    demanded: Relay = NO_RELAY

    @property
    def name(self) -> str:
        return self.vault if isinstance(self.vault, str) else self.vault.name

    @property
    def meant(self) -> Wish:
        """What is wished for, else what the configuration wants of this very group."""
        pairs = ((self.relay.group, self.demanded.group), (self.relay.project, self.demanded.project))
        is_other = any(theirs and ours.casefold() != theirs.casefold() for ours, theirs in pairs)
        return self.wish if is_other or not self.wish.is_nothing else Wish(patterns=self.demanded.secrets)


def plan_link(link: Link, acceptances: Iterable[Acceptance], around: Surroundings) -> GroupPlans:
    """What linking would change. Azure DevOps is made to read the vault first: a group that it cannot fill is no use.

    Where its permission alone is missing, and is to be granted, the names are those that Resource Manager lists.
    """
    relay, name = link.relay, link.relay.group
    if not name.strip():
        raise NoGroupName
    wish = link.meant
    if wish.is_nothing:
        raise NothingWished(link.name)
    found = find_connection(relay, around, link.name)
    connection, project = found.connection, found.connection.project
    _check_place(link.vault, around)
    before = find_target(name, link.name, connection, around)
    secrets, grant, notes = _readable(link, found, around)
    choice = _chosen(link.vault, secrets, wish, around)
    plan = GroupPlan(
        project,
        before.name if before else name,
        before.vault if before else link.name,
        connection,
        before,
        linked(before, link.name, choice),
        grant,
        (*notes, *choice.notes, *notes_of_link(before, secrets)),
    )
    return GroupPlans(project.organization, (judge(plan, acceptances),))


def _check_place(vault: VaultId | str, around: Surroundings) -> None:
    """Azure DevOps knows vaults by their names alone: an id has to be that of the vault which has the name."""
    if not isinstance(vault, str):
        around.progress.step(f"reading {vault.name}")
        around.vaults.read(vault)


def find_target(name: str, vault: str, connection: ServiceConnection, around: Surroundings) -> VariableGroup | None:
    """The group of that id or name, if there is one; one that is something else than this link is an error."""
    if not name.strip():
        raise NoGroupName
    project = connection.project
    around.progress.step(f"reading the variable groups of {project.name}")
    every = around.groups.every(project)
    of_id = [each for each in every if name.isdecimal() and each.id == int(name)]
    group = of_id[0] if of_id else _of_name(name, project, every)
    if group is None:
        if name.strip().isdecimal():
            raise DigitsForName(name, project.name)
        return None
    if not group.is_linked:
        raise GroupNotLinked(group.name, group.type)
    if group.vault.lower() != vault.lower():
        raise GroupOfAnother(group.name, "vault", group.vault, vault)
    if group.connection.lower() != connection.id.lower():
        names = {each.id.lower(): each.name for each in around.linking.connections.every(project)}
        theirs = names.get(group.connection.lower(), group.connection)
        raise GroupOfAnother(group.name, "service connection", theirs, connection.name)
    return group


def _of_name(name: str, project: Project, every: Iterable[VariableGroup]) -> VariableGroup | None:
    """The one group of that name, spelt so before spelt otherwise: whether case counts is nowhere documented."""
    every = tuple(every)
    same = [each for each in every if each.name == name] or [
        each for each in every if each.name.casefold() == name.casefold()
    ]
    if len(same) > 1:
        raise AmbiguousGroup(name, [(project.name, each.id) for each in same])
    return same[0] if same else None


def _readable(link: Link, found: Found, around: Surroundings) -> tuple[Secrets, Grant | None, tuple[str, ...]]:
    """The secrets of the vault, the grant that Azure DevOps needs to read them, and what is to be said of either."""
    proof = prove(link.vault, found, 0.0, around, group=link.relay.group, can_grant=True)
    notes = (found.note,) if found.note else ()
    if proof.obstacle is None:
        return _listed(link.vault, found.connection, around), None, notes
    if proof.obstacle is not Obstacle.PERMISSION or not link.grants:
        raise _cannot_read(proof)
    id = id_of(link.vault, around)
    if not proof.identity:
        raise IdentityUnknown(found.connection.name, proof.message)
    vault = around.vaults.read(id)
    grant = Grant(vault, proof.identity, found.connection.tenant, found.connection.name)
    listed = around.linking.proxy.secrets(found.connection, link.name)  # who may not get one may list them all the same
    if not isinstance(listed, Relayed):
        return listed, grant, notes
    around.progress.step(f"listing the secrets of {id.name}")
    secrets = tie(around.linking.holdings.secrets(id), around.linking.holdings.keys(id))
    return (
        secrets,
        grant,
        (*notes, "the secrets are those that Azure Resource Manager lists, as Azure DevOps may not yet"),
    )


def _listed(vault: VaultId | str, connection: ServiceConnection, around: Surroundings) -> Secrets:
    """All secrets of the vault, as Azure DevOps lists them; that it may not is an error, and never an empty list."""
    name = vault if isinstance(vault, str) else vault.name
    around.progress.step(f"having Azure DevOps list the secrets of {name}")
    found = around.linking.proxy.secrets(connection, name)
    if isinstance(found, Relayed):
        raise _cannot_read(prove(vault, Found(connection), 0.0, around), found)
    return found


def _list(vault: str, connection: ServiceConnection, around: Surroundings) -> Secrets | NetcfgError:
    try:
        return _listed(vault, connection, around)
    except NetcfgError as error:
        return error


def _cannot_read(proof: Proof, last: Relayed | None = None) -> DevOpsCannotRead:
    """Why it cannot; where a second look found nothing in the way, the answer of the first."""
    if proof.obstacle is None and last is not None:
        why = f"Azure DevOps read a part of {proof.vault}, and then was told {last.status}: {last.message[:300]}"
        return DevOpsCannotRead(why, "run it again", request_id=last.request_id)
    return DevOpsCannotRead(proof.message, proof.fix, request_id=proof.request_id)


def _chosen(vault: VaultId | str, secrets: Secrets, wish: Wish, around: Surroundings) -> Choice:
    name = vault if isinstance(vault, str) else vault.name
    return choose(name, secrets, wish, around.today, partial(keys_of, vault, around))


def keys_of(vault: VaultId | str, around: Surroundings) -> frozenset[str]:
    """The names of the vault's keys, which only explain; whoever may not see them learns less."""
    try:
        return around.linking.holdings.keys(id_of(vault, around))
    except NetcfgError:
        return frozenset()


# --- refresh ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refresh:
    """Which groups are to be brought in line: those that are named, those of a vault, or all that a project shows.

    `demand` is what the configuration wants mapped.
    """

    relay: Relay
    vault: VaultId | str = ""
    groups: tuple[str, ...] = ()
    wish: Wish = NOTHING
    demand: Demand = NO_DEMAND

    @property
    def name(self) -> str:
        return self.vault if isinstance(self.vault, str) else self.vault.name

    @property
    def words(self) -> tuple[str, ...]:
        """The names and ids of the groups that are meant; the configuration's, where nobody named one or a vault."""
        return self.groups or ((self.relay.group,) if self.relay.group and not self.vault else ())

    @property
    def asks_which(self) -> bool:
        """Whether there may be several vaults, so that an acceptance has to name its own."""
        return not self.vault and len(self.words) != 1


def plan_refresh(refresh: Refresh, acceptances: Iterable[Acceptance], around: Surroundings) -> GroupPlans:
    """What bringing groups in line would change; one of which that is not known keeps no other from being planned.

    A whole organization is never meant: somebody names a project, a vault or a group.
    """
    relay = refresh.relay
    if not relay.organization or not (relay.project or refresh.vault or refresh.words):
        needed = (("organization", relay.organization), ("project", relay.project))
        why = "what is refreshed are the groups of a project or of a vault, or named ones, never a whole organization's"
        raise NoRelay([name for name, said in needed if not said], why)
    _check_place(refresh.vault, around)
    listing = look(relay.organization, relay.project, around)
    meant = _meant(refresh, listing)
    held = _held(meant, around)
    accepted = list(acceptances)
    plans: list[GroupPlan] = []
    undetermined = [Unplanned(f"the variable groups of the project {each.name}", each.error) for each in listing.closed]
    for each in meant:
        secrets = held[_pair(each)]
        try:
            if isinstance(secrets, NetcfgError):
                raise secrets
            plans.append(judge(_plan_one(each, secrets, refresh, listing, around), accepted))
        except NetcfgError as error:
            undetermined.append(Unplanned(f"{each.group.project.name}/{each.group.name}", error))
    return GroupPlans(relay.organization, tuple(plans), tuple(undetermined), asks_which=refresh.asks_which)


def _meant(refresh: Refresh, listing: Listing) -> tuple[Linked, ...]:
    """The groups that are meant; none is an error."""
    found = listing.named(refresh.words, [refresh.name] if refresh.name else [])
    place = f"{refresh.relay.project} in {listing.organization}" if refresh.relay.project else listing.organization
    if not found and not listing.closed:
        raise NotLinked(refresh.name, place) if refresh.name else NothingLinkedIn(place)
    return found


def _pair(linked: Linked) -> Pair:
    return linked.group.vault.lower(), linked.group.connection.lower()


def _held(meant: Sequence[Linked], around: Surroundings) -> dict[Pair, Secrets | NetcfgError]:
    """The secrets of each vault by each connection, asked for once, or why they are not known."""
    asked = {_pair(each): each for each in meant}

    def read(each: Linked) -> Secrets | NetcfgError:
        return _list(each.group.vault, each.used, around)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(asked, pool.map(read, asked.values()), strict=True))


def _plan_one(each: Linked, secrets: Secrets, refresh: Refresh, listing: Listing, around: Surroundings) -> GroupPlan:
    group, patterns = each.group, _demanded(each, refresh.demand, listing)
    idle = [one for one in patterns if not any(fnmatchcase(secret.key, one.lower()) for secret in secrets)]
    wish = Wish(patterns=tuple(one for one in patterns if one not in idle)) if refresh.wish.is_nothing else refresh.wish
    choice = _chosen(group.vault, secrets, wish, around)
    after = refreshed(group, choice, secrets)
    notes = [f"no secret of {group.vault} matches {one!r}, which the configuration wants mapped" for one in idle]
    return GroupPlan(
        group.project,
        group.name,
        group.vault,
        each.used,
        group,
        after,
        notes=(*choice.notes, *notes, *notes_of_refresh(group, after, secrets, around.today)),
    )


def _demanded(linked: Linked, demand: Demand, listing: Listing) -> tuple[str, ...]:
    """The configuration's patterns, for the group that it names; without a name, for the only group of its vault.

    Of several it is not known which is meant, and no group is widened on a guess.
    """
    if not demand.concerns(linked):
        return ()
    is_meant = bool(demand.group) or len(listing.named((), [linked.vault.name])) == 1
    return demand.patterns if is_meant else ()


# --- writing ------------------------------------------------------------------------------------------------------


Lists = Callable[[GroupPlan], Secrets]


def carry_out(plans: GroupPlans, around: Surroundings) -> GroupResult:
    """Bring the groups to what their plans promise, one after the other; one failing stops no other."""
    held: dict[Pair, tuple[float, Secrets]] = {}

    def lists(plan: GroupPlan) -> Secrets:
        """What the vault holds by now. Groups linked to it so that are written in these seconds share a list."""
        pair = plan.vault.lower(), plan.connection.id.lower()
        since, found = held.get(pair, (-FRESH, ()))
        if around.clock() - since >= FRESH:
            told = _list(plan.vault, plan.connection, around)
            if isinstance(told, NetcfgError):
                raise told
            since, found = held[pair] = (around.clock(), told)
        return found

    return GroupResult(plans, tuple(settle(each) or _carry_out(each, lists, around) for each in plans.plans))


def _carry_out(plan: GroupPlan, lists: Lists, around: Surroundings) -> GroupOutcome:
    granted = False
    try:
        if plan.grant:
            granted = _give(plan.grant, plan, around)
            if not granted:  # somebody else has given it since
                plan = replace(plan, grant=None)
        if done := settle(plan):
            return done
        if around.stop.is_set():
            raise around.ended()
        if plan.is_written:
            plan = replace(plan, after=as_listed(plan, lists(plan), around.today))
        group = _write(plan, around)
    except Halt as halt:
        return _stopped(plan, halt.error, touched=granted or halt.touched)
    except NetcfgError as error:
        return _stopped(plan, error, touched=granted)
    return GroupOutcome(plan, Ending.DONE, verified=True, group=group)


def _stopped(plan: GroupPlan, error: NetcfgError, *, touched: bool) -> GroupOutcome:
    return GroupOutcome(plan, _ending_of(error), touched=touched, error=error, group=plan.before)


def _ending_of(error: NetcfgError) -> Ending:
    match error:
        case GroupMoved() | SecretsMoved() | GrantMoved():
            return Ending.STALE
        case Interrupted() | TimeOver():
            return Ending.NOT_REACHED
        case _:
            return Ending.FAILED


def _give(grant: Grant, plan: GroupPlan, around: Surroundings) -> bool:
    """Give the permission, and wait until it counts: a group is only written that Azure DevOps can fill. Whether
    anything was written for it."""
    if around.stop.is_set():
        raise around.ended()
    try:
        given = give(grant, plan.connection, around, group=plan.name)
    except GrantUnsettled as error:
        raise Halt(error, touched=error.may_have_happened) from error
    proof, touched = given.proof, given.is_written
    if proof.obstacle is None:
        return touched
    if around.stop.is_set():
        raise Halt(around.ended(), touched=touched)
    # The fix for a missing permission is to give it, which was done.
    wait = "it may take ten minutes to count" if touched else "it is given already, which may take ten minutes to count"
    fix = wait if proof.obstacle is Obstacle.PERMISSION else proof.fix
    refusal = DevOpsCannotRead(proof.message, fix, was_granted=touched, request_id=proof.request_id)
    raise Halt(refusal, touched=touched)


def _write(plan: GroupPlan, around: Surroundings) -> VariableGroup:
    """Write once, and give the group as Azure DevOps shows it afterwards; one that is to stay as it is only has to be
    there as it was."""
    around.progress.step(f"reading the variable group {plan.name} again")
    now = _again(plan, around)
    if now and not plan.is_written:
        return now
    if around.stop.is_set():
        raise around.ended()
    around.progress.step(f"writing the variable group {plan.name}")
    try:
        if now is None:
            sent = around.groups.create(plan.project, plan.name, plan.vault, plan.connection, plan.after)
        else:
            sent = around.groups.update(now, plan.after)
    except DevOpsUnsettled as doubt:
        with around.finishing():
            sent = _found_out(plan, doubt, around)
    except DevOpsRefused as error:
        if now is None and error.http_status == HTTPStatus.CONFLICT:
            raise GroupMoved(plan.name, ["a group of this name is there now"]) from error
        if now and error.http_status == HTTPStatus.NOT_FOUND:
            _again(plan, around)  # what is not there may be the group, or a project that it is shared with
        raise
    return _prove(plan, now, sent, around)


def _again(plan: GroupPlan, around: Surroundings) -> VariableGroup | None:
    """The group as it is right before the write, which has to be as it was planned for."""
    if plan.before is None:
        if _of_name(plan.name, plan.project, around.groups.every(plan.project)):
            raise GroupMoved(plan.name, ["a group of this name is there now"])
        return None
    try:
        now = around.groups.read(plan.before)
    except VariableGroupGone as error:
        raise GroupMoved(plan.name, ["it is gone, or not shown to this sign-in any more"]) from error
    if moved := what_moved(plan.before, now):
        raise GroupMoved(plan.name, moved)
    whose = sharers(now)
    if plan.is_written and whose and all(each.id != SHARED_GROUP for each in plan.guards):
        raise GroupMoved(plan.name, [f"it is shared with {whose}, which no list told"])  # and nobody was asked
    return now


def _found_out(plan: GroupPlan, doubt: DevOpsUnsettled, around: Surroundings) -> VariableGroup:
    """The group as it was written by a write of which nobody knows. Where it does not show, it may show later."""
    if not doubt.may_have_happened:
        raise doubt
    for pause in LOOKS:
        if pause:
            around.pause(pause)
        around.progress.step(f"looking what became of the variable group {plan.name}")
        try:
            now = _there(plan, around)
        except NetcfgError as error:
            raise Halt(doubt, touched=True) from error
        if now and not (plan.before and not what_moved(plan.before, now)):
            return now
    raise Halt(doubt, touched=True)


def _there(plan: GroupPlan, around: Surroundings) -> VariableGroup | None:
    if plan.before:
        return around.groups.read(plan.before)
    return _of_name(plan.name, plan.project, around.groups.every(plan.project))


def _prove(plan: GroupPlan, now: VariableGroup | None, sent: VariableGroup, around: Surroundings) -> VariableGroup:
    around.progress.step(f"reading the variable group {plan.name} back")
    try:
        with around.finishing():
            back = around.groups.read(replace(sent, project=plan.project))
    except NetcfgError as error:
        raise Halt(error, touched=True) from error
    if said := differences(now, plan.vault, plan.connection.id, plan.after, back):
        raise Halt(GroupNotVerified(plan.name, said), touched=True)
    return back
