"""What the source never does, wherever: no shell, no way around TLS, nothing that runs what somebody else wrote."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_walls import ALL, imports, named, tree_of, uses

# The only module that starts another program: the COMMAND of `netcfg exec`, as it was typed, word for word.
MAY_START_PROGRAMS = {"netcfg/cli/child.py"}
STARTERS = {
    "subprocess", "pty", "multiprocessing", "asyncio.subprocess", "pexpect", "sh", "commands", "ctypes", "runpy",
}  # fmt: skip

# The only modules that import others by a name that they put together: formats, by the name that somebody typed.
MAY_IMPORT_BY_NAME = {"netcfg/cli/output.py", "netcfg/cli/export.py"}

# What asks somebody without a session of netcfg/web, which trusts whom it should, ends, and follows nobody.
WITHOUT_A_SESSION = {
    f"requests.{each}" for each in ("get", "post", "put", "patch", "delete", "head", "options", "request")
} | {"urllib3.request", "urllib3.PoolManager", "http.client.HTTPSConnection"}

# By their dotted names: a shell, what runs or unpacks into objects what somebody else wrote, a name that another
# process may guess, and TLS that takes any certificate.
NEVER = {
    "os.system", "os.popen", "os.startfile", "os.posix_spawn", "os.posix_spawnp", "os.fork", "os.forkpty",
    "os.execv", "os.execve", "os.execvp", "os.execvpe", "os.execl", "os.execle", "os.execlp", "os.execlpe",
    "os.spawnv", "os.spawnve", "os.spawnvp", "os.spawnvpe", "os.spawnl", "os.spawnle", "os.spawnlp", "os.spawnlpe",
    "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "asyncio.create_subprocess_exec", "concurrent.futures.ProcessPoolExecutor", "importlib.import_module",
    "eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "marshal.loads", "shelve.open",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "tempfile.mktemp",
    "ssl.CERT_NONE", "ssl.CERT_OPTIONAL", "ssl.VerifyMode.CERT_NONE", "ssl.VerifyMode.CERT_OPTIONAL",
    "ssl._create_unverified_context", "ssl._create_stdlib_context",
    "urllib3.disable_warnings", "urllib.request.urlopen", "http.client.HTTPConnection",
    "markupsafe.Markup",
} | WITHOUT_A_SESSION  # fmt: skip
NEVER_SAID = {
    ("shell", True), ("verify", False), ("verify", ""), ("verify_mode", 0), ("connection_verify", False),
    ("check_hostname", False),
    ("allow_redirects", True), ("permit_redirects", True), ("autoescape", False), ("cert_reqs", "CERT_NONE"),
    ("cert_reqs", None), ("typ", "unsafe"), ("logging_enable", True),
}  # fmt: skip


def said(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """Every name that a constant is given to: as an argument, an attribute, a default or a key of a literal."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(name), value=ast.Constant(value=value)):
                yield name, value
            case ast.Assign(targets=targets, value=ast.Constant(value=value)):
                yield from ((each.attr, value) for each in targets if isinstance(each, ast.Attribute))
            case ast.Call(
                func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), ast.Constant(value=value)]
            ):
                yield name, value
            case ast.arguments():
                names = [each.arg for each in (*node.posonlyargs, *node.args)][-len(node.defaults or [0]) :]
                pairs = [*zip(names, node.defaults, strict=False)]
                pairs += [(a.arg, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d]
                yield from ((name, each.value) for name, each in pairs if isinstance(each, ast.Constant))
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                        yield str(key.value), value.value


def faults(tree: ast.AST, module: str = "") -> set[str]:
    """What of it is never done."""
    starters = {each for each in imports(tree) if each.split(".")[0] in STARTERS or each in STARTERS}
    words = {f"{name}={value!r}" for name, value in said(tree) if (name, value) in NEVER_SAID}
    allowed = {"importlib.import_module"} if module in MAY_IMPORT_BY_NAME else set()
    return words | ((uses(tree) & NEVER) - allowed) | (set() if module in MAY_START_PROGRAMS else starters)


# A module without any of these words is not looked into: to parse them all takes seconds.
BARE = {each for each in NEVER if "." not in each}
ATTRIBUTES = {each.rpartition(".")[2] for each in NEVER - WITHOUT_A_SESSION if "." in each}
WORTH_A_LOOK = re.compile(
    rf"(?<![\w.])({'|'.join(BARE)})\s*\(|\b({'|'.join(ATTRIBUTES - {'loads', 'load', 'open'})})\b"
    r"|\b(yaml|pickle|marshal|shelve)\."
    rf"|\b(requests|urllib3|client)\.\w+\(|^\s*from\s+(requests|urllib3)\s+import\b"
    rf"|\b({'|'.join(name for name, _ in NEVER_SAID)})\b['\"]?\s*[:=,]"
    rf"|^\s*(?:import|from)\s.*\b({'|'.join(STARTERS)})\b",
    re.MULTILINE,
)


def test_no_module_does_what_is_never_done():
    suspects = [path for path in ALL if WORTH_A_LOOK.search(path.read_text("utf-8"))]
    found = {named(path): faults(tree_of(path), named(path)) for path in suspects}
    assert {name: each for name, each in found.items() if each} == {}


def test_who_may_start_programs_starts_one_without_a_shell():
    for each in MAY_START_PROGRAMS:
        tree = tree_of(Path(__file__).parents[2] / each)
        calls = [
            node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Popen")
        ]
        assert calls, each
        for call in calls:
            assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp), "a list of words, no line"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import subprocess", "subprocess"),
        ("from subprocess import run", "subprocess"),
        ("def f():\n    import pty", "pty"),
        ("import os\nos.system('x')", "os.system"),
        ("from os import popen as p\np('x')", "os.popen"),
        ("run(['x'], shell=True)", "shell=True"),
        ("options = {'shell': True}", "shell=True"),
        ("http.get(url, verify=False)", "verify=False"),
        ("http.verify = False", "verify=False"),
        ("def get(url, verify=False): pass", "verify=False"),
        ("def get(url, *, verify=False): pass", "verify=False"),
        ("import ssl\nx = ssl.CERT_NONE", "ssl.CERT_NONE"),
        ("eval('1')", "eval"),
        ("exec (x)", "exec"),
        ("http.get(url, verify=0)", "verify=0"),
        ("http.get(url, verify='')", "verify=''"),
        ("setattr(http, 'verify', False)", "verify=False"),
        ("from ssl import VerifyMode\nx.verify_mode = VerifyMode.CERT_NONE", "ssl.VerifyMode.CERT_NONE"),
        ("x.verify_mode = 0", "verify_mode=0"),
        ("import importlib\nimportlib.import_module('x')", "importlib.import_module"),
        ("import runpy", "runpy"),
        ("from ctypes import CDLL", "ctypes"),
        ("from asyncio import create_subprocess_exec as f\nf('x')", "asyncio.create_subprocess_exec"),
        ("import requests\nrequests.get(url)", "requests.get"),
        ("from requests import post\npost(url)", "requests.post"),
        ("import urllib3\nurllib3.PoolManager(cert_reqs='x')", "urllib3.PoolManager"),
        ("http.get(url, allow_redirects=True)", "allow_redirects=True"),
    ],
)
def test_it_is_seen_however_it_is_written(source: str, fault: str):
    assert WORTH_A_LOOK.search(source)
    assert faults(ast.parse(source)) == {fault}


def test_no_template_says_that_something_is_safe():
    """Jinja escapes what others chose, unless a template says that it need not."""
    folder = Path(__file__).parents[2] / "netcfg"
    texts = {named(path): path.read_text("utf-8") for path in ALL if path.is_relative_to(folder / "formats" / "html")}
    assert texts
    assert [name for name, text in texts.items() if re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", text)] == []
