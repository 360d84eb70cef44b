"""Where this machine is: as whom a vault sees it, and what is out of its reach."""

from __future__ import annotations

import pytest
import requests

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import Client, rules

NETWORKS = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-network/providers"
AGENTS = f"{NETWORKS}/microsoft.network/virtualnetworks/vnet-agents/subnets/agents".lower()


def ask(sandbox: Sandbox, vault: str) -> requests.Response:
    url = f"{sandbox.url}/vault.azure.net/{vault}/secrets?api-version=7.4"
    return requests.get(url, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=10)


def seen(sandbox: Sandbox, vault: str) -> str:
    """The address that a vault's firewall refuses."""
    message = ask(sandbox, vault).json()["error"]["message"]
    return str(message.partition("Client address: ")[2].partition("\r\n")[0])


@pytest.mark.parametrize(
    ("machine", "address"),
    [
        ({}, "191.10.60.9 from unknown subnet"),
        ({"machine": "vnet-agents/agents"}, "191.10.40.5 from unknown subnet"),  # its NAT gateway's
        ({"machine": "vnet-agents/builds"}, "191.10.60.9 from unknown subnet"),
        (
            {"machine": "vnet-agents/restricted"},
            f"10.20.4.4 from {AGENTS.removesuffix('agents')}restricted",
        ),
    ],
)
def test_a_vault_sees_the_address_that_the_place_has(machine, address):
    with serve({"extends": "contoso", **machine}) as sandbox:
        assert seen(sandbox, "kv-ready") == address


def test_a_rule_for_the_subnet_admits_who_is_in_it():
    with serve({"extends": "contoso", "machine": "vnet-agents/scale-set"}) as sandbox:
        assert ask(sandbox, "kv-orders").status_code == 200
        assert ask(sandbox, "kv-ready").status_code == 403


@pytest.mark.parametrize("network", ["vnet-hub/endpoints", "vnet-spoke/agents"])
def test_a_private_endpoint_passes_whatever_rules_and_public_access_say(network):
    with serve({"extends": "private", "machine": network}) as sandbox:
        assert ask(sandbox, "kv-private-ready").status_code == 200
        assert ask(sandbox, "kv-private-only").status_code == 200


@pytest.mark.parametrize("network", ["vnet-lonely/agents", "vnet-own-dns/agents", "vnet-shared/runners"])
def test_who_does_not_resolve_it_comes_by_the_public_way(network):
    with serve({"extends": "private", "machine": network}) as sandbox:
        assert ask(sandbox, "kv-private-only").json()["error"]["innererror"]["code"] == "ForbiddenByConnection"


def test_a_perimeter_does_not_ask_who_comes_by_a_private_endpoint():
    with serve({"extends": "private", "machine": "vnet-hub/endpoints"}) as sandbox:
        Client(sandbox).call("PATCH", vault_id(sandbox), {"properties": {"publicNetworkAccess": "SecuredByPerimeter"}})
        assert ask(sandbox, "kv-private-ready").status_code == 200


def test_an_endpoint_that_is_out_of_reach_or_not_approved_never_answers():
    with serve({"extends": "private", "machine": "vnet-hub/endpoints"}) as sandbox:
        with sandbox.edit() as state:
            hub = state["virtualNetworks"][
                next(each for each in state["virtualNetworks"] if each.endswith("/vnet-spoke"))
            ]
            hub["properties"]["virtualNetworkPeerings"] = []
            state["machine"]["subnet"] = hub["properties"]["subnets"][0]["id"].lower()
        with pytest.raises(requests.ConnectionError):
            ask(sandbox, "kv-private-ready")
        assert sandbox.requests[-1][2] == 0


def test_the_sandbox_s_own_headers_say_otherwise():
    with serve({"extends": "contoso", "machine": "vnet-agents/agents"}) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}", "X-Sandbox-Client-Address": "40.74.28.9"}
        url = f"{sandbox.url}/vault.azure.net/kv-ready/secrets?api-version=7.4"
        assert requests.get(url, headers=headers, timeout=10).status_code == 200


def test_a_machine_s_subnet_that_is_gone_leaves_it_on_the_internet():
    with serve({"extends": "contoso", "machine": "vnet-agents/agents"}) as sandbox:
        with sandbox.edit() as state:
            state["machine"]["subnet"] = f"{AGENTS}-gone"
        assert seen(sandbox, "kv-ready") == "191.10.60.9 from unknown subnet"


def vault_id(sandbox: Sandbox) -> str:
    return str(sandbox.state["vaults"]["kv-private-ready"]["id"])


def test_the_endpoint_of_the_subnet_changes_the_address_from_which_it_is_seen():
    with serve({"extends": "contoso", "machine": "vnet-agents/agents"}) as sandbox:
        client = Client(sandbox)
        client.call("PATCH", str(sandbox.state["vaults"]["kv-ready"]["id"]), rules("191.10.40.5"))
        assert ask(sandbox, "kv-ready").status_code == 200
        with sandbox.edit() as state:
            network = state["virtualNetworks"][AGENTS.partition("/subnets/")[0]]
            subnet = next(each for each in network["properties"]["subnets"] if each["name"] == "agents")
            subnet["properties"]["serviceEndpoints"] = [{"service": "Microsoft.KeyVault", "locations": ["*"]}]
        assert seen(sandbox, "kv-ready") == f"10.20.1.4 from {AGENTS}"
