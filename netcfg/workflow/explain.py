"""Explain: whether an address gets in to a vault, read and judged as a plan reads and judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netcfg.core.attribution import attribute
from netcfg.core.entrance import Entrance, Seen, of_network, of_subnet
from netcfg.core.errors import NetcfgError, NotInAzure
from netcfg.core.outbound import OutboundEdition
from netcfg.core.plan import Plan, draw
from netcfg.core.resources import SubnetId, SubnetName
from netcfg.core.served import Network
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.reading import Reading, read
from netcfg.workflow.selection import Meant

Asked = Network | SubnetId | SubnetName


def explain(
    asked: Asked,
    meant: Meant,
    around: Surroundings,
    *,
    has_plan: bool,
    apply: str,
    explain: str,
    outbound: Sequence[OutboundEdition] = (),
) -> Entrance:
    """The answer about the one vault that is meant. Whatever keeps a plan from being drawn is an error here, too.

    Without a plan nobody said for whom the vault is, and only what is there counts. `apply` and `explain` are those
    commands as they would be typed for this vault.
    """
    found = read(meant.targets, (), around)
    for each in (*meant.lost, *found.undetermined):
        raise each.error
    (vault,) = found.vaults
    drawing = found.drawings[vault.id]
    looked = drawing.look(vault, around)
    refusals = _refusals(draw(looked, drawing.acceptances)) if has_plan else ()
    seen = Seen(vault, looked.desired, has_plan, refusals, apply=apply, explain=explain)
    if isinstance(asked, SubnetId | SubnetName):
        subnet = _named(asked, around)
        return of_subnet(subnet, replace(seen, has_endpoint=_has_endpoint(subnet, found, around)))
    whose = attribute(asked, around.catalogue, outbound)
    return of_network(asked, replace(seen, whose=whose))


def _refusals(plan: Plan) -> tuple[str, ...]:
    """The guards that stop the plan, if it does anything."""
    return tuple(each.id for each in plan.refusals) if plan.changes else ()


def _named(asked: SubnetId | SubnetName, around: Surroundings) -> SubnetId:
    if isinstance(asked, SubnetId):
        return asked
    around.progress.step(f"looking for {asked}")
    (subnet,) = around.subnets.find([asked])
    return subnet


def _has_endpoint(subnet: SubnetId, found: Reading, around: Surroundings) -> bool | None:
    """Whether the machines of the subnet come by the service endpoint; `None` where that may not be read.

    A subnet that nobody has is an error, unless a rule still names it.
    """
    if subnet in found.gone:
        return False
    around.progress.step(f"reading {subnet.short}")
    try:
        (read,) = around.subnets.read([subnet])
    except NotInAzure:
        raise
    except NetcfgError:
        return None
    return read.has_endpoint
