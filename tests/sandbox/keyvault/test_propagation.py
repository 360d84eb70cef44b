"""A firewall takes a while to arrive: Resource Manager shows the rules at once, the data plane obeys the old ones."""

import time

import requests
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.keyvault import propagation
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import Client, rules, world

INSIDE = "191.10.21.1"


def inside(sandbox: Sandbox, vault: str = "kv-closed") -> int:
    headers = {"Authorization": f"Bearer {sandbox.token}", "X-Sandbox-Client-Address": INSIDE}
    return requests.get(f"{sandbox.url}/vault.azure.net/{vault}/secrets", headers=headers, timeout=10).status_code


def test_a_rule_is_shown_at_once_and_obeyed_later():
    with serve(world(settings={"ruleSeconds": 60})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-closed", rules("191.10.20.7", INSIDE))
            shown = client.acl("kv-closed")
            assert [each["value"] for each in shown["ipRules"]] == ["191.10.20.7/32", "191.10.21.1/32"]
            assert inside(sandbox) == 403
            with sandbox.edit() as state:  # a minute later
                assert 0 < state["unsettled"]["kv-closed"][0]["until"] - time.time() <= 60
                state["unsettled"]["kv-closed"][0]["until"] -= 60
            assert inside(sandbox) == 200


def test_a_fraction_of_a_second_is_waited_for_by_the_clock():
    with serve(world(settings={"ruleSeconds": 0.02})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-closed", rules("191.10.20.7", INSIDE))
            time.sleep(0.025)
            assert inside(sandbox) == 200


def test_a_vault_that_is_closed_stays_open_for_a_while():
    with serve(world(settings={"ruleSeconds": 60})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", {"properties": {"publicNetworkAccess": "Disabled"}})
            client.patch("kv-open", rules())
            assert inside(sandbox, "kv-open") == 200
            client.patch("kv-closed", {"tags": {"a": "b"}})
            assert list(sandbox.state["unsettled"]) == ["kv-open"]  # what changes no rule is not waited for


def test_a_new_vault_and_a_world_that_does_not_wait_are_obeyed_at_once():
    with serve(world()) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-closed", rules(INSIDE))
            assert (inside(sandbox), sandbox.state["unsettled"]) == (200, {})


def test_what_is_awaited_survives_a_restart_and_goes_with_its_vault(tmp_path):
    written = world(settings={"ruleSeconds": 60})
    with serve(written, state=tmp_path) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-closed", rules(INSIDE))
    with serve(written, state=tmp_path) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert inside(sandbox) == 403
            with sandbox.edit() as state:
                state["unsettled"]["kv-closed"][0]["until"] = time.time()
            assert inside(sandbox) == 200
            client.patch("kv-closed", rules())
            client.call("DELETE", sandbox.state["vaults"]["kv-closed"]["id"])
            assert sandbox.state["unsettled"] == {}


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b", "c"])), max_size=6))
def test_the_data_plane_is_at_the_last_write_that_has_arrived(writes):
    """Each write as whether it has arrived, and its rules; one that has not holds up all that come after it."""
    now = time.time()
    was, notes = "start", []
    for arrived, value in sorted(writes, reverse=True):
        notes.append({"until": now - 60 if arrived else now + 60, "of": ["networkAcls"], "was": {"networkAcls": was}})
        was = value
    expected = "start"
    for arrived, value in sorted(writes, reverse=True):
        expected = value if arrived else expected
    vault = {"name": "KV", "properties": {"networkAcls": was, "sku": {}}}
    seen = propagation.enforced({"unsettled": {"kv": notes}}, vault)
    assert seen["properties"] == {"networkAcls": expected, "sku": {}}
