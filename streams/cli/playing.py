"""Events played when they are due, or as fast as whoever reads them keeps up."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from streams.sending import Addressed

if TYPE_CHECKING:
    from streams.sending import EventSender

TICK_S: Final = 0.1
_AT_ONCE: Final = 2_000
"""Events between two looks at whether there is room for more."""

Played = Iterator[tuple[float, Addressed]]
"""Events in order, each with the seconds after the beginning when it is due."""
Room = Callable[[], Awaitable[None]]
"""Returns when more may be sent."""


async def anything_fits() -> None:
    """Wait for nothing: the broker keeps what is sent."""


def addressed_event(event: Mapping[str, Any]) -> Addressed:
    """Return an event of the shop as bytes, with its topic and key."""
    import orjson

    return Addressed(str(event["type"]), str(event["customer_id"]), orjson.dumps(event))


async def send_all(sender: EventSender, events: Iterable[Addressed], room: Room) -> None:
    """Send events one after another, so many at a time, each time when there is room."""
    rest = iter(events)
    while some := list(islice(rest, _AT_ONCE)):
        await room()
        for event in some:
            await sender.send(event)
        await sender.flush()


async def play(
    sender: EventSender, events: Played, stopping: asyncio.Event, room: Room = anything_fits
) -> None:
    """Send each event when it is due, later if there is no room, until told to stop or the end."""
    began = time.monotonic()
    due, event = next(events, (float("inf"), None))
    while event is not None and not stopping.is_set():
        await room()
        until, sent = time.monotonic() - began, 0
        while event is not None and due <= until and sent < _AT_ONCE:
            await sender.send(event)
            sent += 1
            due, event = next(events, (float("inf"), None))
        await sender.flush()
        if sent < _AT_ONCE:
            await _rest(stopping)


async def _rest(stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(TICK_S):
            await stopping.wait()
    except TimeoutError:
        return


def stopped_by_signals(seconds: float | None) -> asyncio.Event:
    """Return what is set by Ctrl-C, by SIGTERM, or after so many seconds."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    if seconds is not None:
        loop.call_later(seconds, stopping.set)
    return stopping
