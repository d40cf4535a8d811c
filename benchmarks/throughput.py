"""A backlog of P1 through one worker: rate, CPU, memory, and whether the results are right."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.checks import Check, check_changes, check_feed, check_states
from benchmarks.lab import INPUT_PREFIX, Lab
from benchmarks.machine import Usage, Used, memory_mb
from benchmarks.stepping import StepSeconds, step_seconds
from benchmarks.truth import Truth
from benchmarks.worker import PREFIX, Progress, Watched, working
from tests.servers import wait_until

LIMIT_S: Final = 600.0
PAUSE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Rate:
    """One worker's run over a backlog.

    Times are those at which commits were seen in the store, sampled each 10 ms: `seconds` from the
    first (`first_events` of it are not counted in the rate) to the last; `published_after_s` is how
    much later Kafka had all outcomes. CPU is from the first commit to then.
    """

    events_per_s: float
    events: int
    first_events: int
    seconds: float
    published_after_s: float
    cpu_per_million: dict[str, float]
    peak_rss_mb: float
    others_cores: float
    stolen_cores: float
    steps: StepSeconds

    @property
    def worker_and_store_cpu(self) -> float:
        """CPU-seconds of worker and Valkey together for a million events."""
        return self.cpu_per_million["worker"] + self.cpu_per_million["valkey"]


class StateSize(NamedTuple):
    """What the states take in the store; bytes a customer."""

    customers: int
    memory: float
    blob: float


class Backlog(NamedTuple):
    """A run and what came of it."""

    rate: Rate
    checks: list[Check]
    state: StateSize

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "rate": asdict(self.rate),
            "checks": [check._asdict() for check in self.checks],
            "state": self.state._asdict(),
        }


def run_backlog(
    lab: Lab, run: str, truth: Truth, *, feed: bool, profile: Path | None = None
) -> Backlog:
    """Let one worker score the preloaded events, check what it did, and empty the store."""
    options = {
        "topics.prefix": INPUT_PREFIX,
        **own_outputs(run),
        "clock": "customer",
        "feed.enabled": feed,
    }
    with lab.store() as store:
        store.execute_command("FLUSHDB", "SYNC")
        before = int(store.info("memory")["used_memory"])
        with working(lab, run, options, profile=profile) as worker:
            rate = measured(lab, worker, truth.events)
            worker.stop()
        state = _state_size(lab, before)
        checks = [check_changes(lab, f"{INPUT_PREFIX}{run}-tier-changes", truth)]
        if feed:
            checks.append(check_feed(lab, f"{INPUT_PREFIX}{run}-customer-scores", truth))
        else:
            checks.append(check_states(lab, truth))
        store.execute_command("FLUSHDB", "SYNC")
    return Backlog(rate, checks, state)


def own_outputs(run: str) -> dict[str, object]:
    """Return settings that name output topics of one run only."""
    roles = ("tier_changes", "value_alerts", "segment_changes", "customer_scores", "dead_letters")
    return {f"topics.{role}": f"{run}-{role.replace('_', '-')}" for role in roles}


def measured(lab: Lab, worker: Watched, events: int) -> Rate:
    """Watch a worker until it has committed so many events and Kafka has what they caused."""
    first = _first_commit(worker)
    pids = {"worker": worker.pid, "valkey": lab.valkey.pid, "broker": lab.kafka.pid}
    usage = Usage(pids)
    worker.begin_sampling()
    last = first
    while last.applied < events:
        time.sleep(PAUSE_S)
        last = worker.progress()
        if time.monotonic() - usage.began > LIMIT_S:
            raise RuntimeError(
                f"{last.applied} of {events} events applied in {LIMIT_S:g} s: gave up"
            )
    seconds = time.monotonic() - usage.began
    wait_until(lambda: worker.is_published(last), "Kafka to have all outcomes", LIMIT_S)
    used = usage.until_now()
    counted = events - first.applied
    if counted == 0:
        raise RuntimeError(f"all {events} events were in the first commits: take more --events")
    return Rate(
        events_per_s=counted / seconds,
        events=events,
        first_events=first.applied,
        seconds=seconds,
        published_after_s=used.seconds - seconds,
        cpu_per_million=_per_million(used, counted),
        peak_rss_mb=memory_mb(worker.pid),
        others_cores=used.others_cores,
        stolen_cores=used.stolen_cores,
        steps=step_seconds(worker.metrics()),
    )


def _first_commit(worker: Watched) -> Progress:
    def committed() -> Progress | None:
        progress = worker.progress()
        return progress if progress.applied else None

    found = wait_until(committed, "the worker's first commit", LIMIT_S)
    assert found is not None
    return found


def _per_million(used: Used, events: int) -> dict[str, float]:
    return {name: seconds / events * 1e6 for name, seconds in used.cpu.items()}


def _state_size(lab: Lab, before: int) -> StateSize:
    """Return what the store holds of a worker that has ended."""
    with lab.store() as store:
        after = int(store.info("memory")["used_memory"])
        keys = list(store.scan_iter(match=f"{PREFIX}:*:c:*", count=5_000))
        sizes: list[int] = []
        for at in range(0, len(keys), 5_000):
            pipe = store.pipeline(transaction=False)
            for key in keys[at : at + 5_000]:
                pipe.strlen(key)
            sizes += pipe.execute()
    return StateSize(len(sizes), (after - before) / len(sizes), sum(sizes) / len(sizes))
