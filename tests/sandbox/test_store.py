"""The state: kept in a folder, shared, never half written."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netcfg.sandbox.folder import Folder
from netcfg.sandbox.server import serve
from netcfg.sandbox.store import Store, reset, show
from tests.sandbox.small import AGENTS, BARE, NETWORK, SUBSCRIPTION, VAULT, Client, place, rules, world


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
    with pytest.raises(ValueError, match="has the version 0, and 5 is expected"):
        Store(world(), tmp_path)
    reset(tmp_path, world())
    assert Store(world(), tmp_path).copy()["world"] == "small"


def test_the_file_is_json_that_people_can_look_into(tmp_path):
    Store(world(), tmp_path)
    assert json.loads((tmp_path / "state.json").read_text())["version"] == 5


# --- what lies in the folder ----------------------------------------------------------------------------------------


def written(folder: Path, number: int) -> Store:
    """One more write, by a process of its own that is then gone."""
    store = Store(world(), folder)
    with store.edit() as state:
        state["vaults"]["kv-open"]["tags"] = {"write": str(number)}
    return store


def tags(folder: Path) -> dict[str, str]:
    return dict(Store(world(), folder).copy()["vaults"]["kv-open"]["tags"])


def test_a_write_adds_a_line_and_the_end_makes_one_file_of_all(tmp_path):
    store = written(tmp_path, 1)
    written(tmp_path, 2)
    lines = (tmp_path / "changes.jsonl").read_text().splitlines()
    assert [json.loads(each)["put"]["vaults"]["kv-open"]["tags"] for each in lines[1:]] == [
        {"write": "1"},
        {"write": "2"},
    ]
    assert store.copy()["vaults"]["kv-open"]["tags"] == {"write": "2"}
    store.close()
    assert not (tmp_path / "changes.jsonl").exists()
    assert json.loads((tmp_path / "state.json").read_text())["vaults"]["kv-open"]["tags"] == {"write": "2"}
    assert tags(tmp_path) == {"write": "2"}


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_writer_killed_within_a_line_has_written_nothing_and_stops_nobody(tmp_path, cut):
    other = written(tmp_path, 1)
    written(tmp_path, 2)
    changes = tmp_path / "changes.jsonl"
    changes.write_bytes(changes.read_bytes()[:-cut])
    assert tags(tmp_path) == {"write": "1"}
    assert other.copy()["vaults"]["kv-open"]["tags"] == {"write": "1"}
    written(tmp_path, 3)
    assert tags(tmp_path) == other.copy()["vaults"]["kv-open"]["tags"] == {"write": "3"}


def test_a_process_killed_between_the_two_files_of_a_fold_lost_nothing(tmp_path):
    """The whole is there already, and the lines that are in it are there still: they are not done twice."""
    other = written(tmp_path, 1)
    before = (tmp_path / "changes.jsonl").read_bytes()
    other.close()
    (tmp_path / "changes.jsonl").write_bytes(before)
    with Store(world(), tmp_path).edit() as state:
        state["vaults"]["kv-open"]["tags"]["more"] = "2"
    assert tags(tmp_path) == {"write": "1", "more": "2"}
    assert other.copy()["vaults"]["kv-open"]["tags"] == {"write": "1", "more": "2"}


def test_many_lines_are_folded_while_others_write(tmp_path, monkeypatch):
    monkeypatch.setattr(Folder.fold, "__defaults__", (500,))
    stores = [Store(world(), tmp_path) for _ in range(3)]

    def count(store: Store) -> None:
        for number in range(10):
            with store.edit() as state:
                state["vaults"]["kv-open"]["tags"][f"{id(store)}-{number}"] = "x"

    with ThreadPoolExecutor() as pool:
        list(pool.map(count, stores))
    assert [len(store.copy()["vaults"]["kv-open"]["tags"]) for store in stores] == [30] * 3


def test_a_failed_edit_of_a_folder_is_not_written(tmp_path):
    store = written(tmp_path, 1)
    size = (tmp_path / "changes.jsonl").stat().st_size
    with contextlib.suppress(KeyError), store.edit() as state:
        state["vaults"]["kv-open"]["tags"] = {}
        raise KeyError
    assert (tmp_path / "changes.jsonl").stat().st_size == size
    assert store.copy()["vaults"]["kv-open"]["tags"] == tags(tmp_path) == {"write": "1"}


def test_a_write_among_two_thousand_vaults_costs_what_it_changes(tmp_path):
    with serve("fleet", state=tmp_path) as sandbox:
        client = Client(sandbox)
        vault = place("04", "rg-app", "kv-web-001")
        with client.session:
            assert client.call("PATCH", vault, rules("191.10.21.0/24")).status_code == 200
        assert (tmp_path / "state.json").stat().st_size > 1_000_000
        assert (tmp_path / "changes.jsonl").stat().st_size < 10_000
