"""Tasks that belong together, and their end.

On Python 3.11 `asyncio.wait_for`, which redis-py uses, may swallow a cancellation that comes with
the result: the task goes on, and who waits for its end waits for ever. So it is cancelled again.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Final

_AGAIN_S: Final = 0.5
_MOST_S: Final = 10.0


async def together(**coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all, each under its name, until all end or one fails: then the others are ended."""
    tasks = [asyncio.create_task(each, name=name) for name, each in coroutines.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await end(tasks)


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks and return when they have ended, also when cancelled meanwhile.

    Raises `RuntimeError` when one does not end: waiting on would be a silent stall.
    """
    left, cancelled = set(tasks), None
    deadline = time.monotonic() + _MOST_S
    while left:
        if time.monotonic() > deadline:
            raise RuntimeError(f"cancelled, but does not end, which is a bug: {left}")
        for task in left:
            task.cancel()
        try:
            _, left = await asyncio.wait(left, timeout=_AGAIN_S)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def whereabouts() -> list[str]:
    """Return for each task of the running loop its name and the line at which it waits, sorted.

    For the log of a process that stands still: a dump of threads shows only the loop.
    """
    return sorted(f"{task.get_name()} at {_line(task)}" for task in asyncio.all_tasks())


def _line(task: asyncio.Task[Any]) -> str:
    """Return the innermost line of a task's chain of coroutines."""
    line = "?"
    inner: Any = task.get_coro()  # coroutines, generators, and what they wait for
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is not None:
            line = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    return line
