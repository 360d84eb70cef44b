"""Setup: plan the firewall of one vault, the permission and the variable group together, and do them in this order.

Each step needs the one before it: Azure DevOps is told whether it may read only by a vault that lets it in, and a group
is only written that it can fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from netcfg.core.errors import (
    DevOpsCannotRead,
    GrantUnsettled,
    IdentityUnknown,
    NetcfgError,
    NoVault,
)
from netcfg.core.guards import Acceptance
from netcfg.core.linking.grouping import (
    GroupOutcome,
    GroupPlan,
    GroupPlans,
    Wish,
    choose,
    judge,
    linked,
    notes_of_link,
    settle,
)
from netcfg.core.linking.groups import VariableGroup
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.linking.secrets import Secret, tie
from netcfg.core.outcome import Ending
from netcfg.core.plan import PlanSet
from netcfg.core.proof import Proof
from netcfg.core.resources import VaultId
from netcfg.core.setup import Permission, SetupPlan, SetupResult
from netcfg.core.verification import Hope, Obstacle
from netcfg.workflow.apply import apply as apply_plans
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.granting import give
from netcfg.workflow.grouping import carry_out, find_target, keys_of
from netcfg.workflow.proving import Found, find_connection, prove

Draw = Callable[[], tuple[PlanSet, Drawings]]


@dataclass(frozen=True)
class Wanted:
    """What is wanted beside the vault's firewall: `relay` says by which connection, and names the group if there is to
    be one, which `wish` fills. With `grants` a permission that is missing is given."""

    vault: VaultId | str
    relay: Relay
    wish: Wish = Wish()  # noqa: RUF009 - as frozen as a text
    grants: bool = False

    @property
    def name(self) -> str:
        return self.vault if isinstance(self.vault, str) else self.vault.name


# --- plan ---------------------------------------------------------------------------------------------------------


def plan(
    draw: Draw, wanted: Wanted, acceptances: Iterable[Acceptance], around: Surroundings
) -> tuple[SetupPlan, Drawings]:
    """What would change in all, and what the vault's plan, which `draw` makes, rests on.

    What cannot be planned is an error of the whole: nothing is begun that could not be brought to its end.
    """
    # Without `with`, which would wait for answers that nobody wants any more after Ctrl-C.
    pool = ThreadPoolExecutor(2, thread_name_prefix="netcfg-setup")
    try:
        searching = pool.submit(find_connection, wanted.relay, around, wanted.name)
        planned, drawings = draw()
        if not planned.plans:
            raise planned.undetermined[0].error if planned.undetermined else NoVault()
        found = searching.result()
        reading = pool.submit(find_target, wanted.relay.group, wanted.name, found.connection, around)
        proof = prove(planned.plans[0].vault.id, found, 0.0, around, group=wanted.relay.group, can_grant=True)
        _check(proof)
        before = reading.result() if wanted.relay.group else None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    setup = SetupPlan(planned, found.connection, proof, found.note, wanted.grants)
    if wanted.grants and setup.permission is Permission.MISSING and not proof.identity:
        raise IdentityUnknown(found.connection.name, proof.message)
    if not wanted.relay.group:
        return setup, drawings
    return replace(setup, group=_plan_group(setup, wanted, before, acceptances, around)), drawings


def _check(proof: Proof) -> None:
    """A connection that no rule and no permission mends is told before anything is written."""
    is_broken = proof.obstacle in (Obstacle.CONNECTION, Obstacle.NO_VAULT)
    if is_broken or (proof.obstacle is Obstacle.DEVOPS and proof.hope is Hope.NONE):
        raise DevOpsCannotRead(proof.message, proof.fix, request_id=proof.request_id)


def _plan_group(
    setup: SetupPlan,
    wanted: Wanted,
    before: VariableGroup | None,
    acceptances: Iterable[Acceptance],
    around: Surroundings,
) -> GroupPlan:
    vault, connection = setup.vault.vault, setup.connection
    secrets = secrets_of(vault.id, setup, around)
    choice = choose(vault.name, secrets, wanted.wish, around.today, partial(keys_of, vault.id, around))
    plan = GroupPlan(
        connection.project,
        before.name if before else wanted.relay.group,
        before.vault if before else vault.name,
        connection,
        before,
        linked(before, vault.name, choice),
        notes=(*choice.notes, *notes_of_link(before, secrets)),
    )
    return judge(plan, acceptances)


def secrets_of(vault: VaultId, setup: SetupPlan | None, around: Surroundings) -> tuple[Secret, ...]:
    """All secrets of the vault, as Azure DevOps lists them where it may, else as Resource Manager does, whatever the
    firewall says."""
    around.progress.step(f"listing the secrets of {vault.name}")
    if setup and setup.proof.obstacle is None:
        listed = around.linking.proxy.secrets(setup.connection, setup.vault.vault.name)
        if not isinstance(listed, Relayed):
            return listed
    holdings = around.linking.holdings
    return tie(holdings.secrets(vault), holdings.keys(vault))


# --- do -----------------------------------------------------------------------------------------------------------


def apply(plan: SetupPlan, drawings: Drawings, seconds: float, around: Surroundings) -> SetupResult:
    """Do what the plan promises, step by step. Azure DevOps is asked again for `seconds` while rules take effect."""
    result = SetupResult(plan, apply_plans(plan.planned, drawings, around), group=_untouched(plan.group))
    if result.vault.ending not in (Ending.DONE, Ending.UNCHANGED) or plan.stays_closed or around.stop.is_set():
        return _ended(result, around)
    if plan.vault.is_empty and plan.permission is Permission.HELD:
        result = result.with_proof(plan.proof)
    else:
        result = _prove(result, seconds, around)
    if result.proof and result.proof.obstacle is Obstacle.PERMISSION and plan.grants and not around.stop.is_set():
        result = _give(result, around)
    is_open = result.proof is not None and result.proof.obstacle is None
    if plan.group and plan.group.changes and is_open and not around.stop.is_set():
        result = replace(result, group=_link(plan.group, around))
    return _ended(result, around)


def _untouched(group: GroupPlan | None) -> GroupOutcome | None:
    """How a group ends that nobody gets to."""
    if group is None:
        return None
    return settle(group) or GroupOutcome(group, Ending.NOT_REACHED, group=group.before)


def _ended(result: SetupResult, around: Surroundings) -> SetupResult:
    """The result; somebody who wants us to end when all is done has interrupted nothing."""
    return replace(result, is_stopped=around.stop.is_set() and result.status != 0)


def _prove(result: SetupResult, seconds: float, around: Surroundings) -> SetupResult:
    plan, group = result.plan, result.plan.group.name if result.plan.group else ""
    found = Found(plan.connection)
    proof = prove(plan.vault.vault.id, found, seconds, around, group=group, can_grant=True)
    return result.with_proof(proof)


def _give(result: SetupResult, around: Surroundings) -> SetupResult:
    """Give the permission, and wait until it counts."""
    plan, seen = result.plan, result.proof
    grant = plan.grant or (plan.grant_to(seen) if seen else None)
    if grant is None:
        why = seen.message if seen else "nobody was asked"
        return replace(result, error=IdentityUnknown(plan.connection.name, why))
    try:
        given = give(grant, plan.connection, around, group=plan.group.name if plan.group else "")
    except NetcfgError as error:
        is_given = isinstance(error, GrantUnsettled) and error.may_have_happened
        return replace(result, error=error, granted=is_given)
    return replace(result, granted=given.is_written).with_proof(given.proof)


def _link(plan: GroupPlan, around: Surroundings) -> GroupOutcome:
    """Write the group as it was planned, if Azure DevOps itself tells by now that the vault holds what was planned."""
    return carry_out(GroupPlans(plan.project.organization, (plan,)), around).outcomes[0]
