"""Time, peak memory and requests of whole processes against a sandbox, for one vault with two agents' subnets.

The sandbox runs in this process, what is measured in another one. Both sign in through azure-identity's default chain,
as a managed identity, so that neither is spared what a real run costs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from netcfg.sandbox.server import Sandbox, serve  # noqa: E402 - the clone is found first

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups"
VAULT = f"{GROUP}/rg-payments/providers/Microsoft.KeyVault/vaults/kv-payments"
SUBNETS = [
    f"{GROUP}/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/{n}"
    for n in ("agents", "builds")
]
ACCEPTED = ["--accept", "default-deny", "--accept", "service-endpoint", "--accept", "stale-editions"]
JOB = [VAULT, "--organization", "contoso", *(word for each in SUBNETS for word in ("--subnet", each)), *ACCEPTED]
NETCFG = [sys.executable, "-P", "-m", "netcfg", "-q"]

# What somebody would write who knows the ranges and the SDKs, and trusts that nothing goes wrong.
BARE = """
import os, sys
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import DefaultAzureCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.network import NetworkManagementClient

url, subscription = os.environ["NETCFG_RESOURCE_MANAGER"], "00000000-0000-4000-8000-000000000001"
credential = DefaultAzureCredential()
token = credential.get_token("https://management.azure.com/.default").token

class Signed(SansIOHTTPPolicy):
    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer " + token

options = {"base_url": url, "authentication_policy": Signed(), "polling_interval": 1}
vaults = KeyVaultManagementClient(credential, subscription, **options).vaults
subnets = NetworkManagementClient(credential, subscription, **options).subnets
ranges = ["20.166.41.0/24", "40.74.28.0/23", "134.149.110.74/31", "134.149.110.76/30", "134.149.110.112/29",
          "172.199.233.80/28", "172.199.233.128/26"]
names = ["agents", "builds"]
vaults.get("rg-payments", "kv-payments")
found = [subnets.get("rg-network", "vnet-agents", name) for name in names]
rules = [{"id": each.id, "ignoreMissingVnetServiceEndpoint": True} for each in found]
acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [{"value": each} for each in ranges],
        "virtualNetworkRules": rules}
vaults.update("rg-payments", "kv-payments", {"properties": {"networkAcls": acls}})
for name, subnet in zip(names, found):
    subnet = subnet.as_dict()
    subnet["properties"].setdefault("serviceEndpoints", []).append({"service": "Microsoft.KeyVault"})
    subnets.begin_create_or_update("rg-network", "vnet-agents", name, subnet).result()
vaults.update("rg-payments", "kv-payments", {"properties": {"networkAcls": acls | {"defaultAction": "Deny"}}})
"""


@dataclass(frozen=True)
class Measured:
    """One kind of run: seconds of each, the highest peak memory in MiB, and the requests that one run sent."""

    seconds: list[float]
    mebibytes: float
    requests: int

    def __str__(self) -> str:
        middle, best = statistics.median(self.seconds), min(self.seconds)
        return f"{middle:6.2f} s median  {best:6.2f} s best  {self.mebibytes:5.0f} MiB  {self.requests:3d} requests"


@contextmanager
def fresh(latency: int) -> Iterator[Sandbox]:
    with serve(world="contoso", latency_ms=latency) as sandbox:
        yield sandbox


def measure(words: list[str], expected: int, latency: int, runs: int) -> Measured:
    """Run a command `runs` times, each against a sandbox as its world has it."""
    seconds: list[float] = []
    peak, requests = 0.0, 0
    for _ in range(runs):
        with fresh(latency) as sandbox:
            begun = time.perf_counter()
            process = subprocess.Popen(words, env=environment(sandbox), stdout=subprocess.DEVNULL, cwd=ROOT)
            _, status, used = os.wait4(process.pid, 0)
            seconds.append(time.perf_counter() - begun)
            if os.waitstatus_to_exitcode(status) != expected:
                raise SystemExit(f"{words[:6]} ended with {os.waitstatus_to_exitcode(status)} instead of {expected}")
            peak, requests = max(peak, used.ru_maxrss / 1024), len(sandbox.requests)
    return Measured(seconds, peak, requests)


def environment(sandbox: Sandbox) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "NETCFG_RESOURCE_MANAGER": sandbox.url,
        "NETCFG_DEVOPS": sandbox.devops_url,
        "NETCFG_DEVOPS_IDENTITY": sandbox.identity_url,
        "IDENTITY_ENDPOINT": f"{sandbox.url}/msi/token",
        "IDENTITY_HEADER": "sandbox",
        "AZURE_DEVOPS_EXT_PAT": "make-believe-contoso-profile",
    }


def window(latency: int) -> float:
    """Milliseconds between the answer to the last look at a vault and the arrival of the PATCH."""
    moments: list[tuple[str, float]] = []
    with fresh(latency) as sandbox:
        sandbox.before = lambda _number, method, path: moments.append((f"{method} {path}", time.perf_counter()))
        sandbox.after = sandbox.before
        subprocess.run(
            [*NETCFG, "apply", *JOB, "--yes"], env=environment(sandbox), stdout=subprocess.DEVNULL, check=True, cwd=ROOT
        )
    wide = []
    for (what, moment), (_, earlier) in zip(moments[1:], moments, strict=False):
        if what == f"PATCH {VAULT}" and not wide:
            wide.append(moment - earlier)
    return wide[0] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--latency", type=int, action="append", help="milliseconds for each answer; default 0 and 80")
    options = parser.parse_args()
    plan, apply = [*NETCFG, "plan", *JOB], [*NETCFG, "apply", *JOB, "--yes"]
    for latency in options.latency or [0, 80]:
        print(f"\n{latency} ms for each answer, one vault with two subnets")
        print(f"  netcfg plan      {measure(plan, 3, latency, options.runs)}")
        print(f"  netcfg apply     {measure(apply, 0, latency, options.runs)}")
        print(f"  bare SDK script  {measure([sys.executable, '-P', '-c', BARE], 0, latency, options.runs)}")
        print(f"  between the last look and the PATCH: {window(latency):.0f} ms")


if __name__ == "__main__":
    main()
