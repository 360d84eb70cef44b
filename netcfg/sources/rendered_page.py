"""The documentation page as browsers get it. No stored copy of the real one was found, so its form is inferred from how
the site renders tables: `<table>`, `<th>`, `<td>`, blank cells included.
"""

from __future__ import annotations

from html.parser import HTMLParser

from netcfg.core.errors import BadEdition
from netcfg.sources.inbound import Section, starts_with, tidy

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CELLS = frozenset(("td", "th"))
_DATES = ("ms.date", "updated_at")  # the page's own day; when it was last built


def read(text: str, where: str) -> Section:
    """The inbound section of the HTML in `text`; a table that is not closed before the next heading is an error."""
    reader = _Reader(where)
    try:
        reader.feed(text)
        reader.close()
    except AssertionError as error:  # what html.parser has to say about `<![unknown`
        raise BadEdition(where, f"its HTML cannot be read ({error})") from error
    reader.check_closed("the page ends")
    dated = next(((name, reader.dates[name]) for name in _DATES if name in reader.dates), None)
    tables = tuple(tuple(tuple(map(tidy, row)) for row in table) for table in reader.tables)
    return Section(tables, dated, reader.is_ended)


class _Reader(HTMLParser):
    """Follows the headings, and fills `tables` with the rows of those in the inbound section.

    The standard library's parser is enough, because nothing but headings, tables and `<meta>` counts: where those are
    nested in a way that a browser would have to mend, `check_closed` refuses them.
    """

    def __init__(self, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.dates: dict[str, str] = {}
        self.tables: list[list[list[str]]] = []
        self.is_ended = False
        self._where = where
        self._is_inbound = False
        self._heading: str | None = None
        self._is_in_table = False
        self._is_in_cell = False

    def check_closed(self, event: str) -> None:
        if self._is_in_table:
            raise BadEdition(self._where, f"{event} within the inbound table")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            self._note_date(dict(attrs))
        elif tag in _HEADINGS:
            self.check_closed("a heading stands")
            self.is_ended = self.is_ended or self._is_inbound
            self._is_inbound, self._heading = False, ""
        elif tag == "table" and self._is_inbound:
            self.check_closed("another table stands")
            self._is_in_table, self._is_in_cell = True, False
            self.tables.append([])
        elif self._is_in_table:
            self._handle_table_tag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self._heading is not None:
            self._is_inbound, self._heading = starts_with(self._heading), None
        elif tag == "table":
            self._is_in_table = self._is_in_cell = False
        elif tag == "tr" or tag in _CELLS:
            self._is_in_cell = False
        else:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading += data
        elif self._is_in_cell:
            self.tables[-1][-1][-1] += data

    def _handle_table_tag(self, tag: str) -> None:
        """The end tags of rows and cells may be left out in HTML."""
        rows = self.tables[-1]
        if tag == "tr":
            rows.append([])
            self._is_in_cell = False
        elif tag in _CELLS:
            if not rows:
                raise BadEdition(self._where, "the inbound table has a cell outside its rows")
            rows[-1].append("")
            self._is_in_cell = True
        else:
            self.handle_data(" ")  # `20.1.2.0/2<br>4` is no /24

    def _note_date(self, attributes: dict[str, str | None]) -> None:
        name, content = attributes.get("name"), attributes.get("content")
        if name in _DATES and content:
            self.dates.setdefault(name, content)
