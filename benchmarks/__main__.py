"""`python -m benchmarks`: run the parts, print the table, keep the figures."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import machine, rows
from benchmarks.lab import INPUT_PREFIX, Lab, known_truth, open_lab, preload, say, written
from benchmarks.report import machine_lines, table
from benchmarks.rows import Findings
from benchmarks.workload import Shape, encoded

RESULTS: Final = Path(__file__).parent / "results"
PARTS: Final = ("throughput", "feed", "stock", "latency", "memory", "replay")


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="of job P1 (1,000,000)")
    parser.add_argument("--customers", type=int, default=100_000, help="of job P1 (100,000)")
    parser.add_argument("--seed", type=int, default=1, help="of job P1's chance (1)")
    parser.add_argument("--runs", type=int, default=3, help="of each part that is repeated (3)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART",
                        help=f"of {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--stock-events", type=int, default=40_000, help="for stock Faust (40,000)")
    parser.add_argument("--latency-seconds", type=float, default=30.0, help="measured (30)")
    parser.add_argument("--known-customers", type=int, default=1_000_000, help="(1,000,000)")
    parser.add_argument("--profile", action="store_true", help="say where the worker's time goes")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="results; default: benchmarks/results/"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 4 when a result was wrong or a figure below what is promised."""
    options = options_of(arguments)
    found = Findings(Shape(options.events, options.customers, options.seed))
    with open_lab() as lab:
        with lab.store() as store:
            server = store.info("server")
        about = machine.describe(str(server.get("valkey_version") or server["redis_version"]))
        try:
            _run(lab, options, found)
        finally:  # what was measured before something failed is not lost
            _report(options, about, found)
    is_wrong = any(check.wrong for check in found.checks())
    return 4 if is_wrong or any(row.verdict == "below" for row in rows.table_of(found)) else 0


def _report(options: argparse.Namespace, about: dict[str, Any], found: Findings) -> None:
    results = rows.table_of(found)
    print(machine_lines(about), table(results), rows.notes(found), sep="\n\n")
    kept = options.json or RESULTS / f"{about['date'][:10]}-{about['commit']}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    everything = {
        "machine": about,
        "options": {name: value for name, value in vars(options).items() if name != "json"},
        "rows": [row.as_json() for row in results],
        "runs": found.as_json(),
    }
    kept.write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    say(f"results in {kept}")


def _run(lab: Lab, options: argparse.Namespace, found: Findings) -> None:
    from benchmarks.comparison import run_stock
    from benchmarks.latency import run_latency
    from benchmarks.memory import run_memory

    if {"throughput", "feed", "replay"} & set(options.only):
        _run_p1(lab, options, found)
    if "stock" in options.only:
        say(f"stock Faust, {options.stock_events:,} events")
        found.stock = run_stock(lab, found.shape, options.stock_events)
    if "latency" in options.only:
        say(f"latency, {options.latency_seconds:g} s")
        found.latency = run_latency(lab, "latency", options.latency_seconds)
    if "memory" in options.only:
        say(f"memory, {options.known_customers:,} customers")
        found.memory = run_memory(lab, "memory", options.known_customers)


def _run_p1(lab: Lab, options: argparse.Namespace, found: Findings) -> None:
    from benchmarks.replaying import run_replay
    from benchmarks.throughput import run_backlog

    shape, lines = found.shape, lab.directory / "events.ndjson"
    say(f"preloading {shape.events:,} events of job P1")
    preload(lab, INPUT_PREFIX, written(encoded(shape), lines), shape.events)
    truth = known_truth(shape, lines)
    for n in range(1, options.runs + 1):
        for part, feed in (("throughput", False), ("feed", True)):
            if part in options.only:
                say(f"one worker, CRM feed {'on' if feed else 'off'}, run {n} of {options.runs}")
                found.backlogs[feed].append(run_backlog(lab, f"{part}-{n}", truth, feed=feed))
        if "replay" in options.only:
            say(f"replay, run {n} of {options.runs}")
            found.replays.append(run_replay(lines, lab.directory / f"replay-{n}", truth))
    if options.profile:
        say("one worker, CRM feed off, sampled")
        with tempfile.TemporaryDirectory() as name:
            target = Path(name) / "profile.json"
            found.sampled = run_backlog(lab, "sampled", truth, feed=False, profile=target)
            found.samples = json.loads(target.read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main())
