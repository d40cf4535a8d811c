"""Traffic that is sent while workers run, at a steady rate, in place of a backlog."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, Message

from tests.chaos.traffics import of_one_topic_each
from tests.chaos.trial import Trial
from tests.integration import topic_logs
from tests.integration.traffic import PARTITIONS, Sent

WITHOUT_END = sys.maxsize
TICK_S = 0.02  # how evenly records are spread


class LiveTraffic:
    """Sends records from a thread for the length of a `with` block; `sent` are those it sent.

    Each record's time is that of its sending.
    """

    def __init__(
        self, bootstrap: str, topics: Mapping[str, str], records: Iterable[Sent], rate: int
    ) -> None:
        self.sent: list[Sent] = []
        self.rate = rate
        self._topics = topics
        self._records: Iterator[Sent] = iter(records)
        self._confirmed: Counter[int] = Counter()
        self._producer = topic_logs.producer(bootstrap)
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._began = 0.0
        self._seconds = 0.0

    def __enter__(self) -> Self:
        """Begin to send."""
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End, when the broker has all records; raise what ended the thread early."""
        self._ended.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    @property
    def reached_rate(self) -> float:
        """Records a second that were sent, from beginning to end."""
        return len(self.sent) / self._seconds

    def behind(self, metas: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return how many records that the broker confirmed each shard has not applied."""
        if self._failure is not None:
            raise self._failure
        return [
            self._confirmed[shard] - sum(metas[shard].get("offsets", {}).values())
            for shard in range(PARTITIONS)
        ]

    @property
    def confirmed(self) -> Mapping[int, int]:
        """How many records of each shard the broker has confirmed."""
        return Counter(self._confirmed)

    def is_applied_beyond(
        self, confirmed: Mapping[int, int], metas: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Tell whether each shard has applied a second's worth of records that came after these."""
        return all(
            sum(metas[shard].get("offsets", {}).values())
            >= confirmed[shard] + self.rate // PARTITIONS
            for shard in range(PARTITIONS)
        )

    def _run(self) -> None:
        try:
            while not self._ended.wait(TICK_S):
                due = int((time.monotonic() - self._began) * self.rate) - len(self.sent)
                for record in itertools.islice(self._records, max(0, due)):
                    self._send(record)
                self._producer.poll(0)
            self._seconds = time.monotonic() - self._began
            assert self._producer.flush(60) == 0
        except BaseException as failure:  # the one who waits for the shards must learn of it
            self._failure = failure

    def _send(self, record: Sent) -> None:
        self._producer.produce(
            self._topics[record.event_type],
            key=record.key,
            value=record.value,
            partition=record.partition,
            on_delivery=partial(self._delivered, record.partition),
        )
        self.sent.append(record)

    def _delivered(self, shard: int, error: KafkaError | None, message: Message) -> None:
        assert error is None, f"{message.topic()} did not take a record: {error}"
        self._confirmed[shard] += 1


@contextmanager
def live_traffic(trial: Trial, customers: int, rate: int) -> Iterator[LiveTraffic]:
    """Send to a trial's topics; at the end the oracle folds what was sent."""
    ends = (WITHOUT_END,) * PARTITIONS
    trial.backlog = trial.backlog._replace(records=WITHOUT_END, ends=ends)
    lab, inputs = trial.lab, trial.run.inputs
    records = of_one_topic_each(trial.seed, customers)
    with LiveTraffic(lab.bootstrap, inputs, records, rate) as live:
        yield live
    trial.backlog = lab.folded(inputs, live.sent)
