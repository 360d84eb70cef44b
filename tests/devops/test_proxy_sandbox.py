"""Vaults as Azure DevOps sees them, over a real connection to the sandbox, whose firewalls and roles decide."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netcfg.core.errors import NoDevOpsPermission
from netcfg.core.linking.groups import ServiceConnection
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.devops.credential import Credential
from netcfg.devops.projects import RestProjects
from netcfg.devops.proxy import RestProxy
from netcfg.devops.service_connections import RestServiceConnections
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve

CONTOSO = Path(__file__).parents[2] / "data" / "worlds" / "contoso.json"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Contoso, where one vault has many secrets."""
    world = json.loads(CONTOSO.read_text())
    payments = next(each for each in world["vaults"] if each["name"] == "kv-payments")
    payments["secrets"] = [f"secret-{number:03}" for number in range(620)]
    with serve(world=world) as running:
        yield running


def session(sandbox: Sandbox, scopes: str = "manage") -> Session:
    credential = Credential.basic("the PAT", f"make-believe-contoso-{scopes}")
    return Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5)


def connection(sandbox: Sandbox, name: str) -> ServiceConnection:
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    return RestServiceConnections(session(sandbox)).find(payments, name)


def test_a_vault_that_is_open_to_azure_devops_works(sandbox):
    proxy, prod = RestProxy(session(sandbox)), connection(sandbox, "azure-prod")
    assert proxy.may_list(prod, "kv-ready").is_ok
    assert proxy.may_get(prod, "kv-ready").is_not_found
    assert proxy.secrets(prod, "kv-ready") == (
        Secret("feed", expires=datetime(2026, 9, 1, tzinfo=UTC), content_type="text/plain"),
        Secret("token"),
        Secret("token-2025", enabled=False),
    )


def test_a_vault_that_is_closed_tells_the_address_that_azure_devops_came_from(sandbox):
    proxy, prod = RestProxy(session(sandbox)), connection(sandbox, "azure-prod")
    for told in (proxy.may_list(prod, "kv-orders"), proxy.may_get(prod, "kv-orders"), proxy.secrets(prod, "kv-orders")):
        assert isinstance(told, Relayed)
        assert told.status == "forbidden"
        assert "Client address: 40.74.28.9" in told.message


def test_an_identity_may_list_and_not_get(sandbox):
    proxy, reader = RestProxy(session(sandbox)), connection(sandbox, "azure-reader")
    assert proxy.may_list(reader, "kv-ready").is_ok
    assert proxy.may_get(reader, "kv-ready").status == "forbidden"


def test_all_620_secrets_are_read_over_pages(sandbox):
    asked = len(sandbox.requests)
    found = RestProxy(session(sandbox)).secrets(connection(sandbox, "azure-prod"), "kv-payments")
    assert isinstance(found, tuple)
    assert [each.name for each in found] == [f"secret-{number:03}" for number in range(620)]
    assert sum("endpointproxy" in path for _, path, _ in sandbox.requests[asked:]) > 20


def test_a_token_sent_as_it_is_read_would_lead_nowhere(sandbox, monkeypatch):
    """The sandbox pastes a token into an address, as Azure DevOps does."""
    monkeypatch.setattr("netcfg.devops.proxy._escaped", lambda token: token)
    told = RestProxy(session(sandbox)).secrets(connection(sandbox, "azure-prod"), "kv-payments")
    assert isinstance(told, Relayed)
    assert told.status == "badRequest"


def test_a_token_without_the_scope_may_not_query(sandbox):
    proxy = RestProxy(session(sandbox, "library"))
    with pytest.raises(NoDevOpsPermission, match="it needs the scope 'Service Connections: Read & query', or to be"):
        proxy.may_list(connection(sandbox, "azure-prod"), "kv-ready")
