"""A thread with an event loop of its own, for one coroutine that runs as long as the dashboard."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

LOG: Final = structlog.get_logger(__name__)
_STOP_S: Final = 10.0


class Background:
    """Runs a coroutine in a thread. If it fails, which is a bug, `failed` is told."""

    def __init__(
        self,
        name: str,
        coroutine: Callable[[], Coroutine[Any, Any, None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._coroutine, self._failed = coroutine, failed
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = threading.Event()

    def start(self) -> None:
        """Start; return once the event loop runs."""
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """Cancel the coroutine and wait for its end; of one that was not started nothing.

        Raises:
            RuntimeError: It does not end within ten seconds.
        """
        if self._loop is None or self._task is None:
            return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(_STOP_S)
        if self._thread.is_alive():
            raise RuntimeError(f"{self._thread.name} does not end")

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass
        except Exception as error:
            LOG.exception("ended by a bug", thread=self._thread.name)
            self._failed(error)

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._begun.set()
        await self._coroutine()
