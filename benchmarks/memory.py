"""How much memory a worker takes that knows very many customers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.lab import Lab, preload, say
from benchmarks.machine import memory_mb
from benchmarks.throughput import measured, own_outputs
from benchmarks.worker import working
from benchmarks.workload import DAY_MS, START_MS


class Memory(NamedTuple):
    """Of a worker after so many customers: MiB at the most and at the end, and how fast it was."""

    customers: int
    events: int
    peak_rss_mb: float
    rss_mb: float
    events_per_s: float
    state_bytes: float

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return self._asdict()


def run_memory(lab: Lab, run: str, customers: int) -> Memory:
    """Let a worker with production's settings score two events of each customer."""
    prefix = f"{run}."
    count = 2 * customers
    say(f"preloading {count:,} events of {customers:,} customers")
    preload(lab, prefix, _of_everybody(customers), count)
    options = {"topics.prefix": prefix, **own_outputs(run), "clock": "customer"}
    with lab.store() as store:
        store.execute_command("FLUSHDB", "SYNC")
        before = int(store.info("memory")["used_memory"])
        with working(lab, run, options) as worker:
            rate = measured(lab, worker, count)
            at_the_end = memory_mb(worker.pid, "VmRSS")
            worker.stop()
        state = (int(store.info("memory")["used_memory"]) - before) / customers
        store.execute_command("FLUSHDB", "SYNC")
    return Memory(customers, count, rate.peak_rss_mb, at_the_end, rate.events_per_s, state)


def _of_everybody(customers: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield a sale and, a month later, a payment of every customer, in order of time.

    The margin is a fifth: nobody's first sale makes a tier change.
    """
    for i in range(customers):
        who, at, amount = f"C{i:07d}", START_MS + i * 20, 100 + i % 900
        yield (
            "transaction",
            who,
            b'{"event_id":"s%d","customer_id":"%s","occurred_at":%d,"amount":"%d.50","cost":"%d.00",'
            b'"currency":"CNY","kind":"sale"}' % (i, who.encode(), at, amount, amount * 4 // 5),
        )
    for i in range(customers):
        who, at, amount = f"C{i:07d}", START_MS + 30 * DAY_MS + i * 20, 100 + i % 900
        yield (
            "payment",
            who,
            b'{"event_id":"p%d","customer_id":"%s","occurred_at":%d,"amount":"%d.50","due_at":%d}'
            % (i, who.encode(), at, amount, at + DAY_MS),
        )
