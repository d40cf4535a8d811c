"""Tables as CSV that spreadsheets show and never run."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain, islice
from typing import Final

Cell = str | float | None

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the system's encoding, and Chinese is lost."""

_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")
_ROWS: Final = 500


def written(header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """Yield a table as CSV in UTF-8, some hundred rows at a time."""
    lines: Iterator[Iterable[Cell]] = chain([header], rows)
    first = True
    while some := list(islice(lines, _ROWS)):
        text = StringIO()
        if first:
            text.write(_BYTE_ORDER_MARK)
            first = False
        csv.writer(text).writerows([harmless(cell) for cell in row] for row in some)
        yield text.getvalue().encode("utf-8", "replace")


def harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers are what they are.

    >>> harmless("=HYPERLINK(1)"), harmless("-1"), harmless(-1.0), harmless("a=b")
    ("'=HYPERLINK(1)", "'-1", -1.0, 'a=b')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS) else cell
