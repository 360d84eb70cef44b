"""Whole processes, with what they took."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
NETCFG = [sys.executable, "-P", "-m", "netcfg", "-q"]


@dataclass
class Measured:
    """Runs of one kind: seconds of each, the highest peak memory in MiB, and what the last one asked for."""

    seconds: list[float] = field(default_factory=list)
    mebibytes: float = 0
    requests: Counter[str] = field(default_factory=Counter)
    said: str = ""

    def add(self, more: Measured) -> None:
        """Runs of the same kind."""
        self.seconds += more.seconds
        self.mebibytes = max(self.mebibytes, more.mebibytes)
        self.requests = more.requests

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        told = f"{self.median:6.2f} s median  {min(self.seconds):6.2f} s best  {self.mebibytes:5.0f} MiB"
        return f"{told}  {self.requests.total():4d} requests" if self.requests else told


def run(
    words: Sequence[str | Path],
    expected: int = 0,
    *,
    environment: Mapping[str, str] | None = None,
    requests: Callable[[], Counter[str]] = Counter,
) -> Measured:
    """Run a command; one that ends otherwise than `expected` ends the benchmark. `requests` tells what it asked for."""
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(words, env={**_kept(), **(environment or {})}, stdout=said, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        if (ended := os.waitstatus_to_exitcode(status)) != expected:
            raise SystemExit(f"{list(map(str, words[:6]))} ended with {ended} instead of {expected}")
        said.seek(0)
        return Measured([seconds], used.ru_maxrss / 1024, requests(), said.read())


def signed_in(places: Mapping[str, str]) -> dict[str, str]:
    """What a process needs to know to find the sandbox at `places`, and to sign in there as a managed identity."""
    return {
        "NETCFG_RESOURCE_MANAGER": places["url"],
        "NETCFG_DEVOPS": places["devops"],
        "NETCFG_DEVOPS_IDENTITY": places["identity"],
        "IDENTITY_ENDPOINT": f"{places['url']}/msi/token",
        "IDENTITY_HEADER": "sandbox",
        "AZURE_DEVOPS_EXT_PAT": "make-believe-contoso-profile",
    }


def can_import(python: str, *modules: str) -> bool:
    """Whether that interpreter is there and has the modules."""
    try:
        tried = subprocess.run([python, "-c", f"import {', '.join(modules)}"], capture_output=True, check=False)
    except OSError:
        return False
    return tried.returncode == 0


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
