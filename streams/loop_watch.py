"""A blocked event loop is told, and ended if it lasts: from a thread, as the loop itself cannot.

Kafka's consumer has a thread of its own, so heartbeats go on while the loop is blocked and nobody
takes the shards over; neither the watchdog of `streams.timers` nor `/livez` runs then.
"""

import asyncio
import os
import sys
import threading
import traceback
from typing import Final

import structlog

LOG: Final = structlog.get_logger(__name__)
BLOCKED_EXIT_CODE: Final = 71
_LOOKS: Final = 10
"""In the time after which a blocked loop is told."""


class LoopWatch:
    """Watches the event loop that runs `run`, until that is cancelled."""

    def __init__(self, stall_s: float, *, told_after_s: float = 5.0) -> None:
        """End the process when the loop is blocked for `stall_s`, tell it after `told_after_s`."""
        self._stall_s = stall_s
        self._told_after_s = told_after_s
        self._pause_s = told_after_s / _LOOKS
        self._beats = 0
        self._ended = threading.Event()

    async def run(self) -> None:
        """Show the watching thread that the loop goes on; never returns."""
        watching = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="loop-watch", daemon=True
        )
        watching.start()
        try:
            while True:
                self._beats += 1
                await asyncio.sleep(self._pause_s)
        finally:
            self._ended.set()

    def _watch(self, watched: int) -> None:
        # Time is counted in looks, not read from a clock: a process that stood still as a whole
        # (SIGSTOP, a starved machine) did not block its loop.
        seen, silent_s, told = -1, 0.0, False
        while not self._ended.wait(self._pause_s):
            if seen != self._beats:
                if told:
                    LOG.warning("the event loop goes on", blocked_s=round(silent_s))
                seen, silent_s, told = self._beats, 0.0, False
                continue
            silent_s += self._pause_s
            if silent_s >= self._stall_s:
                LOG.critical(
                    "the event loop is blocked: ending the process",
                    seconds=self._stall_s, at=_where(watched),
                )  # fmt: skip
                os._exit(BLOCKED_EXIT_CODE)
            if silent_s >= self._told_after_s and not told:
                told = True
                LOG.error("the event loop is blocked", seconds=round(silent_s), at=_where(watched))


def _where(thread: int) -> str:
    """Return the line that a thread is at."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return "unknown"
    (line,) = traceback.extract_stack(frame, limit=1)
    return f"{line.filename}:{line.lineno} in {line.name}"
