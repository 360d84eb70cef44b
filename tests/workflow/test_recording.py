"""What is written to Azure was written down before, and a run that was killed anywhere can be undone by its record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.acls import parse_firewall, write_firewall
from netcfg.core.errors import RecordNotWritten, RecordUnreadable
from netcfg.core.guards import GUARDS, Acceptance
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.record import Bearer, Fate, Meant, Record, Where
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import DefaultAction, Firewall, IpRule, VirtualNetworkRule
from netcfg.saved.journal import Facts, FileJournal
from netcfg.saved.records import FileRecords, find, history
from netcfg.workflow.apply import apply
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import plan
from netcfg.workflow.rollback import plan_rollback
from tests import strategies
from tests.strategies import EUROPE, VAULT_ID, subnet_id
from tests.workflow.fakes import Azure, Killed, around, targets

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
AGENTS = subnet_id("agents")
ACCEPT_ALL = [Acceptance(guard) for guard in GUARDS if guard != "perimeter"]
WANTED = Intent(geographies=(EUROPE,), subnets=(AGENTS,))
FOUND = parse_firewall(
    {
        "networkAcls": {
            "defaultAction": "Allow",
            "bypass": "None",
            "ipRules": [
                {"value": "191.10.9.9", "since": 2019},
                {"value": "191.10.8.0/24"},
                {"value": "'10.91.4.0/24'"},
            ],
            "later": {"than": "us"},
        }
    },
    "kv-test",
)


class Records(FileRecords):
    """Records of a test; a plan is written as its name."""

    def __init__(self, folder: Path) -> None:
        facts = Facts("apply", "1.0", Bearer("test", (("oid", "me"),)), Where())
        super().__init__(folder, lambda: facts, lambda: NOW, lambda plan: {"name": plan.vault.name})


class Full(Records):
    """The disk is full once the record has begun."""

    def begin(
        self, planned: PlanSet, plans: Sequence[Plan], meant: Mapping[VaultId, Meant], undoes: str
    ) -> FileJournal:
        begun = super().begin(planned, plans, meant, undoes)
        os.dup2(os.open("/dev/full", os.O_WRONLY), begun._file)
        return begun


def azure_of(*vaults: VaultId, endpoint: bool = False) -> Azure:
    return Azure({id: Vault(id, FOUND) for id in vaults or (VAULT_ID,)}, {AGENTS: endpoint})


def near(azure: Azure, records: FileRecords) -> Surroundings:
    return replace(around(azure), records=records)


def run(azure: Azure, records: FileRecords, intent: Intent = WANTED) -> Result:
    """Plan undisturbed, then apply with the hooks that the test has set."""
    undisturbed = Azure(azure.vaults, azure.endpoints)
    planned, drawings = plan(targets(azure.vaults, intent), ACCEPT_ALL, near(undisturbed, records))
    return apply(planned, drawings, near(azure, records))


def undo(azure: Azure, record: Record, records: FileRecords) -> Result:
    planned, drawings = plan_rollback(record, {"EU": EUROPE}, ACCEPT_ALL, near(azure, records))
    return apply(planned, drawings, near(azure, records))


def events(folder: Path) -> list[str]:
    (path,) = folder.glob("*.jsonl")
    return [json.loads(line)["event"] for line in path.read_text().splitlines()]


def test_every_write_is_written_down_before_it_is_sent(tmp_path: Path):
    azure, last = azure_of(), []
    azure.before = lambda number, what: last.append((what, events(tmp_path)[-1])) if "read" not in what else None
    assert run(azure, Records(tmp_path)).status == 0
    assert last == [("write kv-test early", "writing"), ("enable agents", "enabling"), ("write kv-test", "writing")]
    assert events(tmp_path) == [
        "run", "vault", "begin", "writing", "did", "verified", "enabling", "did", "writing", "did", "verified",
        "outcome", "end",
    ]  # fmt: skip


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(12))
def test_killed_at_any_call_the_record_undoes_what_was_done_and_nothing_else(tmp_path: Path, number: int, moment: str):
    azure = azure_of()

    def kill(call: int, what: str) -> None:
        if call == number:
            raise Killed(what)

    setattr(azure, moment, kill)
    try:
        run(azure, Records(tmp_path))
        is_killed = False
    except Killed:
        is_killed = True
    azure.before = azure.after = lambda number, what: None
    (record,) = history(tmp_path, [], 9).records
    assert (record.status is None) is is_killed
    whole = find(tmp_path, record.run)
    if azure.vaults[VAULT_ID].firewall != FOUND:
        assert whole.entries[0].writes
    azure.vaults[VAULT_ID] = replace(
        azure.vaults[VAULT_ID], firewall=_with(azure.vaults[VAULT_ID].firewall, IpRule("191.10.7.7"))
    )
    assert undo(azure, whole, Records(tmp_path)).status == 0
    assert azure.vaults[VAULT_ID].firewall == _with(FOUND, IpRule("191.10.7.7"))


def _with(firewall: Firewall, rule: IpRule) -> Firewall:
    return firewall.with_rules(ip_rules=(*firewall.rule_set.ip_rules, rule))


def test_the_rollback_of_an_apply_is_what_was_there_to_the_letter(tmp_path: Path):
    azure, records = azure_of(), Records(tmp_path)
    assert run(azure, records).status == 0
    assert azure.vaults[VAULT_ID].firewall.rule_set.default_action is DefaultAction.DENY
    first = history(tmp_path, [], 9).records[0].run
    result = undo(azure, find(tmp_path, first), records)
    assert result.status == 0
    assert azure.vaults[VAULT_ID].firewall.spelling == FOUND.spelling
    assert result.planned.selected[1].startswith(f"the service endpoint for vaults on {AGENTS} stays")


@settings(max_examples=25)  # each writes two files, to the disk
@given(strategies.firewalls, st.booleans(), st.lists(strategies.ip_rules, max_size=3, unique=True))
def test_the_rollback_of_an_apply_keeps_exactly_what_others_did_since(
    tmp_path_factory: pytest.TempPathFactory, found: Firewall, endpoint: bool, foreign: list[IpRule]
):
    folder = tmp_path_factory.mktemp("records")
    azure = Azure({VAULT_ID: Vault(VAULT_ID, found)}, {AGENTS: endpoint})
    run(azure, Records(folder))
    now = azure.vaults[VAULT_ID].firewall
    others = [each for each in foreign if each not in {*found.rule_set.ip_rules, *now.rule_set.ip_rules}]
    azure.vaults[VAULT_ID] = Vault(VAULT_ID, now.with_rules(ip_rules=(*now.rule_set.ip_rules, *others)))
    for each in history(folder, [], 9).records:
        assert undo(azure, find(folder, each.run), Records(folder)).status == 0
    after = found.with_rules(ip_rules=(*found.rule_set.ip_rules, *others))
    assert azure.vaults[VAULT_ID].firewall == after
    if not others:
        assert write_firewall(azure.vaults[VAULT_ID].firewall) == write_firewall(found)


def test_what_a_later_run_did_is_not_undone_where_the_first_was_killed_before_it_wrote(tmp_path: Path):
    azure = azure_of(endpoint=True)

    def kill(call: int, what: str) -> None:
        if what == "write kv-test":
            raise Killed(what)

    azure.before = kill
    with pytest.raises(Killed):
        run(azure, Records(tmp_path))
    azure.before = lambda number, what: None
    assert run(azure, Records(tmp_path)).status == 0
    held = azure.vaults[VAULT_ID].firewall
    second, first = (each.run for each in history(tmp_path, [], 9).records)
    result = undo(azure, find(tmp_path, first), Records(tmp_path))
    assert azure.vaults[VAULT_ID].firewall is held
    notes = result.outcomes[0].plan.desired.notes
    assert f"kept: the default action was changed since to Deny by {second}" in notes
    assert notes[-1] == f"{second} wrote this vault later: what it did is kept"


def test_a_later_record_that_cannot_be_read_leaves_its_vaults_undetermined(tmp_path: Path):
    azure = azure_of(endpoint=True)
    run(azure, Records(tmp_path))
    (first,) = history(tmp_path, [], 9).records
    later = tmp_path / "20270101T000000Z-00000000.jsonl"
    later.write_text("null\n")
    held = azure.vaults[VAULT_ID].firewall
    result = undo(azure, find(tmp_path, first.run), Records(tmp_path))
    assert result.status == 1
    (unknown,) = result.planned.undetermined
    assert str(unknown.error).startswith(f"what was done to kv-test after that run is not known: the record '{later}'")
    assert azure.vaults[VAULT_ID].firewall is held


def test_a_geography_that_nobody_knows_makes_the_record_unreadable(tmp_path: Path):
    azure = azure_of(endpoint=True)
    run(azure, Records(tmp_path))
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text().replace('"geographies": ["EU"]', '"geographies": ["XX"]'))
    with pytest.raises(RecordUnreadable, match="this netcfg knows no geography 'XX'; update it"):
        undo(azure, find(tmp_path, path.stem), Records(tmp_path))


def test_a_rule_whose_subnet_is_gone_does_not_keep_the_rest_from_coming_back(tmp_path: Path):
    gone = VirtualNetworkRule(subnet_id("gone").text)
    azure = azure_of(endpoint=True)
    azure.vaults[VAULT_ID] = Vault(VAULT_ID, FOUND.with_rules(virtual_network_rules=(gone,)))
    run(azure, Records(tmp_path), replace(WANTED, remove=(gone,)))
    (first,) = history(tmp_path, [], 9).records
    result = undo(azure, find(tmp_path, first.run), Records(tmp_path))
    assert azure.vaults[VAULT_ID].firewall == FOUND
    assert result.outcomes[0].plan.desired.notes == (f"not brought back: {gone}, as its subnet is gone",)


def test_where_no_record_can_be_written_nothing_is_written_at_all(tmp_path: Path):
    azure = azure_of()
    (tmp_path / "records").write_text("somebody's file")
    with pytest.raises(RecordNotWritten):
        run(azure, Records(tmp_path / "records"))
    assert azure.calls == []
    assert azure.vaults[VAULT_ID].firewall is FOUND


def test_a_write_that_cannot_be_written_down_is_not_sent(tmp_path: Path):
    azure = azure_of(endpoint=True)
    result = run(azure, Full(tmp_path))
    assert [each for each in azure.calls if "write" in each] == []
    assert [(each.ending, each.touched) for each in result.outcomes] == [(Ending.FAILED, False)]
    assert (result.status, result.undo) == (1, "")
    (record,) = history(tmp_path, [], 9).records
    assert record.outcome == "did not end: not begun"


def test_a_run_that_changes_nothing_leaves_no_record(tmp_path: Path):
    azure, records = azure_of(), Records(tmp_path)
    run(azure, records)
    assert run(azure, Records(tmp_path)).outcomes[0].ending is Ending.UNCHANGED
    assert len(list(tmp_path.iterdir())) == 1


def test_many_vaults_write_one_record_side_by_side(tmp_path: Path):
    ids = [
        VaultId(
            f"/subscriptions/0/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-{each}", "0", "rg", f"kv-{each}"
        )
        for each in range(60)
    ]
    azure = azure_of(*ids, endpoint=True)
    assert run(azure, Records(tmp_path)).status == 0
    record = find(tmp_path, history(tmp_path, [], 9).records[0].run)
    assert record.outcome == "60 done"
    assert [[write.fate for write in each.writes] for each in record.entries] == [[Fate.DONE]] * 60
