"""The page as bytes: what it says, that no name changes it, that it asks for nothing, and that all can read it."""

import re
import time
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources

import pytest
from hypothesis import given, settings

from netcfg.core.outcome import Ending
from netcfg.core.rules import Perimeter, PublicAccess
from netcfg.formats.html import document, picture
from netcfg.formats.html.vault import Section, inspected, planned
from tests.formats import builders, generated, reports

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
        "Azure DevOps, Europe, westeurope: 1 kept, + 2 added",
        "Agents' subnets: vnet-build/agents",
        "Declared rules: 191.10.18.0/28",
        "Trusted Azure services: get in by the bypass",
        "Expired rules: − 191.10.19.9/32 removed",
        "Retired ranges: − 52.236.192.0/26 removed",
        "Ranges of elsewhere: 2 rules",
        "Foreign rules: 3 rules, 1 without effect",
        "Everybody else: refused: default action Deny",
    ]
    styles = {each.text: each.style for lane in section.picture.lanes for each in lane.said}
    assert (styles["+ 1 added"], styles["− 191.10.19.9/32 removed"], styles["1 kept"]) == ("good", "bad", "")


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"is_open": True}, "Everybody else: ✕ EVERY NETWORK GETS IN"),
        ({"public_access": PublicAccess.DISABLED}, "Everybody else: refused: public access is Disabled"),
        ({"perimeter": Perimeter.ENFORCED}, "Everybody else: refused: the perimeter decides"),
    ],
)
def test_where_rules_do_nothing_the_picture_says_so_and_who_gets_in_instead(of, said):
    seen = inspected(reports.inspection(builders.vault(ip_rules=["40.74.28.0/23", "191.10.20.7"], **of)), (), ())
    assert lanes(seen)[-1] == said
    assert "Foreign rules: 191.10.20.7/32 without effect" in lanes(seen)
    assert seen.picture.is_open == ("is_open" in of)


def test_everything_in_a_picture_is_in_the_table_beside_it():
    text = Reader(PAGES["report"]).text
    for said in ("missing 20.166.41.0/24, 134.149.110.74/31", "in part only 40.74.28.0/23", "vnet-build/agents"):
        assert said in text


def test_the_verdict_comes_first_and_says_what_it_rests_on():
    text = Reader(PAGES["report"]).text
    verdict = text.index("NOT compliant: ")
    assert verdict < text.index("contoso → Europe (collections-me)") < text.index("table 2026-02-10, confirmed")
    assert text.index("kv-secret the sign-in may not read kv-secret; assign Reader on it") < text.index("Who gets in")


def test_findings_of_one_rule_that_one_command_mends_are_one_card_and_waived_ones_come_last():
    (section,) = (inspected(each, (), ()) for each in reports.many(1, findings=3).inspections)
    assert [(each.rule, len(each.messages)) for each in section.cards] == [("foreign-rule", 3)]
    (inspection,) = reports.drifted().inspections
    cards = inspected(inspection, (), ()).cards
    assert [(each.severity, each.rule, each.waived) for each in cards] == [
        ("error", "published-range-partly-covered", ""),
        ("warning", "foreign-rule", ""),
        ("note", "editions-disagree", ""),
        ("warning", "foreign-rule", "partner link, until 2027-03-01"),
    ]


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
    assert page.count('class="fix"') == 2


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


def test_a_long_name_is_cut_in_the_picture_only():
    name = "vnet-with-a-name-that-goes-on-and-on/agents-of-the-payments-team"
    assert picture.clip(name, 31) == "vnet-with-a-name-that-goes-on-…"
    assert picture.clip(name, 64) == name


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
    assert time.process_time() - start < 3  # a third of that where nothing else runs
    assert len(page.encode()) < 5_000_000


# Names that somebody else chose


def outline(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return Reader(page).tags


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


def test_both_schemes_have_every_colour():
    light, dark = SCHEMES
    assert light.keys() == dark.keys()
