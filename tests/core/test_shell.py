"""Commands come through every format as they are, and through a shell as they were meant."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core import shell
from netcfg.formats.harmless import line
from tests.formats.generated import HOSTILE

BASH = shutil.which("bash")
words = st.text(alphabet="ab#:$'\"\\ \n\t!;&|\x01\x1b~-=é\u202e東\ud800\udcff", max_size=8)


def said(command: str) -> bytes:
    assert BASH is not None
    return subprocess.run([BASH, "-c", command], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}).stdout


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("191.10.20.7/32", "191.10.20.7/32"),
        ("two words", "'two words'"),
        ("##vso[x]", r"$'\x23\x23vso[x]'"),
        ("::1", r"$'\x3a\x3a1'"),
        ("a#b:c", "'a#b:c'"),
        ("kö", r"$'k\xc3\xb6'"),
        ("it's\n", r"$'it\x27s\x0a'"),
        ("\x1b[2J", r"$'\x1b[2J'"),
        ("", "''"),
    ],
)
def test_a_word_is_quoted_as_plain_as_it_can_be(word: str, quoted: str):
    assert shell.quote(word) == quoted


@given(st.lists(words | st.sampled_from(HOSTILE), max_size=4))
def test_no_format_has_to_change_a_command(command: list[str]):
    shown = shell.join(command)
    assert line(shown) == shown
    assert shown.isascii()


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
@given(st.lists((words | st.sampled_from(HOSTILE)), min_size=1, max_size=30))
@settings(max_examples=15, deadline=None)
def test_a_shell_gives_every_word_back(command: list[str]):
    sent = [word.encode("utf-8", "surrogateescape" if "\ud800" not in word else "surrogatepass") for word in command]
    assert said(f"printf '%s\\0' {shell.join(command)}").split(b"\0")[:-1] == sent


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
def test_what_no_command_can_hold_is_never_cut_short():
    quoted = shell.quote("kv\0other")
    assert said(f"printf %s {quoted}") == "kv\ufffdother".encode()
