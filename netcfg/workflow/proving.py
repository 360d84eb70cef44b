"""Proving: have Azure DevOps itself read a vault, by a service connection that somebody named or that is the only one.

Azure Resource Manager and the publishers explain what Azure DevOps told; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

from netcfg.core.attribution import Attribution, attribute, parse_address
from netcfg.core.errors import ManyConnections, NetcfgError, NoConnection, NoRelay, NotAnAddress
from netcfg.core.geography import Geography
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.proof import Beside, Hearing, Proof, judge
from netcfg.core.resources import VaultId
from netcfg.core.rules import PublicAccess
from netcfg.core.verification import Hope, Known, Obstacle
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.lanes import Aside, side_by_side
from netcfg.workflow.patience import Watch, look_until

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
        raise NoRelay(_missing(relay))
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
) -> Proof:
    """What having Azure DevOps read the vault comes to, looked at again for `seconds` where waiting can help.

    A missing permission is waited for only where it `was_granted` just now: nothing else here tells that it may be on
    its way. Azure Resource Manager and the organization are asked at most once, and only about what they may explain.
    """
    look = _Look(
        vault if isinstance(vault, str) else vault.name,
        found.connection,
        around,
        known=cache(partial(_explain, vault, around)),
        home=cache(partial(_home, found.connection.project.organization, around)),
        beside=Beside(program=around.program, group=group, was_granted=was_granted),
    )
    proof = look_until(look, seconds, _watch(around))
    return replace(proof, notes=(*proof.notes, found.note)) if found.note else proof


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
        id = around.vaults.find([vault])[vault] if isinstance(vault, str) else vault
        if isinstance(id, NetcfgError):
            raise id
        return Known(around.vaults.read(id)), ""
    except NetcfgError as error:
        return None, f"Azure Resource Manager could not explain it: {error}"


def _home(organization: str, around: Surroundings) -> tuple[Geography | None, str]:
    """Where the organization lives."""
    try:
        return around.organizations.look_up(organization).geography, ""
    except NetcfgError as error:
        return None, f"where {organization} lives is not known: {error}"


# --- the vaults of an apply ---------------------------------------------------------------------------------------


def prove_all(result: Result, found: Found, seconds: float, drawings: Drawings, around: Surroundings) -> Result:
    """The result with what Azure DevOps itself gets to read of the vaults that are as they should be.

    All of them together are waited for no longer than `seconds`. One that is meant to have no public access, or whose
    organizations are others, is not asked about: Azure DevOps is not to get in there.
    """
    organization = found.connection.project.organization
    home = next(
        (each for each in result.planned.organizations if each.name.casefold() == organization.casefold()), None
    )
    end = around.clock() + seconds

    def one(outcome: Outcome, aside: Aside) -> Proof:
        del aside
        vault = outcome.plan.vault
        now = Known(replace(vault, firewall=outcome.plan.after))
        look = _Look(
            vault.name,
            found.connection,
            around,
            known=lambda: (now, ""),
            home=lambda: (home.geography, "") if home else _home(organization, around),
            beside=Beside(program=around.program),
        )
        left = max(0.0, end - around.clock())
        return look_until(look, left, _watch(around, f"{vault.name}: "))

    chosen = [each for each in result.outcomes if _is_to_be_proved(each, organization, drawings)]
    proofs: dict[VaultId, Proof] = {}
    with around.progress.count(f"having Azure DevOps read {len(chosen):,} vaults", len(chosen)) as advance:
        for outcome, proof in side_by_side(chosen, one, lambda _: frozenset(), SIDE_BY_SIDE, around.stop):
            advance()
            proofs[outcome.plan.vault.id] = proof
    is_cut = around.stop.is_set() and (
        len(proofs) < len(chosen) or any(each.hope is not Hope.NONE for each in proofs.values())
    )
    return replace(
        result,
        outcomes=tuple(replace(each, proof=proofs.get(each.plan.vault.id)) for each in result.outcomes),
        is_interrupted=result.is_interrupted or is_cut,
        is_proved=True,
    )


def _is_to_be_proved(outcome: Outcome, organization: str, drawings: Drawings) -> bool:
    if outcome.ending not in (Ending.DONE, Ending.UNCHANGED):
        return False
    served = {each.name.casefold() for each in drawings[outcome.plan.vault.id].organizations}
    is_ours = not served or organization.casefold() in served
    return is_ours and outcome.plan.after.public_access is not PublicAccess.DISABLED
