"""Time, peak memory and requests of whole processes.

`apply`: netcfg beside a bare SDK script against a sandbox, for one vault with two agents' subnets. The sandbox runs in
this process, what is measured in another one. Both sign in through azure-identity's default chain, as a managed
identity, so that neither is spared what a real run costs.

`ranges`: the weekly file of service tags, made here in its real shape, parsed by a process of its own; and `netcfg
ranges list` from the bundled editions, beside a Python that only starts.

`reports`: a check of a thousand vaults with ten findings each, made here without anybody being asked, as a page, as
SARIF and in the other formats, by one process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from netcfg.sandbox.network import tags  # noqa: E402 - the clone is found first
from netcfg.sandbox.server import Sandbox, serve  # noqa: E402
from netcfg.sandbox.worlds import world  # noqa: E402 - the clone is found first

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups"
VAULT = f"{GROUP}/rg-payments/providers/Microsoft.KeyVault/vaults/kv-payments"
SUBNETS = [
    f"{GROUP}/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/{n}"
    for n in ("agents", "builds")
]
ACCEPTED = ["--accept", "default-deny", "--accept", "service-endpoint", "--accept", "stale-editions"]
MEANT = [VAULT, "--organization", "contoso", *(word for each in SUBNETS for word in ("--subnet", each))]
JOB = [*MEANT, *ACCEPTED]
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


# Parses the file that it is given, several times, and tells the seconds of each and the ranges that it found.
PARSE = """
import json, sys, time
from datetime import date
from pathlib import Path
from netcfg.sources import bundled, tag_file

path, runs = Path(sys.argv[1]), int(sys.argv[2])
atlas, seconds = bundled.atlas(), []
for _ in range(runs):
    begun = time.perf_counter()
    publication = tag_file.parse(path.read_bytes(), atlas, str(path), date(2026, 7, 1))
    seconds.append(time.perf_counter() - begun)
print(json.dumps([len(publication.edition.ranges), *seconds]))
"""
# Writes a report in each format, and tells seconds and bytes.
REPORTS = """
import json, time
from datetime import date
from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.intent import Intent
from netcfg.core.plan import look
from netcfg.core.ranges import resolve
from netcfg.core.report import Inspection, Report
from netcfg.core.resources import Vault, parse_vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.formats import json as document, markdown
from netcfg.formats.ci import junit, sarif
from netcfg.formats.html import document as page
from netcfg.sources import bundled

today, catalogue = date(2026, 7, 1), bundled.catalogue()
intent = Intent(geographies=(bundled.atlas().find("BR"),))
resolution = resolve(catalogue, intent.policy, intent.geographies)
group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
rules = tuple(IpRule(f"191.10.20.{each}/32") for each in range(10)) + tuple(
    IpRule(str(each.network)) for each in resolution.wanted)
firewall = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=rules))
inspections = []
for number in range(1000):
    seen = look(Vault(parse_vault(f"{group}/kv-{number:05}"), firewall), intent, resolution, (), (), today)
    command = f"netcfg apply kv-{number:05} --geography BR"
    found = register.inspect(Case(seen, command), ())
    inspections.append(Inspection(seen, tuple(each for each in found if each.vault)))
report = Report(intent.geographies, (), resolution, tuple(inspections))
found = {"findings": len(report.findings)}
for name, write in (("html", page.report), ("sarif", sarif.report), ("junit", junit.report), ("json", document.report),
                    ("markdown", markdown.report)):
    begun = time.perf_counter()
    size = len(write(report).encode())
    found[name] = (time.perf_counter() - begun, size)
print(json.dumps(found))
"""
TAGS = 3_000  # of the weekly file, which has over 4 MB
MOST_SECONDS, MOST_MEBIBYTES, MOST_SECONDS_TO_LIST = 0.25, 80, 0.15


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
    wide: list[float] = []
    for (what, moment), (_, earlier) in zip(moments[1:], moments, strict=False):
        if what == f"PATCH {VAULT}" and not wide:
            wide.append(moment - earlier)
    return wide[0] * 1000


def weekly_file(into: Path) -> Path:
    """The file of the sandbox, with tags of make-believe services around its own: as many and as long as the real one.

    Its longest tags are those of all Azure in a region; most have a dozen ranges, and a fifth of those are IPv6.
    """
    state = world.begin("contoso")
    day = state["publishers"]["file"]
    document = tags.edition(state, day, "tag-file")
    for number in range(TAGS - len(document["values"])):
        count = 900 if number % 100 == 0 else 28
        prefixes = [f"20.{number % 200}.{each % 250}.{each // 250 * 4}/30" for each in range(count * 4 // 5)]
        prefixes += [f"2603:10{number % 90:02}:{number:x}:{each:x}::/64" for each in range(count // 5)]
        name, region = f"Service{number // 40}", f"region{number % 40}"
        document["values"].append(_tag(name, region, prefixes))
    path = into / f"ServiceTags_Public_{day.replace('-', '')}.json"
    # Indented by two blanks, as Microsoft writes it: the blanks are a good part of its length.
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def _tag(service: str, region: str, prefixes: list[str]) -> dict[str, Any]:
    properties = {
        "changeNumber": 7,
        "region": region,
        "regionId": 1,
        "platform": "Azure",
        "systemService": service,
        "addressPrefixes": prefixes,
        "networkFeatures": ["API", "NSG", "UDR", "FW"],
    }
    return {"name": f"{service}.{region}", "id": f"{service}.{region}", "properties": properties}


def timed(words: list[str]) -> tuple[float, float, str]:
    """Seconds and peak memory in MiB of a whole process, and what it said."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(words, env=kept, stdout=said, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{words} ended with {os.waitstatus_to_exitcode(status)} instead of 0")
        said.seek(0)
        return seconds, used.ru_maxrss / 1024, said.read()


def parsing(runs: int) -> str:
    """The weekly file: the time of a parse alone, and the peak of a process that does it once."""
    with tempfile.TemporaryDirectory() as folder:
        path = weekly_file(Path(folder))
        python = [sys.executable, "-P", "-c", PARSE, str(path)]
        _, mebibytes, said = timed([*python, "1"])
        found, *_ = json.loads(said)
        if found != 84:
            raise SystemExit(f"{found} ranges were found in the weekly file instead of 84")
        seconds = [json.loads(timed([*python, "1"])[2])[1] for _ in range(runs)]
        return (
            f"  weekly file, {path.stat().st_size / 1e6:.1f} MB, {TAGS:,} tags: "
            f"{statistics.median(seconds):5.3f} s median  {min(seconds):5.3f} s best (aim {MOST_SECONDS} s)  "
            f"{mebibytes:3.0f} MiB (aim {MOST_MEBIBYTES} MiB)"
        )


def listing(runs: int) -> str:
    """`netcfg ranges list`, and what is left of it when the start of Python is taken away; in turns, for fairness."""
    start, whole = [], []
    for _ in range(runs):
        start.append(timed([sys.executable, "-P", "-c", "pass"])[0])
        whole.append(timed([*NETCFG, "ranges", "list", "--geography", "EU"])[0])
    ours = statistics.median(whole) - statistics.median(start)
    return (
        f"  netcfg ranges list: {statistics.median(whole):5.3f} s median, Python alone "
        f"{statistics.median(start):5.3f} s, ours {ours:5.3f} s (aim {MOST_SECONDS_TO_LIST} s)"
    )


def reporting(runs: int) -> list[str]:
    """Each format of the report on a thousand vaults: seconds, and how long it is."""
    found = [json.loads(timed([sys.executable, "-P", "-c", REPORTS])[2]) for _ in range(runs)]
    if (findings := found[0].pop("findings")) != 10_000:
        raise SystemExit(f"{findings:,} findings instead of 10,000")
    lines = []
    for name in found[0].keys() - {"findings"}:
        seconds = [each[name][0] for each in found]
        size = found[0][name][1] / 1e6
        lines.append(
            f"  {name:8}  {statistics.median(seconds):5.2f} s median  {min(seconds):5.2f} s best  {size:5.1f} MB"
        )
    return sorted(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["apply", "ranges", "reports"], help="default all")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--latency", type=int, action="append", help="milliseconds for each answer; default 0 and 80")
    options = parser.parse_args()
    if options.only in (None, "apply"):
        measure_apply(options.runs, options.latency or [0, 80])
    if options.only in (None, "reports"):
        print("\na check of 1,000 vaults with 10 findings each (aim: html and sarif 1 s, html 5 MB)")
        print("\n".join(reporting(options.runs)))
    if options.only in (None, "ranges"):
        print("\nwhat is published")
        print(parsing(options.runs))
        print(listing(options.runs * 3))


def measure_apply(runs: int, latencies: list[int]) -> None:
    plan, apply = [*NETCFG, "plan", *JOB], [*NETCFG, "apply", *JOB, "--yes"]
    for latency in latencies:
        print(f"\n{latency} ms for each answer, one vault with two subnets")
        print(f"  netcfg plan      {measure(plan, 3, latency, runs)}")
        print(f"  netcfg check     {measure([*NETCFG, 'check', *MEANT], 4, latency, runs)}")
        print(f"  netcfg apply     {measure(apply, 0, latency, runs)}")
        print(f"  bare SDK script  {measure([sys.executable, '-P', '-c', BARE], 0, latency, runs)}")
        print(f"  between the last look and the PATCH: {window(latency):.0f} ms")


if __name__ == "__main__":
    main()
