"""Real processes that die, or find no room: the record says how far they got, and undoes it."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netcfg.sandbox.server import Sandbox, serve
from netcfg.saved.reading import read
from tests.cli.test_killed import environment

OPENING = (
    "apply", "kv-payments", "--geography", "EU", "--yes", "--accept", "default-deny", "--accept", "stale-editions",
)  # fmt: skip
UNDOING = ("rollback", "20", "--yes", "--accept", "default-allow")


def start(
    sandbox: Sandbox, folder: Path, *words: str, prepare: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "netcfg", "-q", "--data-dir", str(folder), *words],
        env=environment(sandbox),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        preexec_fn=prepare,
    )


def default_action(sandbox: Sandbox) -> str:
    acls = sandbox.state["vaults"]["kv-payments"]["properties"].get("networkAcls") or {"defaultAction": "Allow"}
    return str(acls["defaultAction"])


@pytest.mark.parametrize("committed", [False, True], ids=["before it is written", "before Azure says so"])
def test_killed_while_it_writes_the_record_knows_and_a_rollback_gives_back_what_was_there(
    tmp_path: Path, committed: bool
):
    with serve(world="contoso") as sandbox:
        victim: list[subprocess.Popen[bytes]] = []

        def kill(served: int, method: str, path: str) -> None:
            if method == "PATCH":
                victim[0].send_signal(signal.SIGKILL)
                victim[0].wait(10)
                raise ConnectionError

        if committed:
            sandbox.after = kill
        else:
            sandbox.before = kill
        victim.append(start(sandbox, tmp_path, *OPENING))
        victim[0].communicate(timeout=60)
        sandbox.before = sandbox.after = None
        assert victim[0].returncode == -signal.SIGKILL
        (path,) = (tmp_path / "records").glob("*.jsonl")
        assert read(path).outcome == "did not end: may be written"
        assert default_action(sandbox) == ("Deny" if committed else "Allow")

        again = start(sandbox, tmp_path, *UNDOING)
        _, said = again.communicate(timeout=60)
        assert again.returncode == 0, said
        assert default_action(sandbox) == "Allow"
        assert not (sandbox.state["vaults"]["kv-payments"]["properties"].get("networkAcls") or {}).get("ipRules")


def test_where_the_disk_has_no_room_for_the_record_nothing_is_written_to_azure(tmp_path: Path):
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    with serve(world="contoso") as sandbox:
        process = start(sandbox, tmp_path, *OPENING, prepare=no_room)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert said.decode().startswith(f"netcfg: the record cannot be written to '{tmp_path}/records': File too large")
        assert [method for method, _, _ in sandbox.requests if method == "PATCH"] == []
    assert list((tmp_path / "records").iterdir()) == []
