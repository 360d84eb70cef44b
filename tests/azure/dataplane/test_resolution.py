"""What a name without an address is: told apart by the DNS itself, as Azure's resolver and others answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import pytest

from netcfg.azure.dataplane import resolution
from netcfg.azure.dataplane.resolution import resolve
from netcfg.core.verification import Lookup, Resolution
from netcfg.sandbox.server import serve
from tests.pace import PATIENCE

HOST = "kv-x.vault.azure.net"
ZONE = "privatelink.vaultcore.azure.net"
ALIAS = f"{HOST}. 10 IN CNAME kv-x.{ZONE}."


@contextmanager
def answering(*records: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> Iterator[tuple[str, int]]:
    """A DNS server that knows these records, whatever it is asked: `name ttl IN type value`."""

    def run() -> None:
        while packet := here.recvfrom(4096)[0:2]:
            if not packet[0]:
                return
            answer = dns.message.make_response(dns.message.from_wire(packet[0]))
            kind = answer.question[0].rdtype
            for each in records:
                found = dns.rrset.from_text(*each.split(" ", 4))
                if found.rdtype in (kind, dns.rdatatype.CNAME):
                    answer.answer.append(found)
            answer.set_rcode(rcode)
            here.sendto(answer.to_wire(), packet[1])

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield here.getsockname()
        here.sendto(b"", here.getsockname())
        thread.join(PATIENCE)


def test_a_public_address():
    with answering(f"{HOST}. 10 IN A 191.10.120.10") as server:
        assert resolve(HOST, ZONE, server) == Lookup(Resolution.PUBLIC, ("191.10.120.10",))


@pytest.mark.parametrize("address", ["10.60.1.10", "100.64.0.9", "172.16.0.1"])
def test_a_private_address_by_the_alias_of_the_zone(address: str):
    with answering(ALIAS, f"kv-x.{ZONE}. 10 IN A {address}") as server:
        assert resolve(HOST, ZONE, server) == Lookup(Resolution.PRIVATE, (address,), f"kv-x.{ZONE}")


def test_ipv6_answers_too():
    with answering(f"{HOST}. 10 IN A 191.10.120.10", f"{HOST}. 10 IN AAAA 2620:1ec:4::1") as server:
        assert resolve(HOST, ZONE, server).addresses == ("191.10.120.10", "2620:1ec:4::1")
    with answering(f"{HOST}. 10 IN AAAA fd00::9") as server:
        assert resolve(HOST, ZONE, server) == Lookup(Resolution.PRIVATE, ("fd00::9",))


def test_a_zone_without_the_record_hides_the_vault():
    with answering(ALIAS, rcode=dns.rcode.NXDOMAIN) as server:
        assert resolve(HOST, ZONE, server) == Lookup(Resolution.HIDDEN, alias=f"kv-x.{ZONE}")


def test_a_zone_with_a_record_of_another_type_hides_it_as_well():
    with answering(ALIAS) as server:
        assert resolve(HOST, ZONE, server).resolution is Resolution.HIDDEN


def test_a_name_that_does_not_exist():
    with answering(rcode=dns.rcode.NXDOMAIN) as server:
        assert resolve(HOST, ZONE, server) == Lookup(Resolution.ABSENT)


def test_an_alias_that_ends_elsewhere_is_no_private_zone():
    with answering(f"{HOST}. 10 IN CNAME gone.vaultcore.azure.net.", rcode=dns.rcode.NXDOMAIN) as server:
        found = resolve(HOST, ZONE, server)
    assert (found.resolution, found.reason) == (
        Resolution.FAILED,
        "the DNS has no address for gone.vaultcore.azure.net",
    )


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_server_that_cannot_answer_proves_nothing(rcode: dns.rcode.Rcode):
    with answering(rcode=rcode) as server:
        found = resolve(HOST, ZONE, server)
    assert (found.resolution, found.reason) == (Resolution.FAILED, "the DNS servers could not answer")


def test_silence_proves_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resolution, "PATIENCE", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        found = resolve(HOST, ZONE, deaf.getsockname())
    assert (found.resolution, found.reason) == (Resolution.FAILED, "no DNS server answered in time")


def test_the_system_s_own_answer_is_what_counts(monkeypatch: pytest.MonkeyPatch):
    """A hosts file says so, and no DNS server is asked."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.60.1.10", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: found if host == HOST else [])
    assert resolve(HOST, ZONE) == Lookup(Resolution.PRIVATE, ("10.60.1.10",))


@pytest.mark.parametrize(
    ("subnet", "vault", "expected"),
    [
        ("vnet-hub/endpoints", "kv-private-ready", Resolution.PRIVATE),
        ("vnet-spoke/agents", "kv-private-ready", Resolution.PRIVATE),
        ("vnet-hub/endpoints", "kv-private-bare", Resolution.HIDDEN),
        ("vnet-elsewhere/agents", "kv-private-ready", Resolution.HIDDEN),
        ("vnet-shared/runners", "kv-private-ready", Resolution.PUBLIC),  # its link redirects
        ("vnet-lonely/agents", "kv-private-ready", Resolution.PUBLIC),
        ("vnet-own-dns/agents", "kv-private-ready", Resolution.PUBLIC),
        ("vnet-hub/endpoints", "kv-private-pending", Resolution.PUBLIC),  # no alias before the approval
        ("vnet-hub/endpoints", "kv-payments", Resolution.PUBLIC),
        ("vnet-hub/endpoints", "kv-none", Resolution.ABSENT),
    ],
)
def test_the_sandbox_s_resolver_answers_as_the_network_of_the_machine_has_it(subnet, vault, expected):
    with serve({"extends": "private", "machine": subnet}) as sandbox:
        assert resolve(f"{vault}.vault.azure.net", ZONE, sandbox.dns).resolution is expected
