"""What a file seems to be that is no NDJSON of events: told by its bytes, never by its name."""

import re
from typing import Final

_BINARY: Final = (
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1", "an Arrow file"),
    (b"%PDF-", "a PDF document"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ\x00", "packed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x04\x22\x4d\x18", "packed with lz4"),
)
"""First bytes, and what a file is that begins with them."""
_SHEET: Final = re.compile(rb"\[Content_Types\]\.xml|xl/|_rels/")
_COLUMN: Final = re.compile(r"[\w .\-\"'/()]{1,60}")
_MOST_COLUMNS: Final = 6
_ADVICE: Final = "events are NDJSON, one object a line"


def binary_kind(head: bytes) -> str | None:
    """Return what a file is that begins with these bytes; None if it may be text.

    >>> binary_kind(b"PAR1..."), binary_kind(b"{}")
    ('a Parquet file', None)
    """
    for magic, kind in _BINARY:
        if head.startswith(magic):
            if magic.startswith(b"PK") and _SHEET.search(head):
                return "an Excel workbook (XLSX)"
            return kind
    return None


def seems(head: bytes) -> str:
    r"""Return, as a sentence, what a text without a single event seems to be, by its beginning.

    >>> seems(b"id;name;amount\n1;Ada;12\n")
    'it seems to be CSV with the columns id, name, amount: events are NDJSON, one object a line'
    """
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not text:
        return "it is empty"
    first = text.splitlines()[0].rstrip()
    if text.startswith("{") and first.endswith("}"):
        return "its lines are JSON objects, but no acceptable events"
    return f"{_shape(text, first)}: {_ADVICE}"


def _shape(text: str, first: str) -> str:
    if "\x00" in text or text.count("\ufffd") > len(text) // 10:
        return "it is no text"
    if text.startswith("["):
        return "it seems to be a JSON array (jq -c '.[]' takes it apart)"
    if text.startswith("{"):
        return "it seems to be JSON over several lines (jq -c . puts it on one)"
    if text.startswith("<"):
        return "it seems to be XML or HTML"
    if columns := _columns(first):
        more = ", …" if len(columns) > _MOST_COLUMNS else ""
        return f"it seems to be CSV with the columns {', '.join(columns[:_MOST_COLUMNS])}{more}"
    return "it is some other text"


def _columns(line: str) -> list[str]:
    """Return the names in the first line of a table; none if it does not look like one."""
    for separator in (",", "\t", ";", "|"):
        cells = [cell.strip().strip("\"'") for cell in line.split(separator)]
        if len(cells) > 1 and all(_COLUMN.fullmatch(cell) for cell in cells):
            return cells
    return []
