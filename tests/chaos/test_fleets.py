"""A short form of `scripts/chaos --rounds`: a fleet comes through misfortune unharmed, and harm would be noticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from typer.testing import CliRunner

from netcfg.cli.main import app
from netcfg.sandbox.server import Sandbox
from scripts.disorder import fleets
from scripts.disorder.fleets import EUROPE, Ended, Meddler, Misfortune


def in_this_process(sandbox: Sandbox, words: Sequence[str], _meddler: Meddler) -> Ended:
    """What `chaos` does in a process of its own, where pauses are as long as Azure's."""
    result = CliRunner().invoke(app, ["--sandbox", "-q", *words, "--format", "json"], obj={"running": sandbox})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, json.loads(result.stdout) if result.stdout else None, result.stderr)


def test_a_fleet_comes_through_faults_and_colleagues_unharmed_and_the_run_after_finds_nothing_to_do():
    bad = Misfortune("throttle=0.05,drop-before=0.03,drop-after=0.03,conflict=0.05", None, 0, 0.3, 0.1, 0.05)
    found = fleets.play(7, run=in_this_process, misfortune=bad)
    assert found.wrongs == []
    assert found.endings["done"] > 0
    assert found.statuses[1:] == [7, 7]  # locks and policies stay


VAULT = {
    "name": "kv-one",
    "tags": {"team": "shop"},
    "properties": {
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [{"value": "191.10.20.7"}],
            "virtualNetworkRules": [],
        },
    },
}


class Nobody:
    """A colleague who stayed at home."""

    added: tuple[tuple[str, str], ...] = ()
    deleted: frozenset[str] = frozenset()
    hasty: frozenset[str] = frozenset()


def judged(outcome: str, *rules: str, status: int = 0, who: Any = Nobody, **changed: Any) -> list[str]:
    """What is said where the vault holds these rules afterwards, and the run says this of it."""
    before = {"vaults": {"kv-one": VAULT}}
    after = copy.deepcopy(before)
    acls = after["vaults"]["kv-one"]["properties"]["networkAcls"]
    acls["ipRules"] = [{"value": each} for each in rules]
    acls.update({key: value for key, value in changed.items() if key in acls})
    after["vaults"]["kv-one"].update({key: value for key, value in changed.items() if key == "tags"})
    told = {"kind": "result", "vaults": [{"name": "kv-one", "outcome": outcome, "error": None}], "undetermined": []}
    return fleets.judge(before, after, who(), Ended(status, told))


def test_what_was_done_as_it_is_told_is_not_wrong():
    assert judged("done", "191.10.20.7/32", *EUROPE) == []
    assert judged("unchanged", "191.10.20.7") == []


@pytest.mark.parametrize(
    ("wrongs", "wrong"),
    [
        (judged("done", *EUROPE), "kv-one lost ['191.10.20.7/32']"),
        (judged("done", "191.10.20.7", *EUROPE, "8.8.8.8"), "kv-one got ['8.8.8.8/32']"),
        (judged("done", "191.10.20.7", *EUROPE, defaultAction="Allow"), "kv-one was opened to every network"),
        (judged("done", "191.10.20.7", *EUROPE, bypass="None"), "kv-one changed its bypass"),
        (judged("done", "191.10.20.7", *EUROPE, tags={}), "kv-one changed in what is no rule"),
        (judged("done", "191.10.20.7"), "kv-one is done, and is not as it should be"),
        (judged("refused", "191.10.20.7", *EUROPE, status=5), "kv-one is refused, and was changed"),
        (judged("not-reached", "191.10.20.7", *EUROPE, status=1), "kv-one is not-reached, and was changed"),
        (judged("stale", "191.10.20.7", *EUROPE, status=6), "kv-one is stale, and was changed"),
        (judged("failed", "191.10.20.7", status=1), "kv-one failed, and nobody says why"),
        (judged("stale", "191.10.20.7", status=0), "the status is 0 and not {6}"),
    ],
)
def test_harm_and_untruth_are_noticed(wrongs: list[str], wrong: str):
    assert wrong in wrongs


def test_a_colleagues_rule_that_vanished_is_noticed():
    class Somebody(Nobody):
        added = (("kv-one", "191.10.200.1/32"),)

    assert judged("done", "191.10.20.7", *EUROPE, who=Somebody) == ["kv-one lost ['191.10.200.1/32']"]
    assert judged("done", "191.10.20.7", *EUROPE, "191.10.200.1", who=Somebody) == []
