"""`netcfg rollback` and `netcfg history`, whole, against the sandbox."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import AGENTS, Program, vault_id

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
OPENING = (
    "apply", "kv-payments", "--geography", "EU", "--allow", "191.10.18.0/28=head office", "--yes",
    "--accept", "default-deny",
)  # fmt: skip
TABLE = ("--ranges", "table")


def records(netcfg: Program) -> list[Path]:
    return sorted((netcfg.folder / "sandbox" / "records").glob("*.jsonl"))


def acls(netcfg: Program, name: str = "kv-payments") -> tuple[str, dict[str, Any]]:
    """Public access and rules as the sandbox keeps them; a vault without rules is open, however that is written."""
    properties = copy.deepcopy(netcfg.vault(name)["properties"])
    open_to_all = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    return properties.get("publicNetworkAccess", "Enabled"), properties.get("networkAcls") or open_to_all


def edit(netcfg: Program, name: str, add: tuple[str, ...] = (), remove: tuple[str, ...] = (), **values: Any) -> None:
    """Somebody else's work, behind our back."""
    with netcfg.sandbox.edit() as state:
        rules = state["vaults"][name]["properties"]["networkAcls"]
        rules["ipRules"] = [each for each in rules["ipRules"] if each["value"] not in remove]
        rules["ipRules"] += [{"value": each} for each in add]
        rules.update(values)


def test_a_rollback_gives_back_what_was_there(netcfg: Program):
    before = acls(netcfg)
    assert netcfg(*OPENING).status == 0
    assert acls(netcfg)[1]["defaultAction"] == "Deny"
    ran = netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    assert (ran.status, ran.err) == (0, "")
    assert acls(netcfg) == before
    assert "8 removed, 1 changed; verified" in ran.out


def test_a_rollback_that_opens_the_vault_to_all_needs_its_guard(netcfg: Program):
    netcfg(*OPENING)
    written = len(netcfg.writes)
    ran = netcfg("rollback", "2026", "--yes")
    assert ran.status == 5
    assert "default-allow" in ran.out
    assert len(netcfg.writes) == written
    assert len(records(netcfg)) == 1


def test_a_rollback_can_be_rolled_back(netcfg: Program):
    netcfg(*OPENING)
    after = acls(netcfg)
    netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    second = records(netcfg)[-1].stem
    ran = netcfg("rollback", second, "--yes", "--accept", "default-deny")
    assert ran.status == 0
    assert acls(netcfg) == after


def test_a_second_rollback_has_nothing_to_do(netcfg: Program):
    netcfg(*OPENING)
    first = records(netcfg)[0].stem
    netcfg("rollback", first, "--yes", "--accept", "default-allow")
    written = len(netcfg.writes)
    ran = netcfg("rollback", first, "--yes")
    assert ran.status == 0
    assert "nothing to change" in ran.out
    assert len(netcfg.writes) == written
    assert len(records(netcfg)) == 2


def test_what_others_did_since_is_kept_and_named(netcfg: Program):
    before = acls(netcfg, "kv-verbatim")
    command = ("apply", "kv-verbatim", "--geography", "EU", *TABLE, "--yes")
    assert netcfg(*command).status == 0
    edit(netcfg, "kv-verbatim", add=("191.10.7.7/32",))
    ran = netcfg("rollback", "2026", "--yes", "--accept", "last-path")
    assert ran.status == 0, ran.out
    assert "note: kept: 191.10.7.7/32 was added since" in ran.out
    assert acls(netcfg, "kv-verbatim")[1]["ipRules"] == [*before[1]["ipRules"], {"value": "191.10.7.7/32"}]


def test_somebody_who_only_looks_changes_nothing(netcfg: Program):
    netcfg(*OPENING)
    written = len(netcfg.writes)
    assert netcfg("rollback", "2026", "--dry-run").status == 5
    ran = netcfg("rollback", "2026", "--dry-run", "--accept", "default-allow", "--format", "json")
    assert ran.status == 3
    jsonschema.validate(ran.document, json.loads((SCHEMAS / "plan.schema.json").read_text("utf-8")))
    assert ran.document["summary"] == {"vaults": 1, "changes": 9, "refused": False}
    assert len(netcfg.writes) == written


def test_without_a_terminal_a_rollback_asks_for_yes(netcfg: Program):
    netcfg(*OPENING)
    assert netcfg("rollback", "2026").status == 2


def test_whoever_does_not_say_yes_changes_nothing(netcfg: Program, at_terminal: Callable[[], None]):
    at_terminal()
    netcfg(*OPENING)
    after = acls(netcfg)
    ran = netcfg("rollback", "2026", "--accept", "default-allow", answer="no\n")
    assert ran.status == 3
    assert acls(netcfg) == after


def test_the_result_names_the_record(netcfg: Program):
    ran = netcfg(*OPENING, "--format", "json")
    (path,) = records(netcfg)
    assert [each["record"] for each in ran.document["vaults"]] == [path.stem]
    jsonschema.validate(ran.document, json.loads((SCHEMAS / "result.schema.json").read_text("utf-8")))
    again = netcfg(*OPENING)
    assert "rollback" not in again.out
    assert len(records(netcfg)) == 1


def test_the_text_says_what_undoes_it_and_ends_with_its_summary(netcfg: Program):
    ran = netcfg(*OPENING)
    (path,) = records(netcfg)
    assert ran.out.endswith(
        "recorded; what undoes it:\n"
        f"  netcfg --sandbox --data-dir {netcfg.folder} rollback {path.stem}\n\n"
        "1 vault: 1 done; 8 added, 1 changed\n"
    )


def test_a_record_lies_where_it_is_asked_for_and_is_undone_from_there(netcfg: Program, tmp_path: Path):
    folder = tmp_path / "kept" / "here"
    before = acls(netcfg)
    ran = netcfg(*OPENING, "--record-to", str(folder), "--format", "json")
    (path,) = folder.glob("*.jsonl")
    assert ran.document["vaults"][0]["record"] == str(path)
    assert not records(netcfg)
    assert netcfg("history", "--record-to", str(folder)).out.endswith("\n\n1 record\n")
    assert netcfg("rollback", str(path), "--yes", "--accept", "default-allow").status == 0
    assert acls(netcfg) == before


def test_a_vault_that_is_gone_is_undetermined(netcfg: Program):
    netcfg(*OPENING)
    with netcfg.sandbox.edit() as state:
        del state["vaults"]["kv-payments"]
    ran = netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    assert ran.status == 1
    assert "kv-payments" in ran.out


def test_a_public_access_that_was_disabled_is_not_enabled_unasked(netcfg: Program):
    """The run closed the vault; to undo it lets callers in again."""
    netcfg("apply", "kv-payments", "--geography", "EU", "--yes", "--accept", "default-deny")
    first = netcfg(
        "apply", "kv-payments", "--geography", "EU", "--public-access", "disabled", "--yes", "--accept", "last-path"
    )
    assert first.status == 0, first.out
    newest = records(netcfg)[-1].stem
    refused = netcfg("rollback", newest, "--yes")
    assert refused.status == 5
    assert "public access turns from Disabled to Enabled" in refused.out.replace("\n                 ", " ")
    assert netcfg("rollback", newest, "--yes", "--accept", "public-access").status == 0
    assert acls(netcfg)[0] == "Enabled"


def test_a_service_endpoint_that_was_enabled_stays_and_is_named(netcfg: Program):
    ran = netcfg(
        "apply", "kv-payments", "--geography", "EU", "--subnet", AGENTS, "--yes",
        "--accept", "default-deny", "--accept", "service-endpoint",
    )  # fmt: skip
    assert ran.status == 0, ran.out
    ran = netcfg("rollback", "2026", "--yes", "--accept", "default-allow", "--format", "json")
    assert ran.status == 0
    (said,) = [each for each in ran.document["selected"] if "service endpoint" in each]
    assert AGENTS.lower() in said
    assert acls(netcfg)[1]["virtualNetworkRules"] == []


def test_a_record_of_the_sandbox_is_not_undone_in_azure(netcfg: Program):
    from typer.testing import CliRunner

    from netcfg.cli.main import app

    netcfg(*OPENING)
    (path,) = records(netcfg)
    result = CliRunner().invoke(app, ["--data-dir", str(netcfg.folder), "rollback", str(path), "--yes"])
    assert result.exit_code == 2
    assert "was made in the sandbox, and this command is about the public cloud" in result.stderr


@pytest.mark.parametrize("asked", ["2027", "20260701T120009Z-00000000", ""])
def test_a_record_that_is_not_there_is_a_usage_error(netcfg: Program, asked: str):
    netcfg(*OPENING)
    ran = netcfg("rollback", asked, "--yes")
    assert ran.status == 2
    assert f"there is no record {asked!r} in" in ran.err


def test_the_beginning_of_two_records_is_not_one(netcfg: Program):
    netcfg(*OPENING)
    netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    ran = netcfg("rollback", "2026", "--yes")
    assert ran.status == 2
    assert "'2026' is the beginning of 2 records" in ran.err


def test_a_plan_names_what_the_last_apply_was_asked_for_and_this_one_is_not(netcfg: Program):
    netcfg(*OPENING)
    (path,) = records(netcfg)
    ran = netcfg("plan", "kv-payments", "--geography", "EU", "--format", "json")
    assert ran.document["vaults"][0]["notes"][-1] == (
        f"declared by the last apply ({path.stem}, 2026-07-01) and not by this one: 191.10.18.0/28 (head office); "
        "it stays, as foreign; --remove 191.10.18.0/28 takes it out"
    )
    still = netcfg("plan", "kv-payments", "--geography", "EU", "--allow", "191.10.18.0/28=head office")
    assert "declared by the last apply" not in still.out


def test_a_record_that_cannot_be_read_is_a_note_of_a_plan_and_no_error(netcfg: Program):
    netcfg(*OPENING)
    (path,) = records(netcfg)
    path.write_text("no record\n")
    ran = netcfg("plan", "kv-payments", "--geography", "EU", "--format", "json")
    assert ran.status == 0
    assert ran.document["vaults"][0]["notes"][-1].startswith("what the last apply declared is not known: the record ")


def test_history_tells_the_newest_run_first(netcfg: Program):
    netcfg(*OPENING)
    netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    first, second = (each.stem for each in records(netcfg))
    assert netcfg("history").out == (
        f"  {second}  2026-07-01 12:00:00 UTC\n"
        f"                             rollback of {first} by\n"
        "                             00000000-0000-4000-8000-0000000000a1\n"
        "                             kv-payments: done\n"
        "                             8 removed, 1 changed\n"
        f"  {first}  2026-07-01 12:00:00 UTC  apply by 00000000-0000-4000-8000-0000000000a1\n"
        "                             kv-payments: done\n"
        "                             8 added, 1 changed\n"
        "\n"
        "2 records\n"
    )
    document = netcfg("history", "KV-Payments", "--format", "json").document
    jsonschema.validate(document, json.loads((SCHEMAS / "records.schema.json").read_text("utf-8")))
    assert [(each["id"], each["undoes"]) for each in document["records"]] == [(second, first), (first, None)]
    assert document["summary"] == {"records": 2, "unreadable": 0, "older": 0}


def test_history_is_about_the_vaults_that_are_named(netcfg: Program):
    netcfg(*OPENING)
    assert netcfg("history", "kv-orders").out.startswith("no record in")
    assert netcfg("history", vault_id("kv-payments").upper()).out.endswith("\n\n1 record\n")
    assert netcfg("history", "no vault").status == 2


def test_history_shows_no_more_than_it_is_asked_for(netcfg: Program):
    netcfg(*OPENING)
    netcfg("rollback", "2026", "--yes", "--accept", "default-allow")
    assert netcfg("history", "--limit", "1").out.endswith("\n\n1 record; 1 older not shown: --limit shows more\n")


def test_one_record_is_shown_whole(netcfg: Program):
    netcfg(*OPENING)
    (path,) = records(netcfg)
    out = netcfg("history", "--record", path.stem).out
    assert "  accepted  default-deny\n" in out
    assert "  outcome   done (exit status 0)\n" in out
    assert "kv-payments done, verified\n  write 1             Azure took it\n" in out
    assert out.endswith("+ 191.10.18.0/28\n~ default action      Allow → Deny\n")
    document = netcfg("history", "--record", str(path), "--format", "json").document
    jsonschema.validate(document, json.loads((SCHEMAS / "records.schema.json").read_text("utf-8")))
    (vault,) = document["records"][0]["vaults"]
    assert vault["before"]["networkAcls"]["defaultAction"] == "Allow"
    assert vault["writes"][0]["sent"]["networkAcls"]["defaultAction"] == "Deny"


def test_a_record_that_cannot_be_read_is_named_and_the_others_are_told(netcfg: Program):
    netcfg(*OPENING)
    bad = records(netcfg)[0].with_name("20260801T000000Z-00000000.jsonl")
    bad.write_text('{"event": "run"}\n')
    ran = netcfg("history", "--format", "json")
    assert ran.status == 7
    assert [each["path"] for each in ran.document["unreadable"]] == [str(bad)]
    assert str(bad) in ran.err
    assert len(ran.document["records"]) == 1


def test_a_private_piece_that_was_removed_is_named_and_the_status_is_not_0(netcfg: Program):
    """No rollback makes one."""
    netcfg(*OPENING)
    (path,) = records(netcfg)
    *lines, outcome, end = path.read_text().splitlines(keepends=True)
    about = {"vault": vault_id("kv-payments"), "kind": "private-endpoint", "piece": "/pe-old"}
    removing = [{"event": "removing", **about}, {"event": "did", "what": "removing", **about, "fate": "done"}]
    path.write_text("".join([*lines, *(json.dumps(each) + "\n" for each in removing), outcome, end]))
    ran = netcfg("rollback", path.stem, "--yes", "--accept", "default-allow", "--format", "json")
    assert ran.status == 7
    assert ran.document["selected"][-1] == (
        "the private endpoint /pe-old was removed and is not made again; 'netcfg apply' with --private-endpoint SUBNET "
        "makes one"
    )
    assert netcfg("rollback", path.stem, "--dry-run").status == 7


def test_history_tells_what_was_planned_and_not_done_as_such(netcfg: Program):
    netcfg(*OPENING)
    (path,) = records(netcfg)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    assert "kv-payments: did not end: written\n                             8 to be added, 1 to be changed" in (
        netcfg("history").out
    )


def test_history_of_a_machine_that_never_wrote_is_empty_and_no_error(netcfg: Program):
    ran = netcfg("history")
    # A path that is longer than the line stands on one of its own.
    assert (ran.status, ran.out.split()) == (0, ["no", "record", "in", f"'{netcfg.folder}/sandbox/records'"])


def test_a_reset_sandbox_forgets_its_records(netcfg: Program):
    netcfg(*OPENING)
    assert netcfg("sandbox", "reset").status == 0
    assert not records(netcfg)
