"""A file's text, piece by piece: a log may be longer than any memory."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE, getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO

from netcfg.core.errors import AuditLogUnreadable

PIECE = 1 << 20
LONGEST_LINE = 1 << 24  # a record has some thousand characters
_UNPACK = "unpack it first"
_FOREIGN = {
    b"\x1f\x8b": ("it is packed (gzip)", _UNPACK),
    b"PK\x03\x04": ("it is an Excel workbook or a zip", "save it as CSV, or unpack it"),
    b"BZh": ("it is packed (bzip2)", _UNPACK),
    b"\xfd7zXZ": ("it is packed (xz)", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("it is packed (zstd)", _UNPACK),
    b"Obj\x01": ("it is Avro, as Event Hubs Capture writes it", "turn the body of its events into JSON"),
}


def pieces(stream: BinaryIO, file: str) -> Iterator[str]:
    """The text in pieces of some size, whatever its encoding: Excel and PowerShell write UTF-16.

    A character that cannot be read becomes a replacement sign: no address and no operation has one.
    """
    head = _read(stream, file)
    if foreign := next((said for magic, said in _FOREIGN.items() if head.startswith(magic)), None):
        raise AuditLogUnreadable(file, *foreign)
    decoder = getincrementaldecoder(_encoding(head))("replace")
    data = head
    while data:
        yield decoder.decode(data)
        data = _read(stream, file)
    yield decoder.decode(b"", final=True)


def lines(found: Iterator[str], file: str) -> Iterator[str]:
    """The lines of the text, each with its end; the last one may lack it."""
    rest = ""
    for piece in found:
        *whole, rest = (rest + piece).split("\n")
        yield from (f"{each}\n" for each in whole)
        if len(rest) > LONGEST_LINE:
            raise AuditLogUnreadable(file, f"a line of it is longer than {LONGEST_LINE:,} characters", "export it anew")
    if rest:
        yield rest


def _read(stream: BinaryIO, file: str) -> bytes:
    try:
        return stream.read(PIECE)
    except OSError as error:
        raise AuditLogUnreadable(file, error.strerror or str(error), "check that it is whole") from error


def _encoding(head: bytes) -> str:
    if head.startswith((BOM_UTF32_LE, BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    start = head[:4096]
    if start[1::2].count(0) * 3 > len(start):
        return "utf-16-le"
    if start[::2].count(0) * 3 > len(start):
        return "utf-16-be"
    return "utf-8-sig"
