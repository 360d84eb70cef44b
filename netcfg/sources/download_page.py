"""The page that people download the weekly file of service tags from: the file's address is in one of its links."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

from netcfg.core.errors import BadEdition, NoTagFile
from netcfg.sources.tag_file import FILE_NAME, file_name


def find_tag_file(content: bytes, where: str, downloads: str) -> str:
    """The address of the newest file that the page links to, by the day in its name.

    Only a link to the host `downloads` counts: a redirect to another one would not be followed either.
    """
    reader = _Links(where)
    try:
        reader.feed(content.decode("utf-8", "replace"))
        reader.close()
    except AssertionError as error:  # what html.parser has to say about `<![unknown`
        raise BadEdition(where, f"its HTML cannot be read ({error})") from error
    found = [each for each in reader.links if each.startswith(f"{downloads}/") and FILE_NAME.fullmatch(file_name(each))]
    if not found:
        raise NoTagFile(where, downloads)
    return max(found, key=_day)


def _day(url: str) -> tuple[str, ...]:
    named = FILE_NAME.fullmatch(file_name(url))
    return named.groups() if named else ()


class _Links(HTMLParser):
    def __init__(self, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._where = where

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target:
            try:
                self.links.append(urljoin(self._where, target.strip()))
            except ValueError:  # an address like https://[ is nobody's
                return
