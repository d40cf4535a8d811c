"""Topics of one test on a real Kafka, with what a worker would have written there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from confluent_kafka import Producer

from streams.dashboard.board import Board
from streams.dashboard.feed import Feed
from streams.settings import Settings
from streams.topics import Topics, ensure
from tests.dashboard.model import SMALL
from tests.dashboard.shop import Said
from tests.servers import wait_until


class Written:
    """What stands in the topics of one prefix."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        """Make the topics."""
        self.settings = Settings.load(
            None,
            {
                "kafka.bootstrap_servers": bootstrap, "topics.prefix": prefix,
                "topics.partitions": 2, "kafka.group": f"{prefix}workers",
            },
        )  # fmt: skip
        self.topics = Topics.of(self.settings)
        self.ensure()
        self._producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})

    def ensure(self) -> None:
        """Make the topics that are missing."""
        asyncio.run(ensure(self.settings))

    def put(self, role: str, *values: Said, key: str = "customer_id") -> None:
        """Write messages to the topic of a role."""
        for said in values:
            self.put_raw(role, said[key].encode(), orjson.dumps(said))

    def put_raw(self, role: str, key: bytes | None, value: bytes | None) -> None:
        """Write any record."""
        errors: list[object] = []
        topic = self.topics.name(role)
        self._producer.produce(topic, value, key, on_delivery=lambda error, _: errors.append(error))
        assert self._producer.flush(30) == 0
        assert errors == [None]

    @contextmanager
    def feeding(self) -> Iterator[tuple[Board, Feed]]:
        """Feed a new board until it has all that there is, and on."""
        board = Board(SMALL)
        feed = Feed(self.settings, board)
        feed.start()
        try:
            wait_until(lambda: not board.as_of().loading, "the board to be loaded", 60)
            yield board, feed
        finally:
            feed.stop()
