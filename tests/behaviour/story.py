"""Tells a customer's story to the product: events as JSON in, scores and outcomes out.

Everything is real: the bytes are decoded, the kernel scores them with model.yaml, and the answers
are the JSON that goes out on the topics. Only Kafka and Redis are left out.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.properties.shard import Shard

MODEL = Path(__file__).with_name("model.yaml")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Story:
    """One customer, `ada`, under model.yaml; a day is one of 2026, at noon in Shanghai."""

    def __init__(self, customer: str = "ada") -> None:
        """Begin with a customer who has done nothing yet."""
        self.shard = Shard(YAML(typ="safe").load(MODEL), "event")
        self.customer = customer
        self._events = 0

    def happens(self, event_type: str, day: str, **fields: Any) -> list[dict[str, Any]]:
        """Send an event of a type on a day (`03-14`); returns the outcomes that it caused.

        Outcomes that the passing of time alone caused until that day come first.
        """
        self._events += 1
        event = {"type": event_type, "event_id": f"e{self._events}", "customer_id": self.customer}
        at = {"occurred_at": f"2026-{day}T12:00:00+08:00"}
        return self.sends(json.dumps(event | at | fields))

    def buys(self, day: str, amount: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a sale."""
        return self.happens("transaction", day, amount=amount, kind="sale", **fields)

    def returns(self, day: str, amount: str) -> list[dict[str, Any]]:
        """Send a refund."""
        return self.happens("transaction", day, amount=amount, kind="refund")

    def pays(self, day: str, due: str) -> list[dict[str, Any]]:
        """Send a payment of 100 that was due on another day of 2026."""
        return self.happens("payment", day, amount="100", due_at=f"2026-{due}")

    def sends(self, *lines: str) -> list[dict[str, Any]]:
        """Send JSON as it is, as one batch."""
        before = len(self.outcomes)
        self.shard.apply("".join(line + "\n" for line in lines).encode())
        return self.outcomes[before:]

    def waits_until(self, day: date) -> list[dict[str, Any]]:
        """Let days turn without any event; returns the outcomes."""
        before = len(self.outcomes)
        self.shard.turn((day - EPOCH.date()) // timedelta(days=1))
        return self.outcomes[before:]

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """All tier changes and alerts of the customer so far."""
        return self.shard.told.get(self.customer, [])

    @property
    def standing(self) -> dict[str, Any]:
        """How the customer stands: scores with contributions, tiers, indicators."""
        return self.shard.snapshots()[self.customer]

    @property
    def score(self) -> float:
        """The value score, 0 to 100."""
        score: float = self.standing["scores"]["value"]["score"]
        return score

    @property
    def tier(self) -> str:
        """The tier of the value score."""
        tier: str = self.standing["scores"]["value"]["tier"]
        return tier

    def indicator(self, name: str) -> float | None:
        """The raw value of an indicator."""
        value: float | None = self.standing["indicators"][name]
        return value
