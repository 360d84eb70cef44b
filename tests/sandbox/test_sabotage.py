"""Publishers that misbehave: each fault as it comes over the wire."""

import re
from pathlib import Path

import pytest
import requests

from netcfg.sandbox import sabotage
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.publishing.test_publishers import DOWNLOAD, FILE, PAGE, SOURCE
from tests.sandbox.small import Client

WORLDS = Path(__file__).parents[2] / "data" / "worlds"
SERVICE = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Network/locations/westeurope/serviceTags"
)
PLACES = {"page-source": SOURCE, "rendered-page": PAGE, "download-page": DOWNLOAD, "tag-file": FILE}
EVERYWHERE = pytest.mark.parametrize("place", [*PLACES, "tag-service"])


def ask(sandbox: Sandbox, place: str, fault: str = "", **headers: str) -> requests.Response:
    """What the place answers to who follows no redirect."""
    with sandbox.edit() as state:
        state["publishers"]["faults"] = {place: fault} if fault else {}
    if place == "tag-service":
        client = Client(sandbox)
        with client.session:
            return client.get(SERVICE, **headers)
    return requests.get(sandbox.url + PLACES[place], headers=headers, timeout=10, allow_redirects=False)


@EVERYWHERE
def test_garbage_is_no_text(contoso: Sandbox, place):
    answer = ask(contoso, place, "garbage")
    assert (answer.status_code, answer.headers["content-type"]) == (200, ask(contoso, place).headers["content-type"])
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


@EVERYWHERE
def test_what_is_truncated_looks_complete(contoso: Sandbox, place):
    whole, part = ask(contoso, place).content, ask(contoso, place, "truncated").content
    assert whole.startswith(part)
    assert 0 < len(part) < len(whole)


@pytest.mark.parametrize("place", ["page-source", "rendered-page"])
def test_a_truncated_page_ends_within_the_inbound_table(contoso: Sandbox, place):
    assert ask(contoso, place, "truncated").text.endswith("20.42.5.0/24")


@EVERYWHERE
def test_nesting_is_deep(contoso: Sandbox, place):
    opened = {"page-source": "> ", "rendered-page": "<div>", "download-page": "<div>"}.get(place, '{"values": [')
    assert ask(contoso, place, "nested").text == opened * 100_000


@EVERYWHERE
def test_the_wrong_type_has_the_right_bytes(contoso: Sandbox, place):
    answer = ask(contoso, place, "wrong-type")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == ask(contoso, place).content


@EVERYWHERE
def test_too_long_is_what_is_published_and_51_mb_of_blanks(contoso: Sandbox, place):
    answer = ask(contoso, place, "too-long")
    expected = ask(contoso, place).content
    assert "content-length" not in answer.headers
    assert len(answer.content) == len(expected) + 51_000_000
    assert answer.content.rstrip() == expected.rstrip()


def test_who_hangs_up_on_too_long_an_answer_leaves_the_sandbox_as_it_was(contoso: Sandbox):
    with contoso.edit() as state:
        state["publishers"]["faults"] = {"tag-file": "too-long"}
    with requests.get(contoso.url + FILE, timeout=10, stream=True) as answer:
        answer.raw.read(1000)
    assert ask(contoso, "tag-file").json()["changeNumber"] == 411


@EVERYWHERE
def test_a_redirect_elsewhere_names_another_host(contoso: Sandbox, place):
    answer = ask(contoso, place, "redirect-elsewhere")
    path = PLACES.get(place, SERVICE).partition("?")[0]
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://example.org{path}")


@EVERYWHERE
def test_a_redirect_within_leads_to_the_right_answer(contoso: Sandbox, place):
    expected = ask(contoso, place).content
    answer = ask(contoso, place, "redirect-within")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/")
    client = Client(contoso)
    with client.session:
        assert client.get(answer.headers["location"]).content == expected


@EVERYWHERE
@pytest.mark.parametrize(("fault", "status"), [("not-found", 404), ("server-error", 500)])
def test_an_error_has_its_status(contoso: Sandbox, place, fault, status):
    assert ask(contoso, place, fault).status_code == status


@pytest.mark.parametrize("place", ["page-source", "rendered-page"])
def test_without_the_inbound_table_the_page_is_full_of_other_addresses(contoso: Sandbox, place):
    page = ask(contoso, place, "no-inbound-table").text
    assert "Geography" not in page
    assert "20.166.41.0/24" not in page
    assert "52.108.0.0/14" in page


def test_a_download_page_may_link_to_nothing_or_elsewhere(contoso: Sandbox):
    assert "ServiceTags" not in ask(contoso, "download-page", "no-link").text
    page = ask(contoso, "download-page", "link-elsewhere").text
    (link,) = re.findall(r'href="([^"]*ServiceTags_Public_\d{8}\.json)"', page)
    assert link.startswith("https://example.org/")


ADDED = pytest.mark.parametrize(
    ("fault", "region", "prefix"),
    [
        ("unknown-region", "Atlantis", "191.10.200.0/24"),
        ("private-range", "North Europe", "10.20.0.0/24"),
        ("broad-range", "North Europe", "191.8.0.0/13"),
    ],
)


@ADDED
def test_a_page_has_a_range_that_no_page_should_have(contoso: Sandbox, fault, region, prefix):
    assert f"> |  | {region} | {prefix} |" in ask(contoso, "page-source", fault).text
    assert f"<td></td>\n<td>{region}</td>\n<td>{prefix}</td>" in ask(contoso, "rendered-page", fault).text


@ADDED
@pytest.mark.parametrize("place", ["tag-file", "tag-service"])
def test_a_tag_has_a_range_that_no_tag_should_have(contoso: Sandbox, place, fault, region, prefix):
    tags = {each["name"]: each["properties"] for each in ask(contoso, place, fault).json()["values"]}
    for name in ("AzureDevOps", f"AzureDevOps.{region.replace(' ', '')}"):
        assert prefix in tags[name]["addressPrefixes"]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_spoilt_has_an_etag_of_its_own_and_is_not_sent_twice(contoso: Sandbox, place):
    """A client that kept the ETag of an answer that it refused would now take it for what it has."""
    good = ask(contoso, place).headers["etag"]
    bad = ask(contoso, place, "garbage", **{"If-None-Match": good})
    assert (bad.status_code, bad.headers["etag"] == good) == (200, False)
    assert ask(contoso, place, "garbage", **{"If-None-Match": bad.headers["etag"]}).status_code == 304
    assert ask(contoso, place, **{"If-None-Match": good}).status_code == 304


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (
            {"the-page": "garbage"},
            "no publisher's place 'the-page'; there are page-source, rendered-page, download-page",
        ),
        ({"tag-file": "rubbish"}, "the place tag-file has no fault 'rubbish'; there are garbage, truncated"),
        ({"tag-file": "no-inbound-table"}, "the place tag-file has no fault 'no-inbound-table'"),
        ({"download-page": "private-range"}, "the place download-page has no fault 'private-range'"),
    ],
)
def test_a_place_or_fault_that_does_not_exist_changes_nothing(contoso: Sandbox, faults, message):
    with pytest.raises(ValueError, match=message), contoso.edit() as state:
        state["publishers"]["faults"] = faults
    assert "faults" not in contoso.state["publishers"]
    with pytest.raises(ValueError, match=message), serve({"extends": "contoso", "publishers": {"faults": faults}}):
        pass


def test_every_fault_is_told_in_the_worlds_readme():
    text = (WORLDS / "README.md").read_text(encoding="utf-8")
    named = {fault for faults in sabotage.KNOWN.values() for fault in faults} | set(sabotage.KNOWN)
    assert {each for each in named if f"`{each}`" not in text} == set()
