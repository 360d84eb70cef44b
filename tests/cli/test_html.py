"""The page as the whole program writes it, from the sandbox through the real SDKs."""

import re

import pytest


@pytest.mark.parametrize(
    ("arguments", "status", "heading"),
    [
        (["check", "kv-payments"], 4, "Who gets in now: kv-payments"),
        (["plan", "kv-payments"], 5, "Who gets in, and what changes: kv-payments"),
        (["apply", "kv-payments", "--yes"], 5, "Who gets in now: kv-payments"),
    ],
)
def test_two_runs_write_one_and_the_same_page(netcfg, arguments: list[str], status: int, heading: str):
    first, second = (netcfg(*arguments, "--organization", "contoso", "--format", "html") for _ in range(2))
    assert (first.status, second.status) == (status, status)
    assert first.out == second.out
    assert first.out.startswith("<!doctype html>\n")
    assert f'<title id="t1">{heading}</title>' in first.out


def test_a_vault_that_is_open_is_shown_to_be(netcfg):
    page = netcfg("check", "kv-payments", "--organization", "contoso", "--format", "html").out
    assert "EVERY NETWORK GETS IN" in page
    assert "northeurope: 4 ranges, no rule (get in as everybody does)" in page
    assert not re.search(r"https?://", page)
