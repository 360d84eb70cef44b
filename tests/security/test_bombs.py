"""Files that somebody else wrote, made to be too much: refused in one sentence, soon, and before Azure is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.cli.conftest import Program, Ran
from tests.pace import SOON

DEEP = 100_000


def _sparse(path: Path) -> None:
    """Gigabytes that take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(8 << 30)


def _written(text: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text.encode() if isinstance(text, str) else text)


YAML = {
    "lists in lists": _written("a: " + "[" * DEEP),
    "keys in keys": _written("".join(f"{' ' * n}a:\n" for n in range(600))),
    "aliases of aliases": _written(
        "\n".join(["a0: &a0 [x,x]", *(f"a{n + 1}: &a{n + 1} [*a{n},*a{n}]" for n in range(60))])
    ),
    "merge keys": _written("a: &a {x: 1}\nb:\n  <<: *a\n"),
    "a key twice": _written("geography: EU\ngeography: US\n"),
    "an object of Python": _written("a: !!python/object/apply:os.system ['true']\n"),
    "a tag": _written("a: !!binary aGVsbG8=\n"),
    "a scalar without end": _written("a: " + "x" * 2_000_000),
    "eight gigabytes": _sparse,
    "a number of a million digits": _written("a: " + "9" * 200_000),
    "half a character": _written(b"a: \xff\xfe"),
    "nothing": lambda path: path.symlink_to("/dev/zero"),
}
JSON = {
    "lists in lists": _written("[" * DEEP),
    "objects in objects": _written('{"a":' * DEEP),
    "objects in a list": _written('[{"a":[' * DEEP),
    "a key twice": _written('{"version": 1, "version": 2}'),
    "a number of a million digits": _written('{"version": ' + "9" * 1_000_000 + "}"),
    "no number": _written('{"version": NaN}'),
    "half a character": _written(b'{"version": "\xff\xfe"}'),
    "half of another": _written('{"version": "\\ud800", "kind": "\\udfff"}'),
    "a list": _written("[]"),
    "null": _written("null"),
    "a word": _written('"plan"'),
    "nothing at all": _written(""),
    "only spaces": _written(" " * 100_000),
    "eight gigabytes": _sparse,
    "zeros without end": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "nobody's": lambda path: path.symlink_to("/nowhere/at/all"),
}
READERS = {
    "a saved plan": ["apply", "--plan", "{}"],
    "a record": ["rollback", "{}", "--yes"],
    "a caller log": ["plan", "kv-payments", "--geography", "EU", "--callers", "{}"],
    "a tag file": ["ranges", "refresh", "--from", "{}"],
}
KEPT_FROM_READING = (1, 2, 6)


@pytest.fixture(scope="module")
def sandbox():
    with serve(world="contoso") as running:
        yield running


def read(sandbox: Sandbox, folder: Path, words: list[str], file: Path) -> Ran:
    begun = len(sandbox.requests)
    start = time.process_time()
    ran = Program(sandbox, folder)(*(str(file) if each == "{}" else each for each in words))
    assert time.process_time() - start < SOON
    assert sandbox.requests[begun:] == []
    return ran


def is_one_sentence(ran: Ran) -> bool:
    text = ran.err.strip()
    return text.startswith("netcfg: ") and len(text) < 1_500 and "Traceback" not in text and "\x00" not in text


@pytest.mark.parametrize("kind", YAML)
def test_a_configuration_that_is_too_much_is_refused(kind: str, sandbox: Sandbox, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("os.system", lambda words: pytest.fail(f"{words} was run"))
    file = tmp_path / "netcfg.yaml"
    YAML[kind](file)
    ran = read(sandbox, tmp_path / "data", ["plan", "--config", "{}"], file)
    assert (ran.status, ran.out) == (2, "")
    assert is_one_sentence(ran), ran.err


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", JSON)
def test_a_file_that_is_too_much_is_refused(reader: str, kind: str, sandbox: Sandbox, tmp_path: Path):
    file = tmp_path / "file.json"
    JSON[kind](file)
    ran = read(sandbox, tmp_path / "data", READERS[reader], file)
    assert ran.status in KEPT_FROM_READING
    assert is_one_sentence(ran) or reader == "a tag file", ran.err
    if ran.out:  # of a refresh, which tells of every place that it asked
        assert reader == "a tag file"
        assert len(ran.out) < 1_500


def test_a_claim_of_a_token_may_be_anything(tmp_path: Path):
    """It is read to tell who asks, and it comes from a credential that is somebody else's program."""
    import base64

    from netcfg.azure.credentials import bearer_of, tenant_of

    for claims in (b"[" * DEEP, b'{"tid": ' + b"[" * DEEP, b"\xff", json.dumps({"tid": [1], "oid": {}}).encode()):
        token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"
        assert (tenant_of(token), bearer_of(token)) == (None, None)
