"""`valuepulse demo` and `traffic`: a synthetic shop, to watch and to fill a Kafka with."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.cli.options import Broker, ConfigFile, settings_of

if TYPE_CHECKING:
    from rich.console import Console

    from streams.app import Worker
    from streams.sending import EventSender
    from streams.settings import Settings

SEED: Final = 7
_TICK_S: Final = 0.1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)
    app.command("traffic")(traffic)


def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", min=1, help="End after so long. [Ctrl-C]"),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, help="Events a second beside the story.")
    ] = 3.0,
) -> None:
    """Watch tiers change: a synthetic shop on a broker and a store inside this program.

    Nothing is installed, and nothing is left behind. The story takes about a minute.
    """
    from rich.console import Console

    from streams.embedded import embedded_broker, embedded_store

    console = Console(stderr=False, highlight=False)
    began = time.monotonic()
    console.print(
        "[bold]ValuePulse demo[/bold] · 客户价值实时评分演示 · "
        "a broker and a store inside this program, not for production"
    )
    quiet: dict[str, Any] = {"http_port": 0, "log.level": "ERROR", "kafka.session_timeout_s": 6.0}
    plain = settings_of(None, **quiet)
    names = [plain.topics.prefix + getattr(plain.topics, role) for role in _roles()]
    with ExitStack() as stack:
        broker = stack.enter_context(embedded_broker(names))
        store = stack.enter_context(embedded_store())
        settings = settings_of(None, broker=broker, redis=store, **quiet)
        asyncio.run(_Demo(settings, console, began, seconds, rate).run())


def _roles() -> tuple[str, ...]:
    from streams.settings import TOPIC_ROLES

    return TOPIC_ROLES


def traffic(
    broker: Broker = None,
    config: ConfigFile = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, help="Events a second beside the story.")
    ] = 10.0,
    seconds: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", min=1, help="End after so long. [Ctrl-C]"),
    ] = None,
) -> None:
    """Send a synthetic shop's events to Kafka: its past year, its story, then trade without end."""
    asyncio.run(_traffic(settings_of(config, broker=broker), rate, seconds))


async def _traffic(settings: "Settings", rate: float, seconds: float | None) -> None:
    from streams.cli.output import note
    from streams.clients import kafka_producer
    from streams.sending import BATCH_BYTES, EventSender
    from streams.shop import history
    from streams.topics import require_equal_partitions

    stopping = _stopping()
    await require_equal_partitions(settings)
    start_ms = int(time.time() * 1000)
    async with kafka_producer(settings, max_batch_size=BATCH_BYTES) as producer:
        sender = await EventSender.create(producer, settings)
        for event in history(SEED, start_ms):
            await sender.send(_addressed(event))
        await sender.flush()
        note(f"the shop's past year: {sender.sent} events; now its trade, {rate:g} events a second")
        await _play(sender, start_ms, rate, stopping, seconds)
        note(f"{sender.sent} events sent")


async def _play(
    sender: "EventSender",
    start_ms: int,
    rate: float,
    stopping: asyncio.Event,
    seconds: float | None,
) -> None:
    """Send story and trade, each event when it is due, until told to stop."""
    import heapq

    from streams.shop import story
    from streams.shop import traffic as trade

    began = time.monotonic()
    plays: Iterator[tuple[float, dict[str, Any]]] = heapq.merge(
        story(SEED, start_ms), trade(SEED, start_ms, rate), key=lambda due: due[0]
    )
    due, event = next(plays)
    while not stopping.is_set() and (seconds is None or time.monotonic() - began < seconds):
        while due <= time.monotonic() - began:
            await sender.send(_addressed(event))
            due, event = next(plays)
        await sender.flush()
        try:
            async with asyncio.timeout(_TICK_S):
                await stopping.wait()
        except TimeoutError:
            continue


def _addressed(event: dict[str, Any]) -> Any:
    import orjson

    from streams.sending import Addressed

    return Addressed(event["type"], event["customer_id"], orjson.dumps(event))


def _stopping() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    return stopping


class _Demo:
    """One run: worker, shop and the reader of what comes out, in this process."""

    def __init__(
        self,
        settings: "Settings",
        console: "Console",
        began: float,
        seconds: float | None,
        rate: float,
    ) -> None:
        self._settings = settings
        self._console = console
        self._began = began
        self._seconds = seconds
        self._rate = rate
        self._start_ms = int(time.time() * 1000)
        self._story_ms: int | None = None

    async def run(self) -> None:
        from streams.app import Worker

        stopping = _stopping()
        if self._seconds is not None:
            asyncio.get_running_loop().call_later(self._seconds, stopping.set)
        worker = Worker(self._settings)
        working = asyncio.create_task(worker.run())
        working.add_done_callback(lambda _: stopping.set())
        showing = asyncio.create_task(self._show(worker))
        playing = asyncio.create_task(self._play(worker, stopping))
        playing.add_done_callback(lambda _: stopping.set())
        try:
            await stopping.wait()
        finally:
            for task in (showing, playing):
                task.cancel()
            ended = await asyncio.gather(showing, playing, return_exceptions=True)
            worker.stop()
            await working
        for end in ended:
            if isinstance(end, Exception):
                raise end
        status = worker.status()
        self._console.print(
            f"[bold]{status.applied:,}[/bold] events scored · tier changes ↑{status.upgrades:,} "
            f"↓{status.downgrades:,} · alerts {status.alerts}. Next:\n"
            "  valuepulse replay FILE --out DIR   score a file of your own events\n"
            "  valuepulse worker --help           score a Kafka of your own\n"
            "  valuepulse --help                  everything else"
        )

    async def _play(self, worker: "Worker", stopping: asyncio.Event) -> None:
        from streams.clients import kafka_producer
        from streams.sending import BATCH_BYTES, EventSender
        from streams.shop import CAST, history

        async with kafka_producer(self._settings, max_batch_size=BATCH_BYTES) as producer:
            sender = await EventSender.create(producer, self._settings)
            with self._console.status("the shop's past year …"):
                for event in history(SEED, self._start_ms):
                    await sender.send(_addressed(event))
                await sender.flush()
                while worker.status().applied == 0:  # noqa: ASYNC110  # a figure, for people
                    await asyncio.sleep(_TICK_S)
                self._console.print(
                    f"first event scored after {time.monotonic() - self._began:.1f} s"
                )
                while worker.status().applied < sender.sent:  # noqa: ASYNC110  # as above
                    await asyncio.sleep(_TICK_S)
            status = worker.status()
            self._console.print(
                f"the shop's past year: {status.applied:,} events, "
                f"{status.upgrades + status.downgrades:,} tier changes of six scores. "
                "Watch `value`:"
            )
            for role in CAST:
                self._console.print(
                    f"  {role.customer_id} [bold]{role.name}[/bold]: {role.plot} · {role.plot_zh}"
                )
            self._story_ms = int(time.time() * 1000)
            await _play(sender, self._story_ms, self._rate, stopping, None)

    async def _show(self, worker: "Worker") -> None:
        """Tell each tier change and alert as it comes out."""
        import orjson
        from aiokafka import TopicPartition

        from streams.cli.outcomes import line_of
        from streams.clients import kafka_consumer
        from streams.embedded import PARTITIONS
        from streams.output.messages import instant_text
        from streams.shop import CAST, name_of

        stars = {role.customer_id for role in CAST}
        names = self._settings.topics
        topics = [names.prefix + names.tier_changes, names.prefix + names.value_alerts]
        async with kafka_consumer(self._settings) as consumer:
            consumer.assign(
                [TopicPartition(topic, p) for topic in topics for p in range(PARTITIONS)]
            )
            async for record in consumer:
                if record.value is not None and self._story_ms is not None:
                    said = orjson.loads(record.value)
                    is_of_plot = said["score_name"] == "value"  # other scores move, too
                    # the past is past
                    if is_of_plot and said["occurred_at"] >= instant_text(self._story_ms):
                        name = name_of(SEED, said["customer_id"])
                        starred = said["customer_id"] in stars
                        self._console.print(line_of(said, name, starred=starred))
