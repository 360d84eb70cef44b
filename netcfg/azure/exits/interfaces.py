"""Network interfaces: by which public addresses the machines of a subnet leave that has no NAT gateway."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.azure.exits.addresses import Found, Seen, address, last_part, reference, references, together
from netcfg.core.resources import SubnetId
from netcfg.core.wire import Json, an_object, objects

_SCALE_SET = "/virtualmachinescalesets/"


def configurations(subnet: Json) -> list[str]:
    """The ids of the interface configurations in a subnet, given its properties, but for those of balancers."""
    return [each for each in references(subnet, "ipConfigurations") if "/loadbalancers/" not in each]


def interface_of(configuration: str) -> str | None:
    """The id of the interface that a configuration belongs to, if that is a resource of its own."""
    interface, _, _ = configuration.partition("/ipconfigurations/")
    return interface if "/networkinterfaces/" in interface and _SCALE_SET not in interface else None


def needed(interface: Json) -> Iterator[str]:
    """The ids of what must be seen beside an interface."""
    machine = reference(interface, "virtualMachine")
    yield from [machine] if machine else []
    for each in objects(interface.get("ipConfigurations"), "an interface"):
        public = reference(an_object(each.get("properties"), "an interface"), "publicIPAddress")
        yield from [public] if public else []


def leave(subnet: SubnetId, properties: Json, seen: Seen) -> Found:
    """The addresses of the machines in a subnet, known where each has its own and stays.

    Which address a machine that does not run yet will have is not known, so neither is the exit of an empty subnet.
    """
    subject = f"subnet {subnet.short}"
    if properties.get("serviceGateway"):
        return Found(unknown=("a service gateway decides by which address it is left",))
    if delegations := objects(properties.get("delegations"), subject):
        services = ", ".join(sorted({_service(each, subject) for each in delegations}))
        return Found(unknown=(f"it is delegated to {services}, whose machines come and go",))
    has_default = properties.get("defaultOutboundAccess") is not False
    looked = (_look(each, subnet, seen, has_default=has_default) for each in configurations(properties))
    found = [each for each in looked if each is not None]
    return together(found) if found else Found(unknown=("it holds no machine that shows how the next will leave",))


def _look(configuration: str, subnet: SubnetId, seen: Seen, *, has_default: bool) -> Found | None:
    """How one configuration leaves; `None` for the interface of a private endpoint or link, from where nobody does."""
    if _SCALE_SET in configuration:
        name = configuration.partition(_SCALE_SET)[2].partition("/")[0]
        return Found(unknown=(f"the machines of the scale set {name} come and go",))
    id = interface_of(configuration)
    if id is None:
        kind, _, name = configuration.partition("/ipconfigurations/")[0].rpartition("/providers/")[2].rpartition("/")
        return Found(unknown=(f"{name} ({kind}) is in it, whose public address is not known",))
    if id not in seen:
        return Found(unknown=(f"the interface {last_part(id)} cannot be seen",))
    interface = seen[id]
    if interface.get("privateEndpoint") or interface.get("privateLinkService"):
        return None
    if doubt := _doubt(interface, seen):
        return Found(unknown=(doubt,))
    ours = {name: each for name, each in _named(interface) if reference(each, "subnet") == subnet.text}
    if last_part(configuration) not in ours:  # the index shows the subnet and the interface as of different moments
        return Found(unknown=(f"the interface {last_part(id)} does not show how it is in it",))
    return together(_leave(each, seen, has_default=has_default) for each in ours.values())


def _doubt(interface: Json, seen: Seen) -> str | None:
    """Why the interface may be another one tomorrow."""
    machine = reference(interface, "virtualMachine")
    if machine and machine not in seen:
        return f"the machine {last_part(machine)} cannot be seen"
    scale_set = machine and reference(seen[machine], "virtualMachineScaleSet")
    return f"the machines of the scale set {last_part(scale_set)} come and go" if scale_set else None


def _leave(configuration: Json, seen: Seen, *, has_default: bool) -> Found:
    if str(configuration.get("privateIPAddressVersion")).lower() == "ipv6":
        return Found()
    if public := reference(configuration, "publicIPAddress"):
        return address(public, seen)
    if configuration.get("loadBalancerBackendAddressPools"):
        return Found(unknown=("its machines leave by a load balancer",))
    if has_default:
        return Found(unknown=("its machines leave by default outbound access, from addresses that Azure chooses",))
    return Found()


def _named(interface: Json) -> Iterator[tuple[str, Json]]:
    """The configurations of an interface, each by its name in lower case."""
    for each in objects(interface.get("ipConfigurations"), "an interface"):
        yield str(each.get("name")).lower(), an_object(each.get("properties"), "an interface")


def _service(delegation: Json, subject: str) -> str:
    return str(an_object(delegation.get("properties"), subject).get("serviceName"))
