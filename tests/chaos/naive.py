"""A processor as one might write it at first, wrong on purpose: the harness must find it out.

It commits offsets before the state, reads and writes the state of each event by itself, counts
with HINCRBY by a client that tries again, gives up the rest of a batch in which something cannot be
decoded, and sends without waiting for delivery. It ends when it has read the topics to their end.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import redis
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from ruamel.yaml import YAML

from scoring.arena import NEVER
from streams.settings import Settings
from tests.integration import topic_logs
from tests.integration.traffic import PARTITIONS
from tests.properties.shard import Shard

AT_ONCE = 200


class Naive:
    """Scores one topic; the state lies where a worker would keep it."""

    def __init__(self, settings: Settings) -> None:
        """Connect to everything."""
        self.settings = settings
        self.prefix = settings.redis.prefix
        where = urlsplit(settings.redis.url)
        # Made so, redis-py tries ten times what was not answered; made from a URL it does not.
        self.redis = redis.Redis(where.hostname or "", where.port or 0)
        self.producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers})
        self.shard = Shard(YAML(typ="safe").load(settings.model), "event")

    def run(self) -> None:
        """Read to the end, then bring all customers to the newest day."""
        bootstrap, group = self.settings.kafka.bootstrap_servers, self.settings.kafka.group
        topic = self.settings.topics.transaction
        ends = topic_logs.ends(bootstrap, [topic])
        starts = dict.fromkeys(ends, 0) | topic_logs.committed(bootstrap, group, [topic])
        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
        consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
        left = sum(ends.values()) - sum(starts.values())
        while left > 0:
            messages = consumer.consume(AT_ONCE, timeout=1.0)
            if messages:
                consumer.commit(asynchronous=False)
            try:
                for message in messages:
                    self.apply(message)
            except (AssertionError, ValueError) as error:
                print(f"a batch is given up: {error}", file=sys.stderr)
            left -= len(messages)
        for number in range(PARTITIONS):
            self.turn(number)
        self.producer.flush(30)
        consumer.close()

    def apply(self, message: Message) -> None:
        """Read, change and write one customer."""
        name, number = message.key() or b"", message.partition() or 0
        self.load(number, [name])
        self.shard.apply((message.value() or b"") + b"\n")
        self.keep(number)
        self.redis.hincrby(f"{self.prefix}:applied", name.decode(), 1)
        self.redis.incr(f"{self.prefix}:seen")

    def turn(self, number: int) -> None:
        """Bring a partition's customers to its day."""
        found: Any = self.redis.keys(f"{self.prefix}:{{{number}}}:c:*")
        self.load(number, [key.split(b":c:", 1)[1] for key in found])
        self.shard.turn(self.shard.clock)
        self.keep(number)

    def load(self, number: int, names: list[bytes]) -> None:
        """Make a partition's clock and some customers the shard's."""
        self.number = number
        stored: Any = self.redis.get(f"{self.prefix}:{{{number}}}:day")
        self.shard.clock = int(stored) if stored else NEVER
        states: Any = [self.redis.get(self.key(number, name)) for name in names]
        self.shard.states = {n: s for n, s in zip(names, states, strict=True) if s}
        self.shard.told = {}

    def keep(self, number: int) -> None:
        """Write clock and customers, and send what there is to tell."""
        self.redis.set(f"{self.prefix}:{{{number}}}:day", self.shard.clock)
        for name, state in self.shard.states.items():
            self.redis.set(self.key(number, name), state)
        topics = self.settings.topics
        for told in [each for many in self.shard.told.values() for each in many]:
            topic = topics.segment_changes if "segment" in told else topics.tier_changes
            topic = topics.value_alerts if "alert" in told else topic
            self.producer.produce(topic, json.dumps(told).encode(), partition=number)
        self.producer.poll(0)

    def key(self, number: int, name: bytes) -> bytes:
        """Where a worker would keep the customer."""
        return b"%s:{%d}:c:%s" % (self.prefix.encode(), number, name)


if __name__ == "__main__":
    Naive(Settings.load(None)).run()
