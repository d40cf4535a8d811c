"""`python -m benchmarks.dashboard_load`: what people wait for while many look and much is scored.

A real Kafka, a real Valkey, one worker with the default model, `valuepulse traffic` at 5,000 events
a second, and `valuepulse dashboard`, each a process. 50 clients keep an event stream open, and 20
questions a second are asked, each when it is due, however long others take: waiting in line counts.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import aiohttp

from benchmarks.lab import Lab, open_lab, say
from benchmarks.machine import REPOSITORY, Usage, describe
from benchmarks.worker import Watched, working
from streams.dashboard.tokens import new_token
from streams.packaged import PACKAGED
from tests.servers import ServerError, free_port, wait_until

RUN: Final = "dashboard-load"
STREAMS: Final = 50
QUESTIONS_PER_S: Final = 20
EVENTS_PER_S: Final = 5_000
P99_AT_MOST_MS: Final = 300.0
EVENTS_AT_LEAST: Final = 0.98
"""Of the rate that was asked for; with less the figure would be of another load."""
WARM_UP_S: Final = 15.0
_LOAD_S: Final = 600.0
QUESTIONS: Final = (
    "/api/pyramid?score=value",
    "/api/pyramid?score=value&region=华东",
    "/api/pyramid?score=overall&industry=软件",
    "/api/customers?score=value&tier=VIP&sort=-score",
    "/api/customers?score=value&sort=-spend_365d&page=3",
    "/api/customers?score=value&q=鼎",
    "/api/customers?score=value&tier=important&where=orders_365d:5:",
    "/api/distribution?score=value&tier=VIP&indicator=net_profit_365d",
    "/api/distribution?score=value&indicator=spend_365d",
    "/api/composition?score=value&tier=VIP&by=industry",
    "/api/composition?score=value&by=owner",
    "/api/movements?score=value&days=7",
    "/api/movements/recent?score=value&limit=50",
    "/api/alerts?state=open",
    "/api/rfm",
    "/api/customers/C000002",
    "/api/health",
)
"""What views ask, each as often as the others."""


class Load(NamedTuple):
    """How much is asked for."""

    customers: int
    streams: int
    questions_per_s: float
    events_per_s: float
    seconds: float


def main() -> int:
    """Run; return 0, or 4 when a figure is worse than what is promised."""
    parser = argparse.ArgumentParser(prog="benchmarks.dashboard_load", description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000, help="of the shop (20,000)")
    parser.add_argument("--streams", type=int, default=STREAMS, help="clients that listen (50)")
    parser.add_argument("--questions", type=float, default=QUESTIONS_PER_S, help="a second (20)")
    parser.add_argument("--events", type=float, default=EVENTS_PER_S, help="a second (5,000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="that count (60)")
    given = parser.parse_args()
    load = Load(given.customers, given.streams, given.questions, given.events, given.seconds)
    with open_lab() as lab:
        found = run(lab, load)
        with lab.store() as store:
            found["machine"] = describe(str(store.info("server").get("valkey_version")))
    print(json.dumps(found, indent=2, ensure_ascii=False))
    is_less = found["events_scored_per_s"] < EVENTS_AT_LEAST * load.events_per_s
    return 4 if is_less or found["answers"]["all"]["p99_ms"] > P99_AT_MOST_MS else 0


def run(lab: Lab, load: Load) -> dict[str, Any]:
    """Start everything, wait until the shop's past is on the page, then measure."""
    text, token = new_token("benchmark", "admin", None)
    tokens = lab.directory / "tokens.yaml"
    tokens.write_text(token.line(), "utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shown = ["--port", str(port), "--tokens", str(tokens)]
    rate = ["--rate", str(load.events_per_s), "--customers", str(load.customers)]
    with ExitStack() as stack:
        worker = stack.enter_context(working(lab, RUN, {"model": PACKAGED / "scoring.yaml"}))
        page = stack.enter_context(_process(lab, "dashboard", shown))
        shop = stack.enter_context(_process(lab, "traffic", rate))
        say(f"{load.customers:,} customers' past is scored and read")
        wait_until(lambda: "now its trade" in shop.told(), "the shop's past to be sent", _LOAD_S)
        asking = Asking(url, text, load)
        asyncio.run(asking.until_all_are_shown())
        pids = {"worker": worker.pid, "dashboard": page.pid, "traffic": shop.pid}
        servers = {"kafka": lab.kafka.pid, "valkey": lab.valkey.pid}
        say(f"{load.seconds:g} s at {load.events_per_s:,.0f} events a second")
        return asyncio.run(asking.measured(worker, pids | servers))


class Program:
    """A command of ValuePulse as a process."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def told(self) -> str:
        """Return what it wrote so far.

        Raises:
            ServerError: It has ended.
        """
        written = self._log.read_text("utf-8", "replace")
        if self._process.poll() is not None:
            raise ServerError(f"it ended with {self._process.returncode}:\n{written[-4_000:]}")
        return written


@contextmanager
def _process(lab: Lab, command: str, options: Sequence[str]) -> Iterator[Program]:
    """Run `valuepulse COMMAND` on the lab's Kafka until the block ends."""
    log = lab.directory / f"{command}.log"
    program = [sys.executable, "-m", "streams.cli", command, "--broker", lab.kafka.bootstrap]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*program, *options],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Program(process, log)
        finally:
            process.terminate()


class Asking:
    """Clients of the dashboard, and what they waited for."""

    def __init__(self, url: str, token: str, load: Load) -> None:
        """Take where to ask, with which token, and how much."""
        self._url, self._load = url, load
        self._headers = {"Authorization": f"Bearer {token}"}
        self._random = Random(1)
        self._took: dict[str, list[float]] = defaultdict(list)
        self._heard = Counter[str]()
        self._failures: list[str] = []
        self._counts = False

    async def until_all_are_shown(self) -> None:
        """Wait until the page has every customer of the shop and is not behind."""
        deadline = time.monotonic() + _LOAD_S
        async with self._session() as session:
            while not await self._are_all_shown(session):
                if time.monotonic() > deadline:
                    raise TimeoutError("the dashboard did not show the shop's past in time")
                await asyncio.sleep(0.5)

    async def _are_all_shown(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get("/api/pyramid?score=value") as answer:
                told = await answer.json() if answer.status == 200 else {"customers": 0}
        except aiohttp.ClientConnectionError:
            return False
        return bool(told["customers"] >= self._load.customers)

    async def measured(self, worker: Watched, pids: dict[str, int]) -> dict[str, Any]:
        """Ask and listen; return the figures of what followed the warm-up."""
        async with self._session() as session:
            listening = [
                asyncio.create_task(self._listen(session)) for _ in range(self._load.streams)
            ]
            questions = asyncio.create_task(self._ask_on(session))
            await asyncio.sleep(WARM_UP_S)
            self._counts = True
            usage, before = Usage(pids), worker.progress().applied
            await asyncio.sleep(self._load.seconds)
            used, applied = usage.until_now(), worker.progress().applied - before
            self._counts = False
            for task in (questions, *listening):
                task.cancel()
            ended = await asyncio.gather(questions, *listening, return_exceptions=True)
        failures = [repr(e) for e in ended if isinstance(e, Exception)] + self._failures
        if failures:
            raise RuntimeError(f"{len(failures)} failed, first: {failures[0]}")
        return {
            "load": self._load._asdict(),
            "events_scored_per_s": round(applied / used.seconds),
            "answers": {name: told(took) for name, took in sorted(self._took.items())},
            "heard_per_client_and_s": {
                kind: round(count / self._load.streams / used.seconds, 2)
                for kind, count in self._heard.items()
            },
            "cores": {name: round(cpu / used.seconds, 2) for name, cpu in used.cpu.items()}
            | {"others": round(used.others_cores, 2), "stolen": round(used.stolen_cores, 2)},
        }

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            self._url,
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        )

    async def _ask_on(self, session: aiohttp.ClientSession) -> None:
        """Ask for ever, each question when it is due."""
        began, asked = time.monotonic(), 0
        async with asyncio.TaskGroup() as open_questions:
            while True:
                due = began + asked / self._load.questions_per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                question = self._random.choice(QUESTIONS)
                open_questions.create_task(self._ask(session, question, due))
                asked += 1

    async def _ask(self, session: aiohttp.ClientSession, question: str, due: float) -> None:
        async with session.get(question) as answer:
            await answer.read()
        if answer.status != 200:
            self._failures.append(f"{question}: {answer.status}")
        if self._counts:
            took = time.monotonic() - due
            self._took[question.partition("?")[0]].append(took)
            self._took["all"].append(took)

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        """Read an event stream for ever."""
        async with session.get("/api/stream") as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if self._counts and line.startswith(b"event: "):
                    self._heard[line[7:].strip().decode()] += 1
        raise RuntimeError("an event stream ended")


def told(seconds: list[float]) -> dict[str, float]:
    """Return how many there were, and milliseconds: median, 99th percentile, longest."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    at = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {"count": len(ordered)} | {
        name: round(ordered[round(last * share)] * 1000, 1) for name, share in at.items()
    }


if __name__ == "__main__":
    sys.exit(main())
