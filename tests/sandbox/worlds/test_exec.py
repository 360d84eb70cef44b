"""The world `exec`: what a job on this machine finds."""

import time

import pytest
import requests

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import Client

JOBS = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-jobs/providers/Microsoft.KeyVault/vaults/"
FIREWALL, PERIMETER, CONNECTION = "ForbiddenByFirewall", "ForbiddenByNsp", "ForbiddenByConnection"


@pytest.fixture(scope="module")
def jobs():
    with serve("exec") as sandbox:
        yield sandbox


def knock(sandbox: Sandbox, vault: str) -> str:
    """Why the vault does not let this machine in, or nothing."""
    url = f"{sandbox.url}/vault.azure.net/{vault}/secrets?api-version=7.4"
    answer = requests.get(url, headers={"authorization": f"Bearer {sandbox.token}"}, timeout=10)
    return "" if answer.status_code == 200 else str(answer.json()["error"]["innererror"]["code"])


@pytest.mark.parametrize(
    ("vault", "why"),
    [
        ("kv-job", FIREWALL),
        ("kv-job-open", ""),
        ("kv-job-disabled", CONNECTION),
        ("kv-job-enforced", PERIMETER),
        ("kv-job-known", ""),
        ("kv-job-overdue", FIREWALL),
        ("kv-job-running", FIREWALL),
        ("kv-job-kept", FIREWALL),
        ("kv-job-unreadable", FIREWALL),
        ("kv-job-slow", FIREWALL),
        ("kv-job-tags", FIREWALL),
    ],
)
def test_who_lets_this_machine_in(jobs, vault, why):
    assert knock(jobs, vault) == why


def test_every_vault_of_jobs_is_tested():
    with serve("exec") as sandbox:
        names = [each["name"] for each in sandbox.state["vaults"].values() if "/rg-jobs/" in each["id"]]
    assert len(names) == 11


def test_one_more_tag_does_not_fit(jobs):
    client = Client(jobs)
    with client.session:
        tags = client.get(JOBS + "kv-job-tags").json()["tags"]
        assert len(tags) == 50
        refused = client.call("PATCH", JOBS + "kv-job-tags", {"tags": tags | {"one-more": ""}})
        assert client.error(refused)[:2] == (400, "TagsLimitExceeded")


def test_only_the_slow_one_takes_a_while():
    body = {"properties": {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "191.10.60.9"}]}}}
    with serve("exec") as sandbox:
        client = Client(sandbox)
        with client.session:
            for vault in ("kv-job", "kv-job-slow"):
                assert client.call("PATCH", JOBS + vault, body).status_code == 200
        assert knock(sandbox, "kv-job") == ""
        assert knock(sandbox, "kv-job-slow") == FIREWALL
        time.sleep(0.55)
        assert knock(sandbox, "kv-job-slow") == ""
