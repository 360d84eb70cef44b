"""The rows of a CSV file, as Log Analytics exports a result and as Excel writes it again."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from netcfg.core.errors import AuditLogUnreadable

DELIMITERS = ",;\t|"  # Excel takes the one of the country it is in
LONGEST_CELL = 1 << 24


class Table:
    """Iterated once. `is_cut` tells afterwards whether the file ends within a row, which is then left out."""

    def __init__(self, lines: Iterator[str], file: str) -> None:
        self._lines, self._file = lines, file
        self._last = ""
        self.is_cut = False
        self.rows = 0

    def __iter__(self) -> Iterator[dict[str, str]]:
        heading = next(self._lines, "")
        delimiter = max(DELIMITERS, key=heading.count)
        csv.field_size_limit(LONGEST_CELL)
        names = next(csv.reader([heading], delimiter=delimiter), [])
        reader = csv.reader(self._noting(), delimiter=delimiter, strict=True)
        short: list[str] | None = None
        try:
            for cells in reader:
                if short:
                    raise self._damaged(reader.line_num, f"it has {len(short)} cells, and the heading {len(names)}")
                if len(cells) == len(names):
                    self.rows += 1
                    yield dict(zip(names, cells, strict=True))
                elif cells:
                    short = cells
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                raise self._damaged(reader.line_num + 1, str(error)) from None
            self.is_cut = True
        if short and self._last.endswith("\n"):
            raise self._damaged(reader.line_num + 1, f"it has {len(short)} cells, and the heading {len(names)}")
        self.is_cut = self.is_cut or bool(short)

    def _noting(self) -> Iterator[str]:
        for line in self._lines:
            self._last = line
            yield line

    def _damaged(self, line: int, reason: str) -> AuditLogUnreadable:
        return AuditLogUnreadable(self._file, f"line {line} is no row of its table: {reason}", "export it anew")
