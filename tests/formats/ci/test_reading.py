"""What a CI system shows of a link or a refresh, and of a verification."""

import pytest

from netcfg.core.errors import Interrupted, NetcfgError
from netcfg.core.guards import REMOVALS, SHARED_GROUP, Guard
from netcfg.core.linking.grouping import GroupOutcome, GroupPlan, GroupPlans, GroupResult, Unplanned
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.outcome import Ending
from netcfg.core.proof import Proof
from netcfg.core.reading import Reading
from netcfg.core.verification import Lookup, Observation, Obstacle, Remedy, Resolution, Verification
from netcfg.formats.ci import azure_pipelines, github
from netcfg.formats.ci.annotations import annotations_of
from netcfg.formats.ci.summary import summary
from tests.formats.ci import runners

PROJECT = Project("contoso", "payments", "701")
CONNECTION = ServiceConnection("801", "azure-prod", PROJECT)
HOSTILE = "##vso[task.complete result=Succeeded]x\n::add-mask::y"


def plan(name: str = "shop", *guards: Guard) -> GroupPlan:
    before = VariableGroup(11, name, PROJECT, vault="kv-a", connection="801", mappings=(Mapping("old"),))
    return GroupPlan(PROJECT, name, "kv-a", CONNECTION, before, (Mapping("new"),), guards=guards)


def result(*outcomes: GroupOutcome, asks_which: bool = False, undetermined: tuple[Unplanned, ...] = ()) -> GroupResult:
    plans = tuple(each.plan for each in outcomes)
    return GroupResult(GroupPlans("contoso", plans, undetermined, asks_which), outcomes)


def refused(name: str = "shop") -> GroupOutcome:
    fired = plan(name, Guard(REMOVALS, "1 of 1 would go"), Guard(SHARED_GROUP, "2 projects use it", accepted=True))
    return GroupOutcome(fired, Ending.REFUSED)


def told(document: GroupResult | Reading) -> list[tuple[str, str]]:
    return [(each.rule, each.message) for each in annotations_of(document)]


@pytest.mark.parametrize(("asks_which", "option"), [(False, "removals"), (True, "removals=kv-a")])
def test_a_guard_that_nobody_accepted_is_said_with_what_accepts_it(asks_which, option):
    message = f"variable group shop of payments: refused: 1 of 1 would go; accept with --accept {option}"
    assert told(result(refused(), asks_which=asks_which)) == [("removals", message)]


def test_what_failed_and_what_is_not_known_is_said_and_what_was_done_is_not():
    failed = GroupOutcome(plan(), Ending.FAILED, touched=True, error=NetcfgError("it went wrong"))
    done = GroupOutcome(plan("fine"), Ending.DONE, verified=True)
    unchanged = GroupOutcome(plan("same"), Ending.UNCHANGED, verified=True)
    doubt = Unplanned("the group hidden of payments", NetcfgError("nobody may read it"))
    (error, unknown) = told(result(done, failed, unchanged, undetermined=(doubt,)))
    assert error[0] == "failed"
    assert error[1].startswith("variable group shop of payments: ")
    assert error[1].endswith(": it went wrong")
    assert unknown == ("undetermined", "the group hidden of payments: nothing is planned for it: nobody may read it")


def test_ten_of_a_kind_are_enough():
    found = told(result(*(refused(f"group-{number}") for number in range(12))))
    assert len(found) == 10
    assert found[-1] == ("netcfg", "3 more errors: see the whole report")


def test_the_summary_of_a_link_has_each_group_with_what_became_of_it():
    stopped = GroupOutcome(plan("later"), Ending.NOT_REACHED, error=Interrupted())
    page = summary(result(refused(), stopped), 100_000)
    assert page.startswith(
        "## netcfg group: 2 variable groups: 1 refused, 1 not reached\n\n**interrupted: run the same"
    )
    assert "### `shop`\n" in page
    assert "- `removals`: 1 of 1 would go — accept with `--accept removals`\n" in page
    assert "- secret old" in page
    assert len(summary(result(*(refused(f"group-{each}") for each in range(50))), 2_000).encode()) <= 2_000


SEEN = Observation("kv-a", "kv-a.vault.azure.net", "zone", Lookup(Resolution.PUBLIC), None)
FIX = Remedy("let it in", ("netcfg apply kv-a --organization contoso",))
CLOSED = Proof("kv-a", CONNECTION, False, Obstacle.FIREWALL, "the firewall refuses it", FIX)
HERE = Verification(SEEN, None, Obstacle.DNS, "its name does not resolve")


def test_each_look_that_something_is_in_the_way_of_is_said_with_the_next_step():
    assert told(Reading(CLOSED, HERE)) == [
        ("cannot-read-from-here", "kv-a: its name does not resolve"),
        (
            "devops-cannot-read",
            "kv-a: the firewall refuses it; next: let it in: netcfg apply kv-a --organization contoso",
        ),
    ]
    assert summary(Reading(CLOSED, HERE), 10_000) == (
        "## netcfg verify: kv-a undetermined from here: dns\n\nits name does not resolve\n\n"
        "## netcfg verify: kv-a does not work through Azure DevOps: firewall\n\nthe firewall refuses it\n\n"
        "- next: let it in\n\n```text\nnetcfg apply kv-a --organization contoso\n```\n"
    )


def test_of_what_works_there_is_a_summary_alone():
    works = Reading(Proof("kv-a", CONNECTION, True, None, "nothing is in the way"))
    assert told(works) == []
    assert summary(works, 10_000).startswith("## netcfg verify: kv-a works through Azure DevOps\n")


def test_the_worse_of_two_looks_decides():
    assert (Reading(CLOSED).status, Reading(here=HERE).status, Reading(CLOSED, HERE).status) == (4, 1, 4)


@pytest.mark.parametrize(
    "document",
    [
        result(GroupOutcome(plan(HOSTILE), Ending.FAILED, error=NetcfgError(HOSTILE))),
        result(refused(HOSTILE), undetermined=(Unplanned(HOSTILE, NetcfgError(HOSTILE)),)),
        Reading(Proof(HOSTILE, CONNECTION, False, Obstacle.FIREWALL, HOSTILE, Remedy(HOSTILE, (HOSTILE,)))),
    ],
)
def test_nothing_that_somebody_else_wrote_is_a_command(document):
    found = annotations_of(document)
    assert {each.name for each in runners.azure_pipelines(azure_pipelines.annotate(found))} == {"task.logissue"}
    assert {each.name for each in runners.github(github.annotate(found))} == {"error"}
    page = summary(document, 10_000)
    assert runners.azure_pipelines(page) == runners.github(page) == []
