"""Setup: everything that lets one vault fill one variable group, as one plan and one result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from netcfg.core.errors import GrantMoved, NetcfgError
from netcfg.core.linking.grouping import Grant, GroupOutcome, GroupPlan
from netcfg.core.linking.groups import ServiceConnection
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.proof import Proof
from netcfg.core.rules import PublicAccess
from netcfg.core.verification import Obstacle


class Permission(Enum):
    """Whether the identity of the service connection may get and list the secrets."""

    HELD = "held"
    MISSING = "missing"
    UNSEEN = "unseen"  # whoever is not let in is not told what he may do inside


def permission_in(proof: Proof) -> Permission:
    match proof.obstacle:
        case None:
            return Permission.HELD
        case Obstacle.PERMISSION:
            return Permission.MISSING
        case _:
            return Permission.UNSEEN


@dataclass(frozen=True)
class SetupPlan:
    """What would change, step by step; `planned` holds the one vault.

    `connection` is the service connection by which Azure DevOps reads the vault, `note` says why it is this one, and
    `proof` what it gets to read before anything is changed. With `grants` a permission that is missing is given.
    `group` is `None` where no variable group is wanted.
    """

    planned: PlanSet
    connection: ServiceConnection
    proof: Proof
    note: str = ""
    grants: bool = False
    group: GroupPlan | None = None

    @property
    def vault(self) -> Plan:
        return self.planned.plans[0]

    @property
    def permission(self) -> Permission:
        return permission_in(self.proof)

    @property
    def grant(self) -> Grant | None:
        """The permission that is missing for certain, and is to be given."""
        return self.grant_to(self.proof) if self.grants and self.permission is Permission.MISSING else None

    def grant_to(self, proof: Proof) -> Grant | None:
        """What gives the permission that `proof` misses; nothing where nobody tells whom to give it to."""
        if not proof.identity:
            return None
        return Grant(self.vault.vault, proof.identity, self.connection.tenant, self.connection.name)

    @property
    def lacks_permission(self) -> bool:
        """Whether it is certain already that Azure DevOps will not read the vault when all this is done."""
        return self.permission is Permission.MISSING and not self.grants

    @property
    def stays_closed(self) -> bool:
        """Whether the vault has no public access in the end either, so that Azure DevOps never gets in."""
        return self.vault.after.public_access is PublicAccess.DISABLED

    @property
    def is_refused(self) -> bool:
        """Whether a guard of any step refuses; nothing at all is written then."""
        return bool(self.vault.refusals or (self.group and self.group.refusals))

    @property
    def has_changes(self) -> bool:
        return bool(self.vault.changes or self.grant or (self.group and self.group.changes))

    @property
    def is_done(self) -> bool:
        """Whether all of it is as it should be, and proved to be; there is nothing to prove of a vault that stays
        closed."""
        is_proved = self.permission is Permission.HELD or (self.stays_closed and self.group is None)
        return not self.has_changes and not self.is_refused and is_proved

    @property
    def status(self) -> int:
        """5 refused, 3 changes are pending, 0 all is done, 7 something is left that no step of this can do."""
        if self.is_refused:
            return 5
        return 3 if self.has_changes else 0 if self.is_done else 7


@dataclass(frozen=True)
class SetupResult:
    """What a setup did, step by step; one that failed leaves those that need it undone.

    `result` is the vault's, with what Azure DevOps got to read at last. `granted` is whether a permission was given,
    and `error` why it was not. `group` is `None` where no variable group is wanted.
    """

    plan: SetupPlan
    result: Result
    granted: bool = False
    error: NetcfgError | None = None
    group: GroupOutcome | None = None
    is_stopped: bool = False

    @property
    def vault(self) -> Outcome:
        return self.result.outcomes[0]

    @property
    def proof(self) -> Proof | None:
        """What Azure DevOps got to read at last, if it came to that."""
        return self.vault.proof

    @property
    def is_interrupted(self) -> bool:
        return self.is_stopped or self.result.is_interrupted

    @property
    def is_complete(self) -> bool:
        return self.status == 0

    @property
    def status(self) -> int:
        """130 where it was interrupted, else the first step's that did not end well; 7 where another was done before.

        A permission that is missing is a step that is not done: without it no job gets a secret.
        """
        if self.is_interrupted:
            return 130
        if self.vault.status:
            return self.vault.status
        if self.plan.stays_closed:
            return 7 if self.group else 0
        if self.error and not self.has_changed_something:
            return 6 if isinstance(self.error, GrantMoved) else 1
        if self.error or self.proof is None or self.proof.obstacle is not None:
            return 7
        later = self.group.status if self.group else 0
        return 7 if later and self.has_changed_something else later

    @property
    def unfinished(self) -> tuple[str, ...]:
        """In words, what went wrong beside the vault's firewall."""
        errors = (self.error, self.group.error if self.group else None)
        is_missing = not self.error and self.proof and self.proof.obstacle is Obstacle.PERMISSION
        lack = ["a permission is missing; run the same command again with --grant"] if is_missing else []
        return (*lack, *(str(each) for each in errors if each))

    @property
    def has_changed_something(self) -> bool:
        """Whether anything is otherwise than it was, or may be."""
        group = self.group
        return bool(
            self.vault.ending is Ending.DONE
            or self.vault.touched
            or self.granted
            or (group and (group.ending is Ending.DONE or group.touched))
        )

    def with_proof(self, proof: Proof) -> SetupResult:
        """The same, with what Azure DevOps gets to read."""
        outcome = replace(self.vault, proof=proof)
        return replace(self, result=replace(self.result, outcomes=(outcome,), is_proved=True))
