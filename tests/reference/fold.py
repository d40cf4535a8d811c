"""The layer with memory: events in order of application give outcomes (§1, §6, §8)."""

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from tests.reference.alerts import DropAlert
from tests.reference.days import EPOCH, EPOCH_DATE, span_of_day
from tests.reference.evaluation import Evaluation, History, evaluate
from tests.reference.events import Event
from tests.reference.model import Model, Score
from tests.reference.scores import Driver, drivers_of, points_of, total_of

Clock = Literal["event", "wall", "customer"]


@dataclass(frozen=True)
class Outcome:
    """A tier change or a value alert; `occurred_at` in epoch milliseconds, `as_of` a day number.

    A tier change has `score` and `previous_score`, an alert its `drop` in thousandths of a point.
    """

    customer_id: str
    sequence: int
    id: str
    kind: str
    name: str
    before: str
    after: str
    cause: str
    occurred_at: int
    as_of: int
    drivers: tuple[Driver, ...]
    score: float | None = None
    previous_score: float | None = None
    drop: int | None = None

    @property
    def occurred_at_text(self) -> str:
        """RFC 3339 in UTC, to the millisecond."""
        at = EPOCH + timedelta(milliseconds=self.occurred_at)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def as_of_text(self) -> str:
        """The day, like 2024-06-01."""
        return (EPOCH_DATE + timedelta(days=self.as_of)).isoformat()


class _Cause(NamedTuple):
    """Why scores are evaluated: an event, or without one the day that came."""

    day: int
    event: Event | None


class Customer:
    """One customer's events, clock, tiers, alerts and outcomes."""

    def __init__(self, customer_id: str, model: Model) -> None:
        """Begin without events, in the lowest tiers."""
        self.customer_id = customer_id
        self.model = model
        self.erased_at = -1
        self.identities: deque[tuple[str, str]] = deque(maxlen=model.ids)
        self.outcomes: list[Outcome] = []
        self._begin()

    def _begin(self) -> None:
        model = self.model
        self.as_of: int | None = None
        self.history = History(model)
        self.points = {score.name: [0.0] * len(score.terms) for score in model.scores}
        self.ranks = {score.name: 0 for score in model.scores}
        self.alerts = {name: DropAlert(spec) for name, spec in model.alerts.items()}

    @property
    def tiers(self) -> dict[str, str]:
        """The name of the tier of each score."""
        return {s.name: s.tiers[self.ranks[s.name]].name for s in self.model.scores}

    def knows(self, event: Event) -> bool:
        """Whether the event is among the last that were applied."""
        return (event.type, event.event_id) in self.identities

    def evaluation(self) -> Evaluation:
        """Return all numbers as of the customer's day, from scratch."""
        if self.as_of is None:
            raise ValueError(f"customer {self.customer_id!r} has no events to evaluate")
        return evaluate(self.model, self.history.events, self.as_of)

    def snapshot(self) -> dict[str, Any]:
        """Return the customer's line of customers.ndjson, as far as semantics.md defines it."""
        now = self.evaluation()
        scores = {
            name: {"score": now.scores[name], "tier": tier, "contributions": now.points[name]}
            for name, tier in self.tiers.items()
        }
        as_of = (EPOCH_DATE + timedelta(days=now.as_of)).isoformat()
        return {
            "customer_id": self.customer_id,
            "as_of": as_of,
            "scores": scores,
            "indicators": now.indicators,
        }

    def catch_up(self, clock: int) -> None:
        """Evaluate each day after the as-of day, up to the clock's (§1, step 3)."""
        if self.as_of is None:
            self.as_of = clock
        for day in range(self.as_of + 1, clock + 1):
            self.as_of = day
            self._evaluate(_Cause(day, None))

    def move_to(self, day: int) -> None:
        """Move the as-of day without evaluating what lies between (§1, clock `customer`)."""
        self.as_of = day if self.as_of is None else max(self.as_of, day)

    def apply(self, event: Event) -> None:
        """Add the event to its day and evaluate as of the customer's day (§1, steps 4 and 5)."""
        if self.as_of is None:
            raise ValueError(f"event {event.event_id!r} came before its customer had a day")
        self.identities.append((event.type, event.event_id))
        if event.kind == "erasure":
            self.erased_at = event.at
            self._begin()
            return
        self.history.add(event)
        self._evaluate(_Cause(self.as_of, event))

    def _evaluate(self, cause: _Cause) -> None:
        values = self.history.indicators(cause.day)
        for score in self.model.scores:
            before = self.points[score.name]
            after = [points_of(term, values[term.indicator]) for term in score.terms]
            self.points[score.name] = after
            self._move(score, before, after, cause)
        for name, alert in self.alerts.items():
            score = next(s for s in self.model.scores if s.name == alert.score)
            self._watch(name, alert, score, cause)

    def _move(self, score: Score, before: list[float], after: list[float], cause: _Cause) -> None:
        total = total_of(after)
        old = self.ranks[score.name]
        new = max(rank for rank, tier in enumerate(score.tiers) if total >= tier.enter_at)
        if new > old or (new < old and total < score.tiers[old].leave_below):
            self.ranks[score.name] = new
            self._tell(
                cause,
                ("tier-change", score.name, score.tiers[old].name, score.tiers[new].name),
                drivers_of(score.terms, before, after),
                score=total,
                previous_score=total_of(before),
            )

    def _watch(self, name: str, alert: DropAlert, score: Score, cause: _Cause) -> None:
        turn = alert.evaluate(cause.day, self.points[score.name], score.terms)
        if turn is not None:
            transition = ("value-alert", name, turn.before, turn.after)
            self._tell(cause, transition, turn.drivers, drop=turn.drop)

    def _tell(
        self,
        cause: _Cause,
        transition: tuple[str, str, str, str],
        drivers: tuple[Driver, ...],
        **numbers: Any,
    ) -> None:
        sequence = len(self.outcomes) + 1
        if cause.event is None:
            because = f"time:{EPOCH_DATE + timedelta(days=cause.day)}"
            occurred_at = span_of_day(cause.day, self.model.zone)[0]
        else:
            because = f"event:{cause.event.type}:{cause.event.event_id}"
            occurred_at = cause.event.at
        text = "\n".join([self.customer_id, str(sequence), *transition, because])
        identity = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        kind, name, before, after = transition
        self.outcomes.append(
            Outcome(
                self.customer_id, sequence, identity, kind, name, before, after, because,
                occurred_at, cause.day, drivers, **numbers,
            )
        )  # fmt: skip


class Fold:
    """One shard: applies events in the order given and keeps every customer."""

    def __init__(self, model: Model, clock: Clock = "event") -> None:
        """Begin empty, with one of the clocks of §1."""
        self.model = model
        self.clock = clock
        self.day: int | None = None
        self.customers: dict[str, Customer] = {}

    def apply(self, event: Event, today: int | None = None) -> bool:
        """Apply one event; `today` is the day by the wall clock, or the day of the shard's clock.

        Returns whether it counted: a duplicate does nothing at all.
        """
        customer = self.customers.get(event.customer_id)
        if customer is None:
            customer = Customer(event.customer_id, self.model)
        elif event.at <= customer.erased_at or customer.knows(event):
            return False
        self.customers[event.customer_id] = customer
        if self.clock == "customer":
            customer.move_to(event.day)
        else:
            customer.catch_up(self._move_clock(event.day, today))
        customer.apply(event)
        return True

    def turn(self, day: int, customers: Iterable[str] | None = None) -> None:
        """Move the clock to `day` and catch up all customers, or those given.

        Under the clock `customer` there is no turn of the day.
        """
        if self.clock == "customer":
            return
        clock = self._move_clock(day)
        for customer_id in self.customers if customers is None else customers:
            if self.customers[customer_id].as_of is not None:
                self.customers[customer_id].catch_up(clock)

    @property
    def outcomes(self) -> dict[str, list[Outcome]]:
        """All outcomes by customer, each customer's in sequence."""
        return {name: c.outcomes for name, c in sorted(self.customers.items())}

    def _move_clock(self, *days: int | None) -> int:
        self.day = max(day for day in (self.day, *days) if day is not None)
        return self.day
