"""How the whole runs, asked of Kafka alone: what comes in, how far workers are, dead letters."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.clients import kafka_admin, kafka_consumer
from streams.dashboard import views
from streams.dashboard.background import Background
from streams.dashboard.board import Board
from streams.dead_letters import letter_of
from streams.errors import CheckError, DependencyError
from streams.output.messages import instant_text
from streams.settings import Settings
from streams.topic_reading import read_to_end
from streams.topics import Topics

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

LOG: Final = structlog.get_logger(__name__)
_EACH_S: Final = 2.0
_PAUSE_S: Final = 3.0
_RATES_OVER: Final = 6
"""Looks, `_EACH_S` apart, that a rate is the mean of."""
_RECENT: Final = 20
_MIB: Final = 1 << 20

Offsets = Mapping[TopicPartition, int]


class Look(NamedTuple):
    """What Kafka said once, at `at` (monotonic seconds): ends of logs, and what workers told."""

    at: float
    ends: Offsets
    committed: Offsets


class HealthWatch:
    """Asks Kafka every two seconds, in a thread of its own, from `start` to `stop`."""

    def __init__(self, settings: Settings, board: Board) -> None:
        self._settings, self._board = settings, board
        self._topics = Topics.of(settings)
        self._background = Background("dashboard-health", self._watch, self._failed)
        self._looks: deque[Look] = deque(maxlen=_RATES_OVER)
        self._kept: Offsets = {}
        """Where the dead letters begin."""
        self._letters: list[views.DeadLetter] = []
        self._trouble: str | None = "Kafka has not been asked yet"

    def start(self) -> None:
        """Begin to ask."""
        self._background.start()

    def stop(self) -> None:
        """Stop asking."""
        self._background.stop()

    @property
    def events_per_s(self) -> float:
        """Return how many events come in a second, over all input topics."""
        names = {topic.name for topic in self._topics.inputs}
        return round(sum(rate for name, rate in self._rates().items() if name in names), 1)

    def latest(self) -> views.Health:
        """Return what was found at the last look."""
        look = self._looks[-1] if self._looks else Look(0.0, {}, {})
        rates, ends = self._rates(), _by_topic(look.ends)
        letters = self._topics.name("dead_letters")
        began = _by_topic(self._kept)
        return views.Health(
            as_of=self._board.as_of(),
            events_per_s=self.events_per_s,
            topics=[
                views.TopicHealth(topic=name, events_per_s=round(rates[name], 1), end=end)
                for name, end in ends.items()
            ],
            lag=self._lag(look),
            dead_letters=views.DeadLetters(
                total=ends.get(letters, 0) - began.get(letters, 0), recent=self._letters
            ),
            feed=self._feed(),
            kafka=self._board.progress.trouble or self._trouble or "ok",
        )

    def _rates(self) -> dict[str, float]:
        looks = list(self._looks)
        if not looks:
            return {}
        first, last = looks[0], looks[-1]
        seconds = last.at - first.at
        before, now = _by_topic(first.ends), _by_topic(last.ends)
        return {
            name: max(0, end - before.get(name, end)) / seconds if seconds else 0.0
            for name, end in now.items()
        }

    def _lag(self, look: Look) -> views.Lag:
        """Tell what workers have not applied, of the partitions that they have told of."""
        inputs = {topic.name for topic in self._topics.inputs}
        partitions = [
            views.PartitionLag(
                topic=place.topic,
                partition=place.partition,
                lag=max(0, look.ends[place] - offset),
            )
            for place, offset in sorted(look.committed.items())
            if place.topic in inputs and place in look.ends
        ]
        total = sum(each.lag for each in partitions) if partitions else None
        return views.Lag(total=total, partitions=partitions)

    def _feed(self) -> views.FeedHealth:
        customers, changes, alerts = self._board.held()
        progress = self._board.progress
        return views.FeedHealth(
            behind=progress.behind,
            customers=customers,
            changes=changes,
            alerts=alerts,
            memory_mib=round(memory_bytes() / _MIB, 1),
            started_at=progress.started_at,
            loaded_after_s=progress.loaded_after_s,
        )

    # -------------------------------------------------------------------------------------- asking

    async def _watch(self) -> None:
        while True:
            try:
                await self._ask()
            except (KafkaError, DependencyError, CheckError, OSError, TimeoutError) as error:
                self._troubled(str(error) or repr(error))
            await asyncio.sleep(_PAUSE_S)

    async def _ask(self) -> None:
        """Ask until Kafka fails."""
        async with kafka_admin(self._settings) as admin, kafka_consumer(self._settings) as consumer:
            places = await self._places(admin)
            while True:
                async with asyncio.timeout(self._settings.kafka.request_timeout_s):
                    await self._look(admin, consumer, places)
                self._trouble = None
                await asyncio.sleep(_EACH_S)

    async def _places(self, admin: "AIOKafkaAdminClient") -> list[TopicPartition]:
        wanted = {topic.name for topic in self._topics.all()}
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await admin.describe_topics()
            if topic["topic"] in wanted
            for partition in topic["partitions"]
        ]

    async def _look(
        self,
        admin: "AIOKafkaAdminClient",
        consumer: "AIOKafkaConsumer",
        places: list[TopicPartition],
    ) -> None:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        told: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(
            self._settings.kafka.group, partitions=places
        )
        committed = {place: meta.offset for place, meta in told.items() if meta.offset >= 0}
        letters = self._topics.name("dead_letters")
        theirs = {place: end for place, end in ends.items() if place.topic == letters}
        before = {place: self._looks[-1].ends.get(place) for place in theirs} if self._looks else {}
        if theirs != before:
            self._kept = await consumer.beginning_offsets(list(theirs))
            self._letters = await self._newest_letters(theirs)
        self._looks.append(Look(time.monotonic(), ends, committed))

    async def _newest_letters(self, ends: Offsets) -> list[views.DeadLetter]:
        starts = {
            place.partition: max(self._kept[place], end - _RECENT)
            for place, end in ends.items()
            if end > self._kept[place]
        }
        if not starts:
            return []
        topic = self._topics.name("dead_letters")
        found = [letter_of(each) async for each in read_to_end(self._settings, topic, starts)]
        found.sort(key=lambda letter: letter.timestamp, reverse=True)
        return [
            views.DeadLetter(
                topic=letter.topic,
                partition=letter.partition,
                offset=letter.offset,
                at=instant_text(letter.timestamp),
                error=letter.error,
            )
            for letter in found[:_RECENT]
        ]

    def _troubled(self, problem: str) -> None:
        if self._trouble != problem:
            LOG.warning("the dashboard cannot ask Kafka how it is, trying on", problem=problem)
        self._trouble = problem

    def _failed(self, error: Exception) -> None:
        self._troubled(f"the health watch ended by a bug: {error!r}; restart the dashboard")


def _by_topic(offsets: Offsets) -> dict[str, int]:
    sums: dict[str, int] = {}
    for place, offset in sorted(offsets.items()):
        sums[place.topic] = sums.get(place.topic, 0) + offset
    return sums


def memory_bytes() -> int:
    """Return the memory that this process holds; where /proc does not tell, the most it ever did.

    >>> memory_bytes() > 1_000_000
    True
    """
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text("ascii").split()[1]) * getpagesize()
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
