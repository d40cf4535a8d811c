"""`valuepulse send`: files of events into Kafka, each event to its topic."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, Self

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, settings_of

if TYPE_CHECKING:
    from streams.event_files import EventFile
    from streams.sending import Addressed
    from streams.settings import Settings

_TOLD: Final = 20  # unusable lines told one by one
_TICK_S: Final = 0.02  # how evenly `--rate` spreads the events
_UPDATE_EVENTS: Final = 2_000

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="NDJSON, also gzip or UTF-16; - is standard input."),
]
Rate = Annotated[
    float | None, typer.Option(min=0.01, help="Events a second; without, all at once.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send")(send)


def send(
    files: Files,
    rate: Rate = None,
    broker: Broker = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Send files of events to Kafka, each event to its topic; several files merged by time.

    One JSON object a line with `type` and `customer_id`. Lines that have none are told and left out
    (exit code 4); all others are sent.
    """
    from streams.cli.output import note, print_json
    from streams.errors import CheckError
    from streams.event_files import size_of

    size = size_of(files)
    settings = settings_of(config, broker=broker)
    with _display(size) as advance:
        report = asyncio.run(_send_all(settings, files, rate, advance))
    for line in report.unusable[:_TOLD]:
        note(f"{line.where}: {line.reason}")
    if len(report.unusable) > _TOLD:
        note(f"... and {len(report.unusable) - _TOLD} lines more")
    if json:
        print_json(report.as_json())
    else:
        typer.echo(
            f"{report.sent} events sent in {report.seconds:.1f} s, {len(report.unusable)} left out"
        )
    if report.late:
        note(
            f"{report.late:,} events are older than one before them in their file: they count for "
            "their own day, but tiers and alerts follow the order in which events come"
        )
    if report.unusable:
        raise typer.Exit(CheckError.exit_code)


class Unusable(NamedTuple):
    """A line that was not sent."""

    where: str
    reason: str


class Report(NamedTuple):
    """What `send` did."""

    sent: int
    seconds: float
    unusable: list[Unusable]
    late: int

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        unusable = [line._asdict() for line in self.unusable]
        told = {"sent": self.sent, "late": self.late, "seconds": round(self.seconds, 3)}
        return told | {"unusable": unusable}


async def _send_all(
    settings: "Settings", files: list[Path], rate: float | None, advance: Callable[[int, int], None]
) -> Report:
    from streams.clients import kafka_producer
    from streams.sending import BATCH_BYTES, EventSender
    from streams.topics import Topics, require_equal_partitions

    await require_equal_partitions(settings)
    types = frozenset(Topics.of(settings).by_type())
    async with kafka_producer(settings, max_batch_size=BATCH_BYTES) as producer:
        sender = await EventSender.create(producer, settings)
        began = time.monotonic()
        pace = max(1, round(rate * _TICK_S)) if rate else _UPDATE_EVENTS
        with SentFiles(files, types) as sources:
            for event in sources:
                await sender.send(event)
                if sender.sent % pace == 0:
                    advance(sources.position(), sender.sent)
                    if rate:
                        await sender.flush()
                        await asyncio.sleep(began + sender.sent / rate - time.monotonic())
            await sender.flush()
            sources.check(sender.sent)
    return Report(sender.sent, time.monotonic() - began, sources.unusable, sources.late)


class SentFiles:
    """The events of files that have a topic, in order of time; each file keeps its own order."""

    def __init__(self, files: list[Path], types: frozenset[str]) -> None:
        self.unusable: list[Unusable] = []
        self.late = 0
        """Events that are older than one before them in their file."""
        self._paths = files
        self._types = types
        self._files: list[EventFile] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open all files; `UsageError` for one that cannot be read."""
        from streams.event_files import open_events

        with self._stack:
            self._files = [self._stack.enter_context(open_events(path)) for path in self._paths]
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        """Close them."""
        self._stack.close()

    def __iter__(self) -> "Iterator[Addressed]":
        """Yield the events; the lines that are none are gathered."""
        events = (self._events(file) for file in self._files)
        return (event for _, event in merge(*events, key=lambda placed: placed[0]))

    def _events(self, file: "EventFile") -> "Iterator[tuple[int, Addressed]]":
        """Yield the events of a file with its place in time: that of its newest event so far."""
        from streams.event_files import lines
        from streams.sending import UnusableEventError, addressed

        newest = 0
        for number, line in lines(file):
            try:
                event = addressed(line, self._types)
            except UnusableEventError as error:
                self.unusable.append(Unusable(f"{file.path}:{number}", str(error)))
                continue
            self.late += event.at_ms is not None and event.at_ms < newest
            newest = max(newest, event.at_ms or 0)
            yield newest, event

    def position(self) -> int:
        """Return how many bytes of the files have been read."""
        return sum(file.position() for file in self._files)

    def check(self, sent: int) -> None:
        """Raise `CheckError` if no file had an event."""
        from streams.event_files import no_events

        if not sent and self._files:
            raise no_events(self._files[0].path, self._files[0].head)


@contextmanager
def _display(size: int | None) -> Iterator[Callable[[int, int], None]]:
    from streams.cli.output import progress

    with progress("bytes") as display:
        task = display.add_task("sending", total=size, speed="")
        began = time.monotonic()

        def advance(read: int, sent: int) -> None:
            speed = sent / max(time.monotonic() - began, 0.001)
            display.update(task, completed=read, speed=f"{speed:,.0f} events/s")

        yield advance
