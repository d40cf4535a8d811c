"""One run of a row of the fault table: an installation with servers and workers of its own."""

from __future__ import annotations

import os
import random
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import redis

from tests.chaos.lab import MODEL, Backlog, Lab, model_source
from tests.integration.installation import Installation, installation
from tests.integration.processes import Process
from tests.integration.verdict import Results, Tally, differences, left_by, oracle, tally
from tests.servers import Proxy, Valkey, free_port, start_valkey, wait_until
from tests.servers.process import Server

ANSWER_S = 5.0
PAUSE_S = 0.1  # between two questions to the workers
RECOVERY_S = 180.0
CATCH_UP_S = 240.0
ENDS_S = 90.0
Resource = TypeVar("Resource")
SETTLED = 2
"""Commits of a shard that show that it goes on: the first may have been under way before."""


class Trial:
    """What a row injects its fault into, and what it saw.

    `faults` counts what was injected; `recoveries` are seconds from the end of a fault until each
    shard that had records left has committed again; `seen` tells of each sign that an operator must
    get whether it came.
    """

    def __init__(
        self, lab: Lab, backlog: Backlog, run: Installation, store: Valkey, proxy: Proxy, seed: int
    ) -> None:
        self.lab = lab
        self.backlog = backlog
        self.run = run
        self.store = store
        self.proxy = proxy
        self.seed = seed
        self.chance = random.Random(seed)
        self.faults = 0
        self.recoveries: list[float] = []
        self.seen: dict[str, bool] = {}
        self.verdict: Callable[[Trial], tuple[Results, Results]] = whole
        """Waits until all that can be applied is, and returns what is right and what was found."""
        self._ports: dict[Process, int] = {}
        self._resources = ExitStack()

    def until_end(self, resource: AbstractContextManager[Resource]) -> Resource:
        """Enter a context that is left when the trial is over."""
        return self._resources.enter_context(resource)

    def close(self) -> None:
        """Leave what was entered."""
        self._resources.close()

    # -- workers

    def worker(self, **environment: str) -> Process:
        """Start one more worker, with metrics on a port of its own."""
        port = free_port()
        process = self.run.worker(**{"VALUEPULSE_HTTP_PORT": str(port)} | environment)
        self._ports[process] = port
        return process

    def must_share(self) -> None:
        """Wait until each worker that runs has shards, and has applied events of them."""
        wait_until(lambda: all(map(self.has_applied, self.running)), "all workers to share", 60)

    @property
    def running(self) -> list[Process]:
        """The workers that run."""
        return [worker for worker in self.run.workers if worker.is_running]

    # -- the store

    def ask_store(self, *words: str) -> Any:
        """Send a command to the store, past the proxy."""
        return self.run.redis.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's

    # -- progress

    def applied_share(self, share: float, seconds: float = 90.0) -> None:
        """Wait until such a share of all records has been applied."""
        self.run.wait_for(int(self.backlog.records * share), seconds)

    def goes_on_by(self, records: int, seconds: float = 90.0) -> None:
        """Wait until so many more records have been applied, or all."""
        goal = min(self.backlog.records, self.run.applied() + records)
        self.run.wait_for(goal, seconds)

    def must_have_work_left(self) -> None:
        """Raise `AssertionError` if all was applied already: the fault would have met nothing."""
        assert self.run.applied() < self.backlog.records, "all was applied before the fault"

    @contextmanager
    def fault(self, count: int = 1) -> Iterator[None]:
        """Count the faults of a block, and time the recovery from its end."""
        self.faults += count
        yield
        self.recover()

    def recover(self, also: Callable[[], bool] = lambda: True) -> None:
        """Wait until every shard that has records left has committed again; keep the seconds.

        `also` is what must come true after that.
        """
        began = time.monotonic()
        before = self._versions()
        wait_until(lambda: self._all_move(before), "every shard to go on", RECOVERY_S)
        wait_until(also, "all that a recovery takes", RECOVERY_S)
        self.recoveries.append(time.monotonic() - began)

    def _all_move(self, before: list[int]) -> bool:
        if self.run.is_supervised:
            self.run.look_after_workers()
        try:
            metas = self.run.metas()
        except redis.ConnectionError:
            return False
        return all(
            _applied(meta) >= end or meta.get("version", 0) >= version + SETTLED
            for meta, version, end in zip(metas, before, self.backlog.ends, strict=True)
        )

    def _versions(self) -> list[int]:
        return [meta.get("version", 0) for meta in self.run.metas()]

    # -- what an operator sees

    def must_see(self, sign: str, came: bool) -> None:
        """Note whether a sign came; once missing it stays so."""
        self.seen[sign] = self.seen.get(sign, True) and came

    def must_log(self, text: str) -> None:
        """Note whether some worker logged a text."""
        self.must_see(f"log: {text}", any(text in told_by(each) for each in self.run.workers))

    def must_become_unready(self, text: str, seconds: float = 30.0) -> None:
        """Note whether `/readyz` of some running worker says `text` within some time."""
        deadline = time.monotonic() + seconds
        while not (came := text in " ".join(self._unready())) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        self.must_see(f"/readyz: {text}", came)

    def metric(self, name: str) -> float:
        """Return a metric, the sum over the workers that run and over its labels."""
        return sum_of("\n".join(self._asked("metrics")), name)

    def must_count(self, name: str) -> None:
        """Note whether a metric of the running workers is above 0."""
        self.must_see(f"metric: {name} > 0", self.metric(name) > 0)

    def _unready(self) -> list[str]:
        return self._asked("readyz")

    def _asked(self, page: str) -> list[str]:
        """What the running workers answer; nothing from those that do not."""
        answers = (self.answer_of(worker, page) for worker in self.running)
        return [answer for answer in answers if answer is not None]

    def answer_of(self, worker: Process, page: str) -> str | None:
        """What a worker answers; None if it does not."""
        url = f"http://127.0.0.1:{self._ports[worker]}/{page}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.read().decode())
        except OSError:
            return None

    def has_applied(self, worker: Process) -> bool:
        """Tell whether a worker has applied events of its own: it has shards."""
        return sum_of(self.answer_of(worker, "metrics") or "", "valuepulse_events_total") > 0

    # -- the end

    def catch_up(self) -> None:
        """Wait until all is applied and published, and end all workers."""
        self.run.wait_until_caught_up(CATCH_UP_S)
        self.end_workers()

    def end_workers(self) -> None:
        """End all workers as an operator does: one that was cut off may still have to publish."""
        ending = self.running
        for worker in ending:
            worker.signal_to_stop()
        for worker in ending:
            code = worker.wait("a worker to end when all is done", ENDS_S)
            # Python itself ends by the signal while it still imports.
            assert code in (0, -signal.SIGTERM), f"a worker that was told to end ended with {code}"

    def finish(self) -> tuple[Tally, list[str]]:
        """Wait until all is applied and published; return what is wrong, counted and in words."""
        right, found = self.verdict(self)
        return tally(right, found), differences(right, found)


def whole(trial: Trial) -> tuple[Results, Results]:
    """Compare everything."""
    trial.catch_up()
    return trial.backlog.right, left_by(trial.run)


def told_by(worker: Process) -> str:
    """Return what a worker has logged."""
    return worker.log.read_text("utf-8", "replace")


def sum_of(metrics: str, name: str) -> float:
    """Return a metric's value, the sum over its labels, out of what `/metrics` answered."""
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name))


def whole_with_merges(trial: Trial) -> tuple[Results, Results]:
    """Compare everything, where workers add handovers to what was sent."""
    trial.run.wait_until_settled(CATCH_UP_S)
    trial.end_workers()
    backlog, run = trial.backlog, trial.run
    right = oracle(model_source(), backlog.inputs, run.read_inputs(), backlog.bad)
    return right, left_by(run)


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """Make a process stand still for a block (SIGSTOP), with its connections open."""
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # killed meanwhile
            os.kill(pid, signal.SIGCONT)


def passing(seconds: float) -> None:
    """Let a fault last: nothing that could be waited for tells that it did."""
    time.sleep(seconds)


def _applied(meta: Mapping[str, Any]) -> int:
    return sum(meta.get("offsets", {}).values())


@contextmanager
def trial_of(
    lab: Lab, backlog: Backlog, options: Mapping[str, Any], seed: int, directory: Path
) -> Iterator[Trial]:
    """Start a store of its own, reached by workers through a proxy, and make the topics."""
    directory.mkdir(parents=True)
    with start_valkey(directory / "valkey") as store, Proxy(address(store)) as proxy:
        behind: dict[str, Any] = {
            "redis__url": f"redis://127.0.0.1:{proxy.port}/0",
            "redis__timeout_s": 2,
        }
        with installation(
            directory, lab.bootstrap, store.url, backlog.inputs, MODEL, **(behind | dict(options))
        ) as run:
            trial = Trial(lab, backlog, run, store, proxy, seed)
            try:
                yield trial
            finally:
                trial.close()


def address(store: Valkey) -> tuple[str, int]:
    """Return where a store listens."""
    host, _, port = store.url.removeprefix("redis://").partition("/")[0].partition(":")
    return host, int(port)
