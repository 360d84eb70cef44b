"""The names of vaults in the DNS, as Azure's resolver tells them to the network that this machine is in.

A vault with an approved private endpoint is an alias of its name in the private zone, for everybody: who is linked to
such a zone without a record of the vault is told that the name does not exist.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

from netcfg.sandbox import ids
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import endings
from netcfg.sandbox.network import private_dns

if TYPE_CHECKING:
    from dns.message import Message

    from netcfg.sandbox.store import Store

# Where the vaults of each cloud are, and the private zone of their names.
ZONES = {
    "vault.azure.net": "privatelink.vaultcore.azure.net",
    "vault.usgovcloudapi.net": "privatelink.vaultcore.usgovcloudapi.net",
    "vault.azure.cn": "privatelink.vaultcore.azure.cn",
}
FRONT = "191.10.120.10"  # what every vault is at on the internet, make-believe as the world's other addresses
_TTL = 10


@dataclass(frozen=True)
class Found:
    """What a name is: its aliases, each the next one's, and what the last is at; `zone` if a private one spoke."""

    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    zone: str = ""


def look_up(state: Document, network: str, name: str) -> Found:
    """What `name` is in the network of that id, or on the internet where it is empty."""
    vault_name, _, suffix = name.lower().rstrip(".").partition(".")
    vault = state["vaults"].get(vault_name)
    if vault is None or suffix not in ZONES:
        return Found()
    public = f"data-prod-{vault['location']}.vaultcore.{suffix.partition('.')[2]}"
    if not _has_private_name(vault):
        return Found((public,), (FRONT,))
    private = f"{vault_name}.{ZONES[suffix]}"
    found = private_dns.resolve(state, network, private) if network else private_dns.Resolution("public")
    if found.kind == "public":
        return Found((private, public), (FRONT,))
    return Found((private,), found.addresses, found.zone)


def _has_private_name(vault: Document) -> bool:
    """The public alias appears with the first connection that is approved."""
    connections = vault["properties"].get("privateEndpointConnections", [])
    states = [each["properties"]["privateLinkServiceConnectionState"]["status"] for each in connections]
    return "Approved" in states


@contextmanager
def answering(store: Store) -> Iterator[tuple[str, int]]:
    """Answer DNS queries on a UDP port of 127.0.0.1, for as long as the block lasts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        place: tuple[str, int] = here.getsockname()
        ended = Event()
        thread = Thread(target=_answer_all, args=(here, store, ended), name="netcfg-sandbox-dns", daemon=True)
        thread.start()
        try:
            yield place
        finally:
            ended.set()
            here.sendto(b"", place)  # closing a socket wakes nobody who waits for it
            thread.join()


def _answer_all(here: socket.socket, store: Store, ended: Event) -> None:
    """Answer until `ended`; a packet that is no query, be it empty, gets no answer and ends nothing."""
    while not ended.is_set():
        try:
            packet, sender = here.recvfrom(65_535)
        except ConnectionError:  # Windows tells so of an earlier answer that found nobody any more
            continue
        if not packet:
            continue
        endings.settle(store)
        endings.settle(store)
        with store.reading() as state:
            answer = answer_to(packet, state)
        if answer:
            with suppress(OSError):  # who asked from a port that takes no answer gets none
                here.sendto(answer, sender)


def answer_to(packet: bytes, state: Document) -> bytes | None:
    """The answer to a query, in the network of this machine; what is no query gets none."""
    import dns.exception  # most sandboxes are never asked for a name
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdatatype

    try:
        query = dns.message.from_wire(packet)
        answer = dns.message.make_response(query, recursion_available=True)
    except dns.exception.DNSException:
        return None
    if len(query.question) != 1:
        answer.set_rcode(dns.rcode.FORMERR)
        return answer.to_wire()
    name = query.question[0].name.to_text(omit_final_dot=True)
    if name.lower().partition(".")[2] not in ZONES:
        answer.set_rcode(dns.rcode.REFUSED)  # nobody else's names: the sandbox asks no network
        return answer.to_wire()
    network = ids.network_key(state["machine"]["subnet"])
    _fill(answer, name, look_up(state, network, name), query.question[0].rdtype == dns.rdatatype.A)
    return answer.to_wire()


def _fill(answer: Message, name: str, found: Found, wants_addresses: bool) -> None:
    """The chain of aliases, then the addresses; a chain that ends nowhere says that its last name does not exist."""
    import dns.rcode
    import dns.rrset

    for alias in found.aliases:
        answer.answer.append(dns.rrset.from_text(f"{name}.", _TTL, "IN", "CNAME", f"{alias}."))
        name = alias
    if not found.addresses:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif wants_addresses:
        answer.answer.append(dns.rrset.from_text(f"{name}.", _TTL, "IN", "A", *found.addresses))
