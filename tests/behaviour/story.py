"""Tells a customer's story to the product: events as JSON in, scores and outcomes out.

Everything is real: the bytes are decoded, the kernel scores them with a model, and the answers are
the JSON that goes out on the topics. Only Kafka and Redis are left out.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.behaviour.models import STORIES
from tests.properties.shard import Shard

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dated(day: str) -> str:
    """A day as it is written in events: `03-14` is one of 2026."""
    return day if day.count("-") == 2 else f"2026-{day}"


class Story:
    """One customer, `ada`, under model.yaml or another; a day is one of 2026 if it says no year.

    Everything happens at noon in Shanghai; of one day, each event a second after what was told
    before it.
    """

    def __init__(self, customer: str = "ada", model: Mapping[str, Any] = STORIES) -> None:
        """Begin with a customer who has done nothing yet."""
        self.shard = Shard(dict(model), "event")
        self.customer = customer
        self._events = 0

    def happens(self, event_type: str, day: str, **fields: Any) -> list[dict[str, Any]]:
        """Send an event of a type on a day (`03-14`); returns the outcomes that it caused.

        Outcomes that the passing of time alone caused until that day come first.
        """
        after_noon = timedelta(seconds=self._events)
        self._events += 1
        event = {"type": event_type, "event_id": f"e{self._events}", "customer_id": self.customer}
        at = datetime.fromisoformat(f"{dated(day)}T12:00:00+08:00") + after_noon
        return self.sends(json.dumps(event | {"occurred_at": at.isoformat()} | fields))

    def buys(self, day: str, amount: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a sale."""
        return self.happens("transaction", day, amount=amount, kind="sale", **fields)

    def returns(self, day: str, amount: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a refund."""
        return self.happens("transaction", day, amount=amount, kind="refund", **fields)

    def pays(
        self, day: str, due: str | None = None, amount: str = "100", invoice: str | None = None
    ) -> list[dict[str, Any]]:
        """Send a payment, of an invoice or due on a day, or just so."""
        said = {"invoice_id": invoice, "due_at": due and dated(due)}
        return self.happens("payment", day, amount=amount, **_given(said))

    def is_billed(
        self, day: str, amount: str, invoice: str | None = None, due: str | None = None
    ) -> list[dict[str, Any]]:
        """Send a sale on account: with an invoice, due on a day, or both."""
        return self.buys(
            day, amount, **_given({"invoice_id": invoice, "due_at": due and dated(due)})
        )

    def answers(self, day: str, kind: str, value: int) -> list[dict[str, Any]]:
        """Send the answer to a question: `nps`, 0 to 10, or `csat`, 1 to 5."""
        return self.happens("feedback", day, kind=kind, value=value)

    def engages(self, day: str, kind: str) -> list[dict[str, Any]]:
        """Send an engagement: an inquiry, a referral, a renewal ..."""
        return self.happens("engagement", day, kind=kind)

    def costs(self, day: str, amount: str, kind: str) -> list[dict[str, Any]]:
        """Send what the customer cost, apart from what it bought."""
        return self.happens("cost", day, amount=amount, kind=kind)

    def is_known_by(self, day: str, **attributes: Any) -> list[dict[str, Any]]:
        """Send a profile."""
        return self.happens("profile", day, **attributes)

    def is_decided(
        self, day: str, tier: str | None, until: str | None = None, mode: str = "pin"
    ) -> list[dict[str, Any]]:
        """Send an override of the value score's tier; without a tier the decision ends."""
        said = {"score": "value", "tier": tier, "mode": mode, "until": until and dated(until)}
        return self.happens("override", day, author="ann", reason="a founder", **said)

    def sends(self, *lines: str) -> list[dict[str, Any]]:
        """Send JSON as it is, as one batch."""
        before = len(self.outcomes)
        self.shard.apply("".join(line + "\n" for line in lines).encode())
        return self.outcomes[before:]

    def waits_until(self, day: date | str) -> list[dict[str, Any]]:
        """Let days turn without any event; returns the outcomes."""
        before = len(self.outcomes)
        day = date.fromisoformat(dated(day)) if isinstance(day, str) else day
        self.shard.turn((day - EPOCH.date()) // timedelta(days=1))
        return self.outcomes[before:]

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """All tier changes, alerts and changes of segment of the customer so far."""
        return self.shard.told.get(self.customer, [])

    @property
    def standing(self) -> dict[str, Any]:
        """How the customer stands: scores with contributions, tiers, indicators, segments."""
        return self.shard.snapshots()[self.customer]

    @property
    def score(self) -> float:
        """The value score, 0 to 100."""
        return self.score_of("value")

    @property
    def tier(self) -> str:
        """The tier of the value score."""
        return self.tier_of("value")

    def score_of(self, name: str) -> float:
        """A score, 0 to 100."""
        score: float = self.standing["scores"][name]["score"]
        return score

    def tier_of(self, name: str) -> str:
        """The tier of a score."""
        tier: str = self.standing["scores"][name]["tier"]
        return tier

    def class_in(self, segment: str) -> str | None:
        """The class in a segment."""
        name: str | None = self.standing["segments"][segment]
        return name

    def indicator(self, name: str) -> float | None:
        """The raw value of an indicator."""
        value: float | None = self.standing["indicators"][name]
        return value


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
