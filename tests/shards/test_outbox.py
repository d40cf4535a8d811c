"""The outbox: what a commit stores so that its outcomes go out whatever happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from streams.metrics import Metrics
from streams.output.messages import Message
from streams.output.publisher import Publisher
from streams.shards.feed import Feed
from streams.shards.outbox import Outbox, Outputs
from streams.state.store import Slot, Store
from tests.conftest import Topics
from tests.integration.topic_logs import read
from tests.servers import Valkey
from tests.shards.test_feed import SCORER, WORDING

SHARD = 1


def change(identity: str, role: str = "tier_changes") -> Message:
    value = {"id": identity, "customer_id": "ada", "occurred_at": "2026-01-01T00:00:00.000Z"}
    return Message(role, identity, b"ada", value)


class Office:
    """An outbox on real servers."""

    def __init__(self, store: Store, publisher: Publisher, topics: Topics) -> None:
        self.store, self.publisher, self.topics = store, publisher, topics
        self.names = Outputs(
            topics("changes"), topics("alerts"), topics("segments"), topics("commands"),
            "none", "none", "group",
        )  # fmt: skip  # what is read here, then what is not
        self.version = 0

    def outbox(self, feed: Feed | None = None) -> Outbox:
        """Return an outbox as a new worker has it."""
        return Outbox(SHARD, self.store, self.publisher, self.names, feed, Metrics())

    async def commit(self, slot: Slot | None) -> None:
        """Commit a slot and no customers."""
        nothing = np.zeros(0, np.uint8), np.zeros(1, np.int64)
        before = b"m%d" % self.version if self.version else b""
        self.version += 1
        meta = b"m%d" % self.version
        assert await self.store.commit(SHARD, before, meta, [], *nothing, slot) is None

    def published(self, name: str) -> list[tuple[bytes, str]]:
        """Key and id of the records of a topic, in order."""
        records = read(self.topics.bootstrap, self.topics(name))
        assert {record.partition for record in records} <= {SHARD}
        return [(record.key or b"", json.loads(record.value or b"")["id"]) for record in records]


@pytest.fixture
async def office(topics: Topics, valkey: Valkey) -> AsyncIterator[Office]:
    """An outbox's surroundings, empty."""
    topics.create({"changes": 2, "alerts": 2})
    store = Store(valkey.url, prefix="outbox")
    publisher = Publisher({"bootstrap_servers": topics.bootstrap}, lambda troubled: None)
    yield Office(store, publisher, topics)
    await publisher.close()
    await store.close()


async def finished(outbox: Outbox, *messages: tuple[int, list[Message]]) -> None:
    """Let an outbox publish messages by version, and end it."""
    running = asyncio.create_task(outbox.run())
    for version, each in messages:
        await outbox.put(version, each, [])
    async with asyncio.timeout(30):
        await outbox.drain()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def no_states(customers: Sequence[bytes]) -> list[bytes]:
    return [b""] * len(customers)


async def test_a_commit_without_outcomes_needs_a_slot_only_for_the_feed(office: Office) -> None:
    assert office.outbox().slot(1, [], [b"ada"]) is None
    feed = Feed(1.0, SCORER, WORDING, no_states, lambda _: None, Metrics())
    slot = office.outbox(feed).slot(1, [], [b"ada"])
    assert slot is not None
    assert json.loads(slot.value) == {"messages": [], "customers": ["ada"]}


async def test_a_slot_holds_all_that_is_to_be_published(office: Office) -> None:
    message = change("i1")
    slot = office.outbox().slot(7, [message], [b"ada", b"bob"])
    assert slot is not None
    assert slot.number == 7
    assert json.loads(slot.value) == {
        "messages": [["tier_changes", "i1", "ada", message.value]], "customers": [],
    }  # fmt: skip


async def test_what_is_published_is_trimmed_and_no_longer_left(office: Office) -> None:
    outbox = office.outbox()
    batches = [(1, [change("a"), change("x", "value_alerts"), change("b")]), (2, [change("c")])]
    for version, messages in batches:
        await office.commit(outbox.slot(version, messages, []))
    assert outbox.left((1, 2)) == (1, 2)
    await finished(outbox, *batches)
    assert office.published("changes") == [(b"ada", "a"), (b"ada", "b"), (b"ada", "c")]
    assert office.published("alerts") == [(b"ada", "x")]
    assert await office.store.slots(SHARD, [1, 2]) == []
    assert outbox.left((1, 2, 3)) == (3,)


async def test_a_successor_publishes_what_is_left_under_the_same_ids(office: Office) -> None:
    """Slot 1 was trimmed, slots 2 and 3 were not: their worker died."""
    dead = office.outbox()
    for version in (1, 2, 3):
        await office.commit(dead.slot(version, [change(f"i{version}")], []))
    await office.store.trim(SHARD, [1])
    successor = office.outbox()
    running = asyncio.create_task(successor.run())
    await successor.recover((1, 2, 3))
    assert 1 not in successor.left((1, 2, 3))
    async with asyncio.timeout(30):
        await successor.drain()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert office.published("changes") == [(b"ada", "i2"), (b"ada", "i3")]
    assert await office.store.slots(SHARD, [1, 2, 3]) == []
    assert successor.left((2, 3)) == ()
