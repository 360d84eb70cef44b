"""The names of vaults, as the DNS of the machine's network has them."""

from __future__ import annotations

import socket

import dns.message
import dns.query
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.network import names
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world

STATE = world.begin("contoso")


def ask(sandbox: Sandbox, name: str, kind: str = "A") -> tuple[str, list[str]]:
    host, port = sandbox.dns
    answer = dns.message.make_query(name, kind)
    found = dns.query.udp(answer, host, port=port, timeout=5)
    return dns.rcode.to_text(found.rcode()), [str(item) for rrset in found.answer for item in rrset]


FRONT = ["data-prod-westeurope.vaultcore.azure.net.", "191.10.120.10"]
BARE, READY = (f"kv-private-{each}.privatelink.vaultcore.azure.net." for each in ("bare", "ready"))
HUB = "vnet-hub/endpoints"


@pytest.mark.parametrize(
    ("machine", "name", "expected"),
    [
        (None, "kv-private-bare.vault.azure.net", ("NOERROR", [BARE, *FRONT])),
        (HUB, "kv-private-bare.vault.azure.net", ("NXDOMAIN", [BARE])),
        (HUB, "kv-private-ready.vault.azure.net", ("NOERROR", [READY, "10.60.1.10"])),
        (None, "kv-payments.vault.azure.net", ("NOERROR", FRONT)),
        (None, "kv-none.vault.azure.net", ("NXDOMAIN", [])),
        (None, "vault.azure.net", ("REFUSED", [])),
        (None, "example.org", ("REFUSED", [])),
    ],
)
def test_each_network_is_told_its_own(machine, name, expected):
    with serve({"extends": "private", "machine": machine}) as sandbox:
        assert ask(sandbox, name) == expected


def test_every_cloud_s_names_are_known_in_any_case():
    with serve("contoso") as sandbox:
        found = ask(sandbox, "KV-Payments.Vault.USGovCloudAPI.net")[1]
    assert [each.lower() for each in found] == ["data-prod-westeurope.vaultcore.usgovcloudapi.net.", "191.10.120.10"]


def test_there_is_no_ipv6_address_and_yet_the_name_is_there():
    with serve("contoso") as sandbox:
        assert ask(sandbox, "kv-payments.vault.azure.net", "AAAA") == (
            "NOERROR",
            ["data-prod-westeurope.vaultcore.azure.net."],
        )


def test_a_deleted_vault_s_name_is_gone():
    with serve("contoso") as sandbox:
        with sandbox.edit() as state:
            del state["vaults"]["kv-payments"]
        assert ask(sandbox, "kv-payments.vault.azure.net") == ("NXDOMAIN", [])


@pytest.mark.parametrize("packet", [b"", b"\x00", b"garbage that is long enough to have a header", b"\xff" * 512])
def test_what_is_no_query_gets_no_answer_and_does_no_harm(packet):
    with serve("contoso") as sandbox:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            for _ in range(3):
                here.sendto(packet, sandbox.dns)
        assert ask(sandbox, "kv-none.vault.azure.net") == ("NXDOMAIN", [])


QUERY = dns.message.make_query("kv-payments.vault.azure.net.", "A", use_edns=True).to_wire()


@given(st.lists(st.tuples(st.integers(0, len(QUERY) - 1), st.integers(0, 255)), max_size=8), st.integers(0, len(QUERY)))
def test_a_spoilt_query_is_answered_or_dropped(changes, length):
    packet = bytearray(QUERY)
    for place, value in changes:
        packet[place] = value
    answer = names.answer_to(bytes(packet[:length]), STATE)
    assert answer is None or dns.message.from_wire(answer).id == int.from_bytes(packet[:2], "big")


@given(st.binary(max_size=80))
def test_any_bytes_are_answered_or_dropped(packet):
    answer = names.answer_to(packet, STATE)
    assert answer is None or answer[:2] == packet[:2]


def test_it_ends_with_the_sandbox():
    with serve("contoso") as sandbox:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(sandbox.dns)
