"""`replay` of a file of P1's events, in memory, in a process of its own.

python -m benchmarks.replaying EVENTS.ndjson OUT      prints the summary as JSON
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks.checks import Check, compare, compare_changes
from benchmarks.machine import REPOSITORY, Usage
from benchmarks.truth import Truth
from benchmarks.worker import MODEL


class Replayed(NamedTuple):
    """Seconds of the replay by its own account, and of its whole process; CPU and memory."""

    seconds: float
    process_seconds: float
    cpu_s: float
    peak_rss_mb: float
    others_cores: float
    checks: list[Check]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return self._asdict() | {"checks": [check._asdict() for check in self.checks]}


def run_replay(lines: Path, out: Path, truth: Truth) -> Replayed:
    """Replay a file, and compare what it wrote with the truth."""
    usage = Usage({})
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.replaying", str(lines), str(out)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
    )
    printed, _ = process.communicate()
    used = usage.until_now()
    if process.returncode != 0:
        raise RuntimeError(f"the replay of {lines} ended with {process.returncode}")
    summary = json.loads(printed)
    changes = _values(out / "tier-changes.ndjson")
    standings = dict(map(_standing, _values(out / "customers.ndjson")))
    checks = [
        compare_changes("tier changes of replay", changes, truth),
        compare("scores and tiers of replay", standings, truth),
    ]
    # The process is our child and has ended, so its CPU counts as ours.
    return Replayed(
        summary["seconds"],
        used.seconds,
        used.cpu["benchmark"],
        summary["peak_rss_mb"],
        used.others_cores,
        checks,
    )


def _values(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        yield from map(orjson.loads, lines)


def _standing(value: dict[str, Any]) -> tuple[str, tuple[float, str]]:
    standing = value["scores"]["value"]
    return value["customer_id"], (standing["score"], standing["tier"])


def main() -> None:
    """Replay the file that the command line names."""
    from benchmarks.machine import memory_mb
    from streams.model_file import load_model
    from streams.replay import Options, replay

    lines, out = map(Path, sys.argv[1:])
    model = load_model(MODEL)
    summary = replay([lines], out, model, Options(clock="customer"), lambda read: None)
    json.dump(summary._asdict() | {"peak_rss_mb": memory_mb(os.getpid())}, sys.stdout)


if __name__ == "__main__":
    main()
