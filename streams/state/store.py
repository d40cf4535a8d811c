"""Customer state in Redis: absolute values, committed by compare-and-set.

| key | value |
|---|---|
| `vp:{p}:meta` | the shard's `Meta` |
| `vp:{p}:c:<customer>` | a customer's state (scoring/layout.py) |
| `vp:{p}:out:<number>` | outbox slot: what that commit caused, until Kafka has it |
| `vp:{p}:merges` | who is merged into whom (rosters.py), if anybody is |

The hash tag `{p}` keeps a shard on one node, so that one script can commit it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterCrossSlotError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    NoScriptError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from scoring.merging import Roster
from streams.state import wire
from streams.state.rosters import roster_of, to_bytes

COMMIT: Final = (Path(__file__).parent / "commit.lua").read_bytes()
COMMIT_SHA: Final = sha1(COMMIT, usedforsecurity=False).hexdigest().encode()
SWEEP: Final = (Path(__file__).parent / "sweep.lua").read_bytes()
SWEEP_SHA: Final = sha1(SWEEP, usedforsecurity=False).hexdigest().encode()
MOST_KEYS: Final = 3_900
"""Lua passes at most some 8,000 values to one command: a commit must stay below half of it."""
_SCAN_COUNT: Final = 2_000


class StoreUnavailableError(Exception):
    """Redis cannot take the command now; what it did with it is unknown."""


class AccessDeniedError(StoreUnavailableError):
    """Redis does not take our credentials, or the user may not do what we need."""


NO_CLUSTER: Final = (
    "is a node of a Redis Cluster, whose redirections ValuePulse does not follow: "
    "set redis.url to a server outside of a cluster (a replicated one will do)"
)


class Slot(NamedTuple):
    """What a commit caused, kept until it is published.

    `number` is drawn at random. A Redis that lost its tail counts versions again; were slots named
    by them, publishing what a lost commit caused would trim the slot of the one in its place.
    """

    number: int
    value: bytes


class Found(NamedTuple):
    """What a page of a walk has of a shard: customers, and the numbers of outbox slots."""

    customers: list[bytes]
    slots: list[int]


class Store:
    """The states of all shards; one method a command, each a single round trip."""

    def __init__(
        self, url: str, prefix: str = "vp", options: Mapping[str, Any] | None = None
    ) -> None:
        """Name the server; nothing is connected yet, and nothing is tried twice."""
        self._prefix = prefix.encode()
        self._redis: Redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), protocol=2, **(options or {})
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Ask for an answer. Raises `StoreUnavailableError`."""
        await self._call("PING")

    async def info(self) -> dict[str, Any]:
        """Return Redis' INFO as a dictionary, with `maxmemory_policy` from its configuration."""
        try:
            return dict(await self._redis.info("everything"))
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    def shard_key(self, shard: int, name: bytes) -> bytes:
        """Return a key of a shard."""
        return b"%s:{%d}:%s" % (self._prefix, shard, name)

    async def meta(self, shard: int) -> bytes:
        """Return the shard's meta, empty if it has none."""
        return bytes(await self._call("GET", self.shard_key(shard, b"meta")) or b"")

    async def roster(self, shard: int) -> Roster:
        """Return the merges that the shard knows of."""
        return roster_of(bytes(await self._call("GET", self.shard_key(shard, b"merges")) or b""))

    async def states(self, shard: int, customers: Sequence[bytes]) -> list[bytes]:
        """Return the states of customers, empty for those that have none."""
        if not customers:
            return []
        texts, bounds = wire.spans_of(customers)
        keys = wire.packed(self.shard_key(shard, b"c:"), texts, bounds)
        found = await self._send(wire.command(len(customers) + 1, wire.argument(b"MGET"), keys))
        return [state or b"" for state in found]

    async def find(self, customer: bytes, shards: int) -> tuple[int, bytes] | None:
        """Look for a customer in the first so many shards; return its shard and state."""
        keys = [self.shard_key(shard, b"c:" + customer) for shard in range(shards)]
        for shard, state in enumerate(await self._call("MGET", *keys)):
            if state is not None:
                return shard, bytes(state)
        return None

    async def commit(
        self,
        shard: int,
        expected: bytes,
        meta: bytes,
        customers: Sequence[bytes],
        blobs: NDArray[np.uint8],
        bounds: NDArray[np.int64],
        slot: Slot | None = None,
        roster: Roster | None = None,
    ) -> bytes | None:
        """Replace meta and states if the meta is still `expected`; return None, or the meta found.

        `roster` is None where it has not changed.

        Raises `StoreUnavailableError` when it is unknown whether the commit happened; then the same
        call can be made again: the comparison tells.
        """
        ids, id_bounds = wire.spans_of(customers)
        keys = [wire.argument(self.shard_key(shard, b"meta"))]
        values = [wire.argument(expected), wire.argument(meta)]
        if slot is not None:
            keys.append(wire.argument(self.shard_key(shard, b"out:%d" % slot.number)))
            values.append(wire.argument(slot.value))
        if roster is not None:
            keys.append(wire.argument(self.shard_key(shard, b"merges")))
            values.append(wire.argument(to_bytes(roster)))
        count = len(customers) + len(keys)
        packed = wire.command(
            4 + 2 * count,
            wire.argument(b"EVALSHA"),
            wire.argument(COMMIT_SHA),
            wire.argument(b"%d" % count),
            *keys,
            wire.packed(self.shard_key(shard, b"c:"), ids, id_bounds),
            *values,
            wire.packed(b"", blobs, bounds),
        )
        try:
            reply = await self._send(packed)
        except NoScriptError:
            await self._call("SCRIPT", "LOAD", COMMIT)
            try:
                reply = await self._send(packed)
            except NoScriptError as error:  # forgotten again, as by a fail-over: tried on
                raise _unavailable(error) from error
        return reply[0] if isinstance(reply, list) else None

    async def slots(self, shard: int, numbers: Sequence[int]) -> list[Slot]:
        """Return the outbox slots of these numbers that are still there."""
        if not numbers:
            return []
        found = await self._call("MGET", *(self.shard_key(shard, b"out:%d" % n) for n in numbers))
        return [
            Slot(n, value) for n, value in zip(numbers, found, strict=True) if value is not None
        ]

    async def trim(self, shard: int, numbers: Sequence[int]) -> None:
        """Remove outbox slots that Kafka has."""
        if numbers:
            await self._call("UNLINK", *(self.shard_key(shard, b"out:%d" % n) for n in numbers))

    async def sweep(self, shard: int, numbers: Sequence[int]) -> int:
        """Remove those of these outbox slots that the shard's meta does not name; return how many.

        Safe whoever owns the shard: the meta is read in the same step.
        """
        if not numbers:
            return 0
        keys = [self.shard_key(shard, b"meta")]
        keys += [self.shard_key(shard, b"out:%d" % number) for number in numbers]
        words = (len(keys), *keys, *numbers)
        try:
            return int(await self._call("EVALSHA", SWEEP_SHA, *words))
        except NoScriptError:
            await self._call("SCRIPT", "LOAD", SWEEP)
            try:
                return int(await self._call("EVALSHA", SWEEP_SHA, *words))
            except NoScriptError as error:  # forgotten again, as by a fail-over: tried on
                raise _unavailable(error) from error

    async def walk(self, shards: Sequence[int]) -> AsyncIterator[tuple[int, Found]]:
        """Yield what some shards hold, page by page; a thing may come twice, none lacks."""
        cursor: Any = 0
        while True:
            cursor, keys = await self._call(
                "SCAN", cursor, "MATCH", self._prefix + b":{*}:*", "COUNT", _SCAN_COUNT
            )
            for shard in shards:
                found = Found(
                    _after(self.shard_key(shard, b"c:"), keys),
                    [int(number) for number in _after(self.shard_key(shard, b"out:"), keys)],
                )
                if found != ([], []):
                    yield shard, found
            if int(cursor) == 0:
                return

    async def _call(self, *words: Any) -> Any:
        try:
            return await self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def _send(self, packed: bytes) -> Any:
        """Send a packed command on a connection of its own; return the reply."""
        pool = self._redis.connection_pool
        connection = None
        try:
            connection = await pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py's
            await connection.send_packed_command([packed])
            # Cancelled before the reply, redis-py closes the connection: its next user would
            # take the reply for its own.
            return await connection.read_response()
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        finally:
            if connection is not None:
                await pool.release(connection)


def _after(head: bytes, keys: Sequence[bytes]) -> list[bytes]:
    return [key[len(head) :] for key in keys if key.startswith(head)]


def _unavailable(error: Exception) -> StoreUnavailableError:
    if isinstance(error, (AuthenticationError, NoPermissionError)):
        return AccessDeniedError(f"Redis refuses us: {error}")
    if isinstance(error, (AskError, ClusterCrossSlotError, ClusterDownError, MovedError)):
        return StoreUnavailableError(f"Redis {NO_CLUSTER}; it says: {error}")
    what = "is not reachable" if isinstance(error, (RedisConnectionError, OSError)) else "refuses"
    return StoreUnavailableError(f"Redis {what}: {error}")
