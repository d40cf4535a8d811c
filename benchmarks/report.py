"""The design's table: what is measured, what it must be at least, what is aimed at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

_HEADS: Final = ("what", "measured", "runs", "at least", "aim", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of section 8 of the design, of one or more runs; the median counts.

    `better` says which way is good. `at_least` and `aim` are None for a figure that has none, such
    as one that stands beside another to explain it.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    at_least: float | None = None
    aim: float | None = None
    better: Literal["more", "less"] = "less"

    @property
    def median(self) -> float:
        """The middle value; of an even number, the mean of the two in the middle."""
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    @property
    def verdict(self) -> str:
        """`aim` reached, `ok` (at least what is promised), `below`, or nothing to compare with."""
        if self.at_least is None:
            return ""
        if self.aim is not None and self._reaches(self.aim):
            return "aim"
        return "ok" if self._reaches(self.at_least) else "below"

    def _reaches(self, bound: float) -> bool:
        return self.median >= bound if self.better == "more" else self.median <= bound

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {
            "what": self.what,
            "unit": self.unit,
            "median": self.median,
            "values": list(self.values),
            "at_least": self.at_least,
            "aim": self.aim,
            "better": self.better,
            "verdict": self.verdict,
        }


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    cells = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(_HEADS))]
    lines = [_line(line, widths) for line in cells]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    runs = " / ".join(map(_number, row.values)) if len(row.values) > 1 else ""
    bounds = [_bound(row, bound) for bound in (row.at_least, row.aim)]
    return (row.what, f"{_number(row.median)} {row.unit}".strip(), runs, *bounds, row.verdict)


def _bound(row: Row, bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{'≥' if row.better == 'more' else '≤'} {_number(bound)}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True)) + " |"


def _number(value: float) -> str:
    if value >= 1_000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def machine_lines(machine: dict[str, Any]) -> str:
    """Return machine, date, commit and versions as lines of text."""
    m = machine
    return "\n".join(
        [
            f"{m['date']}, commit {m['commit']}",
            f"{m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, Linux {m['kernel']}",
            f"Python {m['python']}, Kafka {m['kafka']}, Valkey {m['valkey']}, {m['java']}, "
            + ", ".join(f"{name} {m[name]}" for name in sorted(m) if name not in _NAMED),
        ]
    )


_NAMED: Final = frozenset(
    ("date", "commit", "cpu", "cores", "memory_gib", "kernel", "python", "kafka", "valkey", "java")
)
