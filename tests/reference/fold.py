"""The layer with memory: events in order of application give outcomes (§1, §6, §8, §9)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from tests.reference.alerts import DropAlert
from tests.reference.days import DAY_MS, EPOCH, EPOCH_DATE, span_of_day
from tests.reference.evaluation import Appraisal, Evaluation, History, appraise, evaluate
from tests.reference.events import Event
from tests.reference.indicators import Indicators
from tests.reference.model import Model, Score
from tests.reference.scores import Driver, drivers_of, total_of
from tests.reference.tiers import Earned, rank_in_force

Clock = Literal["event", "wall", "customer"]
MONTH_MS = 30 * DAY_MS
MOST_MEMBERS = 16
MOST_VOLUME = 2**59


@dataclass(frozen=True)
class Outcome:
    """Something to tell of; `occurred_at` in epoch milliseconds, `as_of` a day number.

    A tier change has `score` and `previous_score`, an alert its `drop` in thousandths of a point;
    a segment change has neither and no drivers, and is `before` at first "".
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
    """One customer's events, clock, tiers, alerts, classes and outcomes.

    `merge` is the event by which it was merged into another one, `members` is what those did that
    were merged into it. `applied` counts events,
    `versions` how many of each member are known.
    """

    def __init__(self, customer_id: str, model: Model) -> None:
        """Begin without events, in the lowest tiers."""
        self.customer_id = customer_id
        self.model = model
        self.erased_at = -1
        self.identities: dict[tuple[str, str], str] = {}
        """And what their events said, the last to come at the end."""
        self.outcomes: list[Outcome] = []
        self.merge: Event | None = None
        self.members: dict[str, list[Event]] = {}
        self.versions: dict[str, int] = {}
        self.members_erased: dict[str, int] = {}
        self.applied = 0
        self.own: list[Event] = []
        self.begin()

    def begin(self) -> None:
        """Know nothing."""
        model = self.model
        self.as_of: int | None = None
        self.history = History(model)
        self.points = self._no_points()
        self.earned = {score.name: Earned() for score in model.scores}
        self.ranks = {score.name: 0 for score in model.scores}
        self.alerts = {name: DropAlert(spec) for name, spec in model.alerts.items()}
        self.classes: dict[str, str | None] = dict.fromkeys(model.segments)

    def _no_points(self) -> dict[str, list[float]]:
        return {score.name: [0.0] * len(score.names) for score in self.model.scores}

    @property
    def version(self) -> int:
        """How much it has changed: its events, and the versions of whoever was its member."""
        return self.applied + sum(self.versions.values())

    @property
    def done(self) -> list[Event]:
        """What it and its members did, in the order that decides ties: its own comes last."""
        return [done for name in sorted(self.members) for done in self.members[name]] + self.own

    @property
    def together(self) -> int:
        """How many events were applied to it, and to its members as far as is known."""
        return self.applied + sum(self.versions[name] for name in self.members)

    @property
    def volume(self) -> int:
        """All amounts and costs of it and its members."""
        return sum(event.volume for event in self.done)

    @property
    def tiers(self) -> dict[str, str]:
        """The name of the tier of each score."""
        return {s.name: s.tiers[self.ranks[s.name]].name for s in self.model.scores}

    def knows(self, event: Event) -> bool:
        """Whether the event's identity is among the last that came."""
        return (event.type, event.event_id) in self.identities

    def contradicts(self, event: Event) -> bool:
        """Whether what is known of that identity said something else."""
        is_other = self.identities[event.type, event.event_id] != event.content
        return is_other and event.kind != "unmerge"  # it says nothing but its time

    def remember(self, event: Event) -> None:
        """Remember its identity and content; the oldest is forgotten."""
        if self.model.ids > 0:
            self.identities[event.type, event.event_id] = event.content
            while len(self.identities) > self.model.ids:
                del self.identities[next(iter(self.identities))]

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
            "segments": dict(self.classes),
        }

    def catch_up(self, clock: int) -> None:
        """Evaluate each day after the as-of day, up to the clock's (§1, step 3)."""
        if self.as_of is None or self.merge is not None:
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
        if event.kind == "erasure":
            self.erase(event.at)
            return
        self.own.append(event)
        self.history.add(event)
        if self.merge is None:
            self._evaluate(_Cause(self.as_of, event))

    def erase(self, at: int) -> None:
        """Forget what it did."""
        self.erased_at = at
        self.own = []
        self.begin()

    def speak_again(self, event: Event) -> None:
        """Evaluate after an unmerge, as if there had been no points before (§9)."""
        if self.as_of is not None:
            self.points = self._no_points()
            self._evaluate(_Cause(self.as_of, event))

    def reassemble(self, event: Event) -> None:
        """Evaluate what it and its members did, together; know nothing if nobody did (§9).

        One that is itself merged into another one is not evaluated.
        """
        together = self.done
        if not together or self.as_of is None:
            self.begin()
            return
        self.history = History(self.model)
        for done in together:
            self.history.add(done)
        if self.merge is None:
            self._evaluate(_Cause(self.as_of, event))

    def _evaluate(self, cause: _Cause) -> None:
        indicators = self.history.indicators(cause.day)
        now = appraise(self.model, indicators, self.history.facts.attributes)
        points_before, self.points = self.points, now.points
        for score in self.model.scores:
            self._move(score, points_before[score.name], indicators, cause)
        for name, alert in self.alerts.items():
            score = next(s for s in self.model.scores if s.name == alert.score)
            self._watch(name, alert, score, cause)
        self._classify(now, cause)

    def _move(
        self, score: Score, points_before: list[float], indicators: Indicators, cause: _Cause
    ) -> None:
        points = self.points[score.name]
        total = total_of(points)
        earned = self.earned[score.name]
        earned.evaluate(cause.day, score, total, indicators)
        old = self.ranks[score.name]
        new = rank_in_force(score, earned.rank, self.history.facts.attributes, cause.day)
        self.ranks[score.name] = new
        if new != old:
            self._tell(
                cause,
                ("tier-change", score.name, score.tiers[old].name, score.tiers[new].name),
                drivers_of(score.names, points_before, points),
                score=total,
                previous_score=total_of(points_before),
            )

    def _watch(self, name: str, alert: DropAlert, score: Score, cause: _Cause) -> None:
        turn = alert.evaluate(cause.day, self.points[score.name], score.names)
        if turn is not None:
            transition = ("value-alert", name, turn.before, turn.after)
            self._tell(cause, transition, turn.drivers, drop=turn.drop)

    def _classify(self, now: Appraisal, cause: _Cause) -> None:
        for name, spec in self.model.segments.items():
            before = self.classes[name]
            after = self.classes[name] = now.segmentation.class_after(name, before)
            if after != before and spec.get("tell"):
                self._tell(cause, ("segment-change", name, before or "", after), ())

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


Handed = dict[tuple[str, int], list[Event]]
"""What merged customers had done when so many events had been applied to them."""


class Fold:
    """One shard: applies events in the order given and keeps every customer."""

    def __init__(
        self, model: Model, clock: Clock = "event", handed: Handed | None = None, shards: int = 1
    ) -> None:
        """Begin empty, with one of the clocks of §1.

        Without `handed` all customers are here, and what one gives another is taken at once. With
        it, it is taken when a handover says so; what is given is added to `handed`.
        """
        self.model = model
        self.clock = clock
        self.shards = shards
        self.day: int | None = None
        self.customers: dict[str, Customer] = {}
        self.handed = handed
        self.refused: list[Event] = []
        """Merges and unmerges that are not possible (§9)."""
        self.differing: list[Event] = []
        """Events whose identity is known, with another content (§1)."""
        self.too_large: list[Event] = []
        """Events that would take sums of money beyond what is exact (§2)."""

    def apply(self, event: Event, today: int | None = None) -> bool:
        """Apply one event; `today` is the day by the wall clock, or the day of the shard's clock.

        Returns whether it counted: a duplicate does nothing at all.
        """
        customer = self._customer(event.customer_id)
        if event.kind == "handover":
            return self._receive(customer, event, today)
        if customer.knows(event):
            if customer.contradicts(event):
                self.differing.append(event)
            return False
        is_command = event.kind in {"merge", "unmerge"}
        if not is_command:
            customer.remember(event)
        if event.at <= customer.erased_at:
            return False
        if is_command:
            return self._command(customer, event, today)
        if self._volume_with(customer) + event.volume > MOST_VOLUME:
            self.too_large.append(event)
            return False
        self._catch_up(customer, event.day, today)
        customer.apply(event)
        customer.applied += 1
        if event.kind == "erasure":
            self._erase_members(customer, event)
        if customer.merge is not None:
            self._give(customer, customer.merge.said["into"], event)
        return True

    def _volume_with(self, customer: Customer) -> int:
        """Return the volume of all that an event of a customer counts with, as far as is here."""
        return (
            self._customer(self._last(customer.customer_id)) if self.handed is None else customer
        ).volume

    def _customer(self, name: str) -> Customer:
        return self.customers.setdefault(name, Customer(name, self.model))

    def _catch_up(self, customer: Customer, day: int, today: int | None) -> None:
        if self.clock == "customer":
            customer.move_to(day)
        else:
            customer.catch_up(self._move_clock(day, today))

    def _command(self, customer: Customer, event: Event, today: int | None) -> bool:
        if not self._is_possible(customer, event):
            self.refused.append(event)
            return False
        customer.remember(event)
        customer.applied += 1
        if customer.as_of is None:
            self._move_clock(event.day, today)
        else:
            self._catch_up(customer, event.day, today)
        into = (customer.merge or event).said["into"]
        if customer.merge is None:
            customer.merge = event
        else:
            customer.merge = None
            customer.speak_again(event)
        self._give(customer, into, event)
        return True

    def _is_possible(self, customer: Customer, event: Event) -> bool:
        if event.kind == "unmerge":
            return customer.merge is not None and event.at <= customer.merge.at + MONTH_MS
        into = event.said["into"]
        if customer.merge is not None or self._last(into) == customer.customer_id:
            return False
        if self.handed is not None:
            return bool(event.said["into_shard"] < self.shards)
        last = self._customer(self._last(into))
        is_exact = last.volume + customer.volume <= MOST_VOLUME
        return is_exact and self._may_receive(self._customer(into), customer.customer_id)

    def _last(self, name: str) -> str:
        """Return who a customer counts for in the end, as far as this shard knows."""
        while name in self.customers and (merge := self.customers[name].merge) is not None:
            name = merge.said["into"]
        return name

    @staticmethod
    def _may_receive(customer: Customer, member: str) -> bool:
        return member in customer.members or len(customer.members) < MOST_MEMBERS

    def _erase_members(self, customer: Customer, event: Event) -> None:
        """Whoever was merged into one that is erased is erased, too."""
        for name in customer.members:
            customer.members[name] = []
            if self.handed is None:
                member = self.customers[name]
                member.erase(event.at)
                member.applied += 1
                self._erase_members(member, event)
            else:
                customer.members_erased[name] = event.at

    def _give(self, member: Customer, into: str, event: Event) -> None:
        name, did = member.customer_id, member.done
        if self.handed is not None:
            self.handed[name, member.version] = did
            return
        receiver, day = self._customer(into), event.day
        if member.merge is None:
            del receiver.members[name]
        else:
            receiver.members[name] = did
            day = max(day, day if member.as_of is None else member.as_of)
        self._catch_up(receiver, day, None)
        receiver.reassemble(event)
        if receiver.merge is not None:
            self._give(receiver, receiver.merge.said["into"], event)

    def _receive(self, customer: Customer, event: Event, today: int | None) -> bool:
        """Take what a member in another shard gave; only what is newer than what is known."""
        assert self.handed is not None
        said = event.said
        name, version = said["member"], said["version"]
        is_new = name not in customer.versions
        is_round = customer.customer_id in said.get("through", ())
        if not said["released"] and (is_round or not self._may_receive(customer, name)):
            return False
        if version <= customer.versions.get(name, -1) or (is_new and said["released"]):
            return False
        customer.versions[name] = version
        day = event.day
        if said["released"]:
            customer.members.pop(name, None)
        elif (said["erased"] or -1) < customer.members_erased.get(name, -1):
            customer.members[name] = []
        else:
            customer.members[name] = self.handed[name, version]
            day = max(day, said["facts"]["as_of"] if said["facts"] else day)
        self._catch_up(customer, day, today)
        customer.reassemble(replace(event, type=said["because_type"], event_id=said["because_id"]))
        if customer.merge is not None:
            self._give(customer, customer.merge.said["into"], event)
        return True

    def turn(self, day: int, customers: Iterable[str] | None = None) -> None:
        """Move the clock to `day` and catch up all customers, or those given.

        Under the clock `customer` there is no turn of the day.
        """
        if self.clock == "customer":
            return
        clock = self._move_clock(day)
        for customer_id in self.customers if customers is None else customers:
            customer = self.customers[customer_id]
            if customer.as_of is not None and customer.merge is None:
                self.customers[customer_id].catch_up(clock)

    @property
    def outcomes(self) -> dict[str, list[Outcome]]:
        """All outcomes by customer, each customer's in sequence."""
        return {name: c.outcomes for name, c in sorted(self.customers.items())}

    def _move_clock(self, *days: int | None) -> int:
        self.day = max(day for day in (self.day, *days) if day is not None)
        return self.day
