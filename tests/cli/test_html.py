"""The page as the whole program writes it, from the sandbox through the real SDKs."""

import re
from html import unescape

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


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("check", "vnet-agents/scale-set (agents&#39; subnet, by its rule, and finds no private address)"),
        ("plan", "vnet-agents/scale-set (agents&#39; subnet, at a private address)"),
    ],
)
def test_agents_who_are_to_come_by_a_private_endpoint_have_their_lane(netcfg, command: str, said: str):
    network = "rg-network/vnet-agents"
    words = ["--subnet", f"{network}/scale-set", "--private-endpoint", f"{network}/builds"]
    page = netcfg(command, "kv-orders", "--organization", "contoso", *words, "--format", "html").out
    assert "Agents&#39; subnets: vnet-agents/scale-set." in page  # by its rule now, privately then: in
    assert said in page


def test_a_value_that_no_format_may_show_is_quoted_so_that_its_command_can_be_pasted(netcfg):
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"].append({"value": "##vso[x]"})
    for each in ("html", "text", "markdown", "json"):
        page = netcfg("check", "kv-orders", "--organization", "contoso", "--format", each).out
        assert r"$'\x23\x23vso[x]'" in unescape(page).replace("\\\\", "\\"), each  # JSON doubles what it escapes
