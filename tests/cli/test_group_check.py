"""`netcfg group list` and `netcfg group check`, whole, against Azure DevOps and vaults of the sandbox."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program, Ran
from tests.formats.test_json import conform

CONNECTION = "00000000-0000-4000-8000-000000000"  # and three digits
CONTOSO = ("--organization", "contoso")
PROGRAM = "fix: netcfg --sandbox --data-dir"
FORMATS = ("text", "json", "markdown", "junit", "sarif", "azure-pipelines", "github")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory):
    """The program in a world with groups of every kind, which nothing here changes."""
    with serve(world="library") as sandbox:
        yield Program(sandbox, tmp_path_factory.mktemp("data"))


def link(
    netcfg: Program, id: int, vault: str, connection: str, *secrets: str, name: str = "", project: int = 1
) -> None:
    """Put a group into the sandbox's library; `connection` are the last three digits of its id."""
    label = name or f"group-{id}"
    made = {
        "id": id,
        "name": label,
        "description": "",
        "type": "AzureKeyVault",
        "variables": {each: {"value": None, "isSecret": True, "enabled": True} for each in secrets},
        "variableGroupProjectReferences": [
            {
                "name": label,
                "description": "",
                "projectReference": {
                    "id": f"00000000-0000-4000-8000-00000000070{project}",
                    "name": "payments" if project == 1 else "Shared Platform",
                },
            }
        ],
        "providerData": {"serviceEndpointId": f"{CONNECTION}{connection}", "vault": vault},
    }
    with netcfg.sandbox.edit() as state:
        groups = state["organizations"]["contoso"]["variableGroups"]
        groups.append({**groups[0], **made})


def found(ran: Ran) -> list[tuple[str, str, str]]:
    return [(each["severity"], each["rule"], each["subject"]) for each in ran.document["findings"]]


def use(netcfg: Program, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    from netcfg.cli import connect
    from netcfg.devops.credential import Credential

    monkeypatch.setattr(connect, "_devops_credential", lambda places, root: Credential.basic("the PAT", token))


def test_a_list(netcfg: Program):
    ran = netcfg("group", "list", "contoso")
    assert ran.status == 0
    assert ran.out == (
        "contoso\n"
        "4 variable groups linked to 4 vaults · 2 projects read\n"
        "\n"
        "payments\n"
        "  orders-secrets    kv-orders    by azure-prod  1 secret, refreshed 2026-06-01\n"
        "  payments-secrets  kv-payments  by azure-prod  2 secrets, refreshed 2026-06-01\n"
        "\n"
        "Shared Platform\n"
        "  gone              kv-no-longer-there  by azure-platform  1 secret, refreshed 2026-06-01\n"
        "  platform/secrets  kv-elsewhere        by azure-platform  no secrets, refreshed 2026-06-01\n"
        "\n"
        "1 more variable group is linked to no vault\n"
        "\n"
        "next: netcfg group check --organization contoso\n"
    )


def test_a_list_of_every_kind_as_a_document_and_a_table(library: Program):
    document = library("group", "list", *CONTOSO, "--format", "json").document
    conform(json.dumps(document), "groups")
    groups = {each["name"]: each for each in document["groups"]}
    assert groups["shared-secrets"]["sharedWith"] == ["Shared Platform"]
    assert groups["orphaned"]["connection"] == {"id": f"{CONNECTION}899", "name": None}
    assert groups["release 50 % / Größe #1 & 🚀"]["connection"]["name"] == "Azure prod / Europe #1"
    assert [each["project"] for each in document["groups"] if each["name"] == "both"] == ["payments", "Shared Platform"]
    assert (document["summary"]["groups"], document["summary"]["vaults"]) == (len(document["groups"]), 4)
    assert len({each["id"] for each in document["groups"]}) == 23
    assert document["notes"][-1] == "1 more variable group is of the type HardwareModule, which netcfg does not know"
    header, *rows = csv.reader(io.StringIO(library("group", "list", "contoso", "--format", "csv").out))
    assert header[:4] == ["project", "group", "id", "vault"]
    assert [row[2] for row in rows] == [str(each["id"]) for each in document["groups"]]


def test_a_list_is_narrowed_by_project_and_vault(library: Program):
    words = ("--project", "shared platform", "--vault", "KV-Orders", "--format", "json")
    document = library("group", "list", "contoso", *words).document
    assert [(each["project"], each["name"]) for each in document["groups"]] == [("Shared Platform", "both")]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("group", "list"), 2, "give --organization NAME"),
        (("group", "list", "contoso", "--organization", "fabrikam"), 2, "exclude each other"),
        (("group", "list", "contoso", "--project", "paymets"), 1, "did you mean 'payments'"),
        (("group", "check", *CONTOSO, "--group", "both"), 2, "101 of the project 'payments'"),
        (("group", "check", *CONTOSO, "--group", "no-such"), 1, "no variable group 'no-such'"),
        (("group", "check", *CONTOSO, "--group", "hidden"), 1, "is linked to no vault"),
        (("group", "check", *CONTOSO, "--project", "nowhere"), 1, "shows this sign-in no project 'nowhere'"),
        (("group", "check", "kv_bad", *CONTOSO), 2, "a vault: give its name"),
    ],
)
def test_what_cannot_be_meant_or_is_not_there(library: Program, words: tuple[str, ...], status: int, said: str):
    ran = library(*words)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err


def test_the_story(netcfg: Program):
    words = ("group", "check", "kv-orders", *CONTOSO, "--project", "payments", "--format", "json")
    closed = netcfg(*words)
    assert closed.status == 4
    conform(closed.out, "report")
    assert ("error", "devops-cannot-read", "payments/orders-secrets: kv-orders") in found(closed)
    assert "it came from 40.74.28.9" in closed.document["findings"][0]["message"]
    assert netcfg("apply", "kv-orders", *CONTOSO, "--yes").status == 0
    assert [each for each in found(netcfg(*words)) if each[0] != "note"] == []
    with netcfg.sandbox.edit() as state:
        secrets = state["secrets"]["kv-orders"]
        del secrets["order-queue"]
        secrets["new-one"] = {"name": "new-one"}
    ran = netcfg(*words)
    assert ran.status == 4
    assert found(ran) == [
        ("error", "mapped-secret-missing", "payments/orders-secrets: order-queue"),
        ("note", "secret-not-mapped", "payments/orders-secrets: new-one"),
        ("note", "secret-not-mapped", "payments/orders-secrets: signing-key"),
    ]
    finding = ran.document["findings"][0]
    assert (finding["vault"], finding["group"]) == (
        "kv-orders",
        {"project": "payments", "name": "orders-secrets", "id": 12},
    )
    assert finding["fix"].endswith(
        "group refresh kv-orders --group orders-secrets --organization contoso --project payments"
    )


def test_every_state_and_kind_is_judged_through_azure_devops_as_through_resource_manager(netcfg: Program):
    mapped = ("order-queue", "legacy-queue", "partner-2025", "partner-2027", "orders-tls", "orders-at-rest", "nothing")
    link(netcfg, 90, "kv-orders", "801", *mapped)
    words = ("group", "check", *CONTOSO, "--group", "90", "--format", "json")
    expected = [
        ("error", "mapped-secret-missing", "payments/group-90: legacy-queue"),
        ("error", "mapped-secret-missing", "payments/group-90: nothing"),
        ("error", "unsupported-mapping", "payments/group-90: orders-at-rest"),
        ("warning", "mapped-secret-missing", "payments/group-90: partner-2025"),
        ("warning", "mapped-secret-missing", "payments/group-90: partner-2027"),
        ("warning", "unsupported-mapping", "payments/group-90: orders-tls"),
        ("note", "secret-not-mapped", "payments/group-90: signing-key"),
    ]
    closed = netcfg(*words)
    assert closed.status == 4
    assert found(closed) == [("error", "devops-cannot-read", "payments/group-90: kv-orders"), *expected]
    assert any("that Azure Resource Manager lists" in each for each in closed.document["notes"])
    assert netcfg("apply", "kv-orders", *CONTOSO, "--yes").status == 0
    opened = netcfg(*words)
    assert (found(opened), opened.document["notes"]) == (expected, [])


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ("805", "may not get secrets there: it needs the role Key Vault Secrets User"),
        ("806", "may neither list nor get secrets there: it needs the role Key Vault Secrets User"),
        ("807", "does not get in: "),
        ("802", "is of type github"),
        ("899", "cannot be used: "),
    ],
)
def test_a_connection_that_is_denied_is_told_with_the_cause(netcfg: Program, connection: str, said: str):
    link(netcfg, 90, "kv-payments", connection, "api-key", "db-password")
    ran = netcfg("group", "check", *CONTOSO, "--group", "90", "--format", "json")
    assert ran.status == 4
    ((severity, rule, _),) = found(ran)
    assert (severity, rule) == ("error", "service-connection-denied")
    assert said in ran.document["findings"][0]["message"]


def test_what_the_configuration_wants_is_an_error_and_a_waiver_holds(netcfg: Program, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    text = (
        "organization: contoso\n"
        "devops: {project: payments, service-connection: azure-prod, secrets: ['token', 'feed-*']}\n"
        "vaults: [{name: kv-ready}]\nwaivers:\n"
        "  - {rule: secret-not-mapped, vault: kv-ready, subject: 'payments/group-90: feed', reason: not needed}\n"
        "  - {rule: unsupported-mapping, vault: kv-ready, reason: nothing of the kind}\n"
        "  - {rule: foreign-rule, vault: kv-ready, reason: not of this check}\n"
    )
    (tmp_path / "netcfg.yaml").write_text(text)
    link(netcfg, 90, "kv-ready", "801", "token-2025")
    link(netcfg, 91, "kv-elsewhere", "803", name="out of scope", project=2)
    ran = netcfg("group", "check", "kv-ready", "--format", "json")
    assert ran.status == 4
    assert found(ran) == [
        ("error", "mapped-secret-missing", "payments/group-90: token-2025"),
        ("error", "secret-not-mapped", "payments/group-90: token"),
        ("note", "secret-not-mapped", "payments/group-90: feed"),
    ]
    assert [bool(each["waived"]) for each in ran.document["findings"]] == [False, False, True]
    assert ran.document["notes"] == [
        "only the groups of the project payments were looked at",
        "no secret fits the pattern 'feed-*' of the configuration",
    ]
    assert ran.err.count("is about nothing that was found") == 1
    assert "the waiver of unsupported-mapping of kv-ready (netcfg.yaml:6)" in ran.err
    everywhere = {each["name"] for each in netcfg("group", "list", "--format", "json").document["groups"]}
    assert {"group-90", "out of scope"} < everywhere


def test_a_vault_that_nobody_may_list_is_undetermined(netcfg: Program):
    link(netcfg, 90, "kv-secret", "801", "api-key")
    ran = netcfg("group", "check", "kv-secret", *CONTOSO, "--format", "json")
    assert ran.status == 1
    conform(ran.out, "report")
    assert [each["vault"] for each in ran.document["undetermined"]] == ["kv-secret"]
    assert not ran.document["summary"]["compliant"]
    assert netcfg("group", "check", "kv-secret", "kv-payments", *CONTOSO).status == 7


def test_a_token_without_the_scope_of_the_proxy_leaves_vaults_undetermined(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    use(netcfg, monkeypatch, "make-believe-contoso-library")
    ran = netcfg("group", "check", "kv-payments", *CONTOSO)
    assert ran.status == 1
    assert "'Service Connections: Read & query'" in " ".join(ran.out.split())


def reports(netcfg: Program, folder: Path, *words: str) -> dict[str, str]:
    """One check, as every format tells it."""
    asked = [word for each in FORMATS for word in ("--report", f"{each}={folder / each}")]
    ran = netcfg("group", "check", *words, *CONTOSO, *asked)
    told = {each: (folder / each).read_text() for each in FORMATS}
    assert told["text"] == ran.out
    return told


@pytest.fixture(scope="module")
def told(library: Program, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return reports(library, tmp_path_factory.mktemp("told"))


def test_two_runs_write_the_same_in_every_format(library: Program, told: dict[str, str], tmp_path: Path):
    assert reports(library, tmp_path) == told
    assert [each for each, text in told.items() if "gone-secret" not in text] == []
    assert library("group", "check", *CONTOSO, "--format", "sarif").out == told["sarif"]


def test_each_format_is_its_own_beside_that_of_check(told: dict[str, str]):
    sarif = json.loads(told["sarif"])["runs"][0]
    assert sarif["automationDetails"]["id"].startswith("netcfg-group/")
    rules = [each["id"] for each in sarif["tool"]["driver"]["rules"]]
    assert rules == [
        "mapped-secret-missing", "secret-not-mapped", "unsupported-mapping", "service-connection-denied",
        "devops-cannot-read", "expired-waiver", "undetermined",
    ]  # fmt: skip
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in sarif["results"])
    suite = ElementTree.fromstring(told["junit"])[0]  # noqa: S314 (we wrote it)
    assert suite.get("name") == "netcfg group check"
    tests = {test.get("name"): test for test in suite}
    assert tests["payments/payments-secrets: mapped-secret-missing"].find("failure") is None
    assert tests["payments/verbatim: mapped-secret-missing"].find("failure") is not None
    assert len(tests) == 23 * 5


def test_many_notes_are_one_line_for_people_and_each_there_for_programs(library: Program):
    with serve(world="library") as sandbox:
        netcfg = Program(sandbox, library.folder)
        link(netcfg, 90, "kv-many", "801", "bulk-0001")
        words = ("group", "check", "kv-many", *CONTOSO)
        assert len(netcfg(*words, "--format", "json").document["findings"]) == 619
        ran = netcfg(*words)
        assert ran.status == 0
        assert "secret-not-mapped  619 secrets" in ran.out
        assert "more; the command is for the first of them" in " ".join(ran.out.split())
        asked = [path for _, path, _ in sandbox.requests if path.endswith("endpointproxy")]
        assert len(asked) == 2 * (25 + 1)  # two runs; 25 pages, and whether one may get
        ran = netcfg(*words, "--format", "markdown", "--fail-on", "note")
        assert (ran.status, len(ran.out.splitlines())) == (4, 14)


def test_a_name_in_ci_is_obeyed_by_no_runner(netcfg: Program, tmp_path: Path):
    link(netcfg, 90, "kv-payments", "801", "gone", name="##vso[task.complete]\u202e")
    for out in reports(netcfg, tmp_path, "kv-payments").values():
        assert "gone" in out
        assert "##vso[task.complete]" not in out
        assert "\u202e" not in out


def test_the_rules_are_explained(netcfg: Program):
    ran = netcfg("check", "--explain", "secret-not-mapped", "--explain", "devops-cannot-read")
    assert ran.status == 0
    assert 'subject: "payments/payments-secrets: admin-*"' in ran.out
    assert netcfg("check", "--explain", "overdue-temporary-rules").status == 2


def test_the_commands_that_are_shown_mend_what_is_found(netcfg: Program):
    """A secret that is gone, one that is not mapped, and a connection that may not read."""
    link(netcfg, 90, "kv-payments", "806", "api-key", "gone", name="it's two words")
    words = ("group", "check", "kv-payments", *CONTOSO, "--group", "90", "--format", "json")
    rules = []
    while fixes := [(each["rule"], each["fix"]) for each in netcfg(*words).document["findings"]]:
        assert len(rules) < 3
        rule, fix = next((each for each in fixes if each[0] == "service-connection-denied"), fixes[0])
        typed = shlex.split(fix)
        ran = netcfg(*typed[typed.index("group") :], "--yes")
        assert (ran.status, ran.err) == (0, "")
        rules.append(rule)
    assert rules == ["service-connection-denied", "mapped-secret-missing"]


def test_the_ids_of_what_azure_devops_refused_are_there_for_its_support(netcfg: Program):
    ran = netcfg("--verbose", "group", "check", "kv-orders", *CONTOSO)
    assert "devops-cannot-read" in ran.out
    assert ran.err.count("request id: 00000000-0000-4000-8000-000000000902\n") == 1
    assert "request id" not in netcfg("group", "check", "kv-orders", *CONTOSO).err


def test_a_configuration_that_names_vaults_is_about_their_groups(
    library: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)

    def check(vaults: str, *words: str) -> Ran:
        Path("netcfg.yaml").write_text(f"organization: contoso\nvaults: [{vaults}]\n")
        return library("group", "check", *words, "--format", "json")

    def vaults(ran: Ran) -> set[str]:
        return {each["vault"] for each in ran.document["groups"]}

    orders = check("{name: kv-orders}, {name: kv-us}")
    assert vaults(orders) == {"kv-orders"}
    assert any("which the configuration does not name, were left out" in each for each in orders.document["notes"])
    assert "no variable group that was read is linked to kv-us" in orders.document["notes"]
    assert vaults(check("{name: kv-orders}", "kv-payments")) == {"kv-payments"}
    every = check("{name: kv-orders}, {select: {tag: {team: pay}}}")
    assert "kv-payments" in vaults(every)
    assert every.err == "the configuration selects vaults, so groups of every vault are checked\n"
    nobody = check("{name: kv-us}")
    assert nobody.status == 1
    assert "is linked to kv-us" in nobody.err


def test_of_several_organizations_of_the_configuration_it_is_asked_which(
    library: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text("organization: [contoso, fabrikam]\nvaults: [{name: kv-orders}]\n")
    ran = library("group", "check")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: several organizations are named (contoso, fabrikam), and one is meant here: say which with "
        "--organization, or with the key organization under devops: in the configuration\n"
    )
    assert library("group", "list", "--organization", "contoso").status == 0
