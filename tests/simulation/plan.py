"""What a seed stands for: the traffic, the sizes, and which faults come how often."""

from __future__ import annotations

import random
from typing import NamedTuple

FAULTS = (
    "rebalance", "forget", "kill", "start", "leave", "freeze", "lose_tail", "go_away",
    "flush_scripts",
)  # fmt: skip


class Plan(NamedTuple):
    """Drawn from a seed; every seed leaves some faults out, so that others come undisturbed.

    `steps` is for how long faults come. Shares are of steps (`fault_rate`), of commands
    (`store_trouble`) and of publications (`publisher_trouble`). `produce` is the weight of the
    producers among what may happen, 0: all has been produced before the first worker starts;
    `passage_of_time`, `delivery` (of fetched sets) and `publishing` are weights too.
    """

    customers: int
    events: int
    days: int
    steps: int
    produce: float
    most_fetched: int
    most_events: int
    most_customers: int
    cached_customers: int
    feed_interval_s: float | None
    faults: tuple[str, ...]
    fault_rate: float
    store_trouble: float
    publisher_trouble: float
    passage_of_time: float
    delivery: float
    publishing: float

    @classmethod
    def of(cls, chance: random.Random) -> Plan:
        """Draw a plan."""
        faults = tuple(fault for fault in FAULTS if chance.random() < 0.6)
        return cls(
            customers=chance.randint(1, 12),
            events=chance.randint(40, 160),
            days=chance.randint(3, 40),
            steps=chance.randint(100, 900),
            produce=chance.choice((0, 0.5, 2)),
            most_fetched=chance.choice((1, 3, 10, 40)),
            most_events=chance.choice((1, 2, 5, 20)),
            most_customers=chance.choice((1, 2, 5, 20)),
            cached_customers=chance.choice((0, 3, 100)),
            feed_interval_s=chance.choice((None, 0.0, 0.3, 1.0)),
            faults=faults,
            fault_rate=chance.choice((0.01, 0.03, 0.06)) if faults else 0.0,
            store_trouble=chance.choice((0.0, 0.02, 0.1, 0.3)),
            publisher_trouble=chance.choice((0.0, 0.02, 0.2)),
            passage_of_time=chance.choice((0.1, 0.5, 2.0)),
            delivery=chance.choice((0.2, 1.0, 3.0)),
            publishing=chance.choice((0.1, 1.0, 3.0)),
        )
