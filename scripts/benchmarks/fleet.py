"""Many vaults at once: netcfg beside those who only read them, at 80 ms for each answer.

The fleet is made here: of ten vaults six are as they should be, two lack ranges, one is open to every network, and one
holds an address that no other vault has. The sandbox runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.benchmarks.processes import NETCFG, PROGRAMS, Measured, can_import, run, signed_in
from scripts.benchmarks.served import Served, served

LATENCY = 80
MOST_MEBIBYTES = 200
SUBSCRIPTIONS = 40
WRITTEN, PARALLEL = 200, 16

TENANT = "00000000-0000-4000-8000-000000000010"
EUROPE = (
    "20.166.41.0/24",
    "40.74.28.0/23",
    "134.149.110.74/31",
    "134.149.110.76/30",
    "134.149.110.112/29",
    "172.199.233.80/28",
    "172.199.233.128/26",
)
MEANT = ["--geography", "EU"]
CHECK = [*NETCFG, "check", "--all", *MEANT]
ACCEPTED = [word for guard in ("default-deny", "unlinked", "stale-editions") for word in ("--accept", f"{guard}=kv-*")]


def measure(options: argparse.Namespace) -> None:
    print(f"\na fleet, {LATENCY} ms for each answer, {SUBSCRIPTIONS} subscriptions")
    checks = {number: _checking(number, options.runs) for number in options.vaults or [1, 100, 1_000, 10_000]}
    for number, found in checks.items():
        _print(f"netcfg check --all, {number:,} vaults", found)
    if {1_000, 10_000} <= checks.keys():
        beyond = checks[10_000].median / checks[1_000].median
        print(f"  ten times the vaults take {beyond:.1f} times as long (aim: 10 at most), and ", end="")
        print(f"{checks[10_000].mebibytes:.0f} MiB (aim: under {MOST_MEBIBYTES})")
    _compare(options)
    _apply(options.runs)


def world(vaults: int, subscriptions: int = SUBSCRIPTIONS) -> dict[str, Any]:
    """A tenant with that many vaults, spread evenly; in few subscriptions where there are few vaults."""
    places = range(min(vaults, subscriptions))
    principal = {
        "name": "netcfg",
        "appId": "00000000-0000-4000-8000-0000000000a1",
        "objectId": "00000000-0000-4000-8000-0000000000b1",
        "secret": "make-believe",
    }
    return {
        "name": "bench",
        "tenant": {"id": TENANT, "name": "Contoso", "domain": "contoso.example"},
        "principal": "netcfg",
        "principals": [principal],
        "subscriptions": [
            {"id": subscription(each), "name": f"place-{each}", "resourceGroups": {"rg-vaults": "westeurope"}}
            for each in places
        ],
        # Pages as long as Azure's: who reads lists is not to pay for a sandbox that likes short ones.
        "settings": {"pageSize": 1000, "throttling": True},
        "vaults": [_vault(each, each % len(places)) for each in range(vaults)],
    }


def subscription(number: int) -> str:
    return f"00000000-0000-4000-8000-{number + 100:012}"


def _vault(number: int, place: int) -> dict[str, Any]:
    vault: dict[str, Any] = {"name": f"kv-{number:06}", "group": f"place-{place}/rg-vaults"}
    own = f"191.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    match number % 10:
        case 0:
            return vault  # never given rules, and so open
        case 1 | 2:
            rules = EUROPE[:3]
        case 3:
            rules = (*EUROPE, own)
        case _:
            rules = EUROPE
    return vault | {"networkAcls": {"ipRules": list(rules)}}


def _checking(vaults: int, runs: int) -> Measured:
    with served(world(vaults), LATENCY) as sandbox:
        _run(CHECK, sandbox, 4)  # a first one, for the sandbox to find its own stride
        found = Measured()
        for _ in range(runs):
            found.add(_run(CHECK, sandbox, 4))
        return found


def _compare(options: argparse.Namespace) -> None:
    """In turns, for fairness. Custodian looks into one subscription at a time, so for it all are in one."""
    has_sdk = can_import(options.sdk, "azure.mgmt.resourcegraph")
    has_custodian = can_import(options.custodian, "c7n_azure")
    ours, page, custodian = Measured(), Measured(), Measured()
    with served(world(1_000), LATENCY) as spread, served(world(1_000, 1), LATENCY) as together:
        for _ in range(options.runs):
            ours.add(_run(CHECK, spread, 4))
            if has_sdk:
                page.add(_run([options.sdk, "-P", PROGRAMS / "bare_page.py"], spread))
            if has_custodian:
                custodian.add(_custodian(options.custodian, together))
    print("  the same 1,000 vaults, in turns")
    _print("netcfg check --all", ours)
    if has_sdk:
        _print("bare SDK, one page of Resource Graph", page)
        print(f"    of that netcfg takes {ours.median / page.median:.2f} times as long (aim: under 2)")
    else:
        print(f"  bare SDK: not measured, for {options.sdk} has no azure-mgmt-resourcegraph; name one by --sdk")
    if has_custodian:
        _print("Cloud Custodian's firewall filter", custodian)
        print(f"    of that netcfg takes {ours.median / custodian.median:.2f} times as long (aim: under 0.5)")
    else:
        print(f"  Cloud Custodian: not measured, for {options.custodian} has no c7n-azure; name one by --custodian")


def _run(words: Sequence[str | Path], sandbox: Served, expected: int = 0) -> Measured:
    return run(words, expected, environment=signed_in(sandbox.places), requests=sandbox.requests)


def _custodian(python: str, sandbox: Served) -> Measured:
    """The vaults that do not let in all of Europe, by its own filter."""
    rules = {"not": [{"type": "firewall-rules", "include": list(EUROPE)}]}
    policy = {"policies": [{"name": "bench", "resource": "azure.keyvault", "filters": [rules]}]}
    signed = {"AZURE_USE_MSI": "true", "AZURE_SUBSCRIPTION_ID": subscription(0), "AZURE_TENANT_ID": TENANT}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.json"
        file.write_text(json.dumps(policy), encoding="utf-8")
        words = [python, PROGRAMS / "custodian.py", "run", "--cache-period", "0", "-s", folder, file]
        return run(words, environment=signed_in(sandbox.places) | signed, requests=sandbox.requests)


def _apply(runs: int) -> None:
    """The same change to many vaults, each run against a sandbox as its world has it."""
    fleet = world(WRITTEN)
    lacking = {"ipRules": list(EUROPE[:3])}
    fleet["vaults"] = [{**each, "networkAcls": lacking} for each in fleet["vaults"]]
    measured, selecting = Measured(), Measured()
    for _ in range(runs):
        with served(fleet, LATENCY) as sandbox:
            selecting.add(_run([*NETCFG, "plan", "--all", *MEANT, *ACCEPTED], sandbox, 3))
            words = [*NETCFG, "apply", "--all", *MEANT, *ACCEPTED, "--parallel", str(PARALLEL), "--yes"]
            measured.add(_run(words, sandbox))
    _print(f"netcfg apply --all --parallel {PARALLEL}, {WRITTEN} vaults", measured)
    # What is asked for one vault comes one after the other; what is asked beside it, of perimeters, takes no time more.
    steps = measured.requests["GET vault"] + measured.requests["PATCH vault"]
    planning, least = selecting.median, steps * LATENCY / 1000 / PARALLEL
    writing = measured.median - planning
    print(
        f"    a plan takes {planning:.2f} s of it; the rest takes {writing:.2f} s, {writing / least:.2f} times ", end=""
    )
    print(f"{steps} requests x latency / parallelism, {least:.2f} s (aim: under 1.5)")
    refused = sum(count for kind, count in measured.requests.items() if kind.endswith("429"))
    print(f"    {refused} answers of 429 (aim: none, for the headers announce it)")


def _print(what: str, found: Measured) -> None:
    print(f"  {what}")
    print(f"    {found}: {_listed(found.requests)}")


def _listed(requests: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(requests.items()))
