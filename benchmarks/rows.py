"""What was found, and the rows of the design's section 8 that it fills."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.checks import Check
from benchmarks.comparison import Stock
from benchmarks.latency import Latency
from benchmarks.memory import Memory
from benchmarks.profiling import profile_lines
from benchmarks.replaying import Replayed
from benchmarks.report import Row
from benchmarks.throughput import Backlog
from benchmarks.workload import Shape


@dataclass(slots=True)
class Findings:
    """Everything measured; what was not run is empty. `backlogs` by whether the feed was on."""

    shape: Shape
    backlogs: dict[bool, list[Backlog]] = field(default_factory=lambda: {False: [], True: []})
    stock: Stock | None = None
    latency: Latency | None = None
    memory: Memory | None = None
    replays: list[Replayed] = field(default_factory=list)
    sampled: Backlog | None = None
    samples: list[tuple[str, str, float]] = field(default_factory=list)

    def checks(self) -> list[Check]:
        """Return every comparison with the truth."""
        backlogs = [*self.backlogs[False], *self.backlogs[True]]
        checks = [run.checks for run in backlogs] + [run.checks for run in self.replays]
        return [check for those in checks for check in those]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        single = {"stock": self.stock, "latency": self.latency, "memory": self.memory}
        return {
            "feed_off": [run.as_json() for run in self.backlogs[False]],
            "feed_on": [run.as_json() for run in self.backlogs[True]],
            **{name: found and found.as_json() for name, found in single.items()},
            "replay": [run.as_json() for run in self.replays],
            "sampled": self.sampled and self.sampled.as_json(),
            "samples": self.samples[:200],
        }


def table_of(found: Findings) -> list[Row]:
    """Return the rows for which there are figures."""
    return [*_worker(found), *_comparison(found), *_exactness(found), *_others(found)]


def _worker(found: Findings) -> Iterator[Row]:
    # The peers feed no CRM: the promise is for the same job, the feed's cost stands beside it.
    for feed, runs in found.backlogs.items():
        if not runs:
            continue
        of = f"one worker, CRM feed {'on' if feed else 'off'}"
        rates = [run.rate for run in runs]
        speed = Row(f"{of}: events/s", "", tuple(r.events_per_s for r in rates))
        cpu_s = tuple(r.worker_and_store_cpu for r in rates)
        cpu = Row(f"{of}: CPU of worker and store, a million events", "s", cpu_s)
        if not feed:
            speed = replace(speed, at_least=60_000.0, aim=150_000.0, better="more")
            cpu = replace(cpu, at_least=25.0, aim=10.0)
        yield from (speed, cpu)
        for name in ("worker", "valkey", "broker"):
            yield Row(f"  {name}", "s", tuple(r.cpu_per_million[name] for r in rates))
        yield Row(f"{of}: worker's peak memory", "MiB", tuple(r.peak_rss_mb for r in rates))


def _comparison(found: Findings) -> Iterator[Row]:
    if found.stock is None:
        return
    yield Row("stock Faust + Redis per event: events/s", "", (found.stock.events_per_s,))
    if runs := found.backlogs[False]:
        ratios = tuple(run.rate.events_per_s / found.stock.events_per_s for run in runs)
        yield Row("one worker against stock Faust", "×", ratios, 40.0, 100.0, "more")


def _exactness(found: Findings) -> Iterator[Row]:
    runs = [*found.backlogs[False], *found.backlogs[True]]
    if not runs:
        return
    changes = tuple(float(run.checks[0].compared) for run in runs)
    yield Row("tier changes", "", changes)
    expected = max(1.0, changes[0])
    off = tuple(100 * run.checks[0].wrong / expected for run in runs)
    yield Row("tier changes that are not the truth's", "%", off, 5.0, 0.0)
    wrong = tuple(float(run.checks[1].wrong) for run in runs)
    yield Row("customers whose score (1e-9) or tier is not the truth's", "", wrong, 0.0, 0.0)


def _others(found: Findings) -> Iterator[Row]:
    if latency := found.latency:
        yield Row("latency, event → tier change readable: p50", "ms", (latency.p50_ms,), 50.0, 15.0)
        yield Row(
            "latency, event → tier change readable: p99", "ms", (latency.p99_ms,), 250.0, 80.0
        )
    if runs := found.backlogs[False]:
        sizes = tuple(run.state.memory for run in runs)
        yield Row("state per customer in the store", "B", sizes, 600.0, 250.0)
        yield Row("  of which the state itself", "B", tuple(run.state.blob for run in runs))
    if memory := found.memory:
        what = f"worker memory, {memory.customers:,} customers known, peak"
        yield Row(what, "MiB", (memory.peak_rss_mb,), 600.0, 300.0)
    if found.replays:
        seconds = tuple(run.seconds for run in found.replays)
        yield Row(f"replay of {found.shape.events:,} events", "s", seconds, 12.0, 4.0)


def notes(found: Findings) -> str:
    """Return what a reader must know to judge the table."""
    lines = []
    cores = [r.rate.others_cores for runs in found.backlogs.values() for r in runs]
    if cores:
        lines.append(
            f"Other programs used {min(cores):.1f} to {max(cores):.1f} cores meanwhile: on a busy "
            "machine rates and latencies say little, CPU seconds hold."
        )
    if latency := found.latency:
        lines.append(
            f"Latency: {latency.changes} changes at {latency.events_per_s:,.0f} events/s, the "
            f"longest {latency.most_ms:.0f} ms; the producer was at most "
            f"{latency.most_behind_ms:.0f} ms late; the worker used "
            f"{latency.worker_cores:.2f} cores, others {latency.others_cores:.1f}."
        )
    lines += [
        f"WRONG: {check.wrong} of {check.compared} {check.what}, as {check.example}"
        for check in found.checks()
        if check.wrong
    ]
    if found.samples and found.sampled:
        lines += ["", *profile_lines(found.sampled.rate, found.samples)]
    return "\n".join(lines)
