"""One run of the demo: worker, events, and what the terminal tells, in this process."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import webbrowser
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.cli.played_file import PlayedFile
from streams.cli.playing import (
    TICK_S,
    Played,
    addressed_event,
    play,
    send_all,
    stopped_by_signals,
)
from streams.tasks import end

if TYPE_CHECKING:
    from rich.console import Console

    from streams.app import Worker
    from streams.embedded import EmbeddedDashboard
    from streams.sending import Addressed
    from streams.settings import Settings
    from streams.shop import Role

_AHEAD: Final = 20_000
"""Events sent and not yet scored, at most: some 4 MB, where the embedded broker keeps 5 MiB of each
partition and forgets what is older, read or not."""
_UNREAD: Final = 4_000
"""Snapshots and outcomes that the dashboard has not read, at most, for the same reason."""
_UNPUBLISHED: Final = 32
"""Commits that are not published, at most, all shards together: nobody can have read them."""
_PAUSE_S: Final = 0.02
"""Between two looks at how far the worker is: figures in this process."""
_LOOK_S: Final = 0.2
"""Between two looks at how far the dashboard has read."""


class Program(NamedTuple):
    """What is played: a past, as fast as it is scored, and from then on what happens when.

    `live` takes the instant of its beginning in epoch milliseconds; `said` is what the terminal
    says of it; `name_of` a customer's name by its id; `day_after` tells the day that a file has
    come to after so many seconds, and is None for a shop, whose day is today.
    """

    past: Iterable[Addressed]
    live: Callable[[int], Played]
    said: str
    cast: Sequence[Role] = ()
    name_of: Callable[[str], str] = str
    day_after: Callable[[float], str] | None = None


def shop_program(seed: int, customers: int, rate: float) -> Program:
    """Return the synthetic shop's past, and its story together with `rate` events a second."""
    import heapq

    from streams.shop import CAST, history, name_of, story, traffic

    before_ms = int(time.time() * 1000)

    def live(start_ms: int) -> Played:
        trade = traffic(seed, start_ms, rate, customers)
        for due, event in heapq.merge(story(seed, start_ms), trade, key=lambda timed: timed[0]):
            yield due, addressed_event(event)

    past = map(addressed_event, history(seed, before_ms, customers))
    said = f"the shop's past, {customers:,} customers"
    return Program(past, live, said, CAST, lambda customer: name_of(seed, customer))


def file_program(
    path: Path, settings: Settings, days_a_second: float | None, seconds: float
) -> Program:
    """Return a file's events by their own times; without a speed they take so many seconds.

    Raises:
        UsageError: The file cannot be used.
    """
    from streams.topics import Topics

    played = PlayedFile.read(path, frozenset(Topics.of(settings).by_type()))
    speed = days_a_second or max(played.days / seconds, 1e-6)
    left_out = f", {played.unusable:,} lines left out" if played.unusable else ""
    said = (
        f"{path.name}: {len(played.events):,} events of {played.days:,.0f} days{left_out}, "
        f"{speed:.3g} days a second"
    )
    return Program(
        past=(),
        live=lambda _: played.played(speed),
        said=said,
        day_after=lambda seconds: played.day_after(seconds, speed),
    )


class Demo:
    """Runs a program until told to stop: see `until`."""

    def __init__(
        self,
        settings: Settings,
        program: Program,
        page: EmbeddedDashboard,
        console: Console,
        began: float,
        *,
        opens: bool,
    ) -> None:
        """Take what was started; `began` is when the command did, `opens` whether to browse."""
        self._settings = settings
        self._program = program
        self._page = page
        self._console = console
        self._began = began
        self._opens = opens
        self._unread = _UNREAD + 1  # nothing is sent before the dashboard reads

    async def until(self, seconds: float | None) -> None:
        """Run until a signal, for so many seconds at most, or until a part fails.

        Raises:
            DependencyError: Kafka, the store or the dashboard ended.
        """
        from streams.app import Worker

        stopping = stopped_by_signals(seconds)
        worker = Worker(self._settings)
        working = asyncio.create_task(worker.run())
        parts = [
            asyncio.create_task(self._browse()),
            asyncio.create_task(self._play(worker, stopping)),
        ]
        for task in (working, *parts):
            task.add_done_callback(lambda _: stopping.set())  # none ends by itself
        try:
            await stopping.wait()
        finally:
            await end(parts)
            worker.stop()
            await working
        for part in parts:
            if not part.cancelled():
                part.result()
        self._say_goodbye(worker)

    def _since(self) -> float:
        return time.monotonic() - self._began

    # -- the page

    async def _browse(self) -> None:
        """Say where the page is when it answers, and open it; then see how far it has read."""
        await _wait_until(self._is_up)
        self._console.print(
            f"the dashboard 网页: [bold]{self._page.url}/[/bold] after {self._since():.1f} s"
        )
        if self._opens and _has_display():
            await asyncio.to_thread(webbrowser.open, f"{self._page.url}/")
        while await self._is_up():
            self._unread = await self._ask_unread()
            await asyncio.sleep(_LOOK_S)

    async def _is_up(self) -> bool:
        return await asyncio.to_thread(self._page.is_up)

    async def _ask_unread(self) -> int:
        """Return how many records the dashboard has not read."""
        told = await asyncio.to_thread(self._page.ask, "/api/health")
        return _UNREAD + 1 if told is None else int(orjson.loads(told)["feed"]["behind"])

    # -- events

    async def _play(self, worker: Worker, stopping: asyncio.Event) -> None:
        from streams.clients import kafka_producer
        from streams.sending import BATCH_BYTES, EventSender

        async with kafka_producer(self._settings, max_batch_size=BATCH_BYTES) as producer:
            sender = await EventSender.create(producer, self._settings)

            async def near_enough() -> bool:
                """Tell whether worker and dashboard have come so far that more may be sent."""
                return (
                    sender.sent - worker.status().applied <= _AHEAD
                    and _unpublished(worker) <= _UNPUBLISHED
                    and self._unread <= _UNREAD
                )

            async def all_done() -> bool:
                return (
                    worker.status().applied >= sender.sent
                    and _has_turned(worker)
                    and not _unpublished(worker)
                    and await self._ask_unread() == 0
                )

            room = partial(_wait_until, near_enough)
            with self._console.status(f"{self._program.said} …"):
                await send_all(sender, self._program.past, room)
                await _wait_until(all_done)
            self._introduce(worker)
            telling = asyncio.create_task(self._tell(worker))
            try:
                await play(sender, self._program.live(int(time.time() * 1000)), stopping, room)
                await stopping.wait()
            finally:
                await end([telling])

    # -- the terminal

    def _introduce(self, worker: Worker) -> None:
        status, watched = worker.status(), worker.scorer.names.scores[0]
        if not self._program.cast:
            self._console.print(f"{self._program.said}. Its days are those of the page.")
            return
        self._console.print(
            f"{self._program.said}: {status.applied:,} events scored after {self._since():.1f} s, "
            f"{status.upgrades + status.downgrades:,} tier changes. Watch `{watched}`:"
        )
        for role in self._program.cast:
            self._console.print(
                f"  {role.customer_id} [bold]{role.name}[/bold]: {role.plot} · {role.plot_zh}"
            )

    async def _tell(self, worker: Worker) -> None:
        if self._program.day_after is None:
            await self._tell_changes(worker.scorer.names.scores[0])
        else:
            await self._tell_days(worker, self._program.day_after)

    async def _tell_days(self, worker: Worker, day_after: Callable[[float], str]) -> None:
        """Tell how far a file has come: its changes are too many to read."""
        began = time.monotonic()
        with self._console.status("…") as line:
            while True:
                status = worker.status()
                line.update(
                    f"{day_after(time.monotonic() - began)} · {status.applied:,} events scored · "
                    f"tier changes ↑{status.upgrades:,} ↓{status.downgrades:,} · "
                    f"alerts {status.alerts:,}"
                )
                await asyncio.sleep(TICK_S)

    async def _tell_changes(self, watched: str) -> None:
        """Tell each tier change and alert of a score from now on."""
        from aiokafka import TopicPartition

        from streams.cli.outcomes import line_of
        from streams.clients import kafka_consumer
        from streams.embedded import PARTITIONS

        stars = {role.customer_id for role in self._program.cast}
        names = self._settings.topics
        topics = [names.prefix + names.tier_changes, names.prefix + names.value_alerts]
        async with kafka_consumer(self._settings) as consumer:
            consumer.assign([TopicPartition(t, p) for t in topics for p in range(PARTITIONS)])
            await consumer.seek_to_end()
            async for record in consumer:
                said = orjson.loads(record.value)
                if said["score_name"] == watched:  # others move, too
                    name = self._program.name_of(said["customer_id"])
                    starred = said["customer_id"] in stars
                    self._console.print(line_of(said, name, starred=starred))

    def _say_goodbye(self, worker: Worker) -> None:
        status = worker.status()
        self._console.print(
            f"[bold]{status.applied:,}[/bold] events scored · tier changes ↑{status.upgrades:,} "
            f"↓{status.downgrades:,} · alerts {status.alerts}. Next:\n"
            "  valuepulse demo --data FILE        play a file of your own events\n"
            "  valuepulse replay FILE --out DIR   score one\n"
            "  valuepulse worker --help           score a Kafka of your own\n"
            "  valuepulse --help                  everything else"
        )


def _unpublished(worker: Worker) -> int:
    return sum(shard.unpublished for shard in worker.assignment.shards.values())


def _has_turned(worker: Worker) -> bool:
    """Tell whether every customer was brought to the day of the newest event."""
    metas = [shard.meta for shard in worker.assignment.shards.values()]
    return all(meta.turned >= meta.day for meta in metas)


async def _wait_until(true: Callable[[], Awaitable[bool]]) -> None:
    """Return when a condition holds that nothing tells of by itself."""
    while not await true():  # noqa: ASYNC110  # figures of others, looked at now and then
        await asyncio.sleep(_PAUSE_S)


def _has_display() -> bool:
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
