"""The same job on stock Faust with a Redis round trip per event, to compare with.

    python -m benchmarks.stock_faust worker …     as any Faust app; settings: STOCK_…

One agent reads the four topics, event by event, with one coroutine, so that reading, rule and
writing of one customer never overlap. Every setting is Faust's default, but where to start.
"""

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import faust
import orjson
import redis.asyncio as redis
from faust.types import StreamT

from benchmarks.truth import TIERS, Customer
from benchmarks.workload import TYPES


def create_app(broker: str, store: str, prefix: str, events: int, result: Path) -> faust.App:
    """Return the app; after so many events it writes `result` and ends itself."""
    app = faust.App(prefix, broker=f"kafka://{broker}", store="memory://", topic_partitions=4)
    app.conf.consumer_auto_offset_reset = "earliest"
    topics = {kind: f"{prefix}{kind}s" if kind != "praise" else f"{prefix}praise" for kind in TYPES}
    kinds = {topic: kind for kind, topic in topics.items()}
    source = app.topic(*kinds, key_serializer="raw", value_serializer="json")
    target = app.topic(f"{prefix}tier-changes", key_serializer="raw", value_serializer="json")
    client = redis.Redis.from_url(store)
    meter = _Meter(events, result)

    @app.agent(source)
    async def score(stream: StreamT[dict[str, Any]]) -> None:
        async for event in stream.events():
            value = event.value
            who = value["customer_id"]
            key = f"{prefix}{who}"
            customer = _read(await client.get(key))
            moved = customer.add(kinds[event.message.topic], value)
            await client.set(key, _written(customer))
            if moved:
                origin, reached = moved
                change = {"customer_id": who, "from": TIERS[origin], "to": TIERS[reached]}
                await target.send(key=who, value=change | {"cause_event_id": value["event_id"]})
            meter.count(moved is not None)

    return app


def _read(stored: bytes | str | None) -> Customer:
    customer = Customer()
    if stored:
        fields = orjson.loads(stored)
        customer.newest, customer.tier = fields["newest"], fields["tier"]
        customer.days = {int(day): row for day, row in fields["days"].items()}
    return customer


def _written(customer: Customer) -> bytes:
    fields = {"newest": customer.newest, "tier": customer.tier, "days": customer.days}
    return orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS)


class _Meter:
    """Counts events; at the last one writes what was measured and asks the process to end."""

    def __init__(self, events: int, result: Path) -> None:
        self._events = events
        self._result = result
        self._count = 0
        self._changes = 0
        self._began = (0.0, 0.0)

    def count(self, changed: bool) -> None:
        self._count += 1
        self._changes += changed
        if self._count == 1:
            self._began = time.monotonic(), time.process_time()
        if self._count == self._events:
            seconds, cpu = time.monotonic() - self._began[0], time.process_time() - self._began[1]
            figures = {"events": self._events, "changes": self._changes, "seconds": seconds}
            self._result.write_text(json.dumps(figures | {"cpu_s": cpu}), "utf-8")
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the worker that the command line describes."""
    own = {name: os.environ[f"STOCK_{name.upper()}"] for name in ("broker", "store", "prefix")}
    result = Path(os.environ["STOCK_RESULT"])
    create_app(**own, events=int(os.environ["STOCK_EVENTS"]), result=result).main()


if __name__ == "__main__":
    main()
