"""Row 25: faults drawn by a seed, now and then two at once, until all records are applied.

An hour of it is many such episodes, each with traffic, topics, keys and workers of its own, each
compared whole: a seed that fails is repeated in a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from tests.chaos.rows.store import cut_tail
from tests.chaos.table import Row
from tests.chaos.traffics import with_merges
from tests.chaos.trial import Trial, passing, paused, whole_with_merges

WORKERS = 2
NUMBER = 25
ROUNDS = 8


@contextmanager
def worker_killed(trial: Trial) -> Iterator[None]:
    """One worker dies; `_keep_workers` starts another."""
    trial.chance.choice(trial.running).kill()
    yield


@contextmanager
def worker_stopped(trial: Trial) -> Iterator[None]:
    """One worker is told to stop."""
    worker = trial.chance.choice(trial.running)
    worker.signal_to_stop()
    yield
    worker.wait("a worker to leave", 120)


@contextmanager
def worker_paused(trial: Trial) -> Iterator[None]:
    """One worker stands still, sometimes past its session."""
    with paused(trial.chance.choice(trial.running)):
        passing(trial.chance.uniform(1, 9))
        yield


@contextmanager
def store_killed(trial: Trial) -> Iterator[None]:
    """The store dies, sometimes without its tail and once more."""
    trial.store.kill()
    yield
    if trial.chance.random() < 0.5:
        with suppress(ValueError):  # nothing was written yet
            cut_tail(trial)
        trial.store.start()
        trial.store.kill()
    trial.store.start()


@contextmanager
def store_paused(trial: Trial) -> Iterator[None]:
    """The store stands still."""
    with paused(trial.store):
        yield
        passing(trial.chance.uniform(0.5, 6))


@contextmanager
def replies_lost(trial: Trial) -> Iterator[None]:
    """Replies to commits are lost."""
    trial.proxy.lose_replies(trial.chance.randint(1, 10))
    yield


@contextmanager
def network_slow(trial: Trial) -> Iterator[None]:
    """All to and from the store takes longer."""
    trial.proxy.delay(trial.chance.uniform(0.005, 0.05))
    yield
    passing(trial.chance.uniform(1, 4))
    trial.proxy.delay(0)


@contextmanager
def store_cut_off(trial: Trial) -> Iterator[None]:
    """Nobody reaches the store."""
    trial.proxy.cut()
    yield
    passing(trial.chance.uniform(0.5, 4))
    trial.proxy.pass_on()


@contextmanager
def broker_killed(trial: Trial) -> Iterator[None]:
    """The broker dies and is started again."""
    trial.lab.kafka.kill()
    yield
    passing(trial.chance.uniform(0, 5))
    trial.lab.kafka.start()


@contextmanager
def broker_paused(trial: Trial) -> Iterator[None]:
    """The broker stands still."""
    with paused(trial.lab.kafka):
        yield
        passing(trial.chance.uniform(1, 8))


Fault = Callable[[Trial], AbstractContextManager[None]]
FAULTS: dict[str, tuple[Fault, ...]] = {
    "workers": (worker_killed, worker_stopped, worker_paused),
    "store": (store_killed, store_paused),
    "network": (replies_lost, network_slow, store_cut_off),
    "broker": (broker_killed, broker_paused),
}
"""By what they are done to: two at once are never done to the same."""


def seeded_mix(trial: Trial) -> None:
    """Draw faults, one or two at a time, while something is left to apply."""
    step = trial.backlog.records // (2 * ROUNDS)
    trial.run.is_supervised = True  # a fault may meet a worker that starts: it ends with 3
    trial.verdict = whole_with_merges
    _keep_workers(trial)
    for _ in range(ROUNDS):
        trial.goes_on_by(trial.chance.randint(1, 2 * step), 180)
        if trial.run.applied() >= trial.backlog.records:
            return
        targets = trial.chance.sample(sorted(FAULTS), 2 if trial.chance.random() < 0.3 else 1)
        with ExitStack() as together:
            for target in targets:
                together.enter_context(trial.chance.choice(FAULTS[target])(trial))
                trial.faults += 1
        _keep_workers(trial)
        trial.recover()


def _keep_workers(trial: Trial) -> None:
    while len(trial.running) < WORKERS:
        trial.worker()


MIX = Row(
    NUMBER,
    "one or two of the faults above at once, drawn by a seed, until all is applied",
    seeded_mix,
    {"batch__max_events": 5, "kafka__fetch_bytes": 20_000},
    with_merges,
)
