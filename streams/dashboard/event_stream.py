"""Server-sent events: what happens, told to every open page, and never more than a page takes.

The board tells the hub in the feed's thread. Five times a second the hub words what has come in,
once for all, and puts it into the queue of each listener that may see it, who is sent some of it
each time: no page can show thousands of changes a second. A queue is bounded: where more comes than
is sent or read, the oldest go, and how many is told.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import orjson
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streams.dashboard import views
from streams.dashboard.answers import RefusedError, log_fault
from streams.dashboard.board import Board
from streams.tasks import end

LONGEST_QUEUE: Final = 256
MOST_AT_ONCE: Final = 32
"""Events that a listener is sent each time, five times a second."""

MOST_LISTENERS: Final = 1_000
HEARTBEAT_S: Final = 15.0
_TICK_S: Final = 0.2
_STATE_S: Final = 1.0
_STATE_AT_LEAST_S: Final = 0.5
_SEND_S: Final = 30.0
"""After which a connection that takes nothing is given up."""

_AFTER_A_FAULT_S: Final = 5.0
_MOST_WAITING: Final = 10_000


class State(BaseModel):
    """The event `state`: how new the page is, and how much there is of it."""

    version: int
    as_of: views.AsOf
    customers: int
    events_per_s: float


class Listener:
    """One open page: what it has not been sent yet."""

    def __init__(self, owner: str | None, longest: int = LONGEST_QUEUE) -> None:
        self.owner = owner
        self._longest = longest
        self._queue: deque[bytes] = deque()
        self._missed = 0
        self._state: bytes | None = None
        self._woken = asyncio.Event()
        self.has_state = False
        self.closed = False

    def put(self, frame: bytes) -> None:
        """Append an event; if the queue is full, the oldest goes."""
        if len(self._queue) == self._longest:
            self._queue.popleft()
            self._missed += 1
        self._queue.append(frame)

    def miss(self, events: int) -> None:
        """Count events that will not be sent."""
        self._missed += events

    def put_state(self, frame: bytes) -> None:
        """Put the newest state in the place of one that was not sent yet."""
        self._state, self.has_state = frame, True

    def wake(self) -> None:
        """Let some of what waits be sent, if anything does."""
        if self._queue or self._missed or self._state is not None:
            self._woken.set()

    def close(self) -> None:
        """End the stream after what is being sent now."""
        self.closed = True
        self._woken.set()

    async def frames(self) -> bytes:
        """Return some of what waits, once woken; nothing when closed."""
        await self._woken.wait()
        self._woken.clear()
        frames = [_frame("missed", orjson.dumps({"n": self._missed}))] if self._missed else []
        frames += [self._queue.popleft() for _ in range(min(len(self._queue), MOST_AT_ONCE))]
        if self._state is not None:
            frames.append(self._state)
        self._missed, self._state = 0, None
        return b"".join(frames)


class Hub:
    """Hears the board, and tells all listeners; `run` must be running."""

    def __init__(self, board: Board, events_per_s: Callable[[], float]) -> None:
        self._board = board
        self._events_per_s = events_per_s
        self._listeners: set[Listener] = set()
        self._heard: deque[tuple[str, views.View, str | None]] = deque(maxlen=_MOST_WAITING)
        self._unheard = 0
        """How many the hub was too slow to hear, ever."""
        self._unheard_told = 0
        self._told = (-1, 0.0)

    def open(self, owner: str | None) -> Listener:
        """Return a new listener, to whom customers of this owner are told of (None: of all).

        Raises:
            RefusedError: There are too many.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise RefusedError(
                503, "too_many_streams", f"{MOST_LISTENERS} pages are open already",
                "ask again later", {"Retry-After": "30"},
            )  # fmt: skip
        listener = Listener(owner)
        self._listeners.add(listener)
        return listener

    def forget(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        for listener in self._listeners:
            listener.close()

    async def run(self) -> None:
        """Tell what happens until cancelled."""
        unsubscribe = self._board.subscribe(self._hear)
        try:
            while True:
                await asyncio.sleep(_TICK_S)
                try:
                    await self._tell()
                except Exception as error:  # pages would wait for ever, and nobody would know why
                    log_fault("telling pages what happens", error)
                    await asyncio.sleep(_AFTER_A_FAULT_S)
        finally:
            unsubscribe()
            self.close()

    async def _tell(self) -> None:
        self._tell_what_was_heard()
        await self._tell_states()
        for listener in self._listeners:
            listener.wake()

    def _hear(self, kind: str, what: views.View, owner: str | None) -> None:
        self._unheard += len(self._heard) == _MOST_WAITING
        self._heard.append((kind, what, owner))

    def _tell_what_was_heard(self) -> None:
        if lost := self._unheard - self._unheard_told:
            self._unheard_told += lost
            for listener in self._listeners:
                listener.miss(lost)
        for _ in range(len(self._heard)):
            kind, what, owner = self._heard.popleft()
            concerned = [each for each in self._listeners if each.owner in (None, owner)]
            if concerned:
                frame = _frame(kind, what.model_dump_json().encode())
                for listener in concerned:
                    listener.put(frame)

    async def _tell_states(self) -> None:
        """Tell each second, and of a change at most twice a second; who is new at once."""
        version, then = self._told
        now = time.monotonic()
        changed = self._board.version != version
        due = now - then >= (_STATE_AT_LEAST_S if changed else _STATE_S)
        told = [each for each in self._listeners if due or not each.has_state]
        if due:
            self._told = (self._board.version, now)
        for owner in {listener.owner for listener in told}:
            state = await asyncio.to_thread(self._state, owner)
            frame = _frame("state", state.model_dump_json().encode())
            for listener in told:
                if listener.owner == owner:
                    listener.put_state(frame)

    def _state(self, owner: str | None) -> State:
        with self._board.reading() as board:
            return State(
                version=board.version,
                as_of=board.as_of(),
                customers=board.count(owner),
                events_per_s=self._events_per_s(),
            )


class EventStream(Response):
    """The answer that does not end: until the browser leaves, the server stops, or access ends."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, listener: Listener, may_go_on: Callable[[], bool]) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})  # nginx would hold events back
        del self.headers["content-length"]
        self._hub = hub
        self._listener = listener
        self._may_go_on = may_go_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the listener gets, as ASGI asks."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        watching = asyncio.create_task(self._close_when_left(receive))
        try:
            await send(start)
            await self._send(b"retry: 2000\n\n", send)
            with suppress(TimeoutError):  # it takes nothing any more
                await self._send_all(send)
        finally:
            self._hub.forget(self._listener)
            await end([watching])

    async def _send_all(self, send: Send) -> None:
        checked = time.monotonic()
        while not self._listener.closed:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    frames = await self._listener.frames()
            except TimeoutError:
                frames = b": still here\n\n"
            if time.monotonic() - checked >= HEARTBEAT_S:
                checked = time.monotonic()
                if not self._may_go_on():
                    break
            async with asyncio.timeout(_SEND_S):
                await self._send(frames, send)
        async with asyncio.timeout(_SEND_S):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _close_when_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listener.close()

    @staticmethod
    async def _send(body: bytes, send: Send) -> None:
        await send({"type": "http.response.body", "body": body, "more_body": True})


def _frame(event: str, data: bytes) -> bytes:
    """Return one event; JSON has no line breaks."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
