"""The page in a real browser: it loads, it can be used, and nothing in it runs or asks for anything."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, sync_playwright

from netcfg.azure.firewall.vaults import parse_vault_json
from netcfg.core.admission import callers_now, callers_planned
from netcfg.core.declared import parse_declaration
from netcfg.core.findings import Finding
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending
from netcfg.core.plan import look
from netcfg.core.ranges import Policy, resolve
from netcfg.core.resources import Subnet, VaultId, as_subnet, parse_vault
from netcfg.core.rules import Perimeter, PublicAccess
from netcfg.formats.html import document
from netcfg.formats.html.picture import Picture, draw
from netcfg.sandbox.worlds import world
from netcfg.sources import bundled
from tests.formats import builders, reports

SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own; where there is neither, the tests of this file are skipped."""
    system = next((found for name in SYSTEM if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=system)
        except Error as error:
            pytest.skip(
                f"no Chromium that starts; 'playwright install chromium' brings one: {error.message.splitlines()[0]}"
            )
        yield launched
        launched.close()


class Visit:
    """A page that was opened, and everything that should not have happened."""

    def __init__(self, context: BrowserContext, file: Path):
        self.wrong: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append("a dialog"), dialog.dismiss()))
        self.page.route("**/*", lambda route: self._answer(route, file.as_uri()))
        self.page.goto(file.as_uri())

    def _answer(self, route: Route, expected: str) -> None:
        if route.request.url.partition("#")[0] == expected:
            route.continue_()
        else:
            self.wrong.append(f"asked for {route.request.url}")
            route.abort()

    @property
    def is_too_wide(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """Open a document in a browser that is as the test says."""
    contexts: list[BrowserContext] = []

    def opened(text: str, **browsing: object) -> Visit:
        file = tmp_path / "report.html"
        file.write_text(text, "utf-8")
        contexts.append(browser.new_context(**browsing))  # type: ignore[arg-type]
        return Visit(contexts[-1], file)

    yield opened
    for each in contexts:
        each.close()


def shown(page: Page) -> int:
    """How many findings can be seen."""
    return page.locator("article:visible li:visible").count()


def status(page: Page) -> str:
    return page.locator(".filter [role=status]").inner_text()


def result() -> str:
    endings = (Ending.REFUSED, Ending.DONE, Ending.FAILED)
    return document.result(builders.applied(builders.several(), *endings, error="kv-audit is locked"))


@pytest.mark.parametrize(
    "text",
    [document.report(reports.drifted()), document.report(reports.many(12)), document.plan(builders.shared()), result()],
    ids=["report", "fleet", "plan", "result"],
)
def test_it_loads_without_an_error_or_a_request_and_fits_a_phone(visit, text: str):
    opened = visit(text, viewport=PHONE)
    assert opened.page.get_by_role("img").first.is_visible() or "<details><summary><h2>" in text
    assert not opened.is_too_wide
    opened.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert not opened.is_too_wide
    assert opened.wrong == []


def test_findings_are_chosen_by_severity_rule_and_waiver(visit):
    page = visit(document.report(reports.drifted())).page
    assert (shown(page), status(page)) == (5, "Showing 5 of 5 findings in 1 vault and 1 undetermined")
    page.locator("[value=note]").uncheck()
    assert (shown(page), status(page)) == (4, "Showing 4 of 5 findings in 1 vault and 1 undetermined")
    page.locator("[name=rule]").select_option("foreign-rule")
    assert (shown(page), status(page)) == (2, "Showing 2 of 5 findings in 1 vault and 1 undetermined")
    page.locator("[name=waived]").select_option("hidden")
    assert (shown(page), status(page)) == (1, "Showing 1 of 5 findings in 1 vault and 1 undetermined")
    page.locator("[name=waived]").select_option("alone")
    assert (shown(page), status(page)) == (1, "Showing 1 of 5 findings in 1 vault and 1 undetermined")
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("Showing 5 of 5 findings in 1 vault and 1 undetermined").wait_for()


def test_the_keyboard_reaches_every_control_and_moves_it(visit):
    page = visit(document.report(reports.drifted())).page
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent"))
        if len(reached) == 2:
            page.keyboard.press("Space")
    assert reached == ["severity", "severity", "severity", "rule", "waived", "Show all"]
    assert status(page) == "Showing 3 of 5 findings in 1 vault and 1 undetermined"  # without the warnings


def test_a_command_can_be_copied(visit):
    page = visit(document.report(reports.drifted()), permissions=["clipboard-read", "clipboard-write"]).page
    commands = page.locator(".fix").count()
    assert commands == page.locator(".fix .copy").count() == 4
    page.get_by_role("button", name="Copy the command: netcfg check --explain expired-waiver").click()
    page.get_by_role("button").get_by_text("Copied", exact=True).wait_for()
    page.locator("#told[role=status]").get_by_text("Copied: netcfg check --explain expired-waiver").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "netcfg check --explain expired-waiver"


COMMAND = "netcfg apply kv-payments --organization contoso"


def fixed(rule: str, *fixes: str) -> list[Finding]:
    of = builders.vault()
    return [reports.finding(of, rule, subject=f"10.0.0.{at}", fix=each) for at, each in enumerate(fixes)]


@pytest.mark.parametrize(
    "found",
    [
        fixed("foreign-rule", *(f"{COMMAND} --remove 10.0.0.{each}" for each in range(25))),
        [
            *fixed("expired-rule", COMMAND), *fixed("retired-range", COMMAND),
            *fixed("broad-range", r"netcfg apply kv-payments --organization contoso --remove $'\x23\x23'"),
            *fixed("foreign-rule", f"{COMMAND} --remove 10.0.0.0", f"{COMMAND} --remove 10.0.0.1"),
        ],
        [
            *fixed("foreign-rule", "az keyvault show", f"{COMMAND} --remove 10.0.0.1"),
            *(each for rule in ("a", "b", "c", "d") for each in fixed(rule, f"{COMMAND} --option {rule}")),
        ],
    ],
    ids=["one rule", "a remedy", "a common start"],
)  # fmt: skip
def test_what_is_copied_is_the_whole_command_however_it_is_shown(visit, found: list[Finding]):
    text = document.report(reports.report(reports.inspection(builders.vault(), *found)))
    page = visit(text, permissions=["clipboard-read", "clipboard-write"]).page
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    page.evaluate(
        """async () => {
            globalThis.copied = [];
            navigator.clipboard.writeText = async (text) => { copied.push(text); };
            for (const each of document.querySelectorAll(".copy")) { each.click(); await null; }
        }"""
    )
    assert set(page.evaluate("copied")) == {each.fix for each in found}
    assert len(page.evaluate("copied")) == len({each.fix for each in found})


def test_a_fleet_is_sorted_and_each_row_leads_to_its_vault(visit):
    made = reports.many(12, findings=1)
    page = visit(document.report(made)).page
    first = page.locator(".fleet tbody tr th").first
    assert first.inner_text() == "kv-00000"
    page.get_by_role("button", name="vault").click()
    page.get_by_role("button", name="vault").click()
    assert first.inner_text() == "kv-00011"
    assert page.locator(".fleet thead th").first.get_attribute("aria-sort") == "descending"
    picture = page.get_by_role("img", name="Who gets in now: kv-00011")
    assert not picture.is_visible()
    first.get_by_role("link").click()
    picture.wait_for()
    page.locator("[name=vault]").fill("0007")
    assert status(page) == "Showing 1 of 12 findings in 1 vault"
    assert page.locator(".fleet tbody tr:visible").count() == page.locator("section.vault:visible").count() == 1


def test_without_scripts_it_is_a_plain_page_with_everything_on_it(visit):
    page = visit(document.report(reports.drifted()), java_script_enabled=False).page
    assert shown(page) == 5
    assert page.locator("form").is_hidden()
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(245, 247, 249)"), ("dark", "rgb(14, 18, 23)")])
def test_it_is_light_or_dark_as_the_system_is(visit, scheme: str, ground: str):
    page = visit(document.report(reports.drifted()), color_scheme=scheme).page
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground


def test_with_forced_colours_lines_and_text_are_in_the_systems(visit):
    page = visit(document.report(reports.drifted()), forced_colors="active").page
    colours = "(s => getComputedStyle(document.querySelector(s)))"
    assert page.evaluate(f"{colours}('.wall').stroke === {colours}('h1').color")


def test_what_is_undetermined_is_chosen_and_sorted_with_the_others(visit):
    made = replace(
        reports.many(6, findings=1), undetermined=(builders.unread("kv-secret", "no"), builders.unread("kv-lost", "no"))
    )
    page = visit(document.report(made)).page
    assert status(page) == "Showing 6 of 6 findings in 6 vaults and 2 undetermined"
    page.get_by_role("button", name="errors").click()
    first = page.locator(".fleet tbody tr:visible th")
    assert {first.nth(0).inner_text(), first.nth(1).inner_text()} == {"kv-lost", "kv-secret"}
    page.locator("[name=vault]").fill("secret")
    assert page.locator(".fleet tbody tr:visible").count() == page.locator(".lost dt:visible").count() == 1
    page.locator("[name=vault]").fill("00003")
    assert (page.locator(".fleet tbody tr:visible").count(), page.locator(".lost:visible").count()) == (1, 0)
    assert status(page) == "Showing 1 of 6 findings in 1 vault"


def test_what_was_folded_is_folded_again_after_printing(visit):
    page = visit(document.report(reports.many(7, findings=1))).page
    page.locator("details").first.evaluate("each => { each.open = true }")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 1


# What the sandbox's vaults look like, be a perimeter read or not, now and after each kind of plan

WORLDS = sorted(each.stem for each in (Path(__file__).parents[3] / "data" / "worlds").glob("*.json"))
AGENTS = builders.subnet_id("agents-of-the-payments-team", "vnet-with-a-long-name")
INTENTS: list[dict[str, Any]] = [
    {"subnets": (AGENTS,), "exclusive": True, "public_access": PublicAccess.ENABLED},
    {"allow": (parse_declaration("191.10.100.128/28=the head office"),), "keep_default_action": True},
    {"public_access": PublicAccess.DISABLED, "subnets": (AGENTS,)},
]
SIGHTS = [(each, {}) for each in Perimeter] + list(product((Perimeter.NONE, Perimeter.LEARNING), INTENTS))


DRAWN = ("publicNetworkAccess", "networkAcls", "privateEndpointConnections")  # of a vault's properties


def pictures() -> list[Picture]:
    """Every different picture of the vaults of every world, as they are and by a plan."""
    resolution = resolve(bundled.catalogue(), Policy.UNION, bundled.atlas().geographies[:3])
    held = {
        str([each["properties"].get(key) for key in DRAWN]): each
        for name in WORLDS
        for each in world.begin(name)["vaults"].values()
    }
    drawn: dict[str, Picture] = {}
    for found, (perimeter, meant) in product(held.values(), SIGHTS):
        id = parse_vault(found["id"])
        assert isinstance(id, VaultId)
        of = parse_vault_json(found, id, perimeter)
        of = replace(of, firewall=of.firewall.with_rules(ip_rules=of.firewall.rule_set.ip_rules[:120]))  # to be quick
        rules = [each for each in of.firewall.rule_set.virtual_network_rules if perimeter is Perimeter.LEARNING]
        gone = [subnet for each in rules if (subnet := as_subnet(each.subnet))]
        intent = Intent(geographies=resolution.geographies, **meant)
        subnets = [Subnet(each, has_endpoint=False) for each in intent.subnets]
        desired = look(of, intent, resolution, (), subnets, builders.TODAY, gone=gone).desired
        for callers in (callers_now(of, desired), callers_planned(of, desired)):
            made = draw(callers)
            drawn[made.text] = made
    return list(drawn.values())


CROSSINGS = """() => [...document.querySelectorAll("svg.picture")].flatMap((picture) => {
    const lines = [...picture.querySelectorAll("use, .wall")].map((each) => [each, each.getBBox()]);
    return [...picture.querySelectorAll("text")].flatMap((text) => {
        const box = text.getBBox();
        return lines.filter(([line, other]) =>
            (box.x < other.x + other.width && other.x < box.x + box.width &&
             box.y < other.y + other.height && other.y < box.y + box.height) || box.x + box.width > 296
        ).map(([line]) => `${text.textContent} crosses ${line.getAttribute("href") || "the wall"}`);
    });
})"""


def test_no_text_of_any_picture_crosses_an_arrow_or_the_wall(visit):
    found = pictures()
    assert len(found) > 200
    page = visit(document.report(reports.drifted())).page
    draws = document.environment().get_template("vault.jinja").module.picture_of
    page.locator("main").evaluate(
        "(main, html) => { main.innerHTML = html; }", "".join(draws(each, "", "", at) for at, each in enumerate(found))
    )
    assert page.locator("svg.picture").count() == len(found)
    assert page.evaluate(CROSSINGS) == []
    assert (
        page.evaluate("() => new Set([...document.querySelectorAll('.picture use')].map((e) => e.href.baseVal)).size")
        > 10
    )


def test_the_small_text_of_a_picture_can_be_read_on_a_telephone(visit):
    page = visit(document.report(reports.drifted()), viewport=PHONE).page
    size = """() => {
        const picture = document.querySelector("svg.picture");
        const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
        const sizes = [...picture.querySelectorAll("text")].map((each) => parseFloat(getComputedStyle(each).fontSize));
        return Math.min(...sizes) * scale;
    }"""
    assert page.evaluate(size) >= 12


ESCAPES = """</title></style></script></svg></details>"'><img src=x onerror=alert(1)><svg onload=alert(1)>"""


@pytest.mark.parametrize("name", [f"{ESCAPES}<script>alert(1)</script>", "javascript:alert(1)//" + "x" * 300])
def test_no_name_runs_a_script_opens_a_dialog_or_widens_the_page(visit, name: str):
    for text in (document.report(reports.hostile(name)), document.plan(builders.hostile(name))):
        opened = visit(text, viewport=PHONE)
        assert opened.page.get_by_text(name).first.inner_text()
        assert opened.wrong == []
        assert not opened.is_too_wide
