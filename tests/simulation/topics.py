"""Topics in memory: logs that producers append to, that readers cut record sets from."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from faust.types import TP

from streams.kafka.record_sets import RecordSet
from streams.output.publisher import Record as Published
from tests.decode.builders import records_of
from tests.integration.topic_logs import Record
from tests.integration.traffic import FIRST_ARRIVAL_MS, TYPES, Sent

EPOCH_MS = 1_730_419_200_000
"""The wall clock at the beginning of every run: 2024-11-01, after all that the events tell of."""


class Inputs:
    """The four input topics; what was sent is appended bit by bit, in order of arrival."""

    def __init__(self, sent: Iterable[Sent], chance: random.Random) -> None:
        """Two records each arrive in the same millisecond; some offsets stay unused."""
        self._logs: dict[TP, list[Record]] = defaultdict(list)
        self._offsets: dict[TP, list[int]] = defaultdict(list)
        self._coming = self._laid_out(sent, chance)
        self._coming.reverse()
        self._newest_ms = 0

    @staticmethod
    def _laid_out(sent: Iterable[Sent], chance: random.Random) -> list[Record]:
        """Return records whose offset is still how many are left out before them."""
        records = []
        for each in sent:
            place = TP(each.event_type, each.partition)
            gap = chance.randint(1, 3) if chance.random() < 0.04 else 0
            arrived = EPOCH_MS + (each.arrived_ms - FIRST_ARRIVAL_MS) // 2
            records.append(Record(*place, gap, arrived, each.key, each.value, []))
        return records

    @property
    def is_complete(self) -> bool:
        """Whether everything has been appended."""
        return not self._coming

    def append(self, at_least: int) -> int:
        """Append the next records, whole milliseconds; return how many."""
        appended = 0
        while self._coming and (
            appended < at_least or self._coming[-1].timestamp == self._newest_ms
        ):
            record = self._coming.pop()
            self._newest_ms = record.timestamp
            self._append(record)
            appended += 1
        return appended

    def _append(self, record: Record) -> None:
        place = TP(record.topic, record.partition)
        offset = self.end(place) + record.offset
        self._logs[place].append(record._replace(offset=offset))
        self._offsets[place].append(offset)

    def hand_on(self, topic: str, partition: int, published: Sequence[Published]) -> None:
        """Append what a worker tells another one: behind all that has arrived."""
        for each in published:
            self._append(Record(topic, partition, 0, self._newest_ms, each.key, each.value, []))

    def end(self, place: TP) -> int:
        """Return the offset behind a partition's last record."""
        offsets = self._offsets[place]
        return offsets[-1] + 1 if offsets else 0

    def cut(self, place: TP, position: int, most: int, placement: int) -> RecordSet:
        """Return at most so many records from a position on."""
        log, offsets, end = self._logs[place], self._offsets[place], self.end(place)
        first = bisect_left(offsets, position)
        taken = log[first : first + most]
        following = offsets[first + most] if first + most < len(offsets) else end
        columns = records_of([r.value for r in taken], keys=[r.key for r in taken])
        columns = columns._replace(
            offset=np.array([r.offset for r in taken], np.int64),
            timestamp=np.array([r.timestamp for r in taken], np.int64),
        )
        following = max(position, following if taken else position)
        return RecordSet(place, columns, position, following, end, EPOCH_MS, placement)

    def records(self) -> list[Record]:
        """Return all records, by partition in order."""
        return [record for place in sorted(self._logs) for record in self._logs[place]]


class Outputs:
    """The output topics: what was published, in order."""

    def __init__(self) -> None:
        self._logs: dict[str, list[Record]] = defaultdict(list)

    def append(self, topic: str, partition: int, published: Sequence[Published]) -> None:
        """Take records as a broker does."""
        log = self._logs[topic]
        for record in published:
            headers = [(name, value or b"") for name, value in record.headers]
            log.append(
                Record(
                    topic, partition, len(log), record.timestamp or 0, record.key, record.value,
                    headers,
                )
            )  # fmt: skip

    def records(self, topic: str) -> list[Record]:
        """Return all records of a topic in the order in which they came."""
        return self._logs[topic]


def places(shards: Iterable[int]) -> set[TP]:
    """Return the partitions of some shards."""
    return {TP(topic, shard) for shard in shards for topic in TYPES}
