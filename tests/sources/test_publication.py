import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from netcfg.sources import bundled, page, tag_file
from netcfg.sources.publication import Publication, render
from tests.sources import samples
from tests.sources.samples import ATLAS, SEEN, as_bytes

BUNDLED = sorted(path for folder in ("table", "service-tag") for path in (bundled.data_folder() / folder).iterdir())


def from_document(path: Path) -> Publication:
    """The publication that a file of our own came from."""
    edition = bundled.edition(str(path)).editions[0]
    names = json.loads(path.read_text())["regions"]
    return Publication(edition, tuple((name, ATLAS.region(name, path.name)) for name in names))


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_bundled_edition_is_written_as_it_is(path):
    assert render(from_document(path)) == path.read_text()


def test_a_page_in_our_own_form():
    text = samples.PAGE.replace("| North Europe | 20.166.41.0/24 |", "| West Europe | 20.166.41.0/24 |")
    assert render(page.parse(text.encode(), ATLAS, "page.md", SEEN)) == (
        """{
  "version": 1,
  "publisher": "table",
  "edition": "2026-02-10",
  "source": "Microsoft Learn, Allowed IP addresses and domain URLs (security/allow-list-ip-url), ms.date 02/10/2026",
  "regions": {
    "Australia East": ["20.37.194.0/24"],
    "Australia South East": ["20.42.226.0/24"],
    "Western Europe": ["20.166.41.0/24", "40.74.28.0/23"]
  }
}
"""
    )


def test_a_tag_file_in_our_own_form():
    found = tag_file.parse(as_bytes(samples.tag_file()), ATLAS, "tags.json", SEEN)
    assert render(found) == (
        """{
  "version": 1,
  "publisher": "service-tag",
  "edition": "2026-07-01",
  "changeNumber": 13,
  "source": "Azure IP Ranges and Service Tags, Public Cloud, tag AzureDevOps, file change number 411",
  "regions": {
    "eastus2euap": ["20.39.13.0/26"],
    "swedensouth": ["20.91.91.32/28"],
    "westeurope": ["40.74.28.0/23", "172.199.233.80/28", "2603:1020:206:1000::a/128"]
  }
}
"""
    )


def test_what_is_written_reads_as_the_same_edition(tmp_path):
    found = tag_file.parse(as_bytes(samples.tag_file()), ATLAS, "tags.json", SEEN)
    confirmed = replace(found.edition, confirmed=date(2026, 7, 20))
    path = tmp_path / "edition.json"
    path.write_text(render(Publication(confirmed, found.names)))
    assert bundled.edition(str(path)).editions == (confirmed,)
