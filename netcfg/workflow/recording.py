"""Recording: nothing is written to Azure that was not written down before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from netcfg.core.errors import NetcfgError, WriteUnsettled
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.record import Deed, Fate, Meant, Writing
from netcfg.workflow.collaborators import Journal, Surroundings
from netcfg.workflow.drawing import Drawing, Drawings


@contextmanager
def recorded(deed: Deed, around: Surroundings) -> Iterator[None]:
    """Do something, once it is written down that it is about to be done, and then what became of it."""
    around.journal.doing(deed)
    try:
        yield
    except NetcfgError as error:
        around.journal.did(deed, _fate(deed, error), str(error))
        raise
    around.journal.did(deed, Fate.DONE)


def begin(planned: PlanSet, plans: Sequence[Plan], drawings: Drawings, around: Surroundings) -> Journal:
    """The journal of a run that is about to write the vaults of `plans`."""
    meant = {plan.vault.id: _meant(drawings[plan.vault.id]) for plan in plans}
    undoes = next((each.undoes for each in drawings.values() if each.undoes), "")
    return around.records.begin(planned, plans, meant, undoes)


def _fate(deed: Deed, error: NetcfgError) -> Fate:
    """What an error means. A firewall is written whole or not at all; what takes Azure a while may still come to be."""
    if isinstance(error, WriteUnsettled):
        return Fate.UNSETTLED if error.may_have_happened else Fate.REFUSED
    return Fate.REFUSED if isinstance(deed, Writing) else Fate.UNSETTLED


def _meant(drawing: Drawing) -> Meant:
    resolution = drawing.resolution
    return Meant(
        tuple(each.id for each in resolution.geographies),
        resolution.policy,
        resolution.includes_canary,
        drawing.agents.intent.subnets,
    )
