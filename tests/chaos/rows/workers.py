"""Faults of workers: killed, stopped, thought dead, coming and going."""

from __future__ import annotations

import signal

from tests.chaos.table import row
from tests.chaos.trial import Trial, paused

FAULT_EXIT_CODE = 70


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
