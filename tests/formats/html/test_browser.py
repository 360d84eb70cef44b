"""The page in a real browser: it loads, it can be used, and nothing in it runs or asks for anything."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, sync_playwright

from netcfg.core.outcome import Ending
from netcfg.formats.html import document
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
    return page.locator(".card:visible li:visible").count()


def status(page: Page) -> str:
    return page.get_by_role("status").inner_text()


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
    assert (shown(page), status(page)) == (5, "Showing 5 of 5 findings in 1 vault")
    page.locator("[value=note]").uncheck()
    assert (shown(page), status(page)) == (4, "Showing 4 of 5 findings in 1 vault")
    page.locator("[name=rule]").select_option("foreign-rule")
    assert (shown(page), status(page)) == (2, "Showing 2 of 5 findings in 1 vault")
    page.locator("[name=waived]").select_option("hidden")
    assert (shown(page), status(page)) == (1, "Showing 1 of 5 findings in 1 vault")
    page.locator("[name=waived]").select_option("alone")
    assert (shown(page), status(page)) == (1, "Showing 1 of 5 findings in 1 vault")
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("Showing 5 of 5 findings in 1 vault").wait_for()


def test_the_keyboard_reaches_every_control_and_moves_it(visit):
    page = visit(document.report(reports.drifted())).page
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent"))
        if len(reached) == 2:
            page.keyboard.press("Space")
    assert reached == ["severity", "severity", "severity", "rule", "waived", "Show all"]
    assert status(page) == "Showing 3 of 5 findings in 1 vault"  # without the warnings


def test_a_command_can_be_copied(visit):
    page = visit(document.report(reports.drifted()), permissions=["clipboard-read", "clipboard-write"]).page
    commands = page.locator(".fix").count()
    assert commands == page.locator(".fix .copy").count() == 4
    page.get_by_role("button", name="Copy the command: netcfg check --explain expired-waiver").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "netcfg check --explain expired-waiver"


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


ESCAPES = """</title></style></script></svg></details>"'><img src=x onerror=alert(1)><svg onload=alert(1)>"""


@pytest.mark.parametrize("name", [f"{ESCAPES}<script>alert(1)</script>", "javascript:alert(1)//" + "x" * 300])
def test_no_name_runs_a_script_opens_a_dialog_or_widens_the_page(visit, name: str):
    for text in (document.report(reports.hostile(name)), document.plan(builders.hostile(name))):
        opened = visit(text, viewport=PHONE)
        assert opened.page.get_by_text(name).first.inner_text()
        assert opened.wrong == []
        assert not opened.is_too_wide
