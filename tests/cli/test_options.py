"""Options that name what is meant: an empty one is no name, and two are not one. All of it before anything is asked."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from netcfg.cli.main import app

SETUP = ("setup", "kv-orders", "--organization", "contoso", "--project", "payments", "--all", "--yes")
TWICE = ("--organization", "contoso", "--organization", "fabrikam")


def ran(*words: str) -> tuple[int, str]:
    # Against a Resource Manager that nobody serves: whatever were asked for would end otherwise.
    result = CliRunner().invoke(app, ["--resource-manager", "http://127.0.0.1:9", *words])
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ((*SETUP, "--group", ""), "--group"),
        ((*SETUP, "--group", "   "), "--group"),
        ((*SETUP, "--group", "g", "--secret", ""), "--secret"),
        ((*SETUP, "--group", "g", "--service-connection", ""), "--service-connection"),
        (("setup", "", "--yes"), "VAULT"),
        (("group", "link", "kv-orders", "--group", " ", "--all", "--yes"), "--group"),
        (("group", "link", "kv-orders", "--group", "g", "--project", "", "--all", "--yes"), "--project"),
        (("group", "refresh", "--group", "g", "--group", ""), "--group"),
        (("group", "check", "kv-orders", "", "--organization", "contoso"), "VAULT"),
        (("group", "list", "--organization="), "--organization"),
        (("verify", "kv-orders", "--through-devops", "--project", ""), "--project"),
        (("apply", "kv-orders", "--organization", "contoso", "--project", "", "--yes"), "--project"),
    ],
)
def test_an_empty_name_is_a_usage_error_and_not_none(words: tuple[str, ...], option: str):
    status, said = ran(*words)
    assert status == 2
    assert said == (
        f"netcfg: {option} was given without a value, as a script gives it whose variable is empty; give one, or leave "
        f"{option} out\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "kv-orders", "--through-devops", *TWICE),
        ("group", "list", *TWICE),
        ("group", "check", *TWICE),
        ("group", "link", "kv-orders", "--group", "g", "--all", "--yes", *TWICE),
        ("group", "refresh", "kv-orders", "--yes", *TWICE),
    ],
)
def test_of_two_organizations_the_last_one_is_not_taken_without_a_word(words: tuple[str, ...]):
    status, said = ran(*words)
    assert status == 2
    assert said.startswith("netcfg: --organization was given 2 times, and says one thing alone; leave out what is")


def test_what_is_no_name_may_be_said_again():
    status, said = ran("verify", "kv-orders", "--wait", "5", "--wait", "1", "--format", "json", "--format", "text")
    assert status == 2
    assert said.startswith("netcfg: it was not said from where kv-orders is to be read")


@pytest.mark.parametrize("words", [(), ("group",), ("ranges",), ("sandbox",)])
def test_each_command_is_told_in_one_whole_line(words: tuple[str, ...]):
    told = CliRunner().invoke(app, [*words, "--help"], terminal_width=80).stdout.partition("Commands:\n")[2]
    assert re.findall(r"^  \w+ +\w.*\.$", told, re.MULTILINE) == told.splitlines()
    assert "..." not in told
    assert max(map(len, told.splitlines())) <= 80
