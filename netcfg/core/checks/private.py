"""The private way in: whether the endpoint is there and approved, and whether its address is found."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.approval import Approval, Connection
from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.private import Network, NewEndpoint, NewLink, NewPiece, NewZone
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
    "of its own, or another zone, is a warning, because whether those know the record cannot be seen from here.",
    "`netcfg apply` makes the zone, the record and the links. Where a network has DNS servers of its own, let them "
    "forward the zone to 168.63.129.16 from a network that is linked to it.",
    "For a network whose own DNS servers are known to answer: the reason then says who runs them.",
    example="*/virtualNetworks/vnet-own-dns",
)

CHECKS = (PRIVATE_ENDPOINT_MISSING, PRIVATE_ENDPOINT_NOT_APPROVED, PRIVATE_DNS_MISSING)


def find(case: Case) -> Iterator[Found]:
    for piece in case.seen.desired.way.additions:
        yield _missing(case, piece)
    for connection in case.seen.vault.connections:
        yield from _not_approved(case, connection)
    yield from _astray(case)


def _missing(case: Case, piece: NewPiece) -> Found:
    if isinstance(piece, NewEndpoint):
        subnet = piece.subnet
        where = f"{subnet.short} in {subnet.resource_group}"
        return PRIVATE_ENDPOINT_MISSING.found(
            piece.id, f"no private endpoint leads here from {where}, by which agents are to come", case.apply
        )
    match piece:
        case NewZone():
            what = f"there is no private DNS zone {piece.id.name} to keep the vault's private address in"
        case NewLink():
            what = f"the network {piece.network.name} is not linked to the zone that has the vault's private address"
        case _:
            what = f"nothing keeps the vault's private address in the zone {piece.zone.name}"
    return PRIVATE_DNS_MISSING.found(piece.id, what, case.apply)


def _not_approved(case: Case, connection: Connection) -> Iterator[Found]:
    if connection.approval is Approval.APPROVED:
        return
    name, state = connection.endpoint.name, connection.approval.value
    is_ours = case.seen.desired.way.waits and connection.endpoint == case.seen.desired.way.endpoint
    is_settled = connection.approval in (Approval.REJECTED, Approval.DISCONNECTED)
    verb = "delete" if is_settled and not is_ours else "approve"
    tail = " --yes" if verb == "delete" else ""
    waits = ", and the agents are to come by it" if is_ours else ""
    yield PRIVATE_ENDPOINT_NOT_APPROVED.found(
        connection.endpoint,
        f"the private endpoint {name} is {state}, so nobody gets in by it{waits}",
        f"az network private-endpoint-connection {verb} --id {connection.id}{tail}",
        Severity.ERROR if is_ours else Severity.NOTE if is_settled else Severity.WARNING,
    )


def _astray(case: Case) -> Iterator[Found]:
    """The networks that will not find the vault at its private address, for all that an apply does."""
    way, seen = case.seen.desired.way, case.seen.landscape
    if way.endpoint is None:
        return
    for each in served_networks(case.seen.intent):
        network = seen.network(each)
        if network and each not in way.after:
            yield PRIVATE_DNS_MISSING.found(
                each,
                f"whether {network.name} finds the vault's private address cannot be known: {_why(case, network)}",
                case.explain(PRIVATE_DNS_MISSING.id),
                Severity.WARNING,
            )


def _why(case: Case, network: Network) -> str:
    if network.dns_servers:
        return f"it asks its own DNS servers, {', '.join(network.dns_servers)}"
    other = case.seen.landscape.zone_of(network.id)
    if other and other.id != case.seen.desired.way.zone:
        return f"it asks another zone, {other.id}"
    return "it is not peered with the network that the endpoint is in"
