"""A TCP proxy between workers and a server: what a network does to them can be done here.

It runs in a thread of its own. What is asked of it holds for all connections, from then on:

    with Proxy(("127.0.0.1", 6379)) as proxy:
        ...                     # clients connect to 127.0.0.1:proxy.port
        proxy.lose_replies(3)   # the next three requests are executed, their replies never come
        proxy.delay(0.2)        # every chunk takes longer, both ways
        proxy.hold()            # nothing passes any more, and nobody is told
        proxy.pass_on()         # everything passes again, also what was held
        proxy.cut()             # all connections are closed; new ones are refused until `pass_on`
        proxy.lead_to(("127.0.0.1", 6380))  # the server is another one
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Address = tuple[str, int]
CHUNK = 65_536
ANSWER_S = 10.0
COMMIT = b"EVALSHA"
"""What a request holds whose reply is worth losing: it changes something."""


class Proxy:
    """Passes bytes between clients and one server; see the module's first lines."""

    def __init__(self, server: Address) -> None:
        self.port = 0
        self.lost = 0
        self._server = server
        self._to_lose = 0
        self._marker = COMMIT
        self._delay_s = 0.0
        self._refuses = False
        self._links: set[_Link] = set()
        self._passes = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    # -- asked by tests, in their thread

    def lose_replies(self, count: int, marker: bytes = COMMIT) -> None:
        """Pass on the next so many requests with `marker`, and close instead of passing replies."""
        self._do(lambda: self._set_losses(count, marker))

    def delay(self, seconds: float) -> None:
        """Hold every chunk for so long, in each direction; 0 ends it."""
        self._delay_s = seconds

    def hold(self) -> None:
        """Let nothing pass, with all connections open: a network that swallows everything."""
        self._do(self._passes.clear)

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        self._do(self._close_all)

    def pass_on(self) -> None:
        """End `hold` and `cut`."""
        self._do(self._pass_on)

    def lead_to(self, server: Address) -> None:
        """Make another one the server; connections to the one before are closed."""
        self._server = server
        self._do(self._drop_links)

    def start(self) -> Self:
        """Listen on a free port."""
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.port = listening.result(ANSWER_S)
        return self

    def stop(self) -> None:
        """Close everything."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(ANSWER_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_S)
        self._loop.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop, whatever happened in the block."""
        self.stop()

    # -- in the proxy's thread

    def _do(self, change: Callable[[], None]) -> None:
        """Make a change between two chunks, and return when it is made."""

        async def now() -> None:
            change()

        asyncio.run_coroutine_threadsafe(now(), self._loop).result(ANSWER_S)

    async def _listen(self) -> int:
        self._passes.set()
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._listener.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        try:
            upstream = await asyncio.open_connection(*self._server)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, writer, upstream[1])
        self._links.add(link)
        there = asyncio.create_task(link.requests(reader))
        back = asyncio.create_task(link.replies(upstream[0]))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            there.cancel()
            back.cancel()
            link.abort()

    async def slowly(self) -> None:
        """Wait as long as a chunk has to."""
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        await self._passes.wait()

    def is_to_lose(self, request: bytes) -> bool:
        """Tell whether the reply to a request is to be lost; counts it."""
        if self._to_lose > 0 and self._marker in request:
            self._to_lose -= 1
            self.lost += 1
            return True
        return False

    def _set_losses(self, count: int, marker: bytes) -> None:
        self._to_lose, self._marker = count, marker

    def _drop_links(self) -> None:
        for link in self._links:
            link.abort()

    def _close_all(self) -> None:
        self._refuses = True
        self._drop_links()

    def _pass_on(self) -> None:
        self._refuses = False
        self._passes.set()

    async def _end(self) -> None:
        self._listener.close()
        self._close_all()
        self._passes.set()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Link:
    """One client's connection, and ours to the server for it."""

    def __init__(
        self, proxy: Proxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._loses = False

    async def requests(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the client sends."""
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._proxy.slowly()
                self._loses = self._loses or self._proxy.is_to_lose(chunk)
                self._server.write(chunk)
                await self._server.drain()

    async def replies(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the server answers, unless it is to be lost: then end the connection."""
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._proxy.slowly()
                if self._loses:
                    return
                self._client.write(chunk)
                await self._client.drain()

    def abort(self) -> None:
        """Close both sides at once."""
        self._client.transport.abort()
        self._server.transport.abort()
