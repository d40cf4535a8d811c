"""An event loop whose time is virtual: nothing waits, and what comes next is somebody's choice.

When no callback is ready the loop asks: whoever is asked makes something ready, or lets time pass.
Tasks are numbered, so that sets of them have the same order in every run, and know for whom they
run: all tasks of one simulated worker can be ended as a kill would end them.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextvars import Context, ContextVar
from typing import Any

OWNER: ContextVar[object] = ContextVar("OWNER", default=None)
LOOK_S = 1e-6
"""What one round of the loop takes; if it took no time, a wait for next to nothing never ended."""
Idle = Callable[[float | None], None]


class OwnedTask(asyncio.Task[Any]):
    """A task with a number in its loop, and the owner in whose context it was made."""

    def __init__(self, number: int, owner: object, *arguments: Any, **options: Any) -> None:
        self.number = number
        self.owner = owner
        super().__init__(*arguments, **options)

    def __hash__(self) -> int:
        """Return the number, not the place in memory."""
        return self.number


class _NeverWaits(selectors.SelectSelector):
    """Says that no file is ready, after it has asked what happens next."""

    def __init__(self, idle: Idle, looked: Callable[[float], None]) -> None:
        super().__init__()
        self._idle = idle
        self._looked = looked

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._looked(LOOK_S)
        if timeout is None or timeout > 0:
            self._idle(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Calls `idle` with the seconds to the next timer, None for no timer, when nothing is ready."""

    def __init__(self, idle: Idle) -> None:
        self._now = 0.0
        self._made = 0
        super().__init__(_NeverWaits(idle, self.advance))
        self.set_task_factory(self._task)

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def tasks_of(self, owner: object) -> list[OwnedTask]:
        """Return the tasks of an owner that have not ended, the oldest first."""
        tasks = [task for task in asyncio.all_tasks(self) if isinstance(task, OwnedTask)]
        return sorted((t for t in tasks if t.owner is owner), key=lambda task: task.number)

    def _task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None
    ) -> OwnedTask:
        self._made += 1
        owner = OWNER.get() if context is None else context.get(OWNER)
        return OwnedTask(self._made, owner, coroutine, loop=loop, context=context)
