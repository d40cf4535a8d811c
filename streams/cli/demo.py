"""`valuepulse demo` and `traffic`: a synthetic shop, to watch and to fill a Kafka with."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.cli.options import (
    BaseCurrency,
    Broker,
    ConfigFile,
    ModelFile,
    Timezone,
    adapted_model,
    settings_of,
)

if TYPE_CHECKING:
    from streams.settings import Settings

SEED: Final = 7
_CUSTOMERS: Final = 20_000
_TRAFFIC_CUSTOMERS: Final = 2_000
_SECONDS_OF_A_FILE: Final = 120.0

Seconds = Annotated[
    float | None,
    typer.Option("--for", metavar="SECONDS", min=1, help="End after so long. [Ctrl-C]"),
]
Rate = Annotated[float, typer.Option("--rate", min=0.1, help="Events a second beside the story.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)
    app.command("traffic")(traffic)


def demo(
    seconds: Seconds = None,
    rate: Rate = 10.0,
    customers: Annotated[
        int, typer.Option(min=2, max=200_000, help="Customers of the shop.")
    ] = _CUSTOMERS,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Play a file of past events in place of the shop: NDJSON, may be .gz.",
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed",
            metavar="DAYS",
            min=0.000_001,
            help="Days of the file a second. [so that it takes two minutes]",
        ),
    ] = None,
    model: ModelFile = None,
    base_currency: BaseCurrency = None,
    timezone: Timezone = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Of the dashboard. [8090, or any free]")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the dashboard in a browser.")
    ] = False,
) -> None:
    """Watch tiers change: a synthetic shop on a broker and a store inside this program.

    The dashboard opens in a browser, the terminal tells what happens. Nothing is installed, and
    nothing is left behind. The shop's past takes half a minute, its story another.
    """
    from rich.console import Console

    from streams.cli.demo_run import Demo, Program, file_program, shop_program
    from streams.embedded import embedded_broker, embedded_dashboard, embedded_store, free_port
    from streams.errors import UsageError
    from streams.settings import TOPIC_ROLES

    if speed is not None and data is None:
        raise UsageError("--speed is of a file: say which with --data FILE")
    console = Console(stderr=False, highlight=False)
    began = time.monotonic()
    console.print(
        "[bold]ValuePulse demo[/bold] · 客户价值实时评分演示 · "
        "a broker and a store inside this program, not for production"
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="valuepulse-")))
        quiet: dict[str, Any] = {
            "http_port": free_port(), "log.level": "ERROR", "kafka.session_timeout_s": 6.0,
            "kafka.compression": "zstd", "clock": "event",
            "model": _adapted_file(folder, model, base_currency, timezone),
        }  # fmt: skip
        plain = settings_of(None, **quiet)
        program: Program = (
            shop_program(SEED, customers, rate)
            if data is None
            else file_program(data, plain, speed, _SECONDS_OF_A_FILE)
        )
        names = [plain.topics.prefix + getattr(plain.topics, role) for role in TOPIC_ROLES]
        broker = stack.enter_context(embedded_broker(names))
        store = stack.enter_context(embedded_store())
        settings = settings_of(None, broker=broker, redis=store, **quiet)
        page = stack.enter_context(embedded_dashboard(_of_dashboard(settings), port))
        run = Demo(settings, program, page, console, began, opens=not no_browser)
        asyncio.run(run.until(seconds))


def _adapted_file(
    folder: Path, model: Path | None, base_currency: str | None, timezone: str | None
) -> Path | None:
    """Return the file of the model that was asked for: a changed one is written to `folder`."""
    if base_currency is None and timezone is None:
        return model
    adapted = adapted_model(settings_of(None, model=model), base_currency, timezone)
    path = folder / "scoring.yaml"
    path.write_text(adapted.model_dump_json(by_alias=True, exclude_unset=True), "utf-8")
    return path


def _of_dashboard(settings: "Settings") -> dict[str, str]:
    """Return what the dashboard must know of a worker's settings, as its environment."""
    return {
        "VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "VALUEPULSE_MODEL": str(settings.model.resolve()),
        "VALUEPULSE_LOG__LEVEL": "WARNING",
        "VALUEPULSE_DASHBOARD__WORKER_URL": f"http://127.0.0.1:{settings.http_port}",
    }


def traffic(
    broker: Broker = None,
    config: ConfigFile = None,
    rate: Rate = 10.0,
    customers: Annotated[
        int, typer.Option(min=2, max=200_000, help="Customers that the shop begins with.")
    ] = _TRAFFIC_CUSTOMERS,
    seconds: Seconds = None,
) -> None:
    """Send a synthetic shop's events to Kafka: its past, its story, then trade without end."""
    asyncio.run(_traffic(settings_of(config, broker=broker), rate, customers, seconds))


async def _traffic(
    settings: "Settings", rate: float, customers: int, seconds: float | None
) -> None:
    from streams.cli.demo_run import shop_program
    from streams.cli.output import note
    from streams.cli.playing import anything_fits, play, send_all, stopped_by_signals
    from streams.clients import kafka_producer
    from streams.sending import BATCH_BYTES, EventSender
    from streams.topics import require_equal_partitions

    stopping = stopped_by_signals(seconds)
    await require_equal_partitions(settings)
    program = shop_program(SEED, customers, rate)
    async with kafka_producer(settings, max_batch_size=BATCH_BYTES) as producer:
        sender = await EventSender.create(producer, settings)
        await send_all(sender, program.past, anything_fits)
        note(f"the shop's past: {sender.sent} events; now its trade, {rate:g} events a second")
        await play(sender, program.live(int(time.time() * 1000)), stopping)
        note(f"{sender.sent} events sent")
