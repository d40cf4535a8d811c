"""The network between workers and the store: every command and every reply may be held, or lost.

A connection is redis-py's own; only its bytes go through here. The store is a real Valkey: when a
command arrives, the very bytes are sent to it, and its reply is what travels back.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any, Protocol

import hiredis
import redis.asyncio
from redis.asyncio.connection import parse_url

REFUSALS = (
    b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    b"-LOADING Redis is loading the dataset in memory\r\n",
    b"-READONLY You can't write against a read only replica.\r\n",
)
_INCOMPLETE = object()


class Sender(Protocol):
    """At whose end of the network a connection is."""

    name: str
    alive: bool


Later = Callable[[Sender, str, Callable[[], str]], None]


class Line:
    """A blocking connection to the real store: bytes of one command in, bytes of its reply out."""

    def __init__(self, url: str) -> None:
        where: dict[str, Any] = dict(parse_url(url))
        self._socket = socket.create_connection((where["host"], where["port"]), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if database := where.get("db"):
            self.execute(b"SELECT %d\r\n" % database)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def execute(self, packed: bytes) -> bytes:
        """Let the store execute one command; return its whole reply."""
        self._socket.sendall(packed)
        reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
        reply = b""
        while True:
            received = self._socket.recv(1 << 20)
            assert received, "the store closed the connection"
            reader.feed(received)
            reply += received
            if (parsed := reader.gets()) is not _INCOMPLETE:
                return _sorted_page(parsed) if b"\nSCAN\r" in packed[:24] else reply


def _sorted_page(parsed: Any) -> bytes:
    """Return a reply to SCAN with its keys in order; that of a server is its own secret."""
    cursor, keys = parsed
    items = b"".join(b"$%d\r\n%s\r\n" % (len(key), key) for key in sorted(keys))
    return b"*2\r\n$%d\r\n%s\r\n*%d\r\n%s" % (len(cursor), cursor, len(keys), items)


class Wire(asyncio.Transport):
    """The worker's end of a connection."""

    def __init__(self, network: Network, sender: Sender, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._network = network
        self._protocol = protocol
        self.sender = sender
        self.is_open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a whole command: redis-py joins what it writes at once."""
        if self.is_open:
            self._network.send(self, bytes(data))

    def receive(self, reply: bytes) -> None:
        """Hand a reply to whom waits for it."""
        self._protocol.data_received(reply)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return not self.is_open

    def close(self) -> None:
        """Hang up; what was sent may arrive all the same."""
        self._end(None)

    def cut(self) -> None:
        """End the connection from outside."""
        self._end(ConnectionResetError(104, "cut by the simulation"))

    def _end(self, error: Exception | None) -> None:
        if self.is_open:
            self.is_open = False
            self._network.wires.remove(self)
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)


class Link(redis.asyncio.Connection):
    """redis-py's connection, but for where its bytes go."""

    def __init__(self, *, network: Network, sender: Sender, **options: Any) -> None:
        """Take what every connection takes, the network and whose connection it is."""
        super().__init__(**options)
        self._network = network
        self._sender = sender

    async def _connect(self) -> None:
        self._reader, self._writer = self._network.connect(self._sender)


class Network:
    """Connections, and what is on its way; `later` takes what may happen and whom it concerns.

    `trouble` is the share of commands that something happens to. `commits` is told of every commit
    that the store executed: its command, its reply.
    """

    def __init__(
        self, line: Line, chance: random.Random, later: Later, commits: Callable[[bytes], None]
    ) -> None:
        self._line = line
        self._chance = chance
        self._later = later
        self._commits = commits
        self.trouble = 0.0
        self.is_up = True
        self.wires: list[Wire] = []
        self.crashes = 0

    def connect(self, sender: Sender) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection. Raises `ConnectionRefusedError` while the store is away."""
        if not (self.is_up and sender.alive):
            raise ConnectionRefusedError(111, "refused by the simulation")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 24, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        wire = Wire(self, sender, protocol)
        protocol.connection_made(wire)
        self.wires.append(wire)
        return reader, asyncio.StreamWriter(wire, protocol, reader, loop)

    def send(self, wire: Wire, packed: bytes) -> None:
        """Put a command on its way."""
        crashes, name = self.crashes, _name_of(packed)

        def arrive() -> str:
            if crashes != self.crashes:
                return "lost with the store"
            return self._arrived(wire, packed)

        self._later(wire.sender, f"store {name}", arrive)

    def crash(self) -> None:
        """Cut all connections; nothing that is on its way arrives."""
        self.crashes += 1
        for wire in list(self.wires):
            wire.cut()

    def _arrived(self, wire: Wire, packed: bytes) -> str:
        if self._chance.random() >= self.trouble:
            return self._executed(wire, packed)
        fate = self._chance.choice(("cut before", "reply lost", "refused"))
        if fate == "refused":
            self._answer(wire, self._chance.choice(REFUSALS))
            return fate
        if fate == "reply lost":
            self._execute(packed)
        wire.cut()
        return fate

    def _executed(self, wire: Wire, packed: bytes) -> str:
        reply = self._execute(packed)
        self._answer(wire, reply)
        return reply[:4].decode("latin-1").strip()

    def _execute(self, packed: bytes) -> bytes:
        reply = self._line.execute(packed)
        if reply == b"+OK\r\n" and b"EVALSHA" in packed[:24]:
            self._commits(packed)
        return reply

    def _answer(self, wire: Wire, reply: bytes) -> None:
        def come() -> str:
            if not wire.is_open:
                return "to nobody"
            wire.receive(reply)
            return ""

        self._later(wire.sender, "reply", come)


def _name_of(packed: bytes) -> str:
    """Return a command's name and how many words it has."""
    count, _, name, _ = packed.split(b"\r\n", 3)
    return f"{name.decode()}({count[1:].decode()})"
