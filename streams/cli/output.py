"""What commands write: results to stdout, progress and notes to stderr."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.progress import Progress


_UNCUT: Final = 10_000
SENTENCES: Final = 100
"""Columns of a table of sentences."""


def print_json(value: Any) -> None:
    """Print a value as one line of JSON, so that several of them are NDJSON."""
    import orjson

    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], piped_width: int = _UNCUT
) -> None:
    """Print rows under headings; cells are text, not markup.

    Into a file or a pipe, a line is as long as it needs to be, as cut ones could not be searched;
    a table of sentences asks for a `piped_width`.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else piped_width).print(table)


def note(text: str) -> None:
    """Print one remark to stderr."""
    print(text, file=sys.stderr)


def progress(unit: str = "") -> "Progress":
    """Return a progress display on stderr: a bar, how far, how fast, and how long still.

    `unit` `bytes` shows sizes; any other names what is counted.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    stderr = Console(stderr=True)
    count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        count,
        TextColumn("" if unit == "bytes" else unit),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    )
