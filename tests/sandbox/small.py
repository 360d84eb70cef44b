"""A small world for tests, and a client that signs in to it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests

from netcfg.sandbox.server import Sandbox

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
AGENTS = f"{NETWORK}/subnets/agents"
BARE = f"{NETWORK}/subnets/bare"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


def world(**changes: Any) -> dict[str, Any]:
    """Three vaults and one network; `changes` replace whole sections."""
    return {
        "name": "small",
        "today": "2026-07-01",
        "tenant": {"id": "00000000-0000-4000-8000-000000000010", "name": "Small", "domain": "small.example"},
        "settings": {"operationSeconds": 60},  # an operation ends when `Client.finish` says so
        "principal": "me",
        "principals": [{"name": "me", "appId": "app", "objectId": "object", "secret": "make-believe"}],
        "subscriptions": [
            {"id": SUBSCRIPTION.rpartition("/")[2], "name": "one", "resourceGroups": {"rg": "westeurope"}}
        ],
        "vaults": [
            {"name": "kv-open", "group": "one/rg"},
            {"name": "kv-closed", "group": "one/rg", "networkAcls": {"ipRules": ["191.10.20.7/32"]}},
            {
                "name": "kv-agents",
                "group": "one/rg",
                "networkAcls": {"ipRules": [], "virtualNetworkRules": ["net/agents"]},
                "secrets": ["one", "two"],
            },
        ],
        "virtualNetworks": [
            {
                "name": "net",
                "group": "one/rg",
                "resourceGuid": "00000000-0000-4000-8000-000000000401",
                "addressSpace": ["10.20.0.0/16"],
                "subnets": {
                    "agents": {
                        "addressPrefix": "10.20.1.0/24",
                        "serviceEndpoints": [{"service": "Microsoft.KeyVault", "locations": ["*"]}],
                    },
                    "bare": {
                        "addressPrefix": "10.20.2.0/24",
                        "routeTable": {"id": "one/rg:Microsoft.Network/routeTables/rt"},
                    },
                },
            }
        ],
        **changes,
    }


def place(team: str, group: str, vault: str) -> str:
    """The id of a vault of the worlds `fleet` and `fleet-small`, by the last two digits of its subscription."""
    scope = f"/subscriptions/00000000-0000-4000-8000-0000000020{team}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.KeyVault/vaults/{vault}"


def rules(*addresses: str, subnets: Iterable[Any] = (), **more: Any) -> dict[str, Any]:
    """A body that sets a whole rule set."""
    listed = [each if isinstance(each, dict) else {"id": each} for each in subnets]
    acl = {"bypass": "AzureServices", "defaultAction": "Deny", "virtualNetworkRules": listed, **more}
    return {"properties": {"networkAcls": {**acl, "ipRules": [{"value": each} for each in addresses]}}}


class Client:
    """Somebody who is signed in, and calls Resource Manager by path."""

    def __init__(self, sandbox: Sandbox, token: str | None = None) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or sandbox.token}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """`path` may bring its query; an api-version is added where there is none."""
        url = path if path.startswith("http") else self.sandbox.url + path
        if "api-version" not in url:
            url += ("&" if urlsplit(url).query else "?") + "api-version=2026-02-01"
        return self.session.request(method, url, json=body, headers=headers, timeout=10, allow_redirects=False)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.call("GET", path, **headers)

    def patch(self, vault: str, body: Any) -> requests.Response:
        return self.call("PATCH", VAULT + vault, body)

    def finish(self) -> None:
        """Let a minute pass for every long-running operation."""
        with self.sandbox.edit() as state:
            for each in state["operations"].values():
                each["ready"] = time.time()

    def acl(self, vault: str) -> Any:
        """The rule set that the vault shows, or None."""
        return self.get(VAULT + vault).json()["properties"].get("networkAcls")

    def error(self, response: requests.Response) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        error = response.json()["error"]
        return response.status_code, error["code"], error["message"]
