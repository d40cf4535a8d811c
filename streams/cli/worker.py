"""`valuepulse worker`: one scoring worker; start more to scale."""

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import Broker, ConfigFile, ModelFile, Store, settings_of

if TYPE_CHECKING:
    from streams.app import Worker
    from streams.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)


def worker(
    config: ConfigFile = None,
    broker: Broker = None,
    redis: Store = None,
    model: ModelFile = None,
    clock: Annotated[
        str | None,
        typer.Option(help="wall (production), event (backfill) or customer (no turn of the day)."),
    ] = None,
    http_port: Annotated[
        int | None, typer.Option(help="Port of /metrics, /livez, /readyz; 0: any.")
    ] = None,
) -> None:
    """Run a scoring worker until it is told to stop (Ctrl-C or SIGTERM drains).

    Workers of one group share the partitions; what one leaves, another takes over.
    """
    settings = settings_of(
        config, broker=broker, redis=redis, model=model, clock=clock, http_port=http_port
    )
    asyncio.run(_run(settings))


async def _run(settings: "Settings") -> None:
    from streams.allocator import map_large_blocks
    from streams.app import Worker

    map_large_blocks()
    scoring = Worker(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, scoring.stop)
    showing = asyncio.create_task(_show_status(scoring)) if sys.stderr.isatty() else None
    try:
        await scoring.run()
    finally:
        if showing is not None:
            showing.cancel()


async def _show_status(scoring: "Worker") -> None:
    from rich.console import Console

    with Console(stderr=True).status("starting …") as line:
        before, then = 0, time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            now, status = time.monotonic(), scoring.status()
            rate = (status.applied - before) / (now - then)
            before, then = status.applied, now
            text = (
                f"{rate:,.0f} events/s · lag {status.lag:,} · {status.applied:,} scored · "
                f"tier changes ↑{status.upgrades:,} ↓{status.downgrades:,} · "
                f"alerts {status.alerts:,} · {status.shards} shards"
            )
            line.update(f"{text} · [red]{status.problem}[/red]" if status.problem else text)
