"""Waiting out an outage of the store, in place."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from streams.metrics import Metrics
from streams.state.store import StoreUnavailableError

LOG: Final = structlog.get_logger(__name__)
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
Result = TypeVar("Result")


async def patiently(
    attempt: Callable[[], Awaitable[Result]], *, shard: int, metrics: Metrics
) -> Result:
    """Repeat what the store cannot do now until it can; metrics and log tell of it."""
    pause = _FIRST_PAUSE_S
    while True:
        try:
            result = await attempt()
        except StoreUnavailableError as error:
            metrics.set_up("store", up=False)
            LOG.warning("the store does not answer, trying on", shard=shard, error=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        else:
            metrics.set_up("store", up=True)
            return result
