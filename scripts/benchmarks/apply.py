"""One vault with two agents' subnets: netcfg beside a bare SDK script that sends the same writes."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from functools import partial

from netcfg.sandbox.server import Sandbox, serve
from scripts.benchmarks.processes import NETCFG, PROGRAMS, ROOT, Measured, run, signed_in

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups"
VAULT = f"{GROUP}/rg-payments/providers/Microsoft.KeyVault/vaults/kv-payments"
SUBNETS = [
    f"{GROUP}/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/{n}"
    for n in ("agents", "builds")
]
ACCEPTED = ["--accept", "default-deny", "--accept", "service-endpoint", "--accept", "stale-editions"]
MEANT = [VAULT, "--organization", "contoso", *(word for each in SUBNETS for word in ("--subnet", each))]
JOB = [*MEANT, *ACCEPTED]


def measure(options: argparse.Namespace) -> None:
    plan, apply = [*NETCFG, "plan", *JOB], [*NETCFG, "apply", *JOB, "--yes"]
    bare = [sys.executable, "-P", str(PROGRAMS / "bare_apply.py")]
    for latency in options.latency or [0, 80]:
        print(f"\n{latency} ms for each answer, one vault with two subnets")
        print(f"  netcfg plan      {_measure(plan, 3, latency, options.runs)}")
        print(f"  netcfg check     {_measure([*NETCFG, 'check', *MEANT], 4, latency, options.runs)}")
        print(f"  netcfg apply     {_measure(apply, 0, latency, options.runs)}")
        print(f"  bare SDK script  {_measure(bare, 0, latency, options.runs)}")
        print(f"  between the last look and the PATCH: {window(latency):.0f} ms")


def _measure(words: list[str], expected: int, latency: int, runs: int) -> Measured:
    """Run a command `runs` times, each against a sandbox as its world has it."""
    measured = Measured()
    for _ in range(runs):
        with serve(world="contoso", latency_ms=latency) as sandbox:
            counted = partial(_methods, sandbox)
            measured.add(run(words, expected, environment=_environment(sandbox), requests=counted))
    return measured


def window(latency: int) -> float:
    """Milliseconds between the answer to the last look at a vault and the arrival of the PATCH."""
    moments: list[tuple[str, float]] = []
    with serve(world="contoso", latency_ms=latency) as sandbox:
        sandbox.before = lambda _number, method, path: moments.append((f"{method} {path}", time.perf_counter()))
        sandbox.after = sandbox.before
        words = [*NETCFG, "apply", *JOB, "--yes"]
        subprocess.run(words, env=_environment(sandbox), stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
    for (what, moment), (_, earlier) in zip(moments[1:], moments, strict=False):
        if what == f"PATCH {VAULT}":
            return (moment - earlier) * 1000
    raise SystemExit("the vault was not written")


def _methods(sandbox: Sandbox) -> Counter[str]:
    return Counter(method for method, _, _ in sandbox.requests)


def _environment(sandbox: Sandbox) -> dict[str, str]:
    return signed_in({"url": sandbox.url, "devops": sandbox.devops_url, "identity": sandbox.identity_url})
