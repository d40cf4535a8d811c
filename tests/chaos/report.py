"""The figures of a chaos run in words: a line a run, and docs/reliability.md."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.machine import REPOSITORY
from benchmarks.report import machine_lines
from tests.chaos.mix import MIX
from tests.chaos.rows import ROWS
from tests.chaos.table import Ran, Row

NAIVE = "naive"
SOAK = REPOSITORY / "benchmarks" / "results" / "soak.json"
LIMIT_MB = 600
"""What the design allows a worker that knows a million customers."""
TEMPLATE = Path(__file__).parent / "reliability.md"
WRONG = ("standings", "outcomes_missing", "outcomes_wrong", "letters_missing", "letters_wrong")
HEADS = (
    "row", "fault", "runs", "records", "faults", "lost", "twice", "otherwise wrong",
    "worst recovery", "signs seen",
)  # fmt: skip
Run = Mapping[str, Any]


def told(ran: Ran) -> str:
    """Return a run as one line."""
    head = f"row {ran.row} {ran.name} seed {ran.seed}: {ran.seconds:.0f} s"
    if ran.error:
        return f"{head}, FAILED: {ran.error.splitlines()[0]}"
    assert ran.tally is not None
    counts = ", ".join(f"{name} {count}" for name, count in ran.tally._asdict().items() if count)
    unseen = ", ".join(sign for sign, came in ran.seen.items() if not came)
    words = f"{ran.records:,} records, {ran.faults} faults, {counts or 'nothing wrong'}"
    slowest = "" if ran.recovery_s is None else f", recovery {ran.recovery_s:.1f} s"
    return f"{head}, {words}{slowest}" + (f"; NOT SEEN: {unseen}" if unseen else "")


def document(found: Mapping[str, Any]) -> str:
    """Return docs/reliability.md from the results of a file."""
    by_row: dict[tuple[int, str], list[Run]] = defaultdict(list)
    for run in found["runs"]:
        by_row[run["row"], run["name"]].append(run)
    rows = sorted([*ROWS, MIX], key=lambda row: row.number)
    ran = [row for row in rows if (row.number, row.name) in by_row]
    lines = [_line(row, by_row[row.number, row.name]) for row in ran]
    missing = [f"{row.number}, {row.fault}" for row in rows if row not in ran]
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        totals=_totals(found["runs"]),
        machine="\n".join(f"    {line}" for line in machine_lines(found["machine"]).splitlines()),
        commands="\n".join(f"    {command}" for command in found["commands"]),
        table="\n".join([_cells(HEADS), _cells(["---"] * len(HEADS)), *lines]),
        notes="\n".join(f"- {row.note}" for row in ran if row.note),
        missing="\n".join(f"- {each}" for each in missing) or "- nothing",
        control=_control(found["runs"]),
        soak=_soak(json.loads(SOAK.read_text("utf-8"))),
    )


def _cells(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _line(row: Row, runs: Sequence[Run]) -> str:
    ended = [run for run in runs if run["tally"] is not None]
    failed = len(runs) - len(ended)
    recoveries = [run["recovery_s"] for run in ended if run["recovery_s"] is not None]
    return _cells(
        (
            row.number,
            row.fault,
            f"{len(runs)}" + (f" ({failed} did not end)" if failed else ""),
            f"{sum(run['records'] for run in runs):,}",
            f"{sum(run['faults'] for run in runs):,}",
            _sum(ended, "lost"),
            _sum(ended, "twice"),
            sum(_sum(ended, name) for name in WRONG),
            f"{max(recoveries):.1f} s" if recoveries else "–",
            _signs(ended),
        )
    )


def _sum(runs: Iterable[Run], count: str) -> int:
    return sum(run["tally"][count] for run in runs)


def _signs(runs: Sequence[Run]) -> str:
    unseen = {sign for run in runs for sign, came in run["seen"].items() if not came}
    if unseen:
        return "not: " + ", ".join(sorted(unseen))
    return "yes" if any(run["seen"] for run in runs) else "–"


def _totals(runs: Iterable[Run]) -> str:
    ours = [run for run in runs if run["name"] != NAIVE]
    ended = [run for run in ours if run["tally"] is not None]
    wrong = sum(_sum(ended, name) for name in WRONG)
    return (
        f"{len(ours)} runs, {sum(run['records'] for run in ours):,} records, "
        f"{sum(run['faults'] for run in ours):,} faults: {_sum(ended, 'lost')} events lost, "
        f"{_sum(ended, 'twice')} counted twice, {wrong} other differences, "
        f"{len(ours) - len(ended)} runs that did not end"
    )


def _soak(soak: Mapping[str, Any]) -> str:
    machine, samples = soak["machine"], soak["samples"]
    millions = range(1, soak["events"] // 1_000_000 + 1)
    after = [next(mb for applied, mb in samples if applied >= n * 1_000_000) for n in millions]
    return (
        f"{soak['events']:,} events of {soak['customers']:,} customers in {soak['seconds']:.0f} s, "
        f"commit {machine['commit']}, {machine['date'][:10]}: MiB after each million "
        f"{', '.join(f'{mb:.0f}' for mb in after)}; at most {soak['peak_rss_mb']:.0f}, "
        f"{sum(mb > LIMIT_MB for _, mb in samples)} of {len(samples)} samples above {LIMIT_MB}. "
        f"In the last fifth it was {soak['growth']:+.1%} against the time from 30 to 50 % of the "
        "events; the run fails above +10 %."
    )


def _control(runs: Iterable[Run]) -> str:
    naive = sorted((run for run in runs if run["name"] == NAIVE), key=lambda run: run["row"])
    heads = ("row", "records", "lost", "twice", "otherwise wrong", "found out")
    lines = [_cells(heads), _cells(["---"] * len(heads))]
    for run in naive:
        tally = run["tally"]
        wrong = sum(tally[name] for name in WRONG)
        is_found = any(tally.values())
        lines.append(
            _cells(
                (
                    run["row"] or "no fault",
                    f"{run['records']:,}",
                    tally["lost"],
                    tally["twice"],
                    wrong,
                    "yes" if is_found else "no, it is right" if run["row"] == 0 else "NO",
                )
            )
        )
    return "\n".join(lines)
