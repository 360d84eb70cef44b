"""Service endpoints: enabled on the agents' subnets once every vault of the run admits them, and proved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from netcfg.core.errors import (
    EndpointHeld,
    EndpointNotEnabled,
    EndpointNotShown,
    NetcfgError,
    NetworkBusy,
    WriteNotBegun,
)
from netcfg.core.plan import Plan
from netcfg.core.resources import SubnetId, VaultId
from netcfg.workflow.agents import by_network
from netcfg.workflow.collaborators import Surroundings


def enable(plans: Sequence[Plan], opened: Collection[VaultId], around: Surroundings) -> Mapping[SubnetId, NetcfgError]:
    """Enable the endpoint on each subnet that these plans need, and why that did not happen where it did not.

    A virtual network takes one write at a time; different networks are written side by side.
    """
    wanted = {subnet for plan in plans for subnet in plan.desired.endpoints}
    closed = {
        subnet: [plan.vault.name for plan in plans if subnet in plan.desired.endpoints and plan.vault.id not in opened]
        for subnet in wanted
    }
    failures: dict[SubnetId, NetcfgError] = {
        subnet: EndpointHeld(subnet.short, names) for subnet, names in closed.items() if names
    }
    free = wanted - set(failures)
    networks = by_network(free)
    if networks:
        with ThreadPoolExecutor(len(networks)) as pool:
            try:
                for failed in pool.map(lambda group: list(_enable_each(group, around)), networks):
                    failures |= dict(failed)
            except BaseException:  # Ctrl-C: leaving the block would wait until everything is written
                around.subnets.stop()
                around.progress.step("stopping, once the service endpoints that are being enabled just now are done")
                raise
    return failures


def _enable_each(subnets: Sequence[SubnetId], around: Surroundings) -> Iterable[tuple[SubnetId, NetcfgError]]:
    """The subnets of one virtual network that were not enabled, and why."""
    enabled: list[SubnetId] = []
    busy: NetworkBusy | None = None
    for subnet in subnets:
        if busy:  # the next one would wait just as long, for the same network
            yield subnet, EndpointNotEnabled(subnet.short, busy)
            continue
        if around.stop.is_set():
            yield subnet, EndpointNotEnabled(subnet.short, WriteNotBegun(f"subnet {subnet}"))
            continue
        around.progress.step(f"enabling the service endpoint on {subnet.short}")
        try:
            around.subnets.enable_endpoint(subnet)
            enabled.append(subnet)
        except NetcfgError as error:
            busy = error if isinstance(error, NetworkBusy) else None
            yield subnet, EndpointNotEnabled(subnet.short, error)
    if enabled:
        yield from _unproved(enabled, around)


def _unproved(subnets: Sequence[SubnetId], around: Surroundings) -> Iterable[tuple[SubnetId, NetcfgError]]:
    """Those without the endpoint, though Azure said that it was enabled: a policy may take it away again."""
    around.progress.step(f"reading {subnets[0].network} back")
    try:
        lacking = around.subnets.lacking(subnets)
    except NetcfgError as error:
        yield from ((each, EndpointNotEnabled(each.short, error)) for each in subnets)
        return
    yield from ((each, EndpointNotEnabled(each.short, EndpointNotShown())) for each in sorted(lacking, key=str))
