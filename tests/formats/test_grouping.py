"""What is said of groups that were not written, or of which nobody knows whether they were."""

from dataclasses import replace

import pytest

from netcfg.core.errors import DevOpsUnsettled, GrantUnsettled, GroupMoved, Interrupted, NetcfgError
from netcfg.core.linking.grouping import GroupOutcome, GroupPlan, GroupPlans
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.outcome import Ending
from netcfg.formats import grouping
from netcfg.formats.page import Page

PROJECT = Project("contoso", "payments", "p1")
CONNECTION = ServiceConnection("c1", "azure-prod", PROJECT)
MAPPED = (Mapping("a"),)
BEFORE = VariableGroup(7, "shop", PROJECT, vault="kv-a", connection="c1", mappings=MAPPED)
LINK = GroupPlan(PROJECT, "shop", "kv-a", CONNECTION, None, MAPPED)


@pytest.mark.parametrize(
    ("ending", "touched", "error", "said"),
    [
        (Ending.FAILED, False, NetcfgError("no"), "FAILED: nothing was written"),
        (Ending.FAILED, True, NetcfgError("no"), "FAILED: something was written before that"),
        (Ending.FAILED, True, DevOpsUnsettled("it", "x"), "FAILED: whether something was written is not known"),
        (Ending.FAILED, True, GrantUnsettled("kv-a", "x"), "FAILED: whether something was written is not known"),
        (
            Ending.FAILED,
            False,
            DevOpsUnsettled("it", "x", may_have_happened=False),
            "FAILED: nothing was written",
        ),
        (Ending.STALE, False, GroupMoved("shop", ["it is gone"]), "STALE: nothing was written"),
        (Ending.NOT_REACHED, False, Interrupted(), "not reached: nothing was written"),
        (
            Ending.NOT_REACHED,
            True,
            Interrupted(),
            "not reached: the permission was given, and the group was not written",
        ),
    ],
)
def test_nothing_is_called_unwritten_that_may_have_been_written(ending, touched, error, said):
    assert grouping.ending(GroupOutcome(LINK, ending, touched=touched, error=error)) == said


def test_a_plan_that_changes_nothing_says_so():
    unchanged = GroupPlan(PROJECT, "shop", "kv-a", CONNECTION, BEFORE, MAPPED)
    assert grouping.plan(GroupPlans("contoso", (unchanged,)), Page()).endswith("1 variable group: nothing to change\n")
    assert grouping.plan(GroupPlans("contoso", (unchanged, LINK)), Page()).endswith("2 variable groups: 1 to change\n")


def test_of_very_many_secrets_that_come_the_first_are_named_and_of_those_that_go_each():
    many = tuple(Mapping(f"new-{number:03}") for number in range(600))
    gone = tuple(Mapping(f"old-{number:03}") for number in range(50))
    before = replace(BEFORE, mappings=(*MAPPED, *gone))
    plan = GroupPlan(PROJECT, "shop", "kv-a", CONNECTION, before, (*MAPPED, *many))
    lines = grouping.plan(GroupPlans("contoso", (plan,)), Page(80)).splitlines()
    assert [each for each in lines if each.startswith("+")] == [
        *(f"+ secret new-00{number}" for number in range(10)),
        "+ 590 more secrets  new-010 to new-599; --format json names them all",
    ]
    assert sum(each.startswith("- secret old-") for each in lines) == 50
    assert "= 1 secret kept     a" in lines
    few = replace(plan, before=BEFORE, after=(*MAPPED, *many[:40]))
    assert "more secret" not in grouping.plan(GroupPlans("contoso", (few,)), Page(80))
