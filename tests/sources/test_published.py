import pytest

from netcfg.core.errors import NoTagFile, SourceAnswer
from netcfg.core.ranges import Publisher
from netcfg.sandbox.server import serve
from netcfg.sources.fetch import Fetched, Fetcher
from netcfg.sources.places import Places, standing_in
from netcfg.sources.published import fetch_from, fetch_page, fetch_tag_file, parse
from tests.devops.loopback import Reply, loopback
from tests.sources import samples
from tests.sources.samples import ATLAS, PAGE, RANGES, RENDERED, SEEN, as_bytes, said

HTML = (("Content-Type", "text/html"),)
GONE = Reply(404, b"", HTML)


def unwarned(message: str) -> None:
    raise AssertionError(message)


def test_the_published_places():
    places = Places()
    assert places.page_source == (
        "https://raw.githubusercontent.com/MicrosoftDocs/azure-devops-docs/main"
        "/docs/organizations/security/allow-list-ip-url.md"
    )
    assert places.rendered_page == (
        "https://learn.microsoft.com/en-us/azure/devops/organizations/security/allow-list-ip-url"
    )
    assert places.download_pages == (
        "https://www.microsoft.com/en-us/download/details.aspx?id=56519",
        "https://www.microsoft.com/en-us/download/confirmation.aspx?id=56519",
    )


def test_a_sandbox_stands_in_for_all_of_them():
    with serve() as sandbox:
        places = standing_in(sandbox.url)
        table = parse(fetch_page(Fetcher(), places, unwarned), ATLAS, SEEN).edition
        tag = parse(fetch_tag_file(Fetcher(), places), ATLAS, SEEN).edition
    assert (table.publisher, table.day.isoformat(), len(table.ranges)) == (Publisher.TABLE, "2026-02-10", 19)
    assert (tag.publisher, tag.day.isoformat(), len(tag.ranges)) == (Publisher.SERVICE_TAG, "2026-06-20", 84)
    assert [(path.split("/")[1], status) for _, path, status in sandbox.requests] == [
        ("raw.githubusercontent.com", 200),
        ("www.microsoft.com", 200),
        ("download.microsoft.com", 200),
    ]


def test_the_rendered_page_stands_in_for_a_source_that_cannot_be_had():
    warnings: list[str] = []
    with loopback(GONE, Reply(body=RENDERED.encode(), headers=HTML)) as server:
        places = standing_in(server.url)
        found = fetch_page(Fetcher(), places, warnings.append)
    assert said(parse(found, ATLAS, SEEN).edition) == RANGES
    assert found.where == places.rendered_page
    [warning] = warnings
    assert warning == (
        f"{places.page_source} answered with 404 Not Found where Markdown was expected; "
        f"run it again later, or give --from; using {places.rendered_page}"
    )


def test_the_second_download_page_helps_out_when_the_first_links_to_nothing():
    kind = (("Content-Type", "application/octet-stream"),)
    with loopback(Reply(body=b"<html></html>", headers=HTML)) as server:
        places = standing_in(server.url)
        link = f"{places.downloads}/x/ServiceTags_Public_20260622.json".encode()
        with pytest.raises(NoTagFile, match=r"confirmation\.aspx\?id=56519 links to no ServiceTags_Public"):
            fetch_tag_file(Fetcher(), places)
    assert [each.path.rpartition("/")[2] for each in server.asked] == [
        "details.aspx?id=56519",
        "confirmation.aspx?id=56519",
    ]
    link = b'<a href="../../../download.microsoft.com/x/ServiceTags_Public_20260622.json">here</a>'
    pages = [Reply(body=b"<html></html>", headers=HTML), Reply(body=link, headers=HTML)]
    with loopback(*pages, Reply(body=as_bytes(samples.tag_file()), headers=kind)) as server:
        found = fetch_tag_file(Fetcher(), standing_in(server.url))
    assert parse(found, ATLAS, SEEN).edition.day.isoformat() == "2026-06-22"


@pytest.mark.parametrize("publishers_answer", [PAGE.encode(), RENDERED.encode(), as_bytes(samples.tag_file())])
def test_whatever_is_in_a_file_is_recognised(tmp_path, publishers_answer):
    path = tmp_path / "given"
    path.write_bytes(publishers_answer)
    found = parse(fetch_from(Fetcher(), str(path)), ATLAS, SEEN).edition
    assert ("40.74.28.0/23", "westeurope") in said(found)


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", "application/octet-stream"])
def test_whatever_is_at_an_address_is_recognised(kind):
    with loopback(Reply(body=as_bytes(samples.tag_file()), headers=(("Content-Type", kind),))) as server:
        found = fetch_from(Fetcher(), f"{server.url}/ServiceTags_Public_20260622.json")
    assert parse(found, ATLAS, SEEN).edition.day.isoformat() == "2026-06-22"


def test_json_is_recognised_behind_a_byte_order_mark():
    found = parse(Fetched("x", b"\xef\xbb\xbf\r\n" + as_bytes(samples.tag_file())), ATLAS, SEEN)
    assert found.edition.publisher is Publisher.SERVICE_TAG


def test_an_error_of_the_tag_file_is_not_hidden_by_the_second_download_page():
    page = b'<a href="/download.microsoft.com/ServiceTags_Public_20260622.json">here</a>'
    with loopback(Reply(body=page, headers=HTML), GONE) as server, pytest.raises(SourceAnswer, match="404"):
        fetch_tag_file(Fetcher(), standing_in(server.url))
    assert len(server.asked) == 2
