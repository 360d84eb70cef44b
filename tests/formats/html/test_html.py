"""The page as bytes: what it says, that no name changes it, that it asks for nothing, and that all can read it."""

import re
import time
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.checks.register import CHECKS
from netcfg.core.findings import Finding
from netcfg.core.outcome import Ending, Outcome
from netcfg.core.rules import Perimeter, PublicAccess
from netcfg.formats.html import document, picture
from netcfg.formats.html.cards import cards
from netcfg.formats.html.vault import Section, applied, inspected, planned
from tests.formats import builders, generated, reports
from tests.pace import SOON

VOID = {"meta", "input", "br"}


class Reader(HTMLParser):
    """A page as a parser that is not ours sees it: its tags, its attributes, and the text of each script and style."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.raw: dict[str, str] = {}
        self.words: list[str] = []
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open = tag

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", ()))
        self._open = ""

    def handle_data(self, data):
        if self._open in ("script", "style"):
            self.raw[self._open] = self.raw.get(self._open, "") + data
        else:
            self.words.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def values(self, name: str) -> list[str]:
        return [value for _, each, value in self.attributes if each == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def pages() -> dict[str, str]:
    """One page of each kind."""
    endings = (Ending.REFUSED, Ending.DONE, Ending.FAILED)
    return {
        "report": document.report(reports.drifted()),
        "fleet": document.report(reports.many(12)),
        "plan": document.plan(builders.shared()),
        "result": document.result(builders.applied(builders.several(), *endings, error="kv-audit is locked")),
    }


PAGES = pages()
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


# What it says


def lanes(section: Section) -> list[str]:
    return [each.text for each in section.picture.lanes]


def test_a_picture_says_who_gets_in_and_who_is_missing():
    (inspection,) = reports.drifted().inspections
    assert lanes(inspected(inspection, (), ())) == [
        "Azure DevOps, Europe, northeurope: ✕ 2 ranges missing",
        "Azure DevOps, Europe, westeurope: ✕ 1 in part only, ✕ 1 missing",
        "Agents' subnets: vnet-build/agents",
        "Trusted Azure services: get in by the bypass",
        "Foreign rules: 2 rules",
        "Everybody else: refused: default action Deny",
    ]


def test_a_picture_of_a_plan_has_a_plus_for_what_comes_and_a_minus_for_what_goes():
    (plan,) = builders.shared().plans
    section = planned(plan, (), several=False)
    assert lanes(section) == [
        "Azure DevOps, Europe, northeurope: 1 kept, + 1 added",
        "Azure DevOps, Europe, westeurope: + 2 ranges added",
        "Agents' subnets: vnet-build/agents",
        "Declared rules: 191.10.18.0/28",
        "Trusted Azure services: get in by the bypass",
        "Expired rules: − 191.10.19.9/32 removed",
        "Retired ranges: − 52.236.192.0/26 removed",
        "Ranges of elsewhere: 2 rules",
        "Foreign rules: 2 rules, 2 without effect",
        "Everybody else: refused: default action Deny",
    ]
    styles = {each.text: each.style for lane in section.picture.lanes for each in lane.said}
    assert (styles["+ 1 added"], styles["− 191.10.19.9/32 removed"], styles["1 kept"]) == ("good", "bad", "")


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"is_open": True}, "Everybody else: ✕ EVERY NETWORK GETS IN"),
        ({"public_access": PublicAccess.DISABLED}, "Everybody else: refused: public access is Disabled"),
        ({"perimeter": Perimeter.ENFORCED}, "Everybody else: ? the perimeter decides"),
    ],
)
def test_where_rules_do_nothing_the_picture_says_so_and_who_gets_in_instead(of, said):
    seen = inspected(reports.inspection(builders.vault(ip_rules=["40.74.28.0/23", "191.10.20.7"], **of)), (), ())
    state = "(gets in as everybody does)" if "is_open" in of else "without effect"
    assert lanes(seen)[-1] == said
    assert f"Foreign rules: 191.10.20.7/32 {state}" in lanes(seen)
    assert seen.picture.is_open == ("is_open" in of)


def test_a_range_without_a_rule_is_not_shut_out_where_everybody_gets_in():
    (europe, *_) = lanes(inspected(reports.inspection(builders.vault(is_open=True)), (), ()))
    assert europe == "Azure DevOps, Europe, northeurope: 2 ranges, no rule (get in as everybody does)"


@pytest.mark.parametrize(
    ("rules", "said", "is_open"),
    [
        (["0.0.0.0/0"], "Very broad rules: ✕ 0.0.0.0/0: everybody", True),
        (["64.0.0.0/2"], "Very broad rules: ✕ 64.0.0.0/2: 1 in 4 of all addresses", False),
        (["0.0.0.0/1", "128.0.0.0/1"], "Very broad rules: ✕ 0.0.0.0/1: 1 in 2 of all addresses, and 1 more rule", True),
    ],
)
def test_a_rule_for_everybody_cannot_be_overlooked(rules: list[str], said: str, is_open: bool):
    seen = inspected(reports.inspection(builders.vault(ip_rules=rules)), (), ())
    assert said in lanes(seen)
    assert [each.symbol for lane in seen.picture.lanes if lane.text == said for each in lane.said] == ["everybody"]
    assert seen.picture.is_open == is_open


def test_a_range_inside_a_rule_that_is_too_broad_is_not_just_missing():
    seen = inspected(reports.inspection(builders.vault(ip_rules=["40.0.0.0/8"])), (), ())
    assert "Azure DevOps, Europe, westeurope: ! 1 only by a rule broader than /16, ✕ 1 missing" in lanes(seen)


def test_where_a_perimeter_could_not_be_read_every_lane_has_a_question_mark():
    seen = inspected(reports.inspection(builders.vault(ip_rules=["191.10.20.7"], perimeter=Perimeter.UNKNOWN)), (), ())
    assert "Foreign rules: ? 191.10.20.7/32" in lanes(seen)
    assert "Network security perimeter: unknown: could not be read; under one, rules may do nothing" in lanes(seen)
    others = [lane for lane in seen.picture.lanes if lane.title != "Network security perimeter"]
    assert all(each.is_doubtful and each.text.startswith("? ") for lane in others for each in lane.said)


@pytest.mark.parametrize(
    ("ending", "of", "heading", "title", "said"),
    [
        ("DONE", {}, "Who gets in, and what changed", "Changes", "\u2212 shut out"),
        ("REFUSED", {}, "Who gets in now", "Changes, planned, not written", "✕ EVERY NETWORK GETS IN"),
        ("FAILED", {}, "Who gets in now", "Changes, planned, not written", "✕ EVERY NETWORK GETS IN"),
        ("NOT_REACHED", {}, "Who gets in now", "Changes, planned, not written", "✕ EVERY NETWORK GETS IN"),
        (
            "STALE", {}, "Who got in when this was planned: it has moved since", "Changes, planned, not written",
            "✕ EVERY NETWORK GETS IN",
        ),
        (
            "FAILED", {"touched": True}, "Who got in before: something was written, look again", "Changes, planned",
            "✕ EVERY NETWORK GETS IN",
        ),
    ],
)  # fmt: skip
def test_a_result_draws_what_is_true_now(ending: str, of, heading: str, title: str, said: str):
    of_ = builders.plan_set(builders.plan(builders.vault(is_open=True), "default-deny"))
    (outcome,) = builders.applied(of_, Ending[ending], error="no", **of).outcomes
    section = applied(outcome, (), several=False)
    assert (section.heading, section.title) == (heading, title)
    assert lanes(section)[-1] == f"Everybody else: {said}"


def test_a_result_that_azure_did_not_show_is_not_told_as_a_fact():
    outcome = Outcome(builders.plan(builders.vault()), Ending.DONE, verified=False)
    assert applied(outcome, (), several=False).heading == "Who gets in, if Azure keeps what was sent"


def test_everything_in_a_picture_is_in_the_table_beside_it():
    text = Reader(PAGES["report"]).text
    for said in ("missing 20.166.41.0/24 , 134.149.110.74/31", "in part only 40.74.28.0/23", "vnet-build/agents"):
        assert said in text


def test_the_verdict_comes_first_and_says_what_it_rests_on():
    text = Reader(PAGES["report"]).text
    verdict = text.index("NOT compliant: ")
    assert verdict < text.index("contoso → Europe (collections-me)") < text.index("table 2026-02-10, confirmed")
    assert text.index("kv-secret the sign-in may not read kv-secret; assign Reader on it") < text.index("Who gets in")


def test_findings_of_one_rule_are_one_card_and_waived_ones_come_last():
    (section,) = (inspected(each, (), ()) for each in reports.many(1, findings=3).inspections)
    assert [(each.rule, each.size) for each in section.cards] == [("foreign-rule", 3)]
    (inspection,) = reports.drifted().inspections
    cards = inspected(inspection, (), ()).cards
    assert [(each.severity, each.rule, each.waived) for each in cards] == [
        ("error", "published-range-partly-covered", ""),
        ("warning", "foreign-rule", ""),
        ("note", "editions-disagree", ""),
        ("warning", "foreign-rule", "partner link, until 2027-03-01"),
    ]


def strangers(number: int) -> list[Finding]:
    of, command = builders.vault(), "netcfg apply kv-payments --organization contoso"
    addresses = [f"191.10.{each // 250}.{each % 250}/32" for each in range(number)]
    return [
        reports.finding(of, subject=each, message=f"{each} is nobody's", fix=f"{command} --remove {each}")
        for each in addresses
    ]


def test_what_commands_have_in_common_is_said_once_and_the_rest_beside_each_subject():
    (card,) = cards(strangers(2))
    assert (card.fix, card.has_tails) == ("netcfg apply kv-payments --organization contoso", True)
    (group,) = card.groups
    assert (group.before, group.after) == ("", " is nobody's")
    assert [(each.subject, each.tail) for each in group.items] == [
        ("191.10.0.0/32", "--remove 191.10.0.0/32"),
        ("191.10.0.1/32", "--remove 191.10.0.1/32"),
    ]


def test_commands_that_share_no_more_than_the_program_are_said_whole():
    first, second = strangers(2)
    (card,) = cards([first, replace(second, fix="az keyvault update --name kv-payments")])
    assert card.fix == ""
    assert [each.tail for each in card.items] == [first.fix, "az keyvault update --name kv-payments"]


@given(st.lists(st.text("ab -", max_size=9), min_size=1, max_size=5))
def test_every_command_can_be_put_together_again(fixes: list[str]):
    of = builders.vault()
    found = [reports.finding(of, subject=f"{at}", fix=each) for at, each in enumerate(fixes)]
    for card in cards(found):
        for item in card.items:
            whole = f"{card.fix} {item.tail}" if item.tail and card.fix else item.tail or card.fix
            assert whole == item.fix


def test_of_many_findings_of_a_rule_the_first_are_shown_and_the_others_folded():
    (card,) = cards(strangers(995))
    assert [sum(len(each.items) for each in groups) for groups in (card.groups, card.folded)] == [20, 975]
    of = builders.vault(ip_rules=[each.subject for each in strangers(995)])
    page = document.report(reports.report(reports.inspection(of, *strangers(995))))
    assert "975 more" in Reader(page).text
    assert page.count("<li><bdi>191.10.") == 995
    assert len(page.encode()) < 160_000


def test_a_command_that_mends_several_cards_is_said_once():
    of = builders.vault()
    fix = "netcfg apply kv-payments --organization contoso"
    found = [reports.finding(of, rule, fix=fix) for rule in ("subnet-rule-missing", "service-endpoint-missing")]
    strange = reports.finding(of)
    page = document.report(reports.report(reports.inspection(of, *found, strange)))
    text = Reader(page).text
    assert "One command mends 2 of 3 netcfg apply kv-payments --organization contoso ! warning" in " ".join(
        text.split()
    )
    assert page.count("<code>netcfg apply kv-payments --organization contoso</code>") == 1
    assert page.count("<code>--remove 191.10.20.7/32</code>") == 1


def test_a_vault_of_which_something_could_not_be_read_is_not_shown_as_good():
    of = reports.inspection(builders.vault())
    assert inspected(of, (), ()).tone == "good"
    doubted = inspected(of, ["its subnets could not be read"], ())
    assert (doubted.tone, doubted.word, doubted.doubt) == ("warn", "undetermined", "its subnets could not be read")


def test_the_worst_vault_comes_first():
    good, bad = builders.vault("kv-audit"), builders.vault("kv-orders")
    made = reports.report(
        reports.inspection(good), reports.inspection(bad, reports.finding(bad, severity=reports.Severity.ERROR))
    )
    assert Reader(document.report(made)).values("data-name") == ["kv-orders", "kv-audit"]


def test_what_is_about_the_run_comes_first_where_it_is_an_error_and_last_otherwise():
    of = reports.inspection(builders.vault())
    for severity, sections in (("ERROR", ["", "kv-payments"]), ("NOTE", ["kv-payments", ""])):
        late = reports.finding(None, severity=reports.Severity[severity])
        assert Reader(document.report(reports.report(of, general=[late]))).values("data-name") == sections


def test_a_guard_that_refuses_comes_with_the_option_that_accepts_it():
    text = Reader(document.plan(builders.refused())).text
    assert "✕ refused default-deny the default action turns from Allow to Deny" in text
    assert "--accept default-deny" in text
    assert "cannot be accepted" in Reader(document.plan(builders.perimeter())).text


@every_page
def test_every_picture_has_a_title_and_a_description(page: str):
    reader = Reader(page)
    ids = reader.values("id")
    pictures = [value for tag, name, value in reader.attributes if (tag, name) == ("svg", "aria-labelledby")]
    assert pictures
    assert {each for labels in pictures for each in labels.split()} <= set(ids)
    assert len(set(ids)) == len(ids)
    assert reader.values("role").count("img") == len(pictures)


@every_page
def test_every_symbol_and_every_vault_that_is_pointed_to_is_there(page: str):
    reader = Reader(page)
    assert {each.removeprefix("#") for each in reader.values("href")} <= set(reader.values("id"))


def test_a_text_of_the_picture_is_broken_into_lines_that_fit():
    assert picture.wrap("✕ EVERY NETWORK GETS IN", 15.5) == ("✕ EVERY NETWORK", "GETS IN")
    assert picture.wrap("no rule (gets in as everybody does)", 15.5) == ("no rule (gets in as", "everybody does)")
    assert picture.wrap("+ 4 added", 15.5) == ("+ 4 added",)
    long = "word-that-is-much-too-long-for-a-line"
    assert picture.wrap(f"a {long} b", 10) == ("a", long, "b")


def test_every_letter_of_an_ordinary_name_is_measured():
    assert [each for each in map(chr, range(0x20, 0x7F)) if picture.width(each) > 1.2] == []


@given(st.text("abW ✕", max_size=40), st.floats(3, 20))
def test_lines_hold_every_word_and_have_room_where_any_word_has(text: str, room: float):
    lines = picture.wrap(text, room)
    assert " ".join(lines) == text
    if max(map(picture.width, text.split(" "))) <= room - picture.width("✕ "):
        assert all(picture.width(each) <= room for each in lines)


def test_a_name_that_is_too_long_for_the_picture_is_counted_there_and_told_in_the_table():
    name = "vnet-with-a-name-that-goes-on-and-on"
    section = planned(builders.plan(builders.vault(), subnets=(builders.subnet_id("agents", name),)), (), several=False)
    (lane,) = (each for each in section.picture.lanes if each.title == "Agents' subnets")
    assert lane.text == "Agents' subnets: + 1 subnet added"
    assert lane.facts[0].names == (f"{name}/agents (agents' subnet, with a new service endpoint)",)


@every_page
def test_headings_go_down_one_level_at_a_time(page: str):
    levels = [int(tag[1]) for tag, _ in Reader(page).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


# Nothing that it needs


@every_page
def test_nothing_is_fetched_from_anywhere(page: str):
    reader = Reader(page)
    assert {name for _, name, _ in reader.attributes} & {"src", "srcset", "style", "action", "background"} == set()
    assert all(value.startswith("#") for value in reader.values("href"))
    assert not any(name.startswith("on") for _, name, _ in reader.attributes)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|import\(", reader.raw["style"] + reader.raw["script"])


@every_page
def test_the_browser_runs_our_script_and_our_style_and_nothing_else(page: str):
    reader = Reader(page)
    digests = {name: b64encode(sha256(reader.raw[name].encode()).digest()).decode() for name in ("style", "script")}
    assert (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src 'sha256-{digests['script']}'; "
        "base-uri 'none'; form-action 'none'"
    ) in reader.values("content")


def test_two_runs_write_the_same_bytes():
    assert pages() == PAGES


def test_a_thousand_vaults_are_five_megabytes_at_most_and_soon_written():
    made = reports.many(1000)
    start = time.process_time()
    page = document.report(made)
    assert time.process_time() - start < SOON
    assert len(page.encode()) < 5_000_000


def test_a_thousand_vaults_with_ten_different_findings_each_are_no_more():
    rules, inspections = sorted(CHECKS)[:10], []
    for number in range(1000):
        of = builders.vault(f"kv-{number:05}", ip_rules=("40.74.28.17/32", "191.10.20.7/32"))
        command = f"netcfg apply kv-{number:05} --organization contoso"
        found = [
            reports.finding(of, each, message=f"191.10.20.7/32 is wrong: {each}", fix=f"{command} --x {each}")
            for each in rules
        ]
        inspections.append(reports.inspection(of, *found))
    page = document.report(reports.report(*inspections))
    assert len(page.encode()) < 5_000_000


# Names that somebody else chose


def outline(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """All tags but the lines of pictures: how many a name needs depends on how wide it is."""
    return [each for each in Reader(page).tags if each[0] not in ("text", "/text")]


def written(name: str) -> tuple[str, ...]:
    hostile = builders.hostile(name)
    return (
        document.report(reports.hostile(name)),
        document.plan(hostile),
        document.result(builders.applied(hostile, Ending.FAILED, error=name)),
    )


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_changes_the_outline_or_reaches_a_runner(name: str):
    usual = re.sub("[^ ]", "k", name)  # commands break at spaces only, so those stay
    for page, plain in zip(written(name), written(usual), strict=True):
        if name.strip():  # an empty message leaves out the paragraph that it would stand in
            assert outline(page) == outline(plain)
        assert Reader(page).raw == Reader(plain).raw
        assert not re.search(r"##|^\s*::", page, re.MULTILINE)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)


@given(generated.results())
@settings(max_examples=20)
def test_any_result_can_be_written_and_read(result):
    for page in (document.plan(result.planned), document.result(result)):
        tags = [tag for tag, _ in outline(page)]
        for each in ("section", "svg", "details", "form", "article", "table", "figure", "ul", "dl"):
            assert tags.count(each) == tags.count(f"/{each}")


# That all can read it

COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6})")
STYLE = resources.files("netcfg.formats.html").joinpath("style.css").read_text("utf-8")
SCHEMES = [dict(COLOUR.findall(block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)]


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_it_is_defined():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_every_text_stands_out_from_every_ground_that_it_stands_on(scheme: dict[str, str]):
    grounds = {
        "ink": ("paper", "wash", "bad-wash", "warn-wash", "good-wash", "note-wash"),
        "quiet": ("paper", "wash", "bad-wash", "warn-wash", "note-wash"),
        "accent": ("paper", "wash", "note-wash"),
        "bad": ("paper", "wash", "bad-wash"),
        "warn": ("paper", "wash", "warn-wash"),
        "good": ("paper", "wash", "good-wash"),
        "note": ("paper", "wash", "note-wash"),
    }
    faint = {
        (text, ground): round(ratio, 2)
        for text, each in grounds.items()
        for ground in each
        if (ratio := contrast(scheme[text], scheme[ground])) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_every_control_has_a_border_that_can_be_seen(scheme: dict[str, str]):
    grounds = ("paper", "wash", "bad-wash", "warn-wash", "note-wash")
    assert [each for each in grounds if contrast(scheme["edge"], scheme[each]) < 3] == []


def test_both_schemes_have_every_colour():
    light, dark = SCHEMES
    assert light.keys() == dark.keys()
