"""Faults of workers: killed, stopped, thought dead, coming and going."""

from __future__ import annotations

import signal
from functools import partial

from streams.settings import Kafka, Redis
from tests.chaos.live import LiveTraffic, live_traffic
from tests.chaos.table import row
from tests.chaos.traffics import none, with_merges
from tests.chaos.trial import Trial, paused, told_by, whole_with_merges
from tests.integration.processes import Process
from tests.integration.traffic import PARTITIONS
from tests.servers import wait_until

FAULT_EXIT_CODE = 70
LIVE_RATE = 5_000
LIVE_CUSTOMERS = 10_000
BLOCKED_S = 30
BLOCKED = "the event loop is blocked"
GOES_ON = "the event loop goes on"
PROMISED_S = 15.0
"""Of recovery from a worker's death, with default settings."""


@row(1, "worker killed (`kill -9`) at random moments, two at work", batch__max_events=5)
def killed_at_random_moments(trial: Trial) -> None:
    """Of two workers one is killed, then the other, and two new ones go on: three times."""
    rounds = 3
    furthest = trial.backlog.records // (2 * rounds) - 200
    for _ in range(rounds):
        workers = trial.worker(), trial.worker()
        for victim in trial.chance.sample(workers, 2):
            trial.goes_on_by(trial.chance.randint(1, furthest))
            trial.must_have_work_left()
            victim.kill()
            trial.faults += 1
        trial.worker()
        trial.recover()
        trial.running[-1].kill()
        trial.faults += 1
    trial.worker()
    trial.recover()


@row(
    1,
    "workers killed (`kill -9`) while customers are merged, hand over and are unmerged",
    traffic=with_merges,
    batch__max_events=5,
)
def killed_amid_merges(trial: Trial) -> None:
    """As above; what shards hand each other is compared, too."""
    trial.verdict = whole_with_merges
    killed_at_random_moments(trial)


@row(
    1,
    "one of two workers killed (`kill -9`) while 5,000 events a second come in, default settings",
    traffic=none,
    kafka__session_timeout_s=Kafka().session_timeout_s,
    redis__timeout_s=Redis().timeout_s,
    note="Row 1, 5,000 events a second: these workers have the default session and batches. "
    "Recovery lasts until no shard is further behind than half a second of traffic. A customer's "
    "events are all in one topic and of one business day, as records that come in while workers "
    "run have no order between topics that could be known afterwards.",
)
def killed_under_live_traffic(trial: Trial) -> None:
    """Three times; a new one takes the place of the dead one after the recovery."""
    with live_traffic(trial, LIVE_CUSTOMERS, LIVE_RATE) as live:
        trial.worker()
        for _ in range(3):
            trial.worker()
            trial.must_share()
            wait_until(lambda: _is_up_to_date(trial, live), "two workers to keep up", 90)
            trial.chance.choice(trial.running).kill()
            trial.faults += 1
            trial.recover(lambda: _is_up_to_date(trial, live))
    trial.must_see(f"{LIVE_RATE:,} events a second", live.reached_rate > 0.98 * LIVE_RATE)
    trial.must_see(f"recovery within {PROMISED_S:.0f} s", max(trial.recoveries) < PROMISED_S)


def _is_up_to_date(trial: Trial, live: LiveTraffic) -> bool:
    most = LIVE_RATE // PARTITIONS // 2
    return max(live.behind(trial.run.metas())) < most


@row(
    1,
    "worker dies at a named point: before the commit, after it, after publishing",
    batch__max_events=20,
    feed__enabled=False,
)
def dies_at_named_points(trial: Trial) -> None:
    """The feed is off, so that a commit's outcomes are trimmed right after their publication."""
    for point in ("before-commit", "after-commit", "after-publish"):
        passage = trial.chance.randint(20, 120)
        dying = trial.worker(VALUEPULSE_FAULT=f"{point}:{passage}")
        assert dying.wait(f"its end {point}") == FAULT_EXIT_CODE
        trial.must_have_work_left()
        trial.faults += 1
    trial.worker()
    trial.recover()


@row(2, "worker stands still (`SIGSTOP`) past its session, then goes on", batch__max_events=5)
def thought_dead(trial: Trial) -> None:
    """It stands still amid its commits; another one takes its shards over meanwhile."""
    zombie = trial.worker()
    for tenth in (1, 3):
        trial.applied_share(tenth / 10)
        with paused(zombie):
            trial.faults += 1
            if tenth == 1:
                trial.worker()
            trial.recover()  # the other one has taken its shards over
            trial.goes_on_by(trial.backlog.records // 20)
            trial.must_have_work_left()
    trial.must_see("the paused worker goes on", zombie.is_running)


@row(3, "rebalance storm: workers join, leave and die in turn, 12 times", batch__max_events=4)
def rebalance_storm(trial: Trial) -> None:
    """One is there from beginning to end of the storm or is replaced at once."""
    step = trial.backlog.records // 40
    trial.worker()
    for turn in range(6):
        trial.worker()
        trial.goes_on_by(trial.chance.randint(1, step))
        leaver = trial.chance.choice(trial.running)
        if turn % 3 == 2:
            leaver.kill()
        else:
            leaver.signal_to_stop()
            code = leaver.wait("a worker to leave")
            # Python itself ends by the signal while it still imports.
            assert code in (0, -signal.SIGTERM), (
                f"a worker that was told to leave ended with {code}"
            )
        trial.faults += 2
        trial.goes_on_by(trial.chance.randint(1, step))
    trial.must_have_work_left()
    trial.recover()


@row(4, "`SIGTERM` while Redis is blocked", batch__max_events=5)
def stopped_while_the_store_is_blocked(trial: Trial) -> None:
    """It cannot finish its commit, and must end nevertheless."""
    worker = trial.worker()
    for tenth in (2, 4):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            with paused(trial.store):
                worker.signal_to_stop()
                code = worker.wait("the worker to end though Redis is blocked", 90)
                trial.must_see("exit code 0", code == 0)
            worker = trial.worker()


@row(24, "event loop of one of two workers blocked for 30 s", batch__max_events=5)
def event_loop_blocked(trial: Trial) -> None:
    """Kafka's thread goes on with its heartbeats, so nobody takes the worker's shards over."""
    victim = _blocked_worker(trial)
    _must_end_block(trial, victim)


@row(
    24,
    "event loop of one of two workers blocked for 30 s, and a third one joins meanwhile",
    batch__max_events=5,
)
def event_loop_blocked_in_a_rebalance(trial: Trial) -> None:
    """Its shards are called back while it cannot hear of it."""
    victim = _blocked_worker(trial)
    trial.worker()
    _must_end_block(trial, victim)


def _blocked_worker(trial: Trial) -> Process:
    passage = trial.chance.randint(20, 120)
    victim = trial.worker(VALUEPULSE_FAULT=f"before-commit:{passage}:{BLOCKED_S}")
    trial.worker()
    wait_until(partial(_has_told, victim, BLOCKED), "a blocked event loop", 60)
    trial.faults += 1
    is_silent = trial.answer_of(victim, "livez") is None
    trial.must_see("/livez of the blocked worker does not answer", is_silent)
    return victim


def _must_end_block(trial: Trial, victim: Process) -> None:
    wait_until(partial(_has_told, victim, GOES_ON), "the end of the block", 2 * BLOCKED_S)
    trial.must_have_work_left()
    trial.recover()
    trial.must_see("the blocked worker goes on", victim.is_running)
    trial.must_see("it says where it was blocked", "fault_points.py" in told_by(victim))
    trial.must_log(BLOCKED)
    trial.must_log(GOES_ON)


def _has_told(worker: Process, text: str) -> bool:
    return text in told_by(worker)
