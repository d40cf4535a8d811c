"""Waiting for a state to come true, instead of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

PAUSE_S = 0.01  # between two looks


class WaitedTooLongError(AssertionError):
    """What a test, a benchmark or a start-up waited for did not come true in time."""

    def __init__(self, reason: str, *, seconds: float, last: object) -> None:
        """Say what was waited for, how long, and what was seen at the last look."""
        super().__init__(f"waited {seconds:g} s for: {reason}; last seen: {last!r}")


def wait_until(predicate: Callable[[], T], reason: str, timeout: float = 10.0) -> T:
    """Return the first truthy result of `predicate`.

    Args:
        predicate: Looks once; called about every 10 ms. What it raises goes to the caller.
        reason: What is awaited, in words for the one who reads the failure.
        timeout: Seconds after which to give up.

    Raises:
        WaitedTooLongError: The predicate was still falsy after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not (seen := predicate()):
        if time.monotonic() > deadline:
            raise WaitedTooLongError(reason, seconds=timeout, last=seen)
        time.sleep(PAUSE_S)
    return seen


@overload
async def wait_until_async(
    predicate: Callable[[], Awaitable[T]],
    reason: str,
    timeout: float = ...,  # noqa: ASYNC109 - see below
) -> T: ...
@overload
async def wait_until_async(
    predicate: Callable[[], T],
    reason: str,
    timeout: float = ...,  # noqa: ASYNC109 - see below
) -> T: ...
async def wait_until_async(
    predicate: Callable[[], object],
    reason: str,
    timeout: float = 10.0,  # noqa: ASYNC109 - names what was awaited, which asyncio.timeout cannot
) -> object:
    """Return the first truthy result of `predicate`, a plain or an async function.

    Args and errors are those of `wait_until`; the event loop goes on meanwhile.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = predicate()
        if isinstance(seen, Awaitable):
            seen = await seen
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise WaitedTooLongError(reason, seconds=timeout, last=seen)
        await asyncio.sleep(PAUSE_S)
