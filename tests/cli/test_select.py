"""Selecting on the command line: which vaults are meant where nobody names them, whole, against the sandbox."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program, Ran

TEAM_1 = "00000000-0000-4000-8000-000000002001"
TEAM_2 = "00000000-0000-4000-8000-000000002002"
HUB = "00000000-0000-4000-8000-000000002091"
RESEARCH = "00000000-0000-4000-8000-000000002093"
FINANCE = "00000000-0000-4000-8000-000000002092"
BOTH = ("--organization", "contoso", "--organization", "fabrikam")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the program runs, with no configuration in it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fleet(here: Path, tmp_path: Path) -> Iterator[Program]:
    """Sixty vaults in six subscriptions, two of which the sign-in does not see."""
    with serve(world="fleet-small") as sandbox:
        with sandbox.edit() as state:
            state["settings"]["throttling"] = False
        yield Program(sandbox, tmp_path)


def names(ran: Ran) -> list[str]:
    return [each["name"] for each in ran.document["vaults"]]


def guards(ran: Ran) -> dict[str, str]:
    """What the guard `unlinked` says of each vault that it fires for."""
    return {
        vault["name"]: guard["message"]
        for vault in ran.document["vaults"]
        for guard in vault["guards"]
        if guard["id"] == "unlinked"
    }


def test_a_subscription_is_selected_and_that_is_said(fleet: Program):
    ran = fleet("plan", "--subscription", TEAM_1, "--geography", "EU", "--format", "json", quiet=False)
    assert names(ran)[:2] == ["kv-app-0001", "kv-app-0002"]
    assert len(names(ran)) == 22
    said = (
        f"the command line selects the vaults of subscription {TEAM_1} (22 in 1 subscription; one made in the last "
        "minutes may be missing): kv-app-0001, kv-app-0002, kv-app-0003, kv-app-0004, kv-app-0005 and 17 more"
    )
    assert f"{said}\n" in ran.err
    assert ran.document["selected"] == [said]


def test_places_and_tags_narrow_each_other(fleet: Program):
    words = ["--subscription", TEAM_1, "--subscription", TEAM_2, "--resource-group", "RG-APP", "--tag", "TEAM=desk"]
    ran = fleet("plan", *words, "--tag", "env=dev", "--geography", "EU", "--format", "json")
    assert names(ran) == ["kv-open-001", "kv-open-002", "kv-open-003"]
    nothing = fleet("plan", *words, "--tag", "env=", "--geography", "EU")
    assert nothing.status == 1
    assert "the command line selects nothing: this sign-in sees none of the vaults of subscription" in nothing.err


def test_all_says_what_cannot_be_known(fleet: Program):
    ran = fleet("check", "--all", "--organization", "contoso", "--format", "json")
    assert "4 subscriptions are visible to this sign-in; vaults in others cannot be known" in ran.document["selected"]
    assert ran.document["summary"]["vaults"] == 56
    (lost,) = ran.document["undetermined"]  # a role on one of its groups shows that group, and no word of the others
    assert lost["reason"].startswith(f"this sign-in may see only some of the vaults of /subscriptions/{RESEARCH}, so")


def test_a_subscription_that_is_not_visible_is_undetermined_beside_one_that_is(fleet: Program):
    ran = fleet("plan", "--subscription", HUB, "--subscription", FINANCE, "--geography", "EU", "--format", "json")
    assert ran.status == 7
    (lost,) = ran.document["undetermined"]
    assert lost["vault"] == f"the vaults of subscriptions {HUB}, {FINANCE}"
    assert lost["reason"].startswith(f"this sign-in does not see the subscription {FINANCE}")


def test_linked_vaults_serve_the_organizations_that_link_them_and_the_others_are_told_apart(fleet: Program):
    ran = fleet("plan", "--linked", *BOTH, "--format", "json")
    assert ran.status == 7
    served = {each["name"]: each["geographies"] for each in ran.document["vaults"]}
    assert len(served) == 17
    assert served["kv-app-0001"] == ["EU"]
    assert served["kv-us-01"] == ["US"]
    assert served["kv-both-01"] == ["EU", "US"]
    assert guards(ran) == {}
    reasons = {each["vault"]: each["reason"] for each in ran.document["undetermined"]}
    assert {name: reason.partition(": ")[2][:44] for name, reason in reasons.items()} == {
        "kv-deleted-01": f"the vault /subscriptions/{TEAM_1}"[:44],
        "kv-finance-01": "there is a vault named 'kv-finance-01' in th",
        "kv-nowhere": "there is no vault named 'kv-nowhere': no sub",
        "kv-partner-01": "vault 'kv-partner-01' belongs to tenant 0000",
    }
    assert "is linked to the variable group 'nowhere' of contoso/shop: " in reasons["kv-nowhere"]
    assert "'az keyvault recover --name kv-deleted-01 " in reasons["kv-deleted-01"]


def test_linked_and_a_place_are_the_linked_vaults_there(fleet: Program):
    ran = fleet("plan", "--linked", "--subscription", HUB, *BOTH, "--format", "json")
    assert names(ran) == ["kv-net-001", "kv-locked-01"]
    tagged = fleet("plan", "--linked", "--tag", "team=data", *BOTH, "--format", "json")
    assert names(tagged) == ["kv-data-0001", "kv-data-0002", "kv-data-0008"]


def test_the_command_that_mends_a_linked_vault_names_it_and_its_own_organizations_alone(fleet: Program, here: Path):
    def fixes(*words: str) -> dict[str, str]:
        found = fleet("check", "--linked", *words, "--format", "json").document["findings"]
        missing = [each for each in found if each["rule"] == "published-range-missing"]
        return {each["vault"].rpartition("/")[2]: each["fix"].partition(" apply ")[2] for each in missing}

    typed = fixes(*BOTH)
    assert typed["kv-app-0001"] == "kv-app-0001 --organization contoso"
    assert typed["kv-us-01"] == "kv-us-01 --organization fabrikam"
    assert typed["kv-both-01"] == "kv-both-01 --organization contoso --organization fabrikam"
    (here / "netcfg.yaml").write_text("organization: [contoso, fabrikam]\n", "utf-8")
    written = fixes()
    assert written["kv-app-0001"] == "--linked"
    assert written["kv-both-01"] == "kv-both-01"


def test_the_guard_asks_the_variable_groups_and_says_what_they_say(fleet: Program):
    words = ("--subscription", TEAM_1, "--tag", "env=x")
    with fleet.sandbox.edit() as state:
        for name in ("kv-app-0001", "kv-app-0009"):  # the first is linked, the other is not
            state["vaults"][name]["tags"] = {"env": "x"}
            state["vaults"][name]["properties"]["networkAcls"]["ipRules"] = []
    asked = fleet("plan", *words, "--organization", "contoso", "--format", "json")
    assert guards(asked) == {
        "kv-app-0009": (
            "kv-app-0009 was selected and not named, holds no published range, and no variable group of contoso that "
            "this sign-in sees uses it: it may have nothing to do with Azure DevOps"
        )
    }
    nobody = guards(fleet("plan", *words, "--geography", "EU", "--format", "json"))
    assert list(nobody) == ["kv-app-0001", "kv-app-0009"]
    assert "and no variable group is known to use it, as none of an organization was asked" in nobody["kv-app-0001"]
    unsaid = [path for _, path, _ in fleet.sandbox.requests if "variablegroups" in path]
    assert len(unsaid) == 2  # a page of ten and the rest, once for both, and not where no organization was given


def test_nobody_asks_variable_groups_where_every_vault_holds_a_published_range(fleet: Program):
    ran = fleet("plan", "--subscription", TEAM_1, "--resource-group", "rg-app", "--organization", "contoso")
    assert ran.status == 3
    assert not [path for _, path, _ in fleet.sandbox.requests if "variablegroups" in path]


def test_nothing_is_said_to_be_missing_in_a_vault_that_nobody_reads(fleet: Program):
    ran = fleet("check", "--subscription", TEAM_1, "--organization", "contoso", "--format", "json")
    missing = {each["vault"].rpartition("/")[2] for each in ran.document["findings"] if "missing" in each["rule"]}
    assert "kv-private-02" not in missing
    assert "kv-private-01" in missing  # a variable group uses it
    assert ran.document["selected"][-1] == (
        "1 vault holds no published range, and no variable group that this sign-in sees uses it, so none is said to be "
        "missing: kv-private-02"
    )
    named = fleet("check", "kv-private-02", "--organization", "contoso", "--format", "json").document["findings"]
    assert "published-range-missing" in {each["rule"] for each in named}


def test_what_a_file_chooses_is_narrowed_and_what_it_does_not_is_left_out(fleet: Program, here: Path):
    file = (
        f"geography: EU\nvaults:\n  - name: kv-app-0001\n  - name: kv-net-001\n  - select: {{subscription: {TEAM_2}}}\n"
    )
    (here / "netcfg.yaml").write_text(file, "utf-8")
    ran = fleet("plan", "--subscription", TEAM_1, "--format", "json")
    assert names(ran) == ["kv-app-0001"]
    kept, left_out = ran.document["selected"]
    assert kept == f"of these, 1 vault is among the vaults of subscription {TEAM_1}: kv-app-0001"
    assert left_out == (
        f"21 other vaults are among the vaults of subscription {TEAM_1} and left out, because netcfg.yaml does not "
        "choose them: kv-app-0002, kv-app-0003, kv-app-0004, kv-app-0005, kv-app-0006 and 16 more"
    )
    nothing = fleet("plan", "--subscription", HUB, "--resource-group", "rg-locked")
    assert nothing.status == 1
    assert "nothing is selected: none of the vaults of subscription" in nothing.err
    assert len(names(fleet("plan", "--all", "--format", "json"))) == 2 + 19


def test_without_vaults_in_it_the_file_says_what_is_meant_for_what_is_selected(fleet: Program, here: Path):
    (here / "netcfg.yaml").write_text("geography: EU\nallow: [{cidr: 191.10.9.0/28, reason: office}]\n", "utf-8")
    ran = fleet("plan", "--tag", "env=dev", "--format", "json")
    assert len(names(ran)) == 3
    assert all("191.10.9.0/28" in str(each["changes"]) for each in ran.document["vaults"])


def test_shards_are_the_whole_and_each_vault_is_in_one(fleet: Program):
    def part(shard: str) -> Ran:
        return fleet("plan", "--subscription", TEAM_1, "--geography", "EU", "--shard", shard, "--format", "json")

    ran = [part(f"{number}/3") for number in (1, 2, 3)]
    assert sorted(name for each in ran for name in names(each)) == sorted(
        names(fleet("plan", "--subscription", TEAM_1, "--geography", "EU", "--format", "json"))
    )
    for number, each in enumerate(ran, start=1):
        assert each.document["selected"][-1] == f"shard {number} of 3: {len(names(each))} of 22 vaults"


@pytest.mark.parametrize("command", [["plan"], ["check"], ["apply", "--yes"]])
def test_a_shard_without_vaults_is_done(fleet: Program, command: list[str]):
    for format in ([], ["--format", "json"], ["--format", "markdown"], ["--format", "html"]):
        ran = fleet(*command, "kv-right-001", "--geography", "EU", "--shard", "1/1000", *format)
        assert ran.status == 0, ran.out + ran.err
        assert "shard 1 of 1000: 0 of 1 vault" in ran.out


def test_an_apply_writes_what_was_selected_and_a_second_finds_nothing_to_do(fleet: Program):
    words = ("--subscription", TEAM_1, "--tag", "team=desk", "--geography", "EU")
    ran = fleet("apply", "--yes", *words)
    assert ran.status == 0, ran.out + ran.err
    desk = {f"kv-app-{number:04}" for number in (3, 6, 9, 12, 15, 18)}
    assert {path.rpartition("/")[2] for _, path in fleet.writes} == desk
    assert fleet("plan", "--consistent", *words).status == 0


def test_an_export_says_how_it_was_selected(fleet: Program):
    ran = fleet("export", "--subscription", TEAM_2, "--tag", "team=data", "--geography", "EU", "--as", "tfvars")
    assert f"export --subscription {TEAM_2} --tag team=data --geography EU --as tfvars" in ran.out


REFUSED: list[tuple[list[str], str]] = [
    (
        ["--all", "--tag", "a=b"],
        "--all and --tag exclude each other: all that this sign-in sees is meant, or a part",
    ),
    (["--all", "--linked"], "--all and --linked exclude each other"),
    (["kv-a", "--all"], "VAULT and --all exclude each other: vaults are named, or selected"),
    (["kv-a", "--subscription", TEAM_1], "VAULT and --subscription exclude each other"),
    (["--subscription", "production"], "'production' is not the id of a subscription, like 00000000-0000-"),
    (["--subscription", TEAM_1, "--resource-group", "a/b"], "'a/b' is not the name of a resource group"),
    (["--tag", "team"], "'team' is not a tag; write KEY=VALUE, or KEY= for a tag without a value"),
    (["--tag", "a=b", "--tag", "A=c"], "--tag a=b and --tag A=c exclude each other: a vault has one value for a"),
    (
        ["--linked"],
        "--linked asks an organization for its variable groups, and none was given; give --organization",
    ),
    (["--all", "--shard", "0/8"], "'0/8' is not a shard; write I/N, as in 3/8"),
    (["--all", "--shard", "9/8"], "'9/8' is not a shard"),
    (["--all", "--shard", "x"], "'x' is not a shard"),
    (["--shard", "1/2"], "no vault was given"),
]


@pytest.mark.parametrize("command", ["plan", "check"])
def test_what_cannot_be_meant_is_said_before_anybody_is_asked(fleet: Program, command: str):
    for words, why in REFUSED:
        ran = fleet(command, *words, "--geography", "EU")
        assert ran.status == 2, words
        assert why in ran.err
    assert fleet.sandbox.requests == []


def missing(ran: Ran) -> set[str]:
    """The vaults in which a published range is said to be missing."""
    found = ran.document["findings"]
    return {each["vault"].rpartition("/")[2] for each in found if each["rule"] == "published-range-missing"}


def test_a_sign_in_that_sees_no_project_does_not_make_a_check_succeed(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["organizations"]["contoso"]["projects"] = []
        networks = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
        for each in ("kv-app-0001", "kv-app-0002"):
            state["vaults"][each]["properties"]["networkAcls"] = networks
            state["vaults"][each]["tags"] = {"env": "x"}
    words = ("--subscription", TEAM_1, "--tag", "env=x", "--organization", "contoso", "--format", "json")
    ran = fleet("check", *words)
    assert (ran.status, missing(ran)) == (4, {"kv-app-0001", "kv-app-0002"})
    why = "(the variable groups of contoso: contoso shows this sign-in no project, so which vaults its variable groups"
    assert why in guards(fleet("plan", *words))["kv-app-0001"]
    linked = fleet("check", "--linked", "--organization", "contoso")
    assert linked.status == 1
    assert "contoso shows this sign-in no project" in linked.err


def test_what_a_file_selects_is_meant_whoever_uses_it(fleet: Program, here: Path):
    assert "kv-private-02" not in missing(
        fleet("check", "--subscription", TEAM_1, "--organization", "contoso", "--format", "json")
    )
    file = f"organization: contoso\nvaults:\n  - select: {{subscription: {TEAM_1}}}\n"
    (here / "netcfg.yaml").write_text(file, "utf-8")
    for words in ([], ["--subscription", TEAM_1]):
        ran = fleet("check", *words, "--format", "json")
        assert "kv-private-02" in missing(ran)
        assert "so none is said to be missing" not in str(ran.document["selected"])
    assert "kv-private-02" in guards(fleet("plan", "--format", "json"))  # a write is another matter


def test_an_id_in_a_file_is_never_taken_for_a_vault_of_that_name_elsewhere(fleet: Program, here: Path):
    there = fleet.sandbox.state["vaults"]["kv-app-0001"]["id"]
    wrong = there.replace(TEAM_1, TEAM_2)
    others = "".join(f"  - name: kv-app-{number:04}\n" for number in range(2, 20))
    (here / "netcfg.yaml").write_text(f"geography: EU\nvaults:\n  - id: {wrong}\n{others}", "utf-8")
    for words in (["--all"], ["--tag", "team=shop"], ["--subscription", TEAM_1, "--subscription", TEAM_2]):
        ran = fleet("apply", *words, "--yes", "--format", "json")
        assert ran.status == 7, words
        assert "kv-app-0001" not in names(ran)
        assert wrong in {each["vault"] for each in ran.document["undetermined"]}
    written = {path.rpartition("/")[2] for _, path in fleet.writes}
    assert written
    assert "kv-app-0001" not in written


def test_a_moved_vault_that_the_index_shows_twice_hinders_no_other(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
        moved = state["vaults"]["kv-app-0001"]
        old = copy.deepcopy(moved)
        moved["id"] = moved["id"].replace(TEAM_1, TEAM_2)
        state["stale"][old["id"].lower()] = {"until": time.time() + 600, "was": old}
    ran = fleet("plan", "--subscription", TEAM_1, "--subscription", TEAM_2, "--geography", "EU", "--format", "json")
    assert len(names(ran)) == 22 + 19
    assert [TEAM_2 in each["id"] for each in ran.document["vaults"] if each["name"] == "kv-app-0001"] == [True]
    assert ran.document["undetermined"] == []


def test_who_asks_for_consistency_finds_a_vault_that_was_just_made(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
        new = state["vaults"]["kv-open-001"]
        state["stale"][new["id"].lower()] = {"until": time.time() + 600, "was": None}
    for words in (["--subscription", TEAM_2], ["--all"], ["--tag", "team=desk"]):
        by_index = fleet("check", *words, "--geography", "EU", "--format", "json")
        assert "kv-open-001" not in by_index.out
        assert "one made in the last minutes may be missing" in by_index.document["selected"][0]
        ran = fleet("check", *words, "--geography", "EU", "--consistent", "--format", "json")
        assert "kv-open-001" in {each["name"] for each in ran.document["vaults"]}
        assert "may be missing" not in str(ran.document["selected"])


def test_linked_vaults_that_a_file_selects_serve_only_those_that_link_them(fleet: Program, here: Path):
    file = f"organization: [contoso, fabrikam]\nvaults:\n  - select: {{subscription: {TEAM_2}}}\n  - name: kv-us-02\n"
    (here / "netcfg.yaml").write_text(file, "utf-8")
    ran = fleet("plan", "--linked", "--format", "json")
    served = {each["name"]: each["geographies"] for each in ran.document["vaults"]}
    assert served["kv-data-0001"] == ["EU"]
    assert served["kv-us-01"] == ["US"]
    assert served["kv-both-01"] == ["EU", "US"]
    found = fleet("check", "--linked", "--format", "json").document["findings"]
    fixes = {each["vault"].rpartition("/")[2]: each["fix"].partition(" apply ")[2] for each in found if each["vault"]}
    assert fixes["kv-us-01"] == "--linked"  # by its name it would get what the file says of all
    assert fixes["kv-both-01"].startswith("kv-both-01")


@pytest.mark.parametrize("name", ["", "con toso"])
def test_what_is_no_organization_is_refused_before_anybody_is_asked(fleet: Program, name: str):
    ran = fleet("plan", "--linked", "--organization", name)
    assert ran.status == 2
    assert f"{name!r} is not an organization of Azure DevOps" in ran.err
    assert fleet.sandbox.requests == []
