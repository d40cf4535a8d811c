"""`valuepulse send`: files of events into Kafka, each event to its topic."""

import asyncio
import gzip
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, settings_of

if TYPE_CHECKING:
    from streams.settings import Settings

_TOLD: Final = 20  # unusable lines told one by one
_TICK_S: Final = 0.02  # how evenly `--rate` spreads the events
_UPDATE_EVENTS: Final = 2_000

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="NDJSON, also as .gz; - is standard input."),
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
    """Send files of events to Kafka, each to its topic.

    One JSON object a line with `type` and `customer_id`. Lines that have none are told and left out
    (exit code 4); all others are sent.
    """
    from streams.cli.output import note, print_json
    from streams.errors import CheckError, UsageError

    for file in files:
        if file != "-" and not os.access(file, os.R_OK):
            raise UsageError(f"{file}: there is no such file, or it cannot be read")
    settings = settings_of(config, broker=broker)
    with _display(files) as advance:
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

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        unusable = [line._asdict() for line in self.unusable]
        return {"sent": self.sent, "seconds": round(self.seconds, 3), "unusable": unusable}


async def _send_all(
    settings: "Settings", files: list[str], rate: float | None, advance: Callable[[int, int], None]
) -> Report:
    from streams.clients import kafka_producer
    from streams.sending import BATCH_BYTES, EventSender, UnusableEventError, addressed
    from streams.topics import Topics, require_equal_partitions

    await require_equal_partitions(settings)
    types = frozenset(Topics.of(settings).by_type())
    unusable: list[Unusable] = []
    began = time.monotonic()
    async with kafka_producer(settings, max_batch_size=BATCH_BYTES) as producer:
        sender = await EventSender.create(producer, settings)
        pace = max(1, round(rate * _TICK_S)) if rate else _UPDATE_EVENTS
        for where, line, read in _lines(files):
            try:
                await sender.send(addressed(line, types))
            except UnusableEventError as error:
                unusable.append(Unusable(where, str(error)))
                continue
            if sender.sent % pace == 0:
                advance(read, sender.sent)
                if rate:
                    await sender.flush()
                    await asyncio.sleep(began + sender.sent / rate - time.monotonic())
        await sender.flush()
    return Report(sender.sent, time.monotonic() - began, unusable)


def _lines(files: list[str]) -> Iterator[tuple[str, bytes, int]]:
    """Yield each line that is not empty: where it is, itself, the bytes of files read so far."""
    before = 0
    for name in files:
        with _opened(name) as (lines, position):
            for number, line in enumerate(lines, 1):
                if stripped := line.strip():
                    yield f"{name}:{number}", stripped, before + position()
            before += position()


@contextmanager
def _opened(name: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """Open a file of lines; with it, tell how many of its bytes (packed, if it is) were read."""
    if name == "-":
        yield sys.stdin.buffer, lambda: 0
        return
    with Path(name).open("rb") as raw:
        if name.endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked, raw.tell  # type: ignore[misc]  # GzipFile reads like a file
        else:
            yield raw, raw.tell


@contextmanager
def _display(files: list[str]) -> Iterator[Callable[[int, int], None]]:
    from streams.cli.output import progress

    size = sum(Path(name).stat().st_size for name in files if name != "-") or None
    with progress("bytes") as display:
        task = display.add_task("sending", total=size, speed="")
        began = time.monotonic()

        def advance(read: int, sent: int) -> None:
            speed = sent / max(time.monotonic() - began, 0.001)
            display.update(task, completed=read, speed=f"{speed:,.0f} events/s")

        yield advance
