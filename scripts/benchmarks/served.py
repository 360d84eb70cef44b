"""A sandbox in a process of its own, so that what is measured does not share its Python with what answers it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
VAULTS = "/providers/microsoft.keyvault/vaults"


class Served:
    """A sandbox that runs: where it is, and what it was asked since somebody last wanted to know."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.places: dict[str, str] = self._line()

    def requests(self) -> Counter[str]:
        """How many of each kind."""
        if self._process.stdin is None:
            raise RuntimeError("nobody can speak to the sandbox")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counter(self._line())

    def _line(self) -> Any:
        if self._process.stdout is None:
            raise RuntimeError("nobody can hear the sandbox")
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the sandbox did not start; what it said stands above")
        return json.loads(line)


@contextmanager
def served(world: str | Mapping[str, Any], latency: int = 0, faults: str = "", seed: int = 0) -> Iterator[Served]:
    """A sandbox of `world`, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        if process.stdin is None:
            raise RuntimeError("nobody can speak to the sandbox")
        asked = {"world": world, "latency_ms": latency, "faults": faults, "seed": seed}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        yield Served(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()  # which ends it
        process.wait()


def kind_of(method: str, path: str, status: int) -> str:
    """What a request is about, in words."""
    lowered = path.lower()
    if lowered.startswith(("/msi/", "/login.")):
        kind = "sign-in"
    elif "microsoft.resourcegraph" in lowered:
        kind = "Resource Graph"
    elif lowered.endswith(VAULTS):
        kind = "lists of vaults"
    elif f"{VAULTS}/" in lowered and lowered.count("/") == 8:
        kind = f"{method} vault"
    elif lowered == "/subscriptions":
        kind = "subscriptions"
    else:
        kind = f"{method} others"
    return f"{kind}, {status}" if status in (0, 409, 429) or status >= 500 else kind


def _main() -> None:
    """Serve what the first line of stdin says; every other line asks for what was requested, and the end ends it."""
    sys.path.insert(0, str(ROOT))
    from netcfg.sandbox.server import serve

    asked = json.loads(sys.stdin.readline())
    with serve(**asked) as sandbox:
        places = {"url": sandbox.url, "devops": sandbox.devops_url, "identity": sandbox.identity_url}
        print(json.dumps(places), flush=True)
        told = 0
        for _ in sys.stdin:
            requests = sandbox.requests[told:]
            told += len(requests)
            print(json.dumps(Counter(kind_of(*each) for each in requests)), flush=True)


if __name__ == "__main__":
    _main()
