"""`netcfg group refresh`, whole: what comes and goes in a vault, and what becomes of the groups that map it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.cli.conftest import Program
from tests.cli.test_group_link import PAYMENTS, PROD, SCHEMAS, group, secret


@pytest.fixture
def shop(netcfg: Program) -> Program:
    """A group that maps all that `kv-ready` has."""
    assert netcfg("group", "link", "kv-ready", "--group", "shop", *PROD, "--all", "--yes").status == 0
    return netcfg


def test_a_secret_that_came_and_one_that_went(shop: Program):
    secret(shop, "PUT", "kv-ready", "fresh", value="x")
    secret(shop, "DELETE", "kv-ready", "feed")
    found = shop("group", "check", "kv-ready", *PAYMENTS)
    assert (found.status, "feed" in found.out, "fresh" in found.out) == (4, True, True)
    ran = shop("group", "refresh", "kv-ready", *PAYMENTS, "--secret", "fresh", "--yes")
    assert ran.status == 0, ran.err
    assert ran.out.startswith(
        "shop of payments · kv-ready by azure-prod · 1 to add, 1 to remove\n"
        "- secret feed    the vault no longer has it\n"
        "+ secret fresh\n"
        "= 1 secret kept  token\n"
    )
    assert sorted(group(shop, "shop")["variables"]) == ["fresh", "token"]
    assert shop("group", "check", "kv-ready", *PAYMENTS).status == 0
    again = shop("group", "refresh", "kv-ready", *PAYMENTS, "--yes")
    assert "shop unchanged: it maps 2 secrets" in again.out


def test_nothing_is_mapped_that_nobody_asked_for(shop: Program):
    secret(shop, "PUT", "kv-ready", "fresh", value="x")
    ran = shop("group", "refresh", "kv-ready", *PAYMENTS, "--yes", "--format", "json")
    jsonschema.validate(ran.document, json.loads((SCHEMAS / "groups.schema.json").read_text("utf-8")))
    (told,) = ran.document["groups"]
    assert (ran.status, told["outcome"], told["changes"]) == (0, "unchanged", [])
    assert told["notes"] == ["1 secret of the vault is not mapped here (fresh); --secret, --match or --all adds them"]


def test_what_a_secret_says_of_itself_is_brought_up_to_date(shop: Program):
    secret(shop, "PATCH", "kv-ready", "token", attributes={"enabled": False, "exp": 1830297600})
    ran = shop("group", "refresh", "--group", "shop", *PAYMENTS, "--yes")
    assert ran.status == 0, ran.err
    assert "~ secret token   disabled, expires 2028-01-01T00:00:00Z (was enabled, never expires)" in ran.out
    assert group(shop, "shop")["variables"]["token"]["enabled"] is False


def test_a_closed_vault_is_undetermined_and_its_group_left_alone(shop: Program):
    before = group(shop, "orders-secrets")
    ran = shop("group", "refresh", *PAYMENTS, "--yes")
    assert ran.status == 7
    assert "? payments/orders-secrets  the firewall of kv-orders refuses Azure DevOps" in ran.out
    assert group(shop, "orders-secrets") == before
    alone = shop("group", "refresh", "kv-orders", *PAYMENTS, "--yes")
    assert alone.status == 1


def test_a_vault_without_any_of_its_secrets_empties_no_group(shop: Program):
    for name in ("token", "feed"):
        secret(shop, "DELETE", "kv-ready", name)
    ran = shop("group", "refresh", "kv-ready", *PAYMENTS, "--yes")
    assert ran.status == 1
    assert "none of the 2 secrets any more that the variable group 'shop' maps" in " ".join(ran.out.split())
    assert sorted(group(shop, "shop")["variables"]) == ["feed", "token"]


def test_several_vaults_have_a_guard_accepted_by_name(shop: Program):
    ran = shop("group", "refresh", *PAYMENTS, "--accept", "removals", "--yes")
    assert ran.status == 2


def test_a_group_is_wanted_by_a_name_that_is_there(shop: Program):
    ran = shop("group", "refresh", "--group", "shpo", *PAYMENTS, "--yes")
    assert ran.status == 1
    assert "did you mean 'shop'?" in ran.err
