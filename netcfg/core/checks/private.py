"""The private way in: whether the endpoint is there and approved, and whether its address is found."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.approval import Approval, Connection
from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.checks.command import Command
from netcfg.core.findings import Severity
from netcfg.core.private import Network, NewEndpoint, NewLink, NewPiece, NewZone, network_of
from netcfg.core.rules import PublicAccess
from netcfg.core.sight import misleads
from netcfg.core.way import served_networks

PRIVATE_ENDPOINT_MISSING = Check(
    "private-endpoint-missing",
    Severity.ERROR,
    "The private endpoint that was asked for is not there",
    "The agents were to come by a private endpoint in this network, and there is none that leads to this vault: they "
    "go by the public network, or get nowhere if that is off.",
    "`netcfg apply` makes it, with the zone, the record and the links by which it is found.",
    "Until the network it is to lie in is ready, with that day.",
    example="*/privateEndpoints/pe-kv-payments",
)

PRIVATE_ENDPOINT_NOT_APPROVED = Check(
    "private-endpoint-not-approved",
    Severity.WARNING,
    "A private endpoint waits for the owner of the vault, or was turned away",
    "An endpoint that nobody has approved has an address and leads nowhere. One that waits may be the agents', or that "
    "of somebody who would like to get in: whoever approves it lets a whole network in, past every rule. Where the "
    "agents are to come by it, that is an error. One that was rejected or disconnected is a note; it only takes one of "
    "the vault's 64 places.",
    "Whoever owns the vault looks whose it is and approves it, or deletes the connection.",
    "While it is being found out whose it is, with an end date.",
    example="*/privateEndpoints/pe-partner",
)

PRIVATE_DNS_MISSING = Check(
    "private-dns-missing",
    Severity.ERROR,
    "The private endpoint's address is not found",
    "Whoever asks for the vault by name gets its private address only from a private DNS zone that has its record and "
    "is linked to the network. Without that, machines go to the public address and are refused there; or, in a network "
    "that is linked to a zone without the record, learn that the vault does not exist. A network that asks DNS servers "
    "of its own, or another zone, or that the record sends to an address which it is not seen to reach, is a warning: "
    "whether its machines get in all the same cannot be seen from here, and no apply mends it. With public access off "
    "it is an error, for there is no other way in.",
    "`netcfg apply` makes the zone, the record and the links. Where a network has DNS servers of its own, let them "
    "forward the zone to 168.63.129.16 from a network that is linked to it. Where the record leads elsewhere, two "
    "endpoints of the vault mostly share one zone, and the last one that was written has the record: give each network "
    "that cannot reach the other's endpoint a zone of its own, or take out the endpoint that is not needed.",
    "For a network whose own DNS servers are known to answer: the reason then says who runs them.",
    example="*/virtualNetworks/vnet-own-dns",
)

FOREIGN_PRIVATE_ENDPOINT = Check(
    "foreign-private-endpoint",
    Severity.NOTE,
    "A private endpoint leads here that nobody asked for",
    "It is approved, so every machine of its network, and of whatever is joined to that, reaches the vault past every "
    "rule and with public access off. Mostly it belongs to an application, and is meant. It is a warning where the "
    "vault is exclusive: then somebody said that nobody gets in but those who are named.",
    "Find out whose network it is in: its id says the subscription, and the vault's activity log who approved it. If "
    "nobody needs it, delete the connection; whoever came by it needs another way in before that. If agents come by "
    "it, name its subnet with `--private-endpoint`.",
    "Where it is known whose it is: the reason says who, and that he still needs it.",
    example="*/privateEndpoints/pe-shop",
)

CHECKS = (
    PRIVATE_ENDPOINT_MISSING,
    PRIVATE_ENDPOINT_NOT_APPROVED,
    PRIVATE_DNS_MISSING,
    FOREIGN_PRIVATE_ENDPOINT,
)


def find(case: Case) -> Iterator[Found]:
    for piece in case.seen.desired.way.additions:
        yield _missing(case, piece)
    for connection in case.seen.vault.connections:
        yield from _not_approved(case, connection)
        yield from _foreign(case, connection)
    yield from _astray(case)


def _missing(case: Case, piece: NewPiece) -> Found:
    if isinstance(piece, NewEndpoint):
        subnet = piece.subnet
        where = f"{subnet.short} in {subnet.resource_group}"
        return PRIVATE_ENDPOINT_MISSING.found(
            piece.id,
            f"no private endpoint leads here from {where}, by which agents are to come",
            case.apply_privately(),
        )
    match piece:
        case NewZone():
            what = f"there is no private DNS zone {piece.id.name} to keep the vault's private address in"
        case NewLink():
            what = f"the network {piece.network.name} is not linked to the zone that has the vault's private address"
        case _:
            what = f"nothing keeps the vault's private address in the zone {piece.zone.name}"
    return PRIVATE_DNS_MISSING.found(piece.id, what, case.apply_privately())


def _not_approved(case: Case, connection: Connection) -> Iterator[Found]:
    if connection.approval is Approval.APPROVED:
        return
    name, state = connection.endpoint.name, connection.approval.value
    is_ours = case.seen.desired.way.waits and connection.endpoint == case.seen.desired.way.endpoint
    is_settled = connection.approval in (Approval.REJECTED, Approval.DISCONNECTED)
    verb = "delete" if is_settled and not is_ours else "approve"
    waits = ", and the agents are to come by it" if is_ours else ""
    yield PRIVATE_ENDPOINT_NOT_APPROVED.found(
        connection.endpoint,
        f"the private endpoint {name} is {state}, so nobody gets in by it{waits}",
        _az(verb, connection),
        Severity.ERROR if is_ours else Severity.NOTE if is_settled else Severity.WARNING,
    )


def _foreign(case: Case, connection: Connection) -> Iterator[Found]:
    """Another way in past every rule; one that was asked to go is a finding of its own."""
    way = case.seen.desired.way
    going = {each.id for each in way.removals}
    if connection.approval is not Approval.APPROVED or connection.endpoint in (way.endpoint, *going):
        return
    yield FOREIGN_PRIVATE_ENDPOINT.found(
        connection.endpoint,
        f"whoever comes by the private endpoint {connection.endpoint.name} gets in past every rule, and nobody asked "
        "for it here",
        _without(case, connection),
        Severity.WARNING if case.seen.intent.exclusive else Severity.NOTE,
    )


def _without(case: Case, connection: Connection) -> Command:
    """What takes an endpoint out: an apply where it was seen and its network is not the one that agents come from."""
    endpoint, asked = case.seen.landscape.endpoint(connection.endpoint), case.seen.intent.private_endpoint
    is_elsewhere = endpoint and not (asked and network_of(asked) == network_of(endpoint.subnet))
    if endpoint and is_elsewhere and endpoint.vault.key == case.seen.vault.id.text.lower():
        return case.apply_privately("--remove", str(endpoint.id))
    return _az("delete", connection)


def _az(verb: str, connection: Connection) -> Command:
    tail = ["--yes"] if verb == "delete" else []
    return Command("az network private-endpoint-connection", (verb, "--id", str(connection.id), *tail))


def _astray(case: Case) -> Iterator[Found]:
    """The networks that will not find the vault at its private address, for all that an apply does."""
    way, seen = case.seen.desired.way, case.seen.landscape
    if way.endpoint is None:
        return
    # With public access off there is no other way in, and what cannot be known is no promise kept.
    is_only_way = case.seen.after.public_access is not PublicAccess.ENABLED
    for each in served_networks(case.seen.intent):
        network = seen.network(each)
        if network and each not in way.after:
            yield PRIVATE_DNS_MISSING.found(
                each,
                f"whether machines of {network.name} reach the vault at a private address cannot be known: "
                f"{_why(case, network)}",
                case.explain(PRIVATE_DNS_MISSING.id),
                Severity.ERROR if is_only_way else Severity.WARNING,
            )


def _why(case: Case, network: Network) -> str:
    vault, way, seen = case.seen.vault, case.seen.desired.way, case.seen.landscape
    if network.dns_servers:
        return f"it asks its own DNS servers, {', '.join(network.dns_servers)}"
    asked = seen.zone_of(network.id)
    if asked and asked.id != way.zone:
        return f"it asks another zone, {asked.id}"
    zone = seen.zone(way.zone) if way.zone else None
    record = zone.record_of(vault.name) if zone else None
    if zone and record and misleads(zone, seen.endpoint(way.endpoint) if way.endpoint else None, network, vault):
        addresses = ", ".join(map(str, record.addresses)) or "no address"
        return (
            f"{zone.id.name} in {zone.id.group} sends it to {addresses}, which it is not seen to reach or which is not "
            "this endpoint's; where two endpoints share one zone, the one that was written last has the record, so "
            "give each network a zone of its own"
        )
    return "it is not peered with the network that the endpoint is in"
