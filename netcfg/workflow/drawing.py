"""Drawings: what the plans of vaults rest on, so that one that was read again can be planned again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netcfg.core.geography import Organization
from netcfg.core.guards import Acceptance, Circumstances
from netcfg.core.linkage import NOT_ASKED, Linkage
from netcfg.core.moment import Moment
from netcfg.core.plan import Plan, draw, look
from netcfg.core.private import NOTHING_PRIVATE, Landscape
from netcfg.core.ranges import Resolution
from netcfg.core.resources import SubnetId, Vault, VaultId
from netcfg.workflow.agents import Agents
from netcfg.workflow.collaborators import Surroundings


@dataclass(frozen=True)
class Drawing:
    """What the plans of all vaults rest on for which the same is meant; with it one that was read again can be planned
    again.

    `chosen` are the vaults of the run, and `companions` those of them that get the rules for the agents' subnets,
    whatever else is meant for them. `is_selected` is whether a place or a tag is all that these vaults were found by,
    `is_declared` whether the configuration chose them, and `linkage` what variable groups use where nobody named them.
    """

    agents: Agents
    resolution: Resolution
    organizations: tuple[Organization, ...]
    acceptances: tuple[Acceptance, ...]
    gone: frozenset[SubnetId] = frozenset()
    landscape: Landscape = NOTHING_PRIVATE
    chosen: frozenset[VaultId] = frozenset()
    companions: frozenset[VaultId] = frozenset()
    is_selected: bool = False
    linkage: Linkage = NOT_ASKED
    is_declared: bool = False

    @property
    def undoes(self) -> str:
        """The record that is undone, where that is what these plans are for."""
        return ""

    def look_again(self, around: Surroundings) -> Drawing:
        """The same after another look at who else depends on the agents' addresses: a plan may be hours old."""
        return replace(self, agents=self.agents.surveyed(around)).without(self.companions)

    def without(self, companions: frozenset[VaultId]) -> Drawing:
        """The same, where nobody worries about `companions`: they get their rule before the switch."""
        survey = self.agents.survey.among(self.chosen).without(companions)
        return replace(self, agents=replace(self.agents, survey=survey), companions=companions)

    def look(self, vault: Vault, around: Surroundings, moment: Moment | None = None) -> Circumstances:
        """The vault with everything that decides about it, at another `moment` than now if one is given."""
        moment = moment or around.moment()
        return look(
            vault,
            self.agents.intent,
            self.resolution,
            self.organizations,
            self.agents.subnets,
            moment.today,
            survey=self.agents.survey,
            gone=self.gone,
            landscape=self.landscape,
            is_selected=self.is_selected,
            linkage=self.linkage,
            is_declared=self.is_declared,
            now=moment.now,
        )

    def draw(self, vault: Vault, around: Surroundings) -> Plan:
        """The plan for the vault as it is, which says what it leaves only because a clock is wrong."""
        plan, moment = draw(self.look(vault, around), self.acceptances), around.moment()
        if not moment.is_wrong:
            return plan
        waiting = self.look(vault, around, moment.later).desired.overdue - plan.desired.overdue
        return plan.with_notes(moment.notes_of(sorted(map(str, waiting))))


Drawings = Mapping[VaultId, Drawing]
