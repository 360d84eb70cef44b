"""`netcfg check`, whole: a world in which every rule fires, one in which none does, and what every fix does."""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netcfg.core.checks.register import OF_VAULTS
from netcfg.sandbox.network import tags
from netcfg.sandbox.server import serve
from tests.cli.conftest import Program, vault_id
from tests.cli.test_private import approve

WORLDS = Path(__file__).parents[2] / "data" / "worlds"
MEANT = ("--config", str(WORLDS / "drifted.yaml"))
BROUGHT = WORLDS / "drifted" / "ServiceTags_Public_20260831.json"
CLEAN = (
    "kv-clean", "--organization", "litware", "--subnet", "rg-network/vnet-agents/scale-set",
    "--allow", "191.10.18.0/28=head office",
)  # fmt: skip

GUARDS = ("default-deny", "inferred-geography", "last-path", "private-dns", "removals", "service-endpoint")
CONSENT = ("--yes", *(word for guard in (*GUARDS, "stale-editions") for word in ("--accept", guard)))


@pytest.fixture
def drifted(tmp_path: Path) -> Iterator[Program]:
    """The world `drifted`, and the edition that somebody brought by file half a year before its day."""
    with serve(world="drifted") as sandbox:
        netcfg = Program(sandbox, tmp_path / "data")
        assert netcfg("ranges", "refresh", "--from", str(BROUGHT)).status == 0
        yield netcfg


@pytest.fixture
def clean(tmp_path: Path) -> Iterator[Program]:
    with serve(world="clean") as sandbox:
        yield Program(sandbox, tmp_path)


def findings(ran) -> list[dict[str, Any]]:
    return list(ran.document["findings"])


def test_in_the_drifted_world_every_rule_fires(drifted: Program):
    ran = drifted("check", *MEANT, "--format", "json")
    assert ran.status == 7  # kv-unclear is in doubt
    assert {each["rule"] for each in findings(ran)} == set(OF_VAULTS)
    assert drifted.writes == []


def test_the_file_that_is_brought_is_the_one_that_the_sandbox_publishes(drifted: Program):
    assert json.loads(BROUGHT.read_text("utf-8")) == tags.edition(drifted.sandbox.state, "2026-08-31", "tag-file")


def test_in_the_clean_world_none_does(clean: Program):
    assert clean("ranges", "refresh").status == 0
    ran = clean("check", *CLEAN, "--format", "json")
    assert findings(ran) == []
    assert ran.status == 0
    assert clean("plan", *CLEAN).status == 0


def test_every_fix_mends_what_it_was_given_for(drifted: Program):
    """Each from the same start: the command as it is shown, and nothing added but the consent that it asks for."""
    found = findings(drifted("check", *MEANT, "--format", "json"))
    begin = copy.deepcopy(drifted.sandbox.state)
    fixes: dict[str, list[dict[str, Any]]] = {}
    for each in (one for one in found if is_command(one["fix"])):
        fixes.setdefault(each["fix"], []).append(each)
    seen: set[str] = set()
    for fix, mended in sorted(fixes.items(), key=lambda item: ("ranges refresh" in item[0], -len(item[1]))):
        if {each["rule"] for each in mended} <= seen:
            continue
        seen |= {each["rule"] for each in mended}
        with drifted.sandbox.edit() as state:
            state.clear()
            state.update(copy.deepcopy(begin))
        words = shlex.split(fix)[4:]  # after netcfg --sandbox --data-dir DIR
        ran = drifted(*words, *(CONSENT if words[0] == "apply" else ()))
        assert ran.status == 0, (fix, ran.out, ran.err)
        name = (mended[0]["vault"] or "kv-open").rpartition("/")[2]
        left = {
            (each["rule"], each["subject"]) for each in findings(drifted("check", name, *MEANT, "--format", "json"))
        }
        assert not left & {(each["rule"], each["subject"]) for each in mended}, fix
    assert seen == {
        "broad-range", "dead-subnet-rule", "declared-range-missing", "default-action-allow", "elsewhere-range",
        "expired-rule", "foreign-rule", "outbound-range", "overdue-temporary-rule", "private-dns-missing",
        "private-endpoint-missing",
        "public-access-disabled", "public-access-enabled", "published-range-missing", "published-range-partly-covered",
        "redundant-rule", "removal-pending", "retired-range", "service-endpoint-missing", "stale-editions",
        "subnet-rule-missing", "unreadable-rule",
    }  # fmt: skip


def test_where_an_apply_would_wait_the_fix_approves_first(drifted: Program):
    found = findings(drifted("check", "kv-private-pending", *MEANT, "--format", "json"))
    (waits,) = [each for each in found if each["rule"] == "private-endpoint-not-approved"]
    missing = [each for each in found if each["rule"] == "published-range-missing"]
    (fix,) = {each["fix"] for each in missing}
    first, both, then = fix.partition(" && ")
    assert (first, both) == (waits["fix"], " && ")
    approve(drifted, "kv-private-pending")
    ran = drifted(*shlex.split(then)[4:], *CONSENT)
    assert ran.status == 0, ran.out
    left = {each["rule"] for each in findings(drifted("check", "kv-private-pending", *MEANT, "--format", "json"))}
    assert not left & {"private-endpoint-not-approved", "published-range-missing"}


def test_a_fix_of_a_rule_opens_a_vault_that_is_shut_and_says_so(drifted: Program):
    found = findings(drifted("check", "kv-closed", *MEANT, "--keep-default-action", "--format", "json"))
    (fix,) = {each["fix"] for each in found if each["rule"] == "published-range-missing"}
    words = shlex.split(fix)[4:]
    assert words[-2:] == ["--public-access", "enabled"]
    ran = drifted(*words, *CONSENT, "--accept", "hidden-rules")
    assert ran.status == 0, ran.out
    left = {each["rule"] for each in findings(drifted("check", "kv-closed", *MEANT, "--format", "json"))}
    assert not left & {"published-range-missing", "public-access-disabled", "default-action-allow"}


def test_rules_that_do_nothing_mend_nothing(drifted: Program):
    """Written while public access stays Disabled, because somebody accepted that."""
    ran = drifted("apply", "kv-closed", *MEANT, *CONSENT, "--accept", "public-access")
    assert ran.status == 0, ran.out
    found = findings(drifted("check", "kv-closed", *MEANT, "--format", "json"))
    assert "20.166.41.0/24" in drifted.rules("kv-closed")
    assert ("published-range-missing", "20.166.41.0/24") in {(each["rule"], each["subject"]) for each in found}


def is_command(fix: str) -> bool:
    """Whether it changes something, and is ours: others are for the Azure CLI, or only show something."""
    return fix.startswith("netcfg ") and any(each in fix for each in (" apply ", " ranges refresh", " exec --clean "))


def test_a_check_asks_for_nothing_that_its_plan_does_not(netcfg: Program):
    words = ("kv-orders", "--organization", "contoso", "--subnet", "rg-network/vnet-agents/scale-set")

    def asked(verb: str) -> list[tuple[str, str]]:
        before = len(netcfg.sandbox.requests)
        netcfg(verb, *words)
        return sorted((method, path) for method, path, _ in netcfg.sandbox.requests[before:])

    assert asked("check") == asked("plan")


@pytest.mark.parametrize(
    ("fail_on", "vault", "status"),
    [
        ("error", "kv-ready", 0),
        ("warning", "kv-ready", 0),
        ("note", "kv-ready", 4),  # the publishers do not agree
        ("error", "kv-orders", 4),
        ("never", "kv-orders", 0),
        ("error", "kv-secret", 1),
        ("never", "kv-secret", 1),
        ("never", "kv-nsp-unreadable", 7),
        ("error", "kv-hidden", 7),
    ],
)
def test_the_exit_status_says_how_bad_it_is(netcfg: Program, fail_on: str, vault: str, status: int):
    groups = {"kv-secret": "rg-guarded"}
    named = vault_id(vault, groups[vault]) if vault in groups else vault
    assert netcfg("check", named, "--organization", "contoso", "--fail-on", fail_on).status == status


def test_one_vault_that_cannot_be_read_does_not_hide_the_others(netcfg: Program):
    secret = vault_id("kv-secret", "rg-guarded")
    ran = netcfg("check", "kv-orders", secret, "--organization", "contoso", "--format", "json")
    assert ran.status == 7
    assert "published-range-partly-covered" in {each["rule"] for each in findings(ran)}
    assert [each["vault"] for each in ran.document["undetermined"]] == [secret]


def test_without_organization_or_geography_nothing_is_checked(netcfg: Program):
    assert netcfg("check", "kv-orders").status == 2


def test_a_waiver_is_counted_and_one_that_is_about_nothing_is_told(netcfg: Program, tmp_path: Path):
    file = tmp_path / "meant.yaml"
    file.write_text(
        "organization: contoso\n"
        "vaults: [{name: kv-ready}]\n"
        "waivers:\n"
        "  - {rule: editions-disagree, reason: it is known}\n"
        "  - {rule: foreign-rule, vault: kv-ready, reason: gone long ago}\n",
        "utf-8",
    )
    ran = netcfg("check", "--config", str(file), "--fail-on", "note", "--format", "json")
    assert ran.status == 0
    assert [(each["rule"], bool(each["waived"])) for each in findings(ran)] == [("editions-disagree", True)]
    assert f"the waiver of foreign-rule of kv-ready ({file}:5) is about nothing that was found" in ran.err


def test_a_geography_that_does_not_fit_is_found_in_each_vault_and_waived_in_one(netcfg: Program, tmp_path: Path):
    file = tmp_path / "meant.yaml"
    file.write_text(
        "organization: contoso\n"
        "geography: US\n"
        "vaults: [{name: kv-ready}, {name: kv-us}]\n"
        "waivers:\n"
        "  - {rule: geography-mismatch, vault: kv-us, reason: somebody looked at the settings page}\n",
        "utf-8",
    )
    ran = netcfg("check", "--config", str(file), "--format", "json")
    mismatches = [each for each in findings(ran) if each["rule"] == "geography-mismatch"]
    assert [(each["vault"].rpartition("/")[2], bool(each["waived"])) for each in mismatches] == [
        ("kv-ready", False),
        ("kv-us", True),
    ]
    assert "about nothing that was found" not in ran.err


def test_a_waiver_of_what_no_vault_has_is_a_fault_where_it_names_one(netcfg: Program, tmp_path: Path):
    file = tmp_path / "meant.yaml"
    file.write_text(
        "organization: contoso\n"
        "vaults: [{name: kv-ready}]\n"
        "waivers:\n"
        "  - {rule: editions-disagree, reason: it is known, vault: '*'}\n"
        "  - rule: stale-editions\n"
        "    vault: kv-ready\n"
        "    reason: no way out of here\n",
        "utf-8",
    )
    ran = netcfg("check", "--config", str(file))
    assert ran.status == 2
    assert ran.err.split("meant.yaml", 1)[1] == (
        ":6: waivers[1].vault: stale-editions is found once for the whole run and not in a vault, so its waiver names "
        "none; leave out 'vault'\n"
    )


def test_rules_are_explained_without_a_vault_and_nobody_is_asked(netcfg: Program):
    ran = netcfg("check", "--explain", "foreign-rule", "--explain", "rule-limit")
    assert ran.status == 0
    assert [line for line in ran.out.splitlines() if " · " in line] == ["foreign-rule · warning", "rule-limit · error"]
    assert "  - rule: foreign-rule" in ran.out
    assert netcfg.sandbox.requests == []


def test_an_unknown_rule_is_a_usage_error_with_the_list(netcfg: Program):
    ran = netcfg("check", "--explain", "foreign-ruel")
    assert ran.status == 2
    assert "did you mean 'foreign-rule'?" in ran.err
    assert "published-range-missing" in ran.err
    assert netcfg("check", "--explain", "foreign-rule", "--format", "sarif").status == 2


@pytest.mark.parametrize(
    ("words", "other"),
    [
        (("kv-a",), "VAULT"),
        (("--report", "json=x"), "--report"),
        (("--fail-on", "note"), "--fail-on"),
        (("--config", "x"), "--config"),
        (("--geography", "EU"), "--geography"),
    ],
)
def test_what_is_typed_beside_explain_is_not_ignored(netcfg: Program, words: tuple[str, ...], other: str):
    ran = netcfg("check", "--explain", "foreign-rule", *words)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err == (
        f"netcfg: --explain and {other} exclude each other: it tells what rules are about, and looks at no vault; "
        "leave one of them out\n"
    )
