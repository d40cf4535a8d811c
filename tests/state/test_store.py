"""The store on a real Valkey: a commit is whole or nothing, and an answer is one's own."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from streams.metrics import Metrics
from streams.state.meta import Meta
from streams.state.patience import patiently
from streams.state.store import MOST_KEYS, Slot, Store, StoreUnavailableError
from streams.state.wire import spans_of
from tests.servers import REDIS_VARIABLE, Valkey, free_port, start_valkey, wait_until_async

own_server = pytest.mark.skipif(
    REDIS_VARIABLE in os.environ, reason="that server is not ours to stop"
)


@pytest.fixture
async def store(valkey: Valkey) -> AsyncIterator[Store]:
    """A store with keys of its own."""
    opened = Store(valkey.url, prefix=f"t-{uuid.uuid4().hex[:6]}")
    yield opened
    await opened.close()


async def commit(
    store: Store, shard: int, expected: bytes, meta: bytes, states: dict[bytes, bytes],
    slot: Slot | None = None,
) -> bytes | None:  # fmt: skip
    blobs, bounds = spans_of(list(states.values()))
    return await store.commit(shard, expected, meta, list(states), blobs, bounds, slot)


async def scan(store: Store, shards: list[int]) -> dict[int, set[bytes]]:
    found: dict[int, set[bytes]] = {shard: set() for shard in shards}
    async for shard, page in store.walk(shards):
        found[shard] |= set(page.customers)
    return found


async def test_a_commit_writes_meta_states_and_slot_together(store: Store) -> None:
    assert await store.meta(3) == b""
    states = {b"a": b"\x00\r\n$5", "客户".encode(): b"", b"c:1": b"x" * 70_000}
    assert await commit(store, 3, b"", b"m1", states, Slot(1, b"said")) is None
    assert await store.meta(3) == b"m1"
    assert await store.states(3, [*states, b"nobody"]) == [*states.values(), b""]
    assert await store.slots(3, [1]) == [Slot(1, b"said")]
    assert await store.meta(4) == b""


async def test_a_commit_from_another_meta_changes_nothing_and_tells_what_is_there(
    store: Store,
) -> None:
    await commit(store, 0, b"", b"m1", {b"a": b"1"})
    assert await commit(store, 0, b"m0", b"m2", {b"a": b"2", b"b": b"2"}, Slot(2, b"x")) == b"m1"
    assert await commit(store, 0, b"", b"m2", {b"a": b"2"}) == b"m1"
    assert await store.meta(0) == b"m1"
    assert await store.states(0, [b"a", b"b"]) == [b"1", b""]
    assert await store.slots(0, [2]) == []
    assert await commit(store, 7, b"m0", b"m2", {b"a": b"2"}) == b""


async def test_the_same_commit_made_again_finds_its_own_meta(store: Store) -> None:
    """After a time-out nobody knows whether the first one happened."""
    assert await commit(store, 0, b"", b"m1", {b"a": b"1"}) is None
    assert await commit(store, 0, b"", b"m1", {b"a": b"1"}) == b"m1"
    assert await commit(store, 0, b"m1", b"m2", {}) is None


async def test_a_store_that_forgot_the_script_is_taught_it_again(
    store: Store, valkey: Valkey
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        for version in range(3):
            client.script_flush()
            meta = b"m%d" % version if version else b""
            assert await commit(store, 0, meta, b"m%d" % (version + 1), {b"a": b"1"}) is None
        client.script_flush()
    assert await commit(store, 0, b"wrong", b"m9", {b"a": b"1"}) == b"m3"


async def test_as_many_keys_as_a_batch_may_have_fit_into_one_commit(store: Store) -> None:
    states = {b"%d" % n: b"state %d" % n for n in range(MOST_KEYS - 2)}
    assert await commit(store, 1, b"", b"m1", states, Slot(1, b"said")) is None
    assert await store.states(1, list(states)) == list(states.values())


async def test_the_states_of_no_customers_are_no_command(valkey: Valkey) -> None:
    nowhere = Store("redis://127.0.0.1:1/0")
    assert await nowhere.states(0, []) == []
    assert await nowhere.slots(0, []) == []
    await nowhere.trim(0, [])


async def test_slots_are_kept_until_they_are_trimmed(store: Store) -> None:
    for version in (1, 2, 3):
        before = b"m%d" % (version - 1) if version > 1 else b""
        await commit(store, 0, before, b"m%d" % version, {}, Slot(version, b"v%d" % version))
    await store.trim(0, [2, 9])
    assert await store.slots(0, [3, 2, 1]) == [Slot(3, b"v3"), Slot(1, b"v1")]
    await store.trim(1, [1])  # another shard's
    assert await store.slots(0, [1]) == [Slot(1, b"v1")]


async def test_the_customers_of_some_shards_are_found_all_and_no_others(store: Store) -> None:
    """Shard 1 is not shard 11; an id may look like a key."""
    there: dict[int, set[bytes]] = {}
    for shard in (1, 2, 11):
        customers = {b"%d-%d" % (shard, n) for n in range(2500)} | {b"x:{2}:c:y", b"c:c", b"*"}
        there[shard] = customers
        await commit(store, shard, b"", b"m", dict.fromkeys(customers, b"s"), Slot(1, b"no one"))
    assert await scan(store, [1, 2]) == {1: there[1], 2: there[2]}
    assert await scan(store, [11]) == {11: there[11]}
    assert await scan(store, [5]) == {5: set()}


async def test_two_installations_in_one_database_do_not_see_each_other(
    store: Store, valkey: Valkey
) -> None:
    other = Store(valkey.url, prefix="t")
    await commit(store, 0, b"", b"m", {b"a": b"mine"})
    assert await commit(other, 0, b"", b"m", {b"b": b"theirs"}) is None
    assert await scan(other, [0]) == {0: {b"b"}}
    assert await scan(store, [0]) == {0: {b"a"}}
    await other.close()


async def test_a_customer_is_found_in_whichever_shard_it_is(store: Store) -> None:
    await commit(store, 2, b"", b"m", {b"a": b"state"})
    assert await store.find(b"a", 4) == (2, b"state")
    assert await store.find(b"a", 2) is None
    assert await store.find(b"b", 4) is None


async def test_a_server_that_is_not_there_is_named_unavailable() -> None:
    store = Store(f"redis://127.0.0.1:{free_port()}/0")
    for call in (store.ping(), store.info(), store.meta(0), store.states(0, [b"a"]),
                 commit(store, 0, b"", b"m", {b"a": b"s"}), store.slots(0, [1])):  # fmt: skip
        with pytest.raises(StoreUnavailableError, match="Redis"):
            await call


async def test_a_write_that_is_refused_is_named_unavailable(store: Store, valkey: Valkey) -> None:
    """Out of memory: the worker waits until somebody makes room."""
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreUnavailableError, match=r"refuses.*memory"):
                await commit(store, 0, b"", b"m", {b"a": b"s"})
        finally:
            client.config_set("maxmemory", 0)
    assert await commit(store, 0, b"", b"m", {b"a": b"s"}) is None


@own_server
@pytest.mark.parametrize(
    "cancelled",
    [
        lambda store: store.meta(1),
        lambda store: store.states(1, [b"a"]),
        lambda store: commit(store, 1, b"m0", b"m9", {}),
    ],
    ids=["meta", "states", "commit"],
)
async def test_a_cancelled_call_leaves_nobody_its_answer(
    tmp_path: Path, cancelled: Callable[[Store], Coroutine[Any, Any, object]]
) -> None:
    """A reply that nobody took must not become the next caller's (redis-py issue 2665)."""
    with start_valkey(tmp_path) as server:
        store = Store(server.url)
        for shard in (1, 2):
            await commit(store, shard, b"", b"m%d" % shard, {b"a": b"of %d" % shard})
        os.kill(server.pid, signal.SIGSTOP)  # so that the answer comes after the cancellation
        call = asyncio.create_task(cancelled(store))
        await asyncio.wait([call], timeout=0.1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        following = asyncio.gather(store.states(2, [b"a"]), store.meta(2))
        await asyncio.wait([following], timeout=0.1)
        os.kill(server.pid, signal.SIGCONT)
        states, meta = await following
        assert (states, meta) == ([b"of 2"], b"m2")
        await store.close()


@own_server
async def test_an_outage_is_waited_out_and_shown(tmp_path: Path) -> None:
    metrics = Metrics()
    with start_valkey(tmp_path) as server:
        store = Store(server.url)
        assert await commit(store, 0, b"", b"m1", {b"a": b"1"}) is None
        server.kill()
        with pytest.raises(StoreUnavailableError, match="not reachable"):
            await store.meta(0)
        later = asyncio.create_task(
            patiently(
                lambda: commit(store, 0, b"m1", b"m2", {b"a": b"2"}), shard=0, metrics=metrics
            )
        )
        await wait_until_async(metrics.trouble, "the outage to be seen")
        assert metrics.trouble() == "Redis does not take commits"
        assert not later.done()
        server.start()
        async with asyncio.timeout(20):
            assert await later is None
        assert metrics.trouble() is None
        assert await store.states(0, [b"a"]) == [b"2"]
        await store.close()


async def test_patience_is_for_the_store_alone() -> None:
    """A bug is no outage: repeating it would hide it."""

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await patiently(fail, shard=0, metrics=Metrics())


async def test_bounds_that_begin_later_cut_the_states_that_were_meant(store: Store) -> None:
    blobs = np.frombuffer(b"..onetwo", np.uint8)
    assert await store.commit(0, b"", b"m", [b"a", b"b"], blobs, np.array([2, 5, 8])) is None
    assert await store.states(0, [b"a", b"b"]) == [b"one", b"two"]


def a_meta(version: int, *slots: int) -> bytes:
    return Meta(version=version, slots=slots).to_bytes()


async def walked_slots(store: Store, shard: int) -> set[int]:
    return {number async for _, page in store.walk([shard]) for number in page.slots}


async def test_slots_that_no_meta_names_are_swept_and_no_others(store: Store) -> None:
    """Redis brings one back when it loses the tail in which it was removed."""
    largest = 2**48 - 1
    assert await commit(store, 3, b"", a_meta(1, 7), {}, Slot(7, b"brought back")) is None
    assert await commit(store, 3, a_meta(1, 7), a_meta(2, largest), {}, Slot(largest, b"x")) is None
    assert await walked_slots(store, 3) == {7, largest}
    assert await store.sweep(3, [7, largest, 12]) == 1
    assert await store.slots(3, [7, largest]) == [Slot(largest, b"x")]
    assert await store.sweep(3, [largest]) == 0
    assert await store.sweep(3, []) == 0


async def test_what_another_worker_committed_after_the_walk_is_not_swept(store: Store) -> None:
    """It was not named when the walk passed, it is when the sweep comes: the meta is read then."""
    assert await commit(store, 3, b"", a_meta(1), {}) is None
    assert await commit(store, 3, a_meta(1), a_meta(2, 9), {}, Slot(9, b"theirs")) is None
    assert await store.sweep(3, [9]) == 0
    assert await store.slots(3, [9]) == [Slot(9, b"theirs")]


async def test_nothing_is_swept_of_a_shard_without_a_meta(store: Store) -> None:
    assert await commit(store, 4, b"", a_meta(1, 9), {}, Slot(9, b"said")) is None
    assert await store.sweep(3, [9]) == 0
    assert await store.slots(4, [9]) == [Slot(9, b"said")]


@own_server
async def test_a_sweep_survives_a_server_that_forgot_its_scripts(
    store: Store, valkey: Valkey
) -> None:
    assert await commit(store, 3, b"", a_meta(1), {}, Slot(9, b"nobody's")) is None
    with redis.Redis.from_url(valkey.url) as client:
        client.script_flush()
    assert await store.sweep(3, [9]) == 1
