"""`netcfg plan --callers`, whole: who of those whom an audit log has met would be cut off."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from netcfg.cli import terminal
from tests.audit import logs
from tests.audit.logs import record
from tests.cli.conftest import AGENTS, BUILDS, Program

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "schemas" / "plan.schema.json").read_text("utf-8"))

CALLERS = """\
callers in audit.json: 18 requests between 2026-11-02 06:30 and 2026-11-19 08:12 UTC; who came at
  other times is not in it
CUT OFF: 3 callers
  all: application 00001111-aaaa-2222-bbbb-3333cccc4444
! 191.10.19.7   last 2026-11-19 08:12  SecretGet ×12, SecretList
                no rule names it, and the default action is Deny
! 10.2.0.4 in vnet-agents/builds
                last 2026-11-02 06:30  KeySign
                no rule names it; it has the service endpoint, so its machines come from their
                private addresses, which no IP rule admits
! 2603:1030::1  last 2026-11-02 06:30  SecretGet
                it is IPv6, and a vault takes rules for IPv4 only: no rule can ever admit it
let in: 2 callers
  all: application 00001111-aaaa-2222-bbbb-3333cccc4444
  10.1.0.5 in vnet-agents/agents
              last 2026-11-02 06:30  KeySign
              a virtual network rule admits it, and it has the service endpoint
  40.74.28.9  last 2026-11-02 06:30  SecretGet  40.74.28.0/23 admits it
refused by the firewall at the time: 1 caller
  9.9.9.9  last 2026-11-02 06:30  SecretGet  application 00001111-aaaa-2222-bbbb-3333cccc4444
           no rule names it, and the default action is Deny
note: the log does not say how some of them came: one that is a trusted Azure service passes by
  bypass, whatever the rules are
note: 1 request left out: it went to Resource Manager (VaultGet and the like), which no vault's
  firewall guards
note: 2 requests left out: they brought no valid token; every client begins so, and so does
  everybody who scans the internet

9 to add, 1 to change; REFUSED by default-deny
"""

FLEET = """\
callers in audit.json: 26 requests between 2026-11-02 06:30 and 2026-11-19 08:12 UTC; who came at
  other times is not in it
note: audit.json ends within a record, which is left out: the log may go on after it

kv-payments
CUT OFF: 11 callers
  all: application 00001111-aaaa-2222-bbbb-3333cccc4444; where nothing else is said: no rule names
  it, and the default action is Deny
! 191.10.19.7  last 2026-11-19 08:12  SecretGet ×12, SecretList
! 10.1.0.5 in vnet-agents/agents
               last 2026-11-02 06:30  KeySign
               no rule names it; it has the service endpoint, so its machines come from their
               private addresses, which no IP rule admits
! 10.2.0.4 in vnet-agents/builds
               last 2026-11-02 06:30  KeySign
               no rule names it; it has the service endpoint, so its machines come from their
               private addresses, which no IP rule admits
! 93.184.0.7   last 2026-11-19 08:12  SecretGet
! 93.184.1.7   last 2026-11-19 08:12  SecretGet
  and 6 more, all of them in --format json
let in: 1 caller
  40.74.28.9  last 2026-11-02 06:30  SecretGet  application 00001111-aaaa-2222-bbbb-3333cccc4444
              40.74.28.0/23 admits it
refused by the firewall at the time: 1 caller
  9.9.9.9  last 2026-11-02 06:30  SecretGet  application 00001111-aaaa-2222-bbbb-3333cccc4444
           no rule names it, and the default action is Deny
note: the log does not say how some of them came: one that is a trusted Azure service passes by
  bypass, whatever the rules are
note: 1 request left out: it went to Resource Manager (VaultGet and the like), which no vault's
  firewall guards
note: 2 requests left out: they brought no valid token; every client begins so, and so does
  everybody who scans the internet

? 2 vaults  nothing is known of their callers: kv-ready, kv-us
  1 vault   nobody is cut off: kv-orders

4 vaults: 21 to add, 1 to change; 16 rules kept; 1 vault REFUSED
"""

EARLIER = {"time": "2026-11-02T06:30:00Z"}
LOG = [
    *[record("191.10.19.7")] * 12,
    record("191.10.19.7", "SecretList"),
    record("40.74.28.9", **EARLIER),
    record("2603:1030::1", **EARLIER),
    record("10.1.0.5", "KeySign", addrAuthType="Subnet", subnetId=AGENTS, **EARLIER),
    record("10.2.0.4", "KeySign", addrAuthType="Subnet", subnetId=BUILDS, **EARLIER),
    record("9.9.9.9", status=403, isAddressAuthorized=False, **EARLIER),
    record("8.8.4.4", "Authentication", status=401, **EARLIER),
    record("8.8.8.8", "Authentication", status=401, **EARLIER),
    record("40.1.1.1", "VaultGet", **EARLIER),
    record("191.10.19.9", name="kv-orders"),
]
PAYMENTS = ("plan", "kv-payments", "--organization", "contoso", "--subnet", AGENTS)


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "audit.json"
    file.write_text(logs.json_lines(LOG), "utf-8")
    return file


@pytest.mark.usefixtures("audit")
def test_who_would_be_cut_off_stands_below_the_plan(netcfg: Program):
    ran = netcfg(*PAYMENTS, "--callers", "audit.json")
    _, _, told = ran.out.partition("\n\ncallers in ")
    assert f"callers in {told}" == CALLERS
    assert ran.status == 5
    assert netcfg.writes == []


@pytest.mark.usefixtures("audit")
def test_a_log_changes_neither_the_plan_nor_its_status(netcfg: Program):
    without, beside = (
        netcfg(*PAYMENTS, "--format", "json"),
        netcfg(*PAYMENTS, "--callers", "audit.json", "--format", "json"),
    )
    whole = beside.document
    (vault,) = whole["vaults"]
    callers, log = vault.pop("callers"), whole.pop("callers")
    assert without.document == whole
    assert log == {"log": "audit.json", "notes": []}
    assert without.status == beside.status == 5
    jsonschema.Draft202012Validator(SCHEMA).validate(
        netcfg(*PAYMENTS, "--callers", "audit.json", "--format", "json").document
    )
    assert [(each["address"], each["fate"], each["rule"]) for each in callers["callers"]] == [
        ("191.10.19.7", "cut-off", None),
        ("10.2.0.4", "cut-off", None),
        ("2603:1030::1", "cut-off", None),
        ("10.1.0.5", "in", AGENTS.lower()),
        ("40.74.28.9", "in", "40.74.28.0/23"),
        ("9.9.9.9", "out", None),
    ]
    assert callers["leftOut"] == [{"why": "control-plane", "requests": 1}, {"why": "unsigned", "requests": 2}]
    assert callers["callers"][0] == {
        "address": "191.10.19.7",
        "way": "address",
        "fate": "cut-off",
        "message": "no rule names it, and the default action is Deny",
        "rule": None,
        "refused": False,
        "requests": 13,
        "lastSeen": "2026-11-19T08:12:01Z",
        "operations": [{"name": "SecretGet", "requests": 12}, {"name": "SecretList", "requests": 1}],
        "applications": ["00001111-aaaa-2222-bbbb-3333cccc4444"],
    }


@pytest.mark.usefixtures("audit")
def test_a_vault_that_the_log_does_not_have_is_not_one_without_callers(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--organization", "contoso", "--callers", "audit.json")
    assert "note: no record of kv-ready in audit.json: nothing is known of its callers\n" in ran.out
    assert ran.status == 0
    ran = netcfg("plan", "kv-ready", "--organization", "contoso", "--callers", "audit.json", "--format", "json")
    jsonschema.Draft202012Validator(SCHEMA).validate(ran.document)
    assert ran.document["vaults"][0]["callers"]["isKnown"] is False


@pytest.mark.usefixtures("audit")
def test_each_vault_of_many_has_its_own_callers(netcfg: Program, audit: Path):
    names = ("kv-payments", "kv-orders", "kv-ready", "kv-us")
    # Seven callers of a fate are more than the five that are told of one vault of many, and the log is cut.
    more = [record(f"93.184.{n}.7") for n in range(7)]
    audit.write_text(logs.json_lines([*LOG, *more]) + '{"time": "2026', "utf-8")
    report = audit.with_name("report.md")
    ran = netcfg("plan", *names, "--geography", "EU", "--callers", "audit.json", "--report", f"markdown={report}")
    _, _, told = ran.out.partition("\n\ncallers in ")
    assert f"callers in {told}" == FLEET
    written = report.read_text("utf-8")
    for line in ("#### `kv-payments`", "! 93.184.0.7                      last 2026-11-19", "and 6 more, all of them"):
        assert f"\n{line}" in written
    assert written.count("ends within a record") == 1


@pytest.mark.usefixtures("audit")
def test_a_page_shows_at_a_glance_who_is_cut_off_and_folds_who_is_let_in(netcfg: Program):
    ran = netcfg(*PAYMENTS, "--callers", "audit.json", "--format", "html")
    assert '<h4 class="bad">CUT OFF: 3 callers</h4>' in ran.out
    assert '<details class="facts"><summary>let in: 2 callers</summary>' in ran.out


@pytest.mark.parametrize("format", ["markdown", "html"])
@pytest.mark.usefixtures("audit")
def test_readers_of_a_report_see_them_too(netcfg: Program, format: str):
    ran = netcfg(*PAYMENTS, "--callers", "audit.json", "--format", format)
    assert "CUT OFF: 3 callers" in ran.out
    assert "191.10.19.7" in ran.out


def test_a_log_may_be_piped_in(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    class Piped:
        buffer = io.BytesIO(logs.portal_csv(LOG).encode())

    monkeypatch.setattr("netcfg.audit.log.sys", type("sys", (), {"stdin": Piped}))
    ran = netcfg(*PAYMENTS, "--callers", "-", "--format", "json")
    callers = ran.document["vaults"][0]["callers"]
    assert callers["log"] == "stdin"
    assert len(callers["callers"]) == 6
    assert sys.stdin is not Piped


@pytest.mark.parametrize("format", ["text", "json", "markdown", "html"])
def test_what_a_log_holds_is_harmless(netcfg: Program, tmp_path: Path, format: str):
    operation = "\x1b[31mSecretGet##vso[task.setvariable variable=x]y<script>alert(1)</script>"
    file = tmp_path / "audit.json"
    file.write_text(logs.json_lines([record(operation=operation), record("\x1b[2J##[error]")]), "utf-8")
    ran = netcfg(*PAYMENTS, "--callers", str(file), "--format", format)
    assert "\x1b" not in ran.out
    assert "##vso" not in ran.out
    assert "##[" not in ran.out
    assert format != "html" or "<script>alert" not in ran.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the audit log 'none.json' cannot be read: it is not there; check the name"),
        ("", "'none.json' is no audit log of Key Vault: it is empty"),
        ("{}", "'none.json' is no audit log of Key Vault: of 1 record none is an AuditEvent of a vault"),
    ],
)
def test_what_is_no_log_stops_the_plan(
    netcfg: Program, content: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "none.json").write_text(content, "utf-8")
    ran = netcfg(*PAYMENTS, "--callers", "none.json")
    assert ran.status == 2
    assert said in ran.err.replace("\n", " ")
    assert ran.out == ""
    assert netcfg.sandbox.requests == []


def test_no_name_of_a_log_is_an_error(netcfg: Program):
    ran = netcfg(*PAYMENTS, "--callers", "")
    assert ran.status == 2
    assert ran.out == ""


def test_where_only_ascii_can_be_shown_no_sign_is_lost(netcfg: Program, audit: Path, monkeypatch: pytest.MonkeyPatch):
    page = terminal.page
    monkeypatch.setattr(terminal, "page", lambda root: type(page(root))(80, False, True))
    ran = netcfg(*PAYMENTS, "--callers", str(audit))
    assert ran.out.isascii()
    assert "SecretGet" in ran.out
