"""The CRM feed on a real Kafka: a snapshot now and then, at once when a tier changed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from scoring.columns import Events
from streams.metrics import Metrics
from streams.output.messages import Wording
from streams.output.publisher import Publisher
from streams.shards.feed import Feed
from tests.conftest import Topics
from tests.integration.topic_logs import Record, read
from tests.scoring.batches import Event, columns, scorer_of, shop_mapping, states_of
from tests.servers import wait_until_async

SCORER = scorer_of(shop_mapping())
WORDING = Wording.of(SCORER)
FEED = "customer-scores"


class Fed:
    """A feed that runs into a topic, and the committed states that it reads."""

    def __init__(self, interval_s: float, topics: Topics) -> None:
        self.topics = topics
        self.states: dict[bytes, bytes] = {}
        self.merged: dict[bytes, bytes] = {}
        self.covered: list[int] = []
        self.rounds = 0
        self.metrics = Metrics()
        self.feed = Feed(interval_s, SCORER, WORDING, self.states_of, self.merged.get, self.metrics)

    async def states_of(self, customers: Sequence[bytes]) -> list[bytes]:
        """Return committed states."""
        return [self.states.get(customer, b"") for customer in customers]

    def commit(
        self, version: int, customers: Sequence[bytes], urgent: Sequence[bytes] = ()
    ) -> None:
        """Give each customer one more sale, and tell the feed."""
        before = [self.states.get(customer, b"") for customer in customers]
        sales: Events = columns(
            [Event(c, "sale", 19_700, version, amount=100) for c in range(len(customers))]
        )
        after = states_of(SCORER, SCORER.score(before, sales, 19_700))
        self.states |= dict(zip(customers, after, strict=True))
        self.feed.add(version, customers, set(urgent))

    async def cover(self, versions: Sequence[int]) -> None:
        """Note the versions that are covered."""
        self.covered += versions
        self.rounds += 1

    def records(self) -> list[Record]:
        """Everything that was published."""
        return read(self.topics.bootstrap, self.topics(FEED))


@pytest.fixture
async def publisher(topics: Topics) -> AsyncIterator[Publisher]:
    """A publisher on the test's broker, with the topic of the feed."""
    topics.create({FEED: 2})
    made = Publisher({"bootstrap_servers": topics.bootstrap}, lambda troubled: None)
    yield made
    await made.close()


@asynccontextmanager
async def feeding(interval_s: float, topics: Topics, publisher: Publisher) -> AsyncIterator[Fed]:
    fed = Fed(interval_s, topics)
    task = asyncio.create_task(fed.feed.run(publisher, topics(FEED), 1, fed.cover))
    try:
        yield fed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_tier_change_is_fed_at_once_and_the_rest_waits(
    topics: Topics, publisher: Publisher
) -> None:
    async with feeding(3600, topics, publisher) as fed:
        fed.commit(1, [b"ada", b"bob", b"eve"], urgent=[b"bob"])
        await wait_until_async(lambda: fed.rounds, "the tier change to be fed")
        fed.commit(2, [b"ada", b"bob"])
        fed.commit(3, [b"eve"], urgent=[b"eve"])
        await wait_until_async(lambda: fed.rounds == 2, "the second tier change to be fed")
        assert [record.key for record in fed.records()] == [b"bob", b"eve"]
        assert fed.covered == []  # ada's snapshot is still to come: the slots must stay


async def test_who_was_fed_at_once_is_not_fed_again_without_a_change(
    topics: Topics, publisher: Publisher
) -> None:
    async with feeding(1.0, topics, publisher) as fed:
        fed.commit(1, [b"ada", b"bob"], urgent=[b"bob"])
        await wait_until_async(lambda: fed.covered, "the commit to be covered")
        assert [record.key for record in fed.records()] == [b"bob", b"ada"]


async def test_within_an_interval_a_customer_is_fed_once_as_it_is_then(
    topics: Topics, publisher: Publisher
) -> None:
    began, interval = time.monotonic(), 0.5
    async with feeding(interval, topics, publisher) as fed:
        for version in range(1, 41):
            fed.commit(version, [b"ada", b"bob"])
            if version % 10 == 0:
                covered = partial(fed.covered.__contains__, version)
                await wait_until_async(covered, "the commits to be covered")
        intervals = (time.monotonic() - began) / interval
        assert fed.covered == list(range(1, 41))
        records = fed.records()
        adas = [json.loads(record.value or b"") for record in records if record.key == b"ada"]
        assert 1 <= len(adas) <= intervals + 1
        assert adas[-1]["indicators"]["spend_30d"] == 40.0
        assert fed.metrics.registry.get_sample_value("valuepulse_snapshots_total") == len(records)


async def test_a_snapshot_is_a_cloud_event_of_its_customer_in_the_shards_partition(
    topics: Topics, publisher: Publisher
) -> None:
    async with feeding(0.01, topics, publisher) as fed:
        fed.commit(1, [b"ada", "客户".encode()])
        await wait_until_async(lambda: fed.covered, "the commit to be covered")
        first, second = fed.records()
    assert (first.partition, first.key, second.key) == (1, b"ada", "客户".encode())
    headers: dict[str, Any] = dict(second.headers)
    assert headers["ce_type"] == b"valuepulse.customer-score"
    assert headers["ce_subject"] == "客户".encode()
    assert headers["ce_id"] == "客户/2023-12-09/1".encode()  # day and count of events
    assert headers["ce_time"] == b"2023-12-09T00:00:00Z"
    value = json.loads(first.value or b"")
    arena = SCORER.read([fed.states[b"ada"]])
    assert value == next(WORDING.snapshots(arena, [b"ada"]))


async def test_a_customer_without_a_state_is_left_out(topics: Topics, publisher: Publisher) -> None:
    async with feeding(0.01, topics, publisher) as fed:
        fed.feed.add(1, [b"gone"], set())
        await wait_until_async(lambda: fed.covered, "the commit to be covered")
        fed.commit(2, [b"ada"])
        await wait_until_async(lambda: len(fed.covered) == 2, "both commits to be covered")
        assert [record.key for record in fed.records()] == [b"ada"]


async def test_who_was_erased_gets_a_tombstone(topics: Topics, publisher: Publisher) -> None:
    async with feeding(0.01, topics, publisher) as fed:
        fed.commit(1, [b"ada", b"bob"])
        await wait_until_async(lambda: fed.covered, "the commit to be covered")
        erasure = columns([Event(0, "erasure", 19_701, 7)])
        scored = SCORER.score([fed.states[b"ada"]], erasure, 19_701)
        (fed.states[b"ada"],) = states_of(SCORER, scored)
        fed.feed.add(2, [b"bob", b"ada"], set())
        await wait_until_async(lambda: len(fed.covered) == 2, "the erasure to be covered")
        bob, ada = fed.records()[2:]
    assert (ada.key, ada.value) == (b"ada", None)
    assert dict(ada.headers)["ce_type"] == b"valuepulse.customer-erased"
    assert json.loads(bob.value or b"")["customer_id"] == "bob"
