"""What is said about a vault, by one of those who may: the command line, its entry in a file, or the top of that file.

Nothing here is decided yet: what one leaves open the next one says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, TypeVar

from netcfg.core.approval import PieceId
from netcfg.core.declared import Declaration
from netcfg.core.geography import Geography
from netcfg.core.intent import Intent, Removal
from netcfg.core.ranges import Policy
from netcfg.core.resources import SubnetId, SubnetName
from netcfg.core.rules import PublicAccess

GRACE = timedelta(days=30)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Terms:
    """What one of them said; a single value is `None`, and a list empty, where nothing was."""

    organizations: tuple[str, ...] = ()
    geographies: tuple[Geography, ...] = ()
    subnets: tuple[SubnetId | SubnetName, ...] = ()
    allow: tuple[Declaration, ...] = ()
    remove: tuple[Removal, ...] = ()
    remove_reasons: tuple[tuple[Removal, str], ...] = ()
    remove_endpoints: tuple[PieceId, ...] = ()
    policy: Policy | None = None
    canary: bool | None = None
    discovers_agents: bool | None = None
    private_endpoint: SubnetId | SubnetName | None = None
    grace: timedelta | None = None
    exclusive: bool | None = None
    public_access: PublicAccess | None = None
    keep_default_action: bool | None = None

    def over(self, others: Terms) -> Terms:
        """These terms, and where they are silent those of `others`; lists add up."""
        said: dict[str, Any] = {}
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(others, each.name)
            said[each.name] = (*mine, *theirs) if isinstance(mine, tuple) else theirs if mine is None else mine
        return Terms(**said)

    def conflicts(self, others: Terms) -> Iterator[str]:
        """The single values, by the name of their field, that both say and differ in."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(others, each.name)
            if not isinstance(mine, tuple) and None not in (mine, theirs) and mine != theirs:
                yield each.name

    def intent(self) -> Intent:
        """What they come to, with what is meant where nobody said anything. What cannot be meant is a usage error."""
        private = self.private_endpoint
        return Intent(
            organizations=tuple({each.casefold(): each for each in reversed(self.organizations)}.values())[::-1],
            geographies=tuple(dict.fromkeys(self.geographies)),
            policy=_or(self.policy, Policy.UNION),
            canary=_or(self.canary, False),
            subnets=tuple(each for each in self.subnets if isinstance(each, SubnetId)),
            named_subnets=tuple(dict.fromkeys(each for each in self.subnets if isinstance(each, SubnetName))),
            discovers_agents=_or(self.discovers_agents, False),
            allow=self.allow,
            remove=tuple(dict.fromkeys(self.remove)),
            remove_reasons=tuple(dict.fromkeys(self.remove_reasons)),
            private_endpoint=private if isinstance(private, SubnetId) else None,
            named_private_endpoint=private if isinstance(private, SubnetName) else None,
            remove_endpoints=tuple(dict.fromkeys(self.remove_endpoints)),
            grace=_or(self.grace, GRACE),
            exclusive=_or(self.exclusive, False),
            public_access=self.public_access,
            keep_default_action=_or(self.keep_default_action, False),
        )


NO_TERMS = Terms()


def _or(said: Value | None, otherwise: Value) -> Value:
    return otherwise if said is None else said
