"""A discovery, word for word on narrow and on wide pages, and as a document."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from netcfg.core.agents import SELF_HOSTED, AgentPool, PoolKind
from netcfg.core.discovery import ClosedProject, Discovery, Library, LinkedGroup
from netcfg.core.errors import NetcfgError
from netcfg.core.resources import parse_subnet
from netcfg.formats import discovery, json
from netcfg.formats.page import Page
from tests.formats.test_json import conform, schema

GROUP = "/subscriptions/s-1/resourceGroups/rg-build/providers"
SUBNET = parse_subnet(f"{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/agents")
SET = AgentPool("contoso", "linux", PoolKind.SCALE_SET, f"{GROUP}/…/vmss", (SUBNET,), agents=3)
PARTLY = replace(SET, name="flexible", unknown="new machines may be put elsewhere")
UNREAD = AgentPool(
    "contoso", "finance", PoolKind.SCALE_SET, f"{GROUP}/…/other", error=NetcfgError("assign Reader there")
)
STATIC = AgentPool(
    "contoso",
    "static",
    PoolKind.MANAGED,
    f"{GROUP}/…/static",
    addresses=tuple(map(IPv4Address, ("191.10.50.12", "191.10.50.11"))),
)
OWN = AgentPool("contoso", "Default", PoolKind.SELF_HOSTED, unknown=SELF_HOSTED, agents=1)
GROUPS = (
    LinkedGroup("kv-b", "p", "two", "c-1"),
    LinkedGroup("kv-a", "p", "one", "c-1"),
    LinkedGroup("kv-a", "q", "one", "c-2"),
)
FOUND = Discovery("contoso", (SET, PARTLY, UNREAD, STATIC, OWN, replace(OWN, name="too", agents=None)), Library(GROUPS))

NARROW = """\
contoso
6 agent pools · 2 vaults in variable groups

scale set pools
  linux     vnet/agents, in rg-build of subscription s-1
? flexible  vnet/agents, in rg-build of subscription s-1
            new machines may be put elsewhere
? finance   could not be read: assign Reader there

Managed DevOps Pools
  static  191.10.50.11/32, 191.10.50.12/32

self-hosted pools
  only their owner knows where they run, so name their subnets with --subnet or
  their public addresses with --allow; one that is a Managed DevOps Pool lies in
  a subscription that this sign-in may not read
? Default  1 agent
? too

vaults that variable groups use
  kv-a  one of p, by the service connection c-1
        one of q, by the service connection c-2
  kv-b  two of p, by the service connection c-1

next: netcfg plan VAULT --organization contoso --agents discover
"""


def test_at_80_columns():
    assert discovery.text(FOUND, Page(80)) == NARROW


def test_at_200_columns_a_row_is_a_line():
    lines = discovery.text(FOUND, Page(200)).splitlines()
    assert "? flexible  vnet/agents, in rg-build of subscription s-1  new machines may be put elsewhere" in lines
    assert sum(line.startswith("  only their owner knows where they run") for line in lines) == 1


def test_where_only_ascii_can_be_shown_nothing_else_is():
    found = discovery.text(FOUND, Page(80, ascii_only=True))
    assert found.isascii()
    assert "6 agent pools - 2 vaults" in found


def test_colour_adds_nothing_that_the_words_do_not_say():
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", discovery.text(FOUND, Page(80, colour=True))) == NARROW


def test_a_half_that_could_not_be_read_is_unknown_and_not_empty():
    found = Discovery("contoso", NetcfgError("no scope"), Library(GROUPS[:1]))
    assert discovery.text(found, Page(80)) == (
        "contoso\n"
        "agent pools unknown · 1 vault in variable groups\n"
        "\n"
        "vaults that variable groups use\n"
        "  kv-b  two of p, by the service connection c-1\n"
        "\n"
        "? agent pools  unknown, because no scope\n"
        "\n"
        "next: netcfg plan VAULT --organization contoso\n"
    )
    document = conform(json.discovery(found), "discovery")
    assert document["pools"] is None
    assert document["undetermined"] == [{"subject": "agent pools", "reason": "no scope"}]
    numbers = {"pools": None, "subnets": None, "addresses": None, "unknown": None, "vaults": 1}
    assert document["summary"] == numbers


def test_vaults_that_nobody_knows_are_counted_as_null_and_not_as_none():
    document = conform(json.discovery(Discovery("contoso", (STATIC,), NetcfgError("no scope"))), "discovery")
    assert document["vaults"] is None
    assert document["summary"] == {"pools": 1, "subnets": 0, "addresses": 2, "unknown": 0, "vaults": None}


def test_a_project_that_is_closed_is_told_beside_the_vaults_of_the_others():
    library = Library(GROUPS[:1], (ClosedProject("secret", NetcfgError("no scope")),))
    found = Discovery("contoso", (STATIC,), library)
    assert discovery.text(found, Page(80)) == (
        "contoso\n"
        "1 agent pool · 1 vault in variable groups · 1 project unknown\n"
        "\n"
        "Managed DevOps Pools\n"
        "  static  191.10.50.11/32, 191.10.50.12/32\n"
        "\n"
        "vaults that variable groups use\n"
        "  kv-b  two of p, by the service connection c-1\n"
        "\n"
        "? project secret  unknown, because no scope\n"
        "\n"
        "next: netcfg plan VAULT --organization contoso --agents discover\n"
    )
    document = conform(json.discovery(found), "discovery")
    assert document["undetermined"] == [{"subject": "variable groups of the project secret", "reason": "no scope"}]
    assert [each["name"] for each in document["vaults"]] == ["kv-b"]


def test_one_error_of_many_pools_is_said_once():
    error = NetcfgError("may not ask")
    pools = tuple(replace(OWN, name=each, unknown="", error=error) for each in ("Default", "too"))
    found = Discovery("contoso", (STATIC, *pools), Library())
    assert discovery.text(found, Page(80)) == (
        "contoso\n"
        "3 agent pools · 0 vaults in variable groups\n"
        "\n"
        "Managed DevOps Pools\n"
        "  static  191.10.50.11/32, 191.10.50.12/32\n"
        "\n"
        "self-hosted pools\n"
        "  could not be read: may not ask\n"
        "? Default  1 agent\n"
        "? too      1 agent\n"
        "\n"
        "next: netcfg plan VAULT --organization contoso --agents discover\n"
    )
    document = conform(json.discovery(found), "discovery")
    assert document["undetermined"] == [{"subject": "agent pools Default, too", "reason": "may not ask"}]


def test_nothing_at_all_has_no_next_step():
    found = Discovery("contoso", NetcfgError("no scope"), NetcfgError("no other scope"))
    assert discovery.text(found, Page(80)) == (
        "contoso\n"
        "agent pools unknown · vaults unknown\n"
        "\n"
        "? agent pools      unknown, because no scope\n"
        "? variable groups  unknown, because no other scope\n"
    )


def test_an_organization_with_neither_pools_nor_groups_says_so():
    assert discovery.text(Discovery("contoso", (), Library()), Page(80)).startswith(
        "contoso\n0 agent pools · 0 vaults in variable groups\n\nnext:"
    )


def test_the_document():
    assert conform(json.discovery(FOUND), "discovery") == {
        "version": 1,
        "kind": "discovery",
        "organization": "contoso",
        "pools": [
            shown("linux", "scale-set", f"{GROUP}/…/vmss", agents=3, subnets=[str(SUBNET)]),
            shown(
                "flexible",
                "scale-set",
                f"{GROUP}/…/vmss",
                agents=3,
                subnets=[str(SUBNET)],
                unknown="new machines may be put elsewhere",
            ),
            shown("finance", "scale-set", f"{GROUP}/…/other", unknown="assign Reader there"),
            shown(
                "static", "managed-devops-pool", f"{GROUP}/…/static", addresses=["191.10.50.11/32", "191.10.50.12/32"]
            ),
            shown("Default", "self-hosted", None, agents=1, unknown=SELF_HOSTED),
            shown("too", "self-hosted", None, unknown=SELF_HOSTED),
        ],
        "vaults": [
            {
                "name": "kv-a",
                "groups": [
                    {"project": "p", "group": "one", "connection": "c-1"},
                    {"project": "q", "group": "one", "connection": "c-2"},
                ],
            },
            {"name": "kv-b", "groups": [{"project": "p", "group": "two", "connection": "c-1"}]},
        ],
        "undetermined": [{"subject": "agent pool finance", "reason": "assign Reader there"}],
        "summary": {"pools": 6, "subnets": 1, "addresses": 2, "unknown": 4, "vaults": 2},
    }


def shown(name, kind, resource, *, agents=None, subnets=(), addresses=(), unknown=None):
    return {
        "name": name, "kind": kind, "agents": agents, "resource": resource, "subnets": list(subnets),
        "addresses": list(addresses), "unknown": unknown,
    }  # fmt: skip


def test_the_schema_is_one_and_lets_documents_grow():
    Draft202012Validator.check_schema(schema("discovery"))
    assert "additionalProperties" not in str(schema("discovery"))


@pytest.mark.parametrize("name", ["\x1b[31mred", "##vso[task.complete]", "a\n::error::b", "\u202eevil"])
def test_no_name_is_obeyed_by_what_shows_it(name):
    hostile = Discovery("contoso", (replace(OWN, name=name),), Library((LinkedGroup(name, name, name, name),)))
    said = discovery.text(hostile, Page(80))
    assert name not in said
    assert "\x1b" not in said
    assert "##" not in json.discovery(hostile)


@given(st.permutations(GROUPS))
def test_the_order_of_the_groups_means_nothing(groups):
    assert discovery.text(replace(FOUND, library=Library(tuple(groups))), Page(80)) == NARROW
