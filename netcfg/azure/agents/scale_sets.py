"""Virtual machine scale sets, and the subnets that their machines are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netcfg.azure import graph
from netcfg.azure.agents.shown import Shown, described, resources
from netcfg.azure.arm import ResourceManager
from netcfg.core.agents import NO_MACHINES, PRESENT_MACHINES, Whereabouts
from netcfg.core.errors import AzureAnswer, BadIdentifier, NetcfgError
from netcfg.core.resources import SubnetId, parse_subnet
from netcfg.core.wire import Json, an_object, objects

_API_VERSION = "2024-07-01"
_INTERFACE_API_VERSION = "2024-05-01"

Found = Whereabouts | NetcfgError
Interfaces = tuple[str, ...] | NetcfgError


def find(arm: ResourceManager, ids: Sequence[str]) -> dict[str, Found]:
    """Where the machines of each scale set are, by its id in lower case; one that may not be read maps to the error.

    Azure DevOps has named them all, so nothing has to be looked for, and Resource Graph would lag behind.
    """
    shown = resources(arm, "scale set", ids, _API_VERSION)
    found = {id.lower(): _profiled(each, id) for id, each in shown.items()}
    return {id: each for id, each in found.items() if each} | _present(arm, [id for id in found if not found[id]])


def _profiled(scale_set: Shown, id: str) -> Found | None:
    """Where its machines are by its own profile, `None` if that does not say."""
    if scale_set is None:
        return Whereabouts(unknown=f"its scale set {_name(id)} is gone, and so are its machines", is_gone=True)
    if isinstance(scale_set, NetcfgError):
        return scale_set
    subnets = described(profile_subnets, scale_set, id)
    if isinstance(subnets, NetcfgError):
        return subnets
    return Whereabouts(subnets) if subnets else None


def profile_subnets(scale_set: Json, id: str) -> tuple[SubnetId, ...]:
    """The subnets that its machines are put into. A flexible scale set need not name any."""
    profile = _part(an_object(scale_set.get("properties"), id), "virtualMachineProfile", id)
    interfaces = objects(_part(profile, "networkProfile", id).get("networkInterfaceConfigurations"), id)
    return tuple(subnet for each in interfaces for subnet in interface_subnets(_part(each, "properties", id), id))


def interface_subnets(interface: Json, id: str) -> Iterator[SubnetId]:
    """The subnets in the IP configurations of an interface; each but the first may leave it out."""
    for each in objects(interface.get("ipConfigurations"), id):
        text = _part(_part(each, "properties", id), "subnet", id).get("id")
        if text is not None:
            yield subnet_id(text, id)


def subnet_id(text: object, subject: str) -> SubnetId:
    """The subnet that Azure named; what is none is an error of its answer."""
    try:
        return parse_subnet(str(text))
    except BadIdentifier as error:
        raise AzureAnswer(subject, f"{text!r} where the id of a subnet was expected") from error


def _present(arm: ResourceManager, scale_sets: Sequence[str]) -> dict[str, Found]:
    """For scale sets of which each machine has its own network: where those are that there are now."""
    try:
        machines = _machines(arm, scale_sets)
    except NetcfgError as error:
        return dict.fromkeys(scale_sets, error)
    known = {id: each for id, each in machines.items() if not isinstance(each, NetcfgError)}
    wanted = dict.fromkeys(interface for each in known.values() for interface in each)
    shown = resources(arm, "network interface", list(wanted), _INTERFACE_API_VERSION)
    placed = {id: _where({each: shown[each] for each in interfaces}) for id, interfaces in known.items()}
    return {id: each for id, each in machines.items() if isinstance(each, NetcfgError)} | placed


def _machines(arm: ResourceManager, scale_sets: Sequence[str]) -> dict[str, Interfaces]:
    """The interfaces of the machines of each, which only a query finds; it may not know the newest of them."""
    owner = "tostring(properties.virtualMachineScaleSet.id)"
    columns = f"id, owner = {owner}, interfaces = properties.networkProfile.networkInterfaces"
    found: dict[str, Interfaces] = dict.fromkeys(scale_sets, ())
    for start in range(0, len(scale_sets), graph.PAGE):
        some = graph.listed(scale_sets[start : start + graph.PAGE])
        machines = f"resources | where type =~ 'microsoft.compute/virtualmachines' and {owner} in~ ({some})"
        for row in graph.rows(arm, f"{machines} | project {columns} | order by id asc"):
            scale_set = str(row.get("owner")).lower()
            found[scale_set] = _both(found.get(scale_set, ()), described(_interfaces, row, str(row.get("id"))))
    return found


def _both(some: Interfaces, more: Interfaces) -> Interfaces:
    if isinstance(some, NetcfgError):
        return some
    return more if isinstance(more, NetcfgError) else (*some, *more)


def _where(interfaces: Mapping[str, Shown]) -> Found:
    """The subnets of some machines by their interfaces; an interface that is gone belonged to one that is, too."""
    subnets: tuple[SubnetId, ...] = ()
    for id, each in interfaces.items():
        found = described(_interface, each, id) if isinstance(each, dict) else each or ()
        if isinstance(found, NetcfgError):
            return found
        subnets += found
    return Whereabouts(subnets, unknown=PRESENT_MACHINES if subnets else NO_MACHINES)


def _interface(interface: Json, id: str) -> tuple[SubnetId, ...]:
    return tuple(interface_subnets(an_object(interface.get("properties"), id), id))


def _interfaces(machine: Json, id: str) -> tuple[str, ...]:
    found = [each.get("id") for each in objects(machine.get("interfaces"), id)]
    if not all(isinstance(each, str) and each.startswith("/subscriptions/") for each in found):
        raise AzureAnswer(id, f"{found!r} where ids of network interfaces were expected")
    return tuple(map(str, found))


def _name(id: str) -> str:
    """Enough for a person who knows the place: `vmss-agents in rg-build`."""
    parts = id.split("/")
    return f"{parts[-1]} in {parts[4]}"


def _part(whole: Json, name: str, id: str) -> Json:
    """A part that may be left out, and is then empty."""
    return an_object(whole.get(name) or {}, id)
