"""What Microsoft publishes: the page in two forms, the weekly file, the service."""

import functools
import operator
import re
from html.parser import HTMLParser

import pytest
import requests

from netcfg.sandbox.server import Sandbox
from tests.sandbox.small import Client

PAGE = "/learn.microsoft.com/en-us/azure/devops/organizations/security/allow-list-ip-url"
SOURCE = (
    "/raw.githubusercontent.com/MicrosoftDocs/azure-devops-docs/main/docs/organizations/security/allow-list-ip-url.md"
)
DOWNLOAD = "/www.microsoft.com/en-us/download/confirmation.aspx?id=56519"
DOWNLOADS = "/download.microsoft.com/download/7/1/d/71d86715-5596-4529-9b13-da13a5de5b63"
FILE = f"{DOWNLOADS}/ServiceTags_Public_20260620.json"
EUROPE = [["Europe", "Western Europe", "40.74.28.0/23"], ["", "North Europe", "20.166.41.0/24"]]


class Cells(HTMLParser):
    """The cells of a page's tables, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "td"
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_the_source_has_the_table_in_a_block_quote_with_blank_cells(contoso: Sandbox):
    lines = requests.get(contoso.url + SOURCE, timeout=10).text.splitlines()
    start = lines.index("> |  Geography | Region  | IP V4 ranges |  ")
    rows = [[cell.strip() for cell in line.strip("> ").strip("|").split("|")] for line in lines[start + 2 : start + 21]]
    assert len(rows) == 19
    assert rows[16:18] == EUROPE
    assert lines[start + 21] == ""
    assert "ms.date: 02/10/2026" in lines


def test_the_page_has_the_same_table_among_others(contoso: Sandbox):
    page = requests.get(contoso.url + PAGE, timeout=10)
    cells = Cells()
    cells.feed(page.text)
    rows = [row for row in cells.rows if len(row) == 3]
    assert len(rows) == 19
    assert rows[16:18] == EUROPE
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", [PAGE, SOURCE])
@pytest.mark.parametrize("trap", ["52.108.0.0/14", "150.171.22.0/24", "150.171.73.14/32", "40.82.190.38"])
def test_the_page_is_full_of_other_addresses(contoso: Sandbox, path, trap):
    assert trap in requests.get(contoso.url + path, timeout=10).text


def test_the_weekly_file_is_found_through_its_page(contoso: Sandbox):
    page = requests.get(contoso.url + DOWNLOAD, timeout=10).text
    (link,) = re.findall(r'href="([^"]*ServiceTags_Public_\d{8}\.json)"', page)
    assert link.endswith("/ServiceTags_Public_20260620.json")
    file = requests.get(link, timeout=10).json()
    tags = {each["name"]: each["properties"] for each in file["values"]}
    everything = tags["AzureDevOps"]["addressPrefixes"]
    assert len(everything) == 147
    assert sum("." in each for each in everything) == 84
    assert tags["AzureDevOps"]["changeNumber"] == 13
    assert tags["AzureDevOps"]["networkFeatures"] == ["API", "NSG", "UDR", "FW"]
    regional = [each["addressPrefixes"] for name, each in tags.items() if name.startswith("AzureDevOps.")]
    assert sorted(everything) == sorted(functools.reduce(operator.iadd, regional, []))
    assert tags["AzureDevOps.WestEurope"]["region"] == "westeurope"
    assert "ActionGroup" in tags
    assert requests.get(link.replace("20260620", "20260608"), timeout=10).status_code == 404


def test_the_service_lags_behind_the_file_and_counts_in_strings(owner: Client):
    location = "/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Network/locations/westeurope"
    answer = owner.get(f"{location}/serviceTags").json()
    (tag,) = [each for each in answer["values"] if each["name"] == "AzureDevOps"]
    assert (answer["changeNumber"], answer["cloud"]) == ("398", "Public")
    assert tag["properties"]["changeNumber"] == "12"
    assert len(tag["properties"]["addressPrefixes"]) == 67
    assert sorted(tag["properties"]) == ["addressPrefixes", "changeNumber", "region", "systemService"]


@pytest.mark.parametrize("path", [PAGE, SOURCE, DOWNLOAD, FILE])
@pytest.mark.parametrize(("known", "asked"), [("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")])
def test_who_has_it_already_is_told_so(contoso: Sandbox, path, known, asked):
    first = requests.get(contoso.url + path, timeout=10)
    again = requests.get(contoso.url + path, headers={asked: first.headers[known]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", [PAGE, SOURCE, DOWNLOAD, FILE])
def test_who_has_something_else_is_sent_it_whatever_its_date(contoso: Sandbox, path):
    first = requests.get(contoso.url + path, timeout=10)
    asked = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]}
    again = requests.get(contoso.url + path, headers=asked, timeout=10)
    assert (again.status_code, again.content) == (200, first.content)


def publish(sandbox: Sandbox) -> None:
    with sandbox.edit() as state:
        publishers = state["publishers"]
        publishers["tables"]["2026-07-01"] = {
            "after": "2026-02-10",
            "added": [["Europe", "France Central", "191.10.199.0/24"]],
        }
        publishers["table"] = "2026-07-01"
        tag = {"changeNumber": 14, "added": {"FranceCentral": ["191.10.199.0/24"]}}
        publishers["serviceTags"]["2026-06-29"] = {"after": "2026-06-20", "changeNumber": 412, "AzureDevOps": tag}
        publishers["file"] = "2026-06-29"


@pytest.mark.parametrize("path", [PAGE, SOURCE, DOWNLOAD])
def test_a_new_edition_has_a_new_etag(contoso: Sandbox, path):
    old = requests.get(contoso.url + path, timeout=10).headers["etag"]
    publish(contoso)
    changed = requests.get(contoso.url + path, headers={"If-None-Match": old}, timeout=10)
    assert (changed.status_code, changed.headers["etag"] == old) == (200, False)


def test_a_new_edition_is_what_the_page_has(contoso: Sandbox):
    publish(contoso)
    lines = requests.get(contoso.url + SOURCE, timeout=10).text.splitlines()
    assert "ms.date: 07/01/2026" in lines
    start = lines.index("> |  | North Europe | 20.166.41.0/24 |  ")
    assert lines[start + 1] == "> |  | France Central | 191.10.199.0/24 |"
    assert lines[start + 2].startswith("> | United Kingdom | United Kingdom South |")


def test_a_new_edition_is_a_new_file_and_the_old_one_is_gone(contoso: Sandbox):
    publish(contoso)
    assert requests.get(contoso.url + FILE, timeout=10).status_code == 404
    file = requests.get(f"{contoso.url}{DOWNLOADS}/ServiceTags_Public_20260629.json", timeout=10).json()
    tags = {each["name"]: each["properties"] for each in file["values"]}
    assert (file["changeNumber"], tags["AzureDevOps"]["changeNumber"]) == (412, 14)
    assert len(tags["AzureDevOps"]["addressPrefixes"]) == 148
    assert tags["AzureDevOps.FranceCentral"]["addressPrefixes"] == ["191.10.199.0/24"]
    assert tags["AzureDevOps.FranceCentral"]["region"] == "francecentral"


def test_the_service_goes_on_with_the_edition_it_had(contoso: Sandbox, owner: Client):
    location = "/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Network/locations/westeurope"
    publish(contoso)
    assert owner.get(f"{location}/serviceTags").json()["changeNumber"] == "398"
    with contoso.edit() as state:
        state["publishers"]["service"] = "2026-06-29"
    assert owner.get(f"{location}/serviceTags").json()["changeNumber"] == "412"
