"""What exported code says, read by somebody who knows nothing of how it was written."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import hcl2


def terraform(code: str) -> dict[str, Any]:
    """The locals of HCL, by its own parser, which leaves strings as they are written."""
    (found,) = hcl2.loads(code)["locals"]
    return dict(_plain(found["netcfg"]))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {_unquoted(name): _plain(each) for name, each in value.items() if name != "__is_block__"}
        case list():
            return [_plain(each) for each in value]
        case str():
            return _unquoted(value)
        case _:
            return value


def _unquoted(text: str) -> str:
    """A quoted string of HCL without a template, or a name."""
    if not text.startswith('"'):
        return text
    assert not re.search(r"[$%]\{", text), text
    wide = re.compile(r"\\(?:U([0-9a-fA-F]{8})|(.))", re.DOTALL)
    once = wide.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], text)
    return str(json.loads(once, strict=False))


def tfvars(code: str) -> dict[str, Any]:
    return dict(json.loads(code)["netcfg"])


def arm(code: str) -> dict[str, Any]:
    return dict(json.loads(code)["parameters"]["netcfg"]["value"])


TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<string>'(?:[^'\\$\n]|\\u\{[0-9a-f]+\})*')|(?P<sign>[][{}:=])
    |(?P<name>@export\(\)|[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+)|(?P<line>\n)|(?P<space>[ ]+)""",
    re.VERBOSE,
)


def bicep(code: str) -> dict[str, Any]:
    """The exported variable: `@export()`, `var netcfg =` and a literal, whose members lines or braces separate."""
    tokens: list[str] = []
    end = 0
    for found in TOKENS.finditer(code):
        assert found.start() == end, code[end : end + 40]
        end = found.end()
        if found.lastgroup not in ("comment", "space"):
            tokens.append(found[0])
    assert end == len(code), code[end : end + 40]
    rest = iter([each for each in tokens if each != "\n"])
    assert [next(rest) for _ in range(4)] == ["@export()", "var", "netcfg", "="]
    value = _value(next(rest), rest)
    assert list(rest) == []
    assert isinstance(value, dict)
    return value


def _value(token: str, rest: Iterator[str]) -> Any:
    if token == "{":
        found = {}
        while (name := next(rest)) != "}":
            assert next(rest) == ":"
            found[_text(name)] = _value(next(rest), rest)
        return found
    if token == "[":
        members = []
        while (first := next(rest)) != "]":
            members.append(_value(first, rest))
        return members
    return {"true": True, "false": False, "null": None}.get(token, _text(token) if token[0] == "'" else token)


def _text(token: str) -> str:
    if not token.startswith("'"):
        return token
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), token[1:-1])


Call = tuple[str, list[str], list[str], dict[str, Any]]


def bash(code: str) -> list[Call]:
    """What bash makes of a script, up to its calls: the address, what was and what becomes, and the body, per vault."""
    _, _, calls = code.partition("\nwas=(")
    calls, _, end = calls.rpartition('\nexit "$status"\n')
    assert end == ""
    speaks = r"""
body=$(mktemp)
trap 'rm -f "$body"' EXIT
settle() { printf '%s\0' "$1" "${was[@]}" then "${becomes[@]}" then; cat "$body"; printf '\0'; }
was=("""
    checked = subprocess.run(["bash", "-n"], input=code.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")
    told = subprocess.run(["bash", "-eu"], input=(speaks + calls).encode(), capture_output=True, check=True).stdout
    words = iter(told.decode("utf-8", "surrogatepass").split("\0")[:-1])
    return [
        (url, list(iter(words.__next__, "then")), list(iter(words.__next__, "then")), json.loads(next(words)))
        for url in words
    ]


CALL = re.compile(
    r"Set-VaultFirewall -Path '([^'\n]*)' -Was @'\n(.*?)\n'@ -Becomes @'\n(.*?)\n'@ -Body @'\n(.*?)\n'@\n", re.DOTALL
)


def powershell(code: str) -> list[Call]:
    """The same of a script of PowerShell: a here-string ends at the first line that begins with `'@`."""
    calls = code[code.index("\nSet-VaultFirewall -Path") :]
    found = [(each[1], json.loads(each[2]), json.loads(each[3]), json.loads(each[4])) for each in CALL.finditer(calls)]
    assert CALL.sub("", calls).strip() == "exit $script:Status"
    return found
