"""The state: kept in a folder, shared, never half written."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from netcfg.sandbox.server import serve
from netcfg.sandbox.store import Store, reset, show
from tests.sandbox.small import AGENTS, BARE, NETWORK, SUBSCRIPTION, VAULT, Client, rules, world


def test_a_folder_goes_on_where_it_was_left_whatever_world_is_named(tmp_path):
    with serve(world(), state=tmp_path / "new") as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", rules("191.10.21.0/24"))
    with serve("contoso", state=tmp_path / "new") as sandbox:
        assert sandbox.state["world"] == "small"
        assert sandbox.state["vaults"]["kv-open"]["properties"]["networkAcls"]["ipRules"] == [
            {"value": "191.10.21.0/24"}
        ]


def test_reset_forgets_also_under_a_running_server(tmp_path):
    with serve(world(), state=tmp_path) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", rules("191.10.21.0/24"))
            reset(tmp_path, world())
            assert client.acl("kv-open") is None


def test_reset_can_begin_another_world(tmp_path):
    reset(tmp_path, world())
    reset(tmp_path)
    assert show(tmp_path)["world"] == "contoso"


def test_show_lists_names_and_ids(tmp_path):
    reset(tmp_path, world(organizations=[{"name": "one", "id": "x", "owner": "y", "signInHost": "z"}]))
    assert show(tmp_path) == {
        "version": 1,
        "kind": "sandbox",
        "world": "small",
        "today": "2026-07-01",
        "organizations": [{"name": "one"}],
        "vaults": [
            {"name": "kv-agents", "id": VAULT + "kv-agents"},
            {"name": "kv-closed", "id": VAULT + "kv-closed"},
            {"name": "kv-open", "id": VAULT + "kv-open"},
        ],
        "virtualNetworks": [{"id": NETWORK, "subnets": [AGENTS, BARE]}],
    }


def test_show_of_a_folder_that_is_not_there_yet_shows_what_would_be(tmp_path):
    folder = tmp_path / "none"
    assert show(folder)["organizations"][0] == {"name": "adventure-works"}
    assert not folder.exists()


def test_an_edit_that_fails_changes_nothing(tmp_path):
    for folder in (None, tmp_path):
        store = Store(world(), folder)
        before = store.copy()
        with contextlib.suppress(KeyError), store.edit() as state:
            state["vaults"].clear()
            raise KeyError
        assert store.copy() == before


def test_writers_on_one_folder_lose_nothing(tmp_path):
    stores = [Store(world(), tmp_path) for _ in range(4)]

    def count(store: Store) -> None:
        for _ in range(10):
            with store.edit() as state:
                state["writes"] += 1

    with ThreadPoolExecutor() as pool:
        list(pool.map(count, stores))
    assert [store.copy()["writes"] for store in stores] == [40] * 4
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("state.json")] == ["state.json"]


def test_a_change_from_outside_is_seen(tmp_path):
    with serve(world(), state=tmp_path) as sandbox:
        other = Store(world(), tmp_path)
        with other.edit() as state:
            state["vaults"]["kv-open"]["tags"] = {"by": "another process"}
        client = Client(sandbox)
        with client.session:
            assert client.get(f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-open").json()[
                "tags"
            ] == {"by": "another process"}


def test_a_state_of_another_version_is_not_gone_on_with(tmp_path):
    (tmp_path / "state.json").write_text('{"version": 0}')
    with pytest.raises(ValueError, match="has the version 0, and 2 is expected"):
        Store(world(), tmp_path)
    reset(tmp_path, world())
    assert Store(world(), tmp_path).copy()["world"] == "small"


def test_the_file_is_json_that_people_can_look_into(tmp_path):
    Store(world(), tmp_path)
    assert json.loads((tmp_path / "state.json").read_text())["version"] == 2
