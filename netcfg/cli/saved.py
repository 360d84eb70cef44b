"""`plan --out FILE` and `apply --plan FILE`: a plan between two runs, which may be hours and machines apart."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from netcfg import __version__
from netcfg.cli.chosen import CONFIGURATION, repository_base
from netcfg.cli.destination import parse_file
from netcfg.core.errors import (
    BadReport,
    ConflictingOptions,
    EmptyOption,
    NetcfgError,
    OutputFailed,
    SavedPlanRefused,
)
from netcfg.core.linking.relay import Relay
from netcfg.core.saved import Conditions, Place, SavedPlan, Shown
from netcfg.core.shell import join
from netcfg.core.words import counted
from netcfg.saved import plans
from netcfg.saved.files import write_private
from netcfg.saved.intents import Meanings

if TYPE_CHECKING:
    from netcfg.cli.chosen import Chosen
    from netcfg.cli.options import Asked, Selecting, Through
    from netcfg.cli.root import Root
    from netcfg.core.guards import Acceptance
    from netcfg.core.plan import PlanSet
    from netcfg.core.ranges import Edition
    from netcfg.workflow.collaborators import Surroundings
    from netcfg.workflow.drawing import Drawings
    from netcfg.workflow.selection import Meant


@dataclass(frozen=True)
class Out:
    """The file that a plan is saved to; `name` as it was typed."""

    name: str
    path: Path

    def save(
        self,
        planned: PlanSet,
        meant: Meant,
        acceptances: Sequence[Acceptance],
        chosen: Chosen,
        around: Surroundings,
        root: Root,
    ) -> None:
        """Write what it takes to apply these plans later, for the eyes of its owner alone."""
        from netcfg.workflow.saved import keep

        conditions = Conditions(__version__, place_of(root), chosen.configuration, chosen.proving)
        saved = keep(planned, meant, acceptances, conditions, around, shown)
        text = plans.write(saved, _editions())
        if len(text) > plans.LONGEST:
            raise OutputFailed(
                f"the plan takes {len(text):,} bytes, and 'apply --plan' reads {plans.LONGEST:,}; plan fewer vaults at "
                "once, with --shard for one",
                repr(self.name),
            )
        try:
            write_private(self.path, text)
        except OSError as error:
            raise OutputFailed(error.strerror or str(error), repr(self.name)) from error

    def next(self, planned: PlanSet, root: Root) -> str:
        """What to type to apply it, unless guards would refuse that."""
        if planned.is_refused and not planned.pending:
            return "saved, and refused by guards: apply --plan accepts none, so plan again with --accept and --out"
        return f"saved; to apply it: {root.command} {join(['apply', '--plan', self.name])}"


def parse_out(name: str | None, reports: Iterable[str], read: Iterable[str]) -> Out | None:
    """Where a plan is to be saved; what cannot be a file of its own is a usage error, before anything is read."""
    if name is None:
        return None
    if not name.strip():
        raise EmptyOption("--out")
    path = parse_file(name, "--out", "json", read).path
    if Path(name).is_symlink():  # in a folder that others may write to, anybody may have put it there
        raise BadReport(name, "it is a link to another file; name that one, or a new one", "--out")
    if path.exists() and not path.is_file():
        raise BadReport(name, "it is no regular file, and a plan is read again; name another", "--out")
    taken = (each.partition("=")[2] for each in reports)
    if any(path == Path(os.path.realpath(each)) for each in taken):
        raise BadReport(name, "a report goes to that file; name another", "--out")
    return Out(name, path)


def shown(planned: PlanSet) -> Shown:
    """The plan as `--format json` prints it."""
    from netcfg.formats.json import plan

    found: Shown = json.loads("".join(plan(planned)))
    return found


@dataclass(frozen=True)
class Saved:
    """A plan that was saved, where an apply would else have what was chosen; `file` as it was typed."""

    file: str
    plan_of: SavedPlan
    through: Relay

    @property
    def asks_which(self) -> bool:
        return self.plan_of.asks_which

    @property
    def proving(self) -> Relay:
        return self.through.over(self.plan_of.conditions.relay)

    @property
    def is_relay_typed(self) -> bool:
        return self.through.is_named

    @property
    def base(self) -> str:
        return repository_base() if self.plan_of.conditions.configuration else ""

    def plan(self, around: Surroundings) -> tuple[PlanSet, Drawings]:
        """The same vaults planned once more; what was accepted was accepted then."""
        from netcfg.workflow.saved import plan_again

        return plan_again(self.plan_of, around, shown)

    def told(self, now: datetime) -> str:
        """What is about to be applied, and how old it is."""
        made, number = self.plan_of.made, len(self.plan_of.vaults)
        when = f"{_age(now - made)} ({made:%Y-%m-%d %H:%M} UTC) by netcfg {self.plan_of.conditions.program}"
        return f"the plan {self.file!r} for {counted(number, 'vault')} was made {when}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 0:
        return "later than it is now by this clock"
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if number := minutes // size:
            return f"{counted(number, unit)} ago"
    return "just now"


def open_saved(file: str, alone: Iterable[str], through: Through, root: Root) -> Saved:
    """The plan of a file, if it may still be applied as far as this machine alone can tell.

    `alone` are options that say what the plan says already; any of them is a usage error.
    """
    from netcfg.core.organization import DEVOPS
    from netcfg.sources import bundled

    if not file.strip():
        raise EmptyOption("--plan")
    for option in alone:
        raise ConflictingOptions("--plan", option, "a saved plan says what is meant, and for which vaults")
    meanings = Meanings(bundled.atlas(), root.devops or DEVOPS)
    saved = plans.parse(plans.read(file), file, meanings, _editions())
    conditions, here = saved.conditions, place_of(root)
    if conditions.place != here:
        raise SavedPlanRefused(file, f"it was made against {conditions.place}, and this run is against {here}")
    if why := _why_moved(conditions):
        raise SavedPlanRefused(file, why)
    typed = Relay(project=through.project or "", connection=through.service_connection or "")
    return Saved(file, saved, typed)


def _why_moved(conditions: Conditions) -> str:
    """Why the configuration is not the one that the plan was made with; empty when it is."""
    from netcfg.config import file
    from netcfg.config.configuration import digest

    was = conditions.configuration
    if was is None:
        is_there = os.path.lexists(CONFIGURATION)
        return f"it was made without a configuration, and {CONFIGURATION} lies in this folder" if is_there else ""
    try:
        now = digest(file.read(was.name))
    except NetcfgError as error:
        return f"whether its configuration is still the same is not known, for {error}"
    return "" if now == was.sha256 else f"the configuration {was.name!r} changed since it was made"


def options_beside(
    vaults: Sequence[str] | None, selecting: Selecting, asked: Asked, accept: Sequence[str] | None, config: str | None
) -> Iterable[str]:
    """Of what was typed, that which a saved plan says already."""
    yield from ["VAULT"] if vaults else []
    yield from (each for each in (*selecting.words(), *asked.words()) if each.startswith("--"))
    yield from ["--accept"] if accept else []
    yield from ["--config"] if config is not None else []


def place_of(root: Root) -> Place:
    """Which Azure and which Azure DevOps this run is against."""
    from netcfg.azure.endpoints import parse_cloud
    from netcfg.core.organization import DEVOPS
    from netcfg.devops.session import IDENTITY

    if root.sandbox:
        return Place(root.cloud, "", "", "", is_sandbox=True)
    manager = root.resource_manager or parse_cloud(root.cloud).resource_manager
    addresses = (manager, root.devops or DEVOPS, root.devops_identity or IDENTITY)
    azure, devops, identity = (each.rstrip("/").lower() for each in addresses)
    return Place(root.cloud, azure, devops, identity, is_sandbox=False)


def _editions() -> plans.Editions:
    from netcfg.sources import bundled
    from netcfg.sources.carried import carry, unpack

    def read(document: plans.Object, where: str) -> Edition:
        return unpack(document, bundled.atlas(), where)

    return plans.Editions(carry, read)
