"""The CRM feed of a shard: full snapshots of the customers that changed, on a compacted topic.

At most one snapshot a customer and interval, at once on a tier change. A commit is covered when all
its customers have been published as they were then or later; until then its outbox slot is kept, so
that a crash leaves no stale snapshot behind.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from scoring.arena import NEVER
from scoring.scorer import Scorer
from streams.metrics import Metrics
from streams.output.messages import Wording, instant_text, to_json
from streams.output.publisher import Publisher, Record, cloud_event_headers

_MOST_AT_ONCE: Final = 3_000


class Feed:
    """Collects customers that changed and publishes them when they are due.

    `states_of` returns the committed states of customers, empty for those that have none,
    `merged_into` the customer that another one counts for, if any.
    """

    def __init__(
        self,
        interval_s: float,
        scorer: Scorer,
        wording: Wording,
        states_of: Callable[[Sequence[bytes]], Awaitable[list[bytes]]],
        merged_into: Callable[[bytes], bytes | None],
        metrics: Metrics,
    ) -> None:
        self._interval_s = interval_s
        self._scorer = scorer
        self._wording = wording
        self._states_of = states_of
        self._merged_into = merged_into
        self._metrics = metrics
        self._changed: dict[bytes, None] = {}
        self._urgent: set[bytes] = set()
        self._numbers: list[int] = []
        self._something = asyncio.Event()
        self._last = time.monotonic()

    def add(self, number: int, customers: Sequence[bytes], urgent: set[bytes]) -> None:
        """Take the customers of a commit; `urgent` ones changed their tier."""
        self._changed.update(dict.fromkeys(customers))
        self._urgent |= urgent
        self._numbers.append(number)
        self._something.set()

    async def run(
        self,
        publisher: Publisher,
        topic: str,
        partition: int,
        covered: Callable[[Sequence[int]], Awaitable[None]],
    ) -> None:
        """Publish what is due, for ever; `covered` is told the numbers that are covered."""
        while True:
            customers, numbers = await self._due()
            for first in range(0, len(customers), _MOST_AT_ONCE):
                records = await self._snapshots(customers[first : first + _MOST_AT_ONCE])
                await publisher.publish(topic, partition, records)
                self._metrics.snapshots.inc(len(records))
            await covered(numbers)

    async def _snapshots(self, customers: Sequence[bytes]) -> list[Record]:
        states = await self._states_of(customers)
        known = [(c, state) for c, state in zip(customers, states, strict=True) if state]
        arena = self._scorer.read([state for _, state in known])
        names = [customer for customer, _ in known]
        snapshots = self._wording.snapshots(arena, names)
        records = []
        for name, customer in zip(names, arena.customers, strict=True):
            if customer["as_of"] == NEVER:
                records.append(_tombstone(name, customer))
                continue
            snapshot = next(snapshots)
            into = self._merged_into(name)
            if into is None:
                records.append(_record(name, snapshot, int(customer["applied"])))
            else:
                records.append(_merged(name, snapshot, into, int(customer["applied"])))
        return records

    async def _due(self) -> tuple[list[bytes], list[int]]:
        """Wait; return customers to publish now, and the commits that are covered thereby."""
        while True:
            await self._something.wait()
            rest = self._last + self._interval_s - time.monotonic()
            if rest <= 0:
                return self._all()
            if self._urgent:
                return self._tier_changes()
            self._something.clear()
            try:
                async with asyncio.timeout(rest):
                    await self._something.wait()
            except TimeoutError:
                self._something.set()

    def _all(self) -> tuple[list[bytes], list[int]]:
        customers, numbers = list(self._changed), self._numbers
        self._changed, self._urgent, self._numbers = {}, set(), []
        self._something.clear()
        self._last = time.monotonic()
        return customers, numbers

    def _tier_changes(self) -> tuple[list[bytes], list[int]]:
        customers, self._urgent = list(self._urgent), set()
        for customer in customers:
            self._changed.pop(customer, None)
        return customers, []


def _record(name: bytes, snapshot: dict[str, Any], applied: int) -> Record:
    customer, as_of = snapshot["customer_id"], snapshot["as_of"]
    headers = cloud_event_headers(
        f"{customer}/{as_of}/{applied}", "customer-score", customer, f"{as_of}T00:00:00Z"
    )
    return Record(name, to_json(snapshot), headers)


def _tombstone(name: bytes, customer: Any) -> Record:
    """Make compaction, and whoever follows the feed, forget a customer that was erased."""
    identity = f"{name.decode()}/erased/{customer['applied']}"
    at = instant_text(max(0, int(customer["erased"])))  # 0: all it knew was of one who left it
    return Record(name, None, cloud_event_headers(identity, "customer-erased", name.decode(), at))


def _merged(name: bytes, snapshot: dict[str, Any], into: bytes, applied: int) -> Record:
    """Make whoever follows the feed forget a customer that counts for another one, and say whom."""
    identity = f"{name.decode()}/merged/{applied}"
    at = f"{snapshot['as_of']}T00:00:00Z"
    headers = cloud_event_headers(identity, "customer-merged", name.decode(), at)
    return Record(name, None, [*headers, ("valuepulse.merged.into", into)])
