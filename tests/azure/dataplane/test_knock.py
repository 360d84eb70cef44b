"""Whose a vault is, as it tells everybody who asks without a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netcfg.azure.credentials import ConstantToken
from netcfg.azure.dataplane.door import Door
from netcfg.azure.dataplane.secrets import Secrets
from netcfg.azure.endpoints import PUBLIC
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Reply, loopback

HOME, PARTNER = "00000000-0000-4000-8000-000000000010", "00000000-0000-4000-8000-000000000020"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="fleet-small") as running:
        yield running


def secrets(sandbox: Sandbox, at: str | None = None) -> Secrets:
    credential = ConstantToken(sandbox.token, sandbox.token_for)
    return Secrets(credential, PUBLIC, 3, at=at or sandbox.url, server=sandbox.dns)


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("kv-finance-01", Door(HOME, HOME, "kv-finance-01.vault.azure.net")),
        ("KV-Partner-01", Door(PARTNER, HOME, "kv-partner-01.vault.azure.net")),
        ("kv-nowhere", Door(host="kv-nowhere.vault.azure.net", is_nowhere=True)),
    ],
)
def test_a_vault_tells_its_tenant_and_what_is_not_in_the_dns_is_nowhere(sandbox: Sandbox, name: str, door: Door):
    assert secrets(sandbox).knock(name) == door


def test_no_token_is_sent(sandbox: Sandbox):
    with loopback(Reply(200, b"{}")) as server:
        assert secrets(sandbox, server.url).knock("kv-finance-01") == Door()
        assert len(server.asked) == 1
        assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize("reply", [Reply(200, b"{}"), Reply(403, b"{}"), Reply(401, b"{}"), Reply(302, b"")])
def test_who_answers_like_no_vault_tells_nothing(sandbox: Sandbox, reply: Reply):
    with loopback(reply) as server:
        assert secrets(sandbox, server.url).knock("kv-finance-01") == Door()


def test_trouble_on_the_way_is_no_error(sandbox: Sandbox):
    assert secrets(sandbox, "http://127.0.0.1:1").knock("kv-finance-01") == Door()
