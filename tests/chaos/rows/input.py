"""Faults of what comes in: repeats, disorder, wrong clocks, poison, one hot customer."""

from __future__ import annotations

from tests.chaos.rows.workers import FAULT_EXIT_CODE
from tests.chaos.table import row
from tests.chaos.traffics import hot, of_today, out_of_order, poisoned, repeated, skewed
from tests.chaos.trial import Trial, whole
from tests.chaos.wrong_clocks import clock_wrong_by
from tests.integration.topic_logs import Record
from tests.integration.verdict import Results


def _killed_once(trial: Trial) -> None:
    """Kill a worker halfway; another one goes on."""
    worker = trial.worker()
    trial.applied_share(0.5)
    trial.must_have_work_left()
    worker.kill()
    trial.faults += 1
    trial.worker()
    trial.recover()


@row(14, "a third of all events sent twice, near and 2,000 records later; a kill", traffic=repeated,
     batch__max_events=20)  # fmt: skip  # one line of words
def sent_twice(trial: Trial) -> None:
    """Equal event ids, other offsets."""
    _killed_once(trial)
    values = [record.value for record in trial.run.read_inputs()]
    trial.faults += len(values) - len(set(values))


@row(15, "half of the events late by up to 40 days, some by 900; a kill", traffic=out_of_order,
     batch__max_events=20)  # fmt: skip  # one line of words
def late(trial: Trial) -> None:
    """Beyond the longest window, too."""
    _killed_once(trial)


@row(
    16,
    "producers' clocks a day apart, events of the next hour and of the year 9999; a kill",
    traffic=skewed,
    batch__max_events=20,
)
def clocks_skewed(trial: Trial) -> None:
    """An event of the future is a dead letter, and moves no clock."""
    _killed_once(trial)
    trial.faults += len(trial.backlog.right.refused)

    def with_its_letters(trial: Trial) -> tuple[Results, Results]:
        compared = whole(trial)
        letters = trial.run.read_output("dead_letters")
        trial.must_see("dead letters name InTheFuture", any(map(_is_of_future, letters)))
        return compared

    trial.verdict = with_its_letters


def _is_of_future(letter: Record) -> bool:
    return ("__connect.errors.exception.class.name", b"InTheFuture") in letter.headers


@row(
    16,
    "one worker's clock two days behind, another's a day ahead; each killed",
    traffic=of_today,
    batch__max_events=1,
)
def worker_clocks_wrong(trial: Trial) -> None:
    """Records are of yesterday, so one clock is behind them. Who refuses an event matters not."""
    clocks = {offset: clock_wrong_by(offset) for offset in ("-2d", "+1d")}
    workers = {offset: trial.worker(**clock) for offset, clock in clocks.items()}
    trial.must_share()
    for tenth, offset in ((3, "-2d"), (6, "+1d")):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        if offset == "-2d":
            trial.must_count("valuepulse_clock_behind_seconds")
        workers[offset].kill()
        trial.faults += 2  # the clock, and the kill
        trial.recover()
        trial.worker(**clocks[offset])
    trial.must_log("this worker's clock is behind the records'")

    def with_its_letters(trial: Trial) -> tuple[Results, Results]:
        compared = whole(trial)
        trial.must_see("every event of later than its record is refused",
                       len(trial.backlog.right.refused) > trial.backlog.records // 100)  # fmt: skip
        return compared

    trial.verdict = with_its_letters


@row(
    17,
    "every tenth record is poison, and workers die right behind it",
    traffic=poisoned,
    batch__max_events=20,
)
def poison_and_crashes(trial: Trial) -> None:
    """Dead letters go out before the commit: there the worker dies."""
    for _ in range(3):
        passage = trial.chance.randint(20, 80)
        dying = trial.worker(VALUEPULSE_FAULT=f"before-commit:{passage}")
        assert dying.wait("its end before a commit") == FAULT_EXIT_CODE
        trial.must_have_work_left()
        trial.faults += 1
    trial.worker()
    trial.recover()
    trial.faults += len(trial.backlog.right.refused)


@row(23, "half of all events are one customer's, two workers, a kill", traffic=hot,
     batch__max_events=20)  # fmt: skip  # one line of words
def hot_customer(trial: Trial) -> None:
    """One shard has most of the work."""
    trial.worker()
    _killed_once(trial)
