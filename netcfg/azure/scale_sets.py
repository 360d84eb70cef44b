"""Virtual machine scale sets, and the subnets that their machines are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netcfg.azure import graph
from netcfg.azure.arm import Json, ResourceManager, an_object, objects
from netcfg.core.agents import NO_MACHINES, PRESENT_MACHINES, Whereabouts
from netcfg.core.errors import AzureAnswer, BadIdentifier, NetcfgError, NotInAzure, SubscriptionNotInAzure
from netcfg.core.resources import SubnetId, parse_subnet

SIDE_BY_SIDE = 8


@dataclass(frozen=True)
class _Type:
    """A type of resource: as Resource Graph writes it, as people do, and how Resource Manager is asked for one."""

    name: str
    noun: str
    api_version: str


_SCALE_SET = _Type("microsoft.compute/virtualmachinescalesets", "scale set", "2024-07-01")
_INTERFACE = _Type("microsoft.network/networkinterfaces", "network interface", "2024-05-01")

Found = Json | NetcfgError | None


def find(arm: ResourceManager, ids: Sequence[str]) -> dict[str, Whereabouts | NetcfgError]:
    """Where the machines of each scale set are, by its id in lower case; one that may not be read maps to the error."""
    found = _properties(arm, _SCALE_SET, ids)
    profiles = {id: profile_subnets(each, id) for id, each in found.items() if isinstance(each, dict)}
    present = _present(arm, [id for id, subnets in profiles.items() if not subnets])
    gone = {
        each.lower(): Whereabouts(unknown=f"its scale set {_name(each)} is gone, and so are its machines")
        for each in ids
        if found[each.lower()] is None
    }
    unread = {id: each for id, each in found.items() if isinstance(each, NetcfgError)}
    return {id: Whereabouts(subnets) for id, subnets in profiles.items() if subnets} | present | gone | unread


def profile_subnets(scale_set: Json, id: str) -> tuple[SubnetId, ...]:
    """The subnets that its machines are put into. A flexible scale set need not name any."""
    network = _part(_part(scale_set, "virtualMachineProfile", id), "networkProfile", id)
    interfaces = objects(network.get("networkInterfaceConfigurations"), id)
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


def _present(arm: ResourceManager, scale_sets: Sequence[str]) -> dict[str, Whereabouts | NetcfgError]:
    """For scale sets of which each machine has its own network: where those are that there are now."""
    owner = "tostring(properties.virtualMachineScaleSet.id)"
    columns = f"id, owner = {owner}, interfaces = properties.networkProfile.networkInterfaces"
    machines: dict[str, list[str]] = {each: [] for each in scale_sets}
    for row in _rows(arm, "microsoft.compute/virtualmachines", owner, scale_sets, columns):
        interfaces = _ids(row.get("interfaces"), str(row.get("id")))
        machines.setdefault(str(row.get("owner")).lower(), []).extend(interfaces)
    wanted = {each.lower(): each for interfaces in machines.values() for each in interfaces}
    found = _properties(arm, _INTERFACE, list(wanted.values()))
    return {id: _where({each: found[each.lower()] for each in interfaces}) for id, interfaces in machines.items()}


def _where(interfaces: Mapping[str, Found]) -> Whereabouts | NetcfgError:
    """The subnets of some machines by their interfaces; an interface that is gone belonged to one that is, too."""
    if error := next((each for each in interfaces.values() if isinstance(each, NetcfgError)), None):
        return error
    found = [(id, each) for id, each in interfaces.items() if isinstance(each, dict)]
    subnets = tuple(subnet for id, each in found for subnet in interface_subnets(each, id))
    return Whereabouts(subnets, unknown=PRESENT_MACHINES if subnets else NO_MACHINES)


def _properties(arm: ResourceManager, type: _Type, ids: Sequence[str]) -> dict[str, Found]:
    """The properties of resources by their id in lower case: `None` for one that is gone, or why it is unread.

    Resource Graph leaves out without a word what may not be read, so what it does not show is asked for by itself.
    """

    def get(id: str) -> Found:
        subject = f"{type.noun} {id}"
        try:
            return an_object(arm.get(id, type.api_version, subject).get("properties"), subject)
        except SubscriptionNotInAzure as error:
            return error
        except NotInAzure:
            return None
        except NetcfgError as error:
            return error

    rows = _rows(arm, type.name, "id", ids, "id, properties")
    shown = {str(row.get("id")).lower(): an_object(row.get("properties"), str(row.get("id"))) for row in rows}
    missing = [each for each in ids if each.lower() not in shown]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return shown | dict(zip((each.lower() for each in missing), pool.map(get, missing), strict=True))


def _rows(arm: ResourceManager, type: str, column: str, values: Sequence[str], columns: str) -> Iterator[Json]:
    """Resources of one type, with one of `values` in a column: one query for as many as a query may name."""
    for start in range(0, len(values), graph.PAGE):
        some = graph.listed(values[start : start + graph.PAGE])
        query = f"resources | where type =~ '{type}' and {column} in~ ({some}) | project {columns}"
        yield from graph.rows(arm, f"{query} | order by id asc")


def _ids(value: object, subject: str) -> list[str]:
    found = [each.get("id") for each in objects(value, subject)]
    if not all(isinstance(each, str) and each.startswith("/subscriptions/") for each in found):
        raise AzureAnswer(subject, f"{found!r} where ids of network interfaces were expected")
    return [str(each) for each in found]


def _name(id: str) -> str:
    """Enough for a person who knows the place: `vmss-agents in rg-build`."""
    parts = id.split("/")
    return f"{parts[-1]} in {parts[4]}"


def _part(whole: Json, name: str, id: str) -> Json:
    """A part that may be left out, and is then empty."""
    return an_object(whole.get(name) or {}, id)
