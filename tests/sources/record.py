"""Records the cassettes of the publishers anew, from the sandbox: part of `scripts/record-cassettes`.

Never from the publishers themselves: their pages are not ours to keep.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import vcr

from netcfg.core.errors import SourceAnswer
from netcfg.sandbox.server import serve
from netcfg.sources.fetch import MARKDOWN, WEB_PAGE, Fetched, Fetcher
from netcfg.sources.places import Places, standing_in
from netcfg.sources.published import fetch_tag_file

CASSETTES = Path(__file__).parent / "cassettes"
_REQUEST_HEADERS = {"if-none-match", "if-modified-since"}
_RESPONSE_HEADERS = {"content-type", "etag", "last-modified"}


def page_source(fetcher: Fetcher, places: Places) -> Fetched | None:
    return fetcher.fetch(places.page_source, MARKDOWN)


def rendered_page(fetcher: Fetcher, places: Places) -> Fetched | None:
    return fetcher.fetch(places.rendered_page, WEB_PAGE)


def unchanged_page(fetcher: Fetcher, places: Places) -> Fetched | None:
    known = fetcher.fetch(places.page_source, MARKDOWN)
    return fetcher.fetch_if_changed(places.page_source, MARKDOWN, known.validators)


def missing_page(fetcher: Fetcher, places: Places) -> Fetched | None:
    try:
        return fetcher.fetch(f"{places.github}/MicrosoftDocs/azure-devops-docs/no-such-page.md", MARKDOWN)
    except SourceAnswer:
        return None


SCENES: dict[str, Callable[[Fetcher, Places], Fetched | None]] = {
    "page-source": page_source,
    "rendered-page": rendered_page,
    "unchanged-page": unchanged_page,
    "missing-page": missing_page,
    "service-tag": fetch_tag_file,
}


def record(folder: Path) -> Iterator[str]:
    """One cassette for each scene; what came of it, in words."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, scene in SCENES.items():
        path = folder / f"{name}.yaml"
        path.unlink(missing_ok=True)
        with serve(world="contoso") as sandbox, _recorder(sandbox.url).use_cassette(str(path)):
            found = scene(Fetcher(), standing_in(sandbox.url))
        yield f"{name}: {len(found.content):,} bytes" if found else f"{name}: nothing"


def _recorder(url: str) -> Any:
    """What is kept is what the program reads, at the addresses that the sandbox stands in for."""

    def real(text: str) -> str:
        return re.sub(re.escape(f"{url}/"), "https://", text)

    def request(found: Any) -> Any:
        found.uri = real(found.uri)
        found.headers = {name: value for name, value in found.headers.items() if name.lower() in _REQUEST_HEADERS}
        return found

    def response(found: dict[str, Any]) -> dict[str, Any]:
        kept = {name: values for name, values in found["headers"].items() if name.lower() in _RESPONSE_HEADERS}
        body = found["body"]["string"].decode()
        if real(body) != body:
            kept.pop("etag", None)  # of a page that names the sandbox's port, which is another one every time
        return {"status": found["status"], "headers": kept, "body": {"string": real(body).encode()}}

    return vcr.VCR(record_mode="all", before_record_request=request, before_record_response=response)


def main() -> None:
    parser = argparse.ArgumentParser(prog="record-cassettes", description=__doc__)
    parser.add_argument("--organization", help="of no meaning here: what is published is everybody's")
    parser.add_argument("--into", type=Path, default=CASSETTES, help="the folder for the cassettes")
    for each in record(parser.parse_args().into):
        print(each)  # noqa: T201


if __name__ == "__main__":
    main()
