"""Service endpoints: enabled on the agents' subnets once every vault of the run admits them, and proved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netcfg.core.errors import (
    EndpointHeld,
    EndpointNotEnabled,
    EndpointNotShown,
    NetcfgError,
    NetworkBusy,
    WriteNotBegun,
)
from netcfg.core.plan import Plan
from netcfg.core.record import EnablingEndpoint
from netcfg.core.resources import SubnetId, VaultId
from netcfg.workflow.agents import by_network
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.recording import recorded


@dataclass(frozen=True)
class Enabling:
    """The subnets that Azure said it had `changed`, and the `failures`: every subnet that is not proved to have its
    endpoint, and why. A subnet may be both."""

    changed: frozenset[SubnetId]
    failures: Mapping[SubnetId, NetcfgError]


def enable(plans: Sequence[Plan], opened: Collection[VaultId], around: Surroundings) -> Enabling:
    """Enable the endpoint on each subnet that these plans need.

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
    changed: set[SubnetId] = set()
    networks = by_network(free)
    if networks:
        with ThreadPoolExecutor(min(len(networks), around.parallel)) as pool:
            try:
                for done in pool.map(lambda group: _enable_each(group, around), networks):
                    changed |= done.changed
                    failures |= done.failures
            except BaseException:  # Ctrl-C: leaving the block would wait until everything is written
                around.subnets.stop()
                around.progress.step("stopping, once the service endpoints that are being enabled just now are done")
                raise
    return Enabling(frozenset(changed), failures)


def _enable_each(subnets: Sequence[SubnetId], around: Surroundings) -> Enabling:
    """The subnets of one virtual network. Once somebody wants us to end no other is begun, nor told of."""
    enabled: list[SubnetId] = []
    failures: dict[SubnetId, NetcfgError] = {}
    busy: NetworkBusy | None = None
    for subnet in subnets:
        if busy:  # the next one would wait just as long, for the same network
            failures[subnet] = EndpointNotEnabled(subnet.short, busy)
            continue
        if around.stop.is_set():
            failures[subnet] = around.ended()
            continue
        around.progress.step(f"enabling the service endpoint on {subnet.short}")
        try:
            with recorded(EnablingEndpoint(subnet), around):
                around.subnets.enable_endpoint(subnet)
            enabled.append(subnet)
        except WriteNotBegun:
            failures[subnet] = around.ended()
        except NetcfgError as error:
            busy = error if isinstance(error, NetworkBusy) else None
            failures[subnet] = EndpointNotEnabled(subnet.short, error)
    if enabled:
        failures |= _unproved(enabled, around)
    return Enabling(frozenset(enabled), failures)


def _unproved(subnets: Sequence[SubnetId], around: Surroundings) -> dict[SubnetId, NetcfgError]:
    """Those without the endpoint, though Azure said that it was enabled: a policy may take it away again."""
    around.progress.step(f"reading {subnets[0].network} back")
    try:
        with around.finishing():
            lacking = around.subnets.lacking(subnets)
    except NetcfgError as error:
        return {each: EndpointNotEnabled(each.short, error) for each in subnets}
    return {each: EndpointNotEnabled(each.short, EndpointNotShown()) for each in sorted(lacking, key=str)}
