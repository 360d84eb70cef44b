"""The window: how long a vault is out of sight, from its answer to the last look until the write comes in.

What somebody else writes in that time nobody can see, for Key Vault knows no precondition. It is measured where the
sandbox answers and is asked: in one process, and with a real process on a real socket, which is what people run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from netcfg.sandbox.server import Sandbox, serve
from scripts.disorder.fleets import as_a_process
from scripts.disorder.place import site
from scripts.disorder.play import play
from scripts.disorder.schedule import Document, Meant, Schedule, Step, Verb

_START: Document = {
    "tags": {},
    "properties": {
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [{"value": "191.10.7.7/32"}],
            "virtualNetworkRules": [],
        },
    },
}
REAL = 40  # applies by real processes at most: each takes about a second


class Watch:
    """Notes the time between the last answer about a vault and the next write of it, in milliseconds."""

    def __init__(self) -> None:
        self.widths: list[float] = []
        self._looked = 0.0

    def before(self, _number: int, method: str, path: str) -> None:
        if method == "PATCH" and path.rpartition("/")[0].endswith("/vaults"):
            self.widths.append((time.perf_counter() - self._looked) * 1000)

    def after(self, _number: int, method: str, path: str) -> None:
        if method == "GET" and path.rpartition("/")[0].endswith("/vaults"):
            self._looked = time.perf_counter()

    def on(self, sandbox: Sandbox) -> None:
        sandbox.before, sandbox.after = self.before, self.after


def measure(count: int) -> None:
    """Measure so many applies in this process, and fewer by real ones, and print how wide the window was."""
    _print("in one process", in_process(count))
    _print("a process and a socket", on_a_socket(min(count, REAL)))


def in_process(count: int) -> list[float]:
    watch = Watch()
    sandbox = site().sandbox
    try:
        watch.on(sandbox)
        for seed in range(count):
            play(Schedule(seed, _START, Meant(), (Step(Verb.APPLY),)))
    finally:
        sandbox.before = sandbox.after = None
    return watch.widths


def on_a_socket(count: int) -> list[float]:
    watch = Watch()
    vault = {"name": "kv-window", "group": "production/rg-payments", "networkAcls": {"ipRules": ["191.10.7.7"]}}
    words = ["apply", "kv-window", "--geography", "EU", "--accept", "stale-editions", "--yes"]
    for _ in range(count):
        with serve(world={"extends": "contoso", "vaults": [vault]}) as sandbox:
            watch.on(sandbox)
            as_a_process(sandbox, words)
    return watch.widths


def _print(what: str, widths: Sequence[float]) -> None:
    cuts = statistics.quantiles(widths, n=100, method="inclusive")
    print(f"{what}: {len(widths):,} writes; p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, widest {max(widths):.1f} ms")
