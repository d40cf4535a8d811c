"""Stock Faust on the first part of P1's events, measured from outside."""

import itertools
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

from benchmarks import workload
from benchmarks.lab import PARTITIONS, Lab, preload
from benchmarks.machine import REPOSITORY, Usage
from benchmarks.workload import Shape
from tests.servers import create_topics

_PREFIX = "stock."
_LIMIT_S = 600.0


class Stock(NamedTuple):
    """Stock Faust's run: events from the first to the last applied; CPU of a million events."""

    events_per_s: float
    events: int
    changes: int
    worker_cpu_per_million: float
    valkey_cpu_per_million: float
    others_cores: float

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return self._asdict()


def run_stock(lab: Lab, shape: Shape, count: int) -> Stock:
    """Preload the first events of a workload and let stock Faust score them, one worker."""
    preload(lab, _PREFIX, itertools.islice(workload.encoded(shape), count), count)
    create_topics(lab.kafka.bootstrap, {f"{_PREFIX}tier-changes": PARTITIONS})
    directory = lab.directory / "stock"
    directory.mkdir()
    result = directory / "result.json"
    settings = {
        "STOCK_BROKER": lab.kafka.bootstrap,
        "STOCK_STORE": lab.valkey.url,
        "STOCK_PREFIX": _PREFIX,
        "STOCK_EVENTS": str(count),
        "STOCK_RESULT": str(result),
    }
    usage = Usage({"valkey": lab.valkey.pid})
    with (directory / "worker.log").open("wb") as log:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.stock_faust",
                "worker",
                "-l",
                "warn",
                "--without-web",
            ],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_LIMIT_S,
            check=False,
        )
    used = usage.until_now()
    if not result.exists():
        raise RuntimeError(
            f"stock Faust ended with {done.returncode} and without a result:\n"
            + (directory / "worker.log").read_text("utf-8", "replace")[-4_000:]
        )
    with lab.store() as store:
        store.execute_command("FLUSHDB", "SYNC")
    found = json.loads(result.read_text("utf-8"))
    return Stock(
        events_per_s=count / found["seconds"],
        events=count,
        changes=found["changes"],
        worker_cpu_per_million=found["cpu_s"] / count * 1e6,
        valkey_cpu_per_million=used.cpu["valkey"] / count * 1e6,
        others_cores=used.others_cores,
    )
