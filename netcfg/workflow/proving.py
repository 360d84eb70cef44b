"""Proving: have Azure DevOps itself read a vault, by a service connection that somebody named or that is the only one.

Azure Resource Manager and the publishers explain what Azure DevOps told; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

from netcfg.core.attribution import Attribution, attribute, parse_address
from netcfg.core.errors import (
    ManyConnections,
    NetcfgError,
    NoConnection,
    NoRelay,
    NoSuchConnection,
    NoSuchProject,
    NotAnAddress,
    RelayOfNone,
    UsageError,
)
from netcfg.core.geography import Geography
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.proof import Beside, Hearing, NotAsked, Proof, judge
from netcfg.core.resources import VaultId
from netcfg.core.rules import PublicAccess
from netcfg.core.verification import Hope, Known, Obstacle
from netcfg.core.words import listed
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.lanes import Aside, side_by_side
from netcfg.workflow.patience import UNSEEN, Watch, look_until, notes_of_wait
from netcfg.workflow.reading import id_of

SIDE_BY_SIDE = 8

# What Azure Resource Manager may know something about.
_EXPLAINABLE = frozenset(
    (Obstacle.FIREWALL, Obstacle.PUBLIC_ACCESS, Obstacle.PERIMETER, Obstacle.PERMISSION, Obstacle.NO_VAULT)
)


# --- by which connection ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The service connection, and why it is this one where nobody named it."""

    connection: ServiceConnection
    note: str = ""


def find_connection(relay: Relay, around: Surroundings, vault: str = "") -> Found:
    """The connection that `relay` names, or the only one that can be meant; what cannot be told is a usage error.

    Without a name it is the only one of the project to Azure, else the one by which variable groups are linked to
    `vault`, if that is known and they agree.
    """
    if not relay.organization:
        # The rest may be found by the vault, which variable groups are linked to.
        raise NoRelay(_missing(relay)[:1] if vault else _missing(relay))
    around.progress.step(f"looking for the service connection in {relay.organization}")
    if relay.project:
        return _find_in(around.linking.projects.find(relay.organization, relay.project), relay, around, vault)
    linked = around.groups.linked(relay.organization) if vault else None
    groups = [each for each in linked.groups if each.vault.lower() == vault.lower()] if linked else []
    pairs = dict.fromkeys((each.project, relay.connection or each.connection) for each in groups)
    if not pairs:
        raise NoRelay(_missing(relay))
    if len(pairs) > 1:
        raise ManyConnections(
            f"variable groups of {relay.organization} link {vault} by", [f"{id} of {project}" for project, id in pairs]
        )
    ((name, id),) = pairs
    project = around.linking.projects.find(relay.organization, name)
    found = around.linking.connections.find(project, id)
    return Found(found, f"{found.name} of the project {name} is what variable groups link {vault} by")


def _missing(relay: Relay) -> tuple[str, ...]:
    needed = (
        ("organization", relay.organization),
        ("project", relay.project),
        ("service-connection", relay.connection),
    )
    return tuple(name for name, said in needed if not said)


def _find_in(project: Project, relay: Relay, around: Surroundings, vault: str) -> Found:
    find = partial(around.linking.connections.find, project)
    if relay.connection:
        return Found(find(relay.connection))
    to_azure = [each for each in around.linking.connections.every(project) if each.is_azure]
    if not to_azure:
        raise NoConnection(project.name, project.organization)
    if len(to_azure) == 1:
        # Found again by its id: what is wrong with one that cannot be used is said there.
        return Found(
            find(to_azure[0].id), f"{to_azure[0].name} is the only service connection to Azure of {project.name}"
        )
    groups = around.groups.every(project) if vault else ()
    used = {each.connection for each in groups if each.is_linked and each.vault.lower() == vault.lower()}
    if len(used) == 1:
        found = find(used.pop())
        return Found(found, f"{found.name} is what variable groups of {project.name} link {vault} by")
    raise ManyConnections(f"the project {project.name} has", [each.name for each in to_azure])


# --- one vault ----------------------------------------------------------------------------------------------------


def prove(
    vault: VaultId | str,
    found: Found,
    seconds: float,
    around: Surroundings,
    *,
    group: str = "",
    was_granted: bool = False,
    can_grant: bool = False,
    unseen: float = UNSEEN,
) -> Proof:
    """What having Azure DevOps read the vault comes to, looked at again for `seconds` where waiting can help; for
    `unseen` ones where nobody sees whether it can.

    A missing permission is waited for only where it `was_granted` just now: nothing else here tells that it may be on
    its way. Azure Resource Manager and the organization are asked at most once, and only about what they may explain.
    """
    look = _Look(
        vault if isinstance(vault, str) else vault.name,
        found.connection,
        around,
        known=cache(partial(_explain, vault, around)),
        home=cache(partial(_home, found.connection.project.organization, around)),
        beside=Beside(program=around.program, group=group, was_granted=was_granted, can_grant=can_grant),
    )
    proof = look_until(look, seconds, _watch(around), unseen)
    notes = (*notes_of_wait(proof, seconds, unseen), *filter(None, [found.note]))
    return replace(proof, notes=(*proof.notes, *notes))


@dataclass(frozen=True)
class _Look:
    """Looks at one vault through Azure DevOps. What explains an obstacle comes with the sentence that says why it is
    not there, if it is not."""

    vault: str
    connection: ServiceConnection
    around: Surroundings
    known: Callable[[], tuple[Known | None, str]]
    home: Callable[[], tuple[Geography | None, str]]
    beside: Beside

    def __call__(self) -> Proof:
        self.around.progress.step(f"having Azure DevOps read the secret names of {self.vault}")
        heard = self._hear()
        found = judge(heard, self.beside)
        if found.obstacle not in _EXPLAINABLE:
            return found
        known, unexplained = self.known()
        home, homeless = self.home() if heard.address else (None, "")
        beside = replace(self.beside, known=known, home=home, whose=_whose(heard.address, self.around))
        found = judge(heard, beside)
        return replace(found, notes=(*found.notes, *filter(None, (unexplained, homeless))))

    def _hear(self) -> Hearing:
        proxy = self.around.linking.proxy
        heard = Hearing(self.vault, self.connection, _asked(proxy.may_list, self.connection, self.vault))
        if not heard.asks_on:
            return heard
        return replace(heard, got=_asked(proxy.may_get, self.connection, self.vault))


def _asked(
    ask: Callable[[ServiceConnection, str], Relayed], connection: ServiceConnection, vault: str
) -> Relayed | NetcfgError:
    try:
        return ask(connection, vault)
    except NetcfgError as error:
        return error


def _whose(address: str, around: Surroundings) -> Attribution | None:
    """Who publishes it as inbound; `None` for what is no address."""
    try:
        return attribute(parse_address(address), around.catalogue, ()) if address else None
    except NotAnAddress:
        return None


def _watch(around: Surroundings, what: str = "") -> Watch:
    return Watch(around.progress, around.stop.wait, around.clock, around.stop.is_set, what)


def _explain(vault: VaultId | str, around: Surroundings) -> tuple[Known | None, str]:
    """The vault as Azure Resource Manager shows it."""
    around.progress.step(f"asking Azure Resource Manager about {vault if isinstance(vault, str) else vault.name}")
    try:
        return Known(around.vaults.read(id_of(vault, around))), ""
    except NetcfgError as error:
        return None, f"Azure Resource Manager could not explain it: {error}"


def _home(organization: str, around: Surroundings) -> tuple[Geography | None, str]:
    """Where the organization lives."""
    try:
        return around.organizations.look_up(organization).geography, ""
    except NetcfgError as error:
        return None, f"where {organization} lives is not known: {error}"


# --- the vaults of an apply ---------------------------------------------------------------------------------------


Ways = Mapping[VaultId, Found | NotAsked]


def find_ways(relay: Relay, planned: PlanSet, drawings: Drawings, around: Surroundings, *, is_typed: bool) -> Ways:
    """By which connection Azure DevOps is to read each of the vaults, or why by none.

    `relay` may say of which organization it is; else it is each vault's own. Only what somebody typed ends the run: a
    file may name a connection for other commands, and what it says of the firewall is done all the same.
    """
    if not relay.is_named:
        return {}
    organizations = {plan.vault.id: _organization(relay, plan, drawings) for plan in planned.plans}
    if is_typed and organizations and all(isinstance(each, NotAsked) for each in organizations.values()):
        reasons = {plan.vault.name: organizations[plan.vault.id] for plan in planned.plans}
        raise RelayOfNone([f"{name}: {each.reason}" for name, each in reasons.items() if isinstance(each, NotAsked)])

    @cache
    def find(organization: str) -> Found | NetcfgError:
        try:
            return find_connection(replace(relay, organization=organization), around)
        except NetcfgError as error:
            if is_typed:
                raise
            return error

    def way(plan: Plan) -> Found | NotAsked:
        organization = organizations[plan.vault.id]
        if isinstance(organization, NotAsked):
            return organization
        stays_closed = plan.after.public_access is PublicAccess.DISABLED
        found = find(organization) if is_typed or not stays_closed else None
        if stays_closed or found is None:
            return NotAsked("its public access stays disabled, so Azure DevOps does not get in")
        if isinstance(found, Found):
            return found
        # What nobody could mean is nobody's loss.
        return NotAsked(str(found), is_lost=not isinstance(found, UsageError))

    ways = {plan.vault.id: way(plan) for plan in planned.plans}
    if not relay.organization and any(isinstance(each, Found) for each in ways.values()):
        return {vault: _elsewhere(way, find, organizations[vault]) for vault, way in ways.items()}
    return ways


def _elsewhere(
    way: Found | NotAsked, find: Callable[[str], Found | NetcfgError], organization: str | NotAsked
) -> Found | NotAsked:
    """The same; one of several organizations that has no such project or connection was not meant by it."""
    if isinstance(way, Found) or not way.is_lost or isinstance(organization, NotAsked):
        return way
    return replace(way, is_lost=not isinstance(find(organization), NoSuchProject | NoSuchConnection))


def _organization(relay: Relay, plan: Plan, drawings: Drawings) -> str | NotAsked:
    """The organization whose connection is meant for a vault: one that the vault serves, if it serves any."""
    served = [each.name for each in drawings[plan.vault.id].organizations]
    what = relay.connection or f"the project {relay.project}"
    if relay.organization:
        if served and relay.organization.casefold() not in {each.casefold() for each in served}:
            return NotAsked(f"{what} is of {relay.organization}, which this vault does not serve")
        return relay.organization
    if len(served) == 1:
        return served[0]
    whose = f"it serves {listed(served)}" if served else "it serves no organization that is named"
    return NotAsked(f"{whose}, and it was not said whose {what} is; name the organization under devops:")


def prove_all(result: Result, ways: Ways, seconds: float, around: Surroundings) -> Result:
    """The result with what Azure DevOps itself gets to read of the vaults that are as they should be, by these `ways`.

    All of them together are waited for no longer than `seconds`.
    """
    end = around.clock() + seconds
    homes = {each.name.casefold(): each.geography for each in result.planned.organizations}

    def one(outcome: Outcome, aside: Aside) -> Proof | NotAsked:
        del aside
        vault, way = outcome.plan.vault, ways[outcome.plan.vault.id]
        if isinstance(way, NotAsked):
            return way
        now = Known(replace(vault, firewall=outcome.plan.after))
        organization = way.connection.project.organization
        home = homes.get(organization.casefold())
        look = _Look(
            vault.name,
            way.connection,
            around,
            known=lambda: (now, ""),
            home=lambda: (home, "") if home else _home(organization, around),
            beside=Beside(program=around.program),
        )
        left = max(0.0, end - around.clock())
        return look_until(look, left, _watch(around, f"{vault.name}: "))

    fine = [each for each in result.outcomes if each.ending in (Ending.DONE, Ending.UNCHANGED)]
    told: dict[VaultId, Proof | NotAsked] = {}
    asked = sum(isinstance(ways[each.plan.vault.id], Found) for each in fine)
    with around.progress.count(f"having Azure DevOps read {asked:,} vaults", asked) as advance:
        for outcome, found in side_by_side(fine, one, lambda _: frozenset(), SIDE_BY_SIDE, around.stop):
            told[outcome.plan.vault.id] = found
            if isinstance(found, Proof):
                advance()
    proofs = {id: each for id, each in told.items() if isinstance(each, Proof)}
    is_cut = around.stop.is_set() and (
        len(told) < len(fine) or any(each.hope is not Hope.NONE for each in proofs.values())
    )
    return replace(
        result,
        outcomes=tuple(
            replace(each, proof=proofs.get(each.plan.vault.id), unasked=_unasked(told.get(each.plan.vault.id)))
            for each in result.outcomes
        ),
        is_interrupted=result.is_interrupted or is_cut,
        is_proved=True,
    )


def _unasked(told: Proof | NotAsked | None) -> NotAsked | None:
    return told if isinstance(told, NotAsked) else None
