"""What is the same of many vaults is told once, nothing is lost by it, and what is odd is told as it always is."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import NetcfgError
from netcfg.core.guards import Acceptance, Guard
from netcfg.core.outcome import Result
from netcfg.core.plan import PlanSet
from netcfg.core.words import listed
from netcfg.formats import alike, markdown, phrases, text
from netcfg.formats.ci.annotations import annotations_of
from netcfg.formats.html import document
from netcfg.formats.page import Page
from tests.formats import builders, fleets, generated
from tests.formats.builders import EUROPE


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_fleet(width: int, kept):
    assert text.plan(fleets.indexed(fleets.fleet()), Page(width)) == kept


def test_a_fleet_in_colour(kept):
    assert text.plan(fleets.fleet(), Page(100, colour=True)) == kept


def test_a_fleet_in_markdown(kept):
    assert markdown.plan(fleets.indexed(fleets.fleet())) == kept


def test_the_result_of_a_fleet(kept):
    assert text.result(fleets.applied(fleets.indexed(fleets.fleet()), is_interrupted=True), Page(100)) == kept


def test_the_result_of_a_fleet_below_its_plan(kept):
    assert text.result(fleets.applied(fleets.fleet()), Page(100), after_plan=True) == kept


def test_the_result_of_a_fleet_in_markdown(kept):
    assert markdown.result(fleets.applied(fleets.indexed(fleets.fleet()), is_interrupted=True)) == kept


def test_three_vaults_are_told_one_by_one_though_they_are_alike():
    three = builders.plan_set(*(builders.plan(builders.vault(f"kv-{each}")) for each in "abc"))
    shown = text.plan(three, Page(100))
    assert [each for each in shown.splitlines() if each.startswith("kv-")] == [
        "kv-a in rg-payments · 4 to add", "kv-b in rg-payments · 4 to add", "kv-c in rg-payments · 4 to add",
    ]  # fmt: skip


def test_the_page_of_four_hundred_vaults_is_short():
    shown = text.plan(fleets.fleet(400), Page(100))
    assert len(shown.splitlines()) < 80
    assert "\n297 vaults: + 4 ranges for Europe; up to 1 rule kept in each\n" in shown


def test_an_interrupted_apply_says_how_to_go_on():
    done = fleets.applied(fleets.fleet(3), is_interrupted=True)
    how = "interrupted: run the same command again: it goes on where this one ended"
    assert text.result(done, Page(100)).splitlines()[-1] == how
    assert f"\n\n**{how}**\n\n" in markdown.result(done)
    assert f'<p class="lead">{how}</p>' in document.result(done)


def test_a_page_says_what_was_selected_and_whose_word_it_is():
    shown = document.plan(fleets.indexed(fleets.fleet(6)))
    assert '<p class="lead">40 subscriptions are visible; others cannot be known</p>' in shown
    assert "the state of 6 vaults is Resource Graph&#39;s, which lags by seconds or minutes" in shown


def test_a_pattern_accepts_a_guard_for_its_group_alone():
    guard = Guard("default-deny", "…")
    refused = ["kv-shop-1", "kv-shop-2", "kv-bank-1"]
    assert alike.acceptance(guard, refused[:2], refused) == "--accept 'default-deny=kv-shop-*'"
    assert alike.acceptance(guard, refused, refused) == "--accept 'default-deny=kv-*'"
    assert alike.acceptance(guard, refused[::2], refused) == "--accept default-deny=VAULT"
    assert alike.acceptance(guard, refused[2:], refused) == "--accept default-deny=kv-bank-1"
    assert alike.acceptance(guard, ["KV-A", "kv-b"], ["KV-A", "kv-b"]) == "--accept 'default-deny=kv-*'"
    assert alike.acceptance(guard, ["a", "b"], ["a", "b"]) == "--accept 'default-deny=*'"
    assert alike.acceptance(replace(guard, id="perimeter"), refused, refused) == ""


vault_names = st.lists(st.text("ab-", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(vault_names, st.data())
def test_no_pattern_accepts_more_than_its_group(names: list[str], data: st.DataObject):
    group = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    option = alike.acceptance(Guard("default-deny", "…"), group, names)
    pattern = option.removeprefix("--accept ").strip("'").removeprefix("default-deny=")
    accepted = [
        each for each in names if Acceptance("default-deny", pattern).holds("default-deny", builders.vault(each))
    ]
    assert pattern == "VAULT" or sorted(accepted) == sorted(group)


@pytest.mark.parametrize(
    ("said", "expected"),
    {
        "kv-a is locked": "VAULT is locked",
        "pe-kv-a-vnet comes": "pe-VAULT-vnet comes",
        "kv-ab and kv-a": "kv-ab and VAULT",
        "mykv-a, kv-akv-a": "mykv-a, kv-akv-a",
        "(kv-a), 'kv-a'": "(VAULT), 'VAULT'",
        "nothing of it": "nothing of it",
    }.items(),
)
def test_a_name_is_replaced_where_it_is_a_word(said: str, expected: str):
    assert alike.anonymous(said, "kv-a") == expected


def test_the_empty_name_is_nowhere():
    assert alike.anonymous("anything", "") == "anything"


def test_many_changes_are_counted_by_where_they_are():
    made = builders.plan(builders.vault(), allow=[f"191.10.{each}.0/24=shops" for each in range(40)])
    (group,) = alike.plans([made], ())
    assert [(each.mark, each.subject, each.cells) for each in alike.gathered(group)] == [
        ("+", "20.166.41.0/24", ("Azure DevOps · Europe · northeurope", "table + tag", "")),
        ("+", "40.74.28.0/23", ("Azure DevOps · Europe · westeurope", "table + tag", "")),
        ("+", "134.149.110.74/31", ("Azure DevOps · Europe · northeurope", "service tag", "")),
        ("+", "172.199.233.128/26", ("Azure DevOps · Europe · westeurope", "service tag", "")),
        ("+", "40 declared rules", ("declared: shops",)),
    ]
    assert alike.sketch(made) == "+ 4 ranges for Europe, + 40 declared rules"


def test_a_sketch_names_everything_that_changes():
    agents = builders.subnet_id("agents")
    made = builders.plan(
        builders.vault(ip_rules=["191.10.20.7"], is_open=True), subnets=(agents,), exclusive=True, endpoints=False
    )
    assert alike.sketch(made) == (
        "+ 4 ranges for Europe, - 1 foreign rule, ~ default action to Deny, + 1 subnet, + 1 service endpoint"
    )
    nothing = builders.unchanged().plans[0]
    assert alike.sketch(nothing) == "nothing to change"


def test_what_many_cannot_be_read_for_is_said_once():
    lost = [builders.unread(f"kv-{each}", f"you may not read kv-{each}") for each in "abcd"]
    told = alike.undetermined([*lost, builders.unread("kv-e", "kv-e is gone")])
    assert told == [
        alike.Lost(("kv-a", "kv-b", "kv-c", "kv-d"), "you may not read VAULT"),
        alike.Lost(("kv-e",), "kv-e is gone"),
    ]


def named(shown: str) -> int:
    """How many vaults the headings, lists and lines of a text are about."""
    titles = re.findall(r"^([\d,]+) (?:more )?vaults?:", shown, re.MULTILINE)
    return sum(int(each.replace(",", "")) for each in titles) + len(re.findall(r"^kv-[a-z] in ", shown, re.MULTILINE))


@st.composite
def plan_sets(drawn: st.DrawFn) -> PlanSet:
    """More vaults than are told one by one, some of them alike."""
    resolution = builders.resolution()
    kinds = [drawn(generated.plans("kv-a", resolution, ())) for _ in range(drawn(st.integers(1, 3)))]
    made = [
        replace(plan, vault=replace(plan.vault, id=builders.vault_id(f"kv-{letter}")))
        for letter, plan in zip(
            "abcdefgh", drawn(st.lists(st.sampled_from(kinds), min_size=4, max_size=8)), strict=False
        )
    ]
    return PlanSet((EUROPE,), (), resolution, tuple(made))


@given(plan_sets())
@settings(max_examples=40)
def test_every_vault_is_counted_once(planned: PlanSet):
    shown = text.plan(planned, Page(10_000))
    *body, summary = shown.splitlines()
    assert named("\n".join(body)) == len(planned.plans)
    assert summary.startswith(f"{len(planned.plans)} vaults: ")


@given(plan_sets())
@settings(max_examples=40)
def test_all_of_a_group_change_the_same(planned: PlanSet):
    groups = alike.plans(planned.plans, phrases.shared_notes(planned))
    assert sorted(name for each in groups for name in each.names) == sorted(each.vault.name for each in planned.plans)
    for group in groups:
        assert len({tuple((c.action, c.kind, c.value, c.was) for c in each.changes) for each in group.plans}) == 1
        assert len({each.refusals != () for each in group.plans}) == 1


@given(plan_sets(), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_in_which_vaults_come_changes_nothing(planned: PlanSet, random):
    turned = list(planned.plans)
    random.shuffle(turned)
    again = replace(planned, plans=tuple(turned))
    assert text.plan(again, Page(100)) == text.plan(planned, Page(100))
    assert markdown.plan(again) == markdown.plan(planned)


def test_more_groups_than_anybody_reads_are_a_line_each():
    odd = [builders.plan(builders.vault(f"kv-{each:02d}"), allow=[f"191.10.{each}.0/24=shop"]) for each in range(25)]
    shown = text.plan(builders.plan_set(*odd), Page(100))
    assert "\n5 more vaults: netcfg plan VAULT tells all of it\n" in shown
    assert "\n~ kv-24  + 4 ranges for Europe, + 1 declared rule\n" in shown
    assert "191.10.24.0/24" not in shown
    page = markdown.plan(builders.plan_set(*odd))
    assert "### 5 more vaults\n\n- `kv-20`: + 4 ranges for Europe, + 1 declared rule\n" in page.replace("&#43;", "+")


def test_errors_that_differ_are_told_apart():
    planned = fleets.fleet()
    done = fleets.applied(planned)
    outcomes = [
        replace(each, error=NetcfgError(f"error {number}")) if each.error else each
        for number, each in enumerate(done.outcomes)
    ]
    odd = alike.outcomes(Result(planned, tuple(outcomes)).outcomes)
    assert all(len(each.outcomes) == 1 for each in odd if each.error)


def test_what_is_like_nothing_else_is_told_by_its_own_name():
    guard = Guard("unlinked", "kv-odd was selected and not named")
    odd = replace(builders.plan(builders.vault("kv-odd")), guards=(guard,))
    planned = builders.plan_set(odd, *(builders.plan(builders.vault(f"kv-{each}")) for each in "abcd"))
    done = fleets.applied(planned)
    for shown in (
        text.plan(planned, Page(100)),
        text.result(done, Page(100)),
        markdown.plan(planned),
        markdown.result(done),
    ):
        assert "kv-odd was selected and not named" in shown
        assert "VAULT" not in shown


def test_a_blank_for_a_name_is_explained_where_it_is_said():
    guarded = [
        replace(builders.plan(builders.vault(name)), guards=(Guard("unlinked", f"{name} is strange"),))
        for name in ("kv-a", "kv-b", "kv-c", "kv-d")
    ]
    planned = builders.plan_set(*guarded)
    legend = "VAULT: the name of each of these 4 vaults"
    for shown in (text.plan(planned, Page(100)), text.result(fleets.applied(planned), Page(100))):
        assert f"\n  kv-a, kv-b, kv-c, kv-d\n  {legend}\n" in shown
    assert f"\n\n{legend}\n\n" in markdown.plan(planned)
    assert legend not in text.plan(builders.plan_set(*(replace(each, guards=()) for each in guarded)), Page(100))


def test_an_option_for_every_vault_of_a_group_says_so():
    assert alike.for_each("--accept unlinked=VAULT", ["kv-a", "kv-b"]) == ", for each of these 2"
    assert alike.for_each("--accept unlinked=VAULT", ["VAULT"]) == ""
    assert alike.for_each("--accept 'unlinked=kv-*'", ["kv-a", "kv-b"]) == ""


def test_a_result_below_its_plan_does_not_say_again_why_vaults_are_refused():
    done = fleets.applied(fleets.fleet())
    below = text.result(done, Page(100), after_plan=True)
    assert "\n2 vaults: REFUSED by default-deny: nothing was written; see above\n  kv-open-5, kv-open-6\n" in below
    assert "every caller whom no rule names" not in below
    assert "every caller whom no rule names" in text.result(done, Page(100))


def test_a_plan_and_its_result_count_the_same_vaults():
    planned = fleets.fleet()
    assert phrases.summary(planned).startswith("44 vaults: ")
    assert phrases.conclusion(fleets.applied(planned)).startswith("44 vaults: ")


def test_a_list_counts_what_it_leaves_out_as_all_numbers_are_written():
    assert listed(range(1890)) == "0, 1, 2, 3, 4 and 1,885 more"


def test_the_annotations_of_a_fleet_are_one_for_vaults_that_are_alike_and_what_failed_comes_first():
    found = annotations_of(fleets.applied(fleets.fleet(400)))
    assert len(found) <= 10
    rules = [each.rule for each in found]
    ranks = {"failed": 0, "stale": 0, "not-verified": 0, "not-reached": 2, "undetermined": 3}
    assert rules[0] == "failed"
    assert [ranks.get(each, 1) for each in rules] == sorted(ranks.get(each, 1) for each in rules)
    [left] = [each.message for each in found if each.rule == "not-reached"]
    names = "kv-009, kv-019, kv-029, kv-039, kv-049 and 35 more"
    assert left == f"40 vaults ({names}): not reached: nothing was written: an earlier wave failed"
    [refusal] = [each.message for each in found if each.rule == "default-deny"]
    assert refusal.startswith("2 vaults (kv-open-5, kv-open-6): refused: ")
    assert refusal.endswith("; accept with --accept 'default-deny=kv-open-*'")


def test_the_annotation_of_one_among_many_says_its_own_name():
    found = annotations_of(fleets.applied(fleets.fleet()))
    assert [each.message for each in found if each.rule == "stale"] == [
        "kv-002: STALE: nothing was written: kv-002 is not what the plan was drawn for"
    ]
