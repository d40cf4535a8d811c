"""Scores batches of customers: states and events in, states and outcomes out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.additions import ADDITION
from scoring.arena import ATTRIBUTE, LINE, NEVER, Arena, Memory, Room
from scoring.changes import Changes, changes_of
from scoring.columns import Events
from scoring.details import Detail
from scoring.facts.invoices import SUMMARY
from scoring.facts.product_lines import MOST
from scoring.kernel import CLOCKS, Scratch
from scoring.layout import encode_arena, load_arena
from scoring.model import Model
from scoring.ordering import CHARGED_BACK
from scoring.outcomes import Outcomes, empty_outcomes, with_room
from scoring.program import Program, compile_model, names_of
from scoring.receivables import MOST_ADDITIONS
from scoring.verdicts import APPLIED

NO_TEXTS: Final = np.zeros(0, np.uint8)
NO_DETAILS: Final[Mapping[int, Detail]] = MappingProxyType({})


class Scored(NamedTuple):
    """What came of a batch.

    `arena` holds the customers as they are now, with indicators, points and scores of their last
    evaluation; `verdicts` (scoring/verdicts.py) what became of each event; `clock` the shard's day.
    """

    arena: Arena
    outcomes: Outcomes
    verdicts: NDArray[np.int8]
    clock: int

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which events were applied."""
        counted: NDArray[np.bool_] = self.verdicts == APPLIED
        return counted


class Scorer:
    """One model, ready to score; holds no customer.

    `clock` is one of `kernel.CLOCKS` (docs/semantics.md section 1).

    >>> from scoring.measures import ABSENT, KINDS
    >>> from scoring.model import parse
    >>> model = parse(
    ...     '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators: {spend: {kind: sum, add: [sale_amount], subtract: [refund_amount], window: 30}}
    ... scores:
    ...   value:
    ...     groups:
    ...       - name: all
    ...         weight: 1
    ...         indicators:
    ...           - {indicator: spend, weight: 1, normaliser: {kind: linear, low: 0, high: 1000}}
    ...     tiers: [{name: new}, {name: regular, enter_at: 30, leave_below: 20}]
    ... ''',
    ...     "tiny.yaml",
    ... )
    >>> sale = Events(
    ...     customer=np.array([0], np.int32), kind=np.array([KINDS.index("sale")], np.int8),
    ...     at=np.array([1_704_067_200_000]), day=np.array([19_723], np.int32),
    ...     identity=np.array([1], np.uint64), amount=np.array([400_00]),
    ...     cost=np.array([ABSENT]), due=np.array([ABSENT]), level=np.array([ABSENT]),
    ...     due_day=np.array([NEVER], np.int32), category=np.zeros(1, np.uint64),
    ...     invoice=np.zeros(1, np.uint64), detail=np.zeros(1, np.int8),
    ...     sequence=np.array([ABSENT]), order=np.zeros(1, np.uint64),
    ...     currency=np.zeros(1, np.int32), own=np.array([400_00]), content=np.zeros(1, np.uint32),
    ... )
    >>> scorer = Scorer(model, "event")
    >>> scored = scorer.score([b""], sale, NEVER)
    >>> scored.arena.scores.tolist(), int(scored.outcomes.used[0])
    ([[40.0]], 1)
    >>> state = bytes(scorer.write(scored.arena)[0])
    >>> scorer.turn([state], 19_723 + 30).arena.scores.tolist()
    [[0.0]]
    """

    def __init__(self, model: Model, clock: str) -> None:
        self.model = model
        self.names = names_of(model)
        self.program: Program = compile_model(model)
        self.mode = CLOCKS.index(clock)
        self.memory, self.written = Memory(), Memory()
        self.terms = int(self.program.limits[0]["most_terms"])

    def score(
        self,
        states: Sequence[bytes],
        events: Events,
        clock: int,
        details: Mapping[int, Detail] = NO_DETAILS,
    ) -> Scored:
        """Apply events in order to the customers whose states are given (empty: a new one).

        `events.customer` is a position in `states`; `clock` the shard's day, `NEVER` at first;
        `details` what some of the events say besides, by their position. Raises `LayoutError` for
        a state of another layout version.
        """
        changes, texts = changes_of(details, base=text_base(states))
        verdicts = np.zeros(events.customer.size, np.int8)
        arena = self.read(states, room_for(events, changes, len(states)), texts)
        scored = Scored(arena, self.no_outcomes(), verdicts, clock)
        return self.step(scored, events, changes, 0, events.customer.size)

    def step(
        self,
        scored: Scored,
        events: Events,
        changes: Changes,
        first: int,
        end: int,
        *,
        silent: bool = False,
    ) -> Scored:
        """Apply the events from `first` to `end`, in place; return what came of all so far."""
        arena, outcomes, verdicts, clock = scored
        e, scratch = first, self.scratch()
        while True:
            e, clock = kernel.step(
                self.program, arena, events, changes, e, end, clock, self.mode, silent,
                verdicts, scratch, outcomes,
            )  # fmt: skip  # a line for the input, a line for the results
            if e == end:
                return Scored(arena, outcomes, verdicts, int(clock))
            day = max(clock, int(events.day[e]))
            outcomes = self.roomier(outcomes, arena, events.customer[e], day)

    def turn(self, states: Sequence[bytes], day: int) -> Scored:
        """Catch customers up to a day, as if it had just begun."""
        arena, nothing = self.read(states, Room.none(len(states))), np.zeros(0, np.int8)
        return self.advance(Scored(arena, self.no_outcomes(), nothing, day), day)

    def advance(self, scored: Scored, day: int) -> Scored:
        """Catch the customers of a batch up to a day, in place; return what came of all so far."""
        arena, outcomes, c = scored.arena, scored.outcomes, 0
        while True:
            c = kernel.turn(self.program, arena, c, day, self.scratch(), outcomes)
            if c == arena.customers.size:
                return scored._replace(outcomes=outcomes, clock=max(scored.clock, day))
            outcomes = self.roomier(outcomes, arena, c, day)

    def read(
        self,
        states: Sequence[bytes],
        room: Room | None = None,
        texts: NDArray[np.uint8] = NO_TEXTS,
    ) -> Arena:
        """Return customers as they were at their last evaluation, with so much room for more.

        `texts` stand in the arena's texts from `text_base` on. Without `room` the customers are
        complete: also what decides nothing has been computed.
        """
        starts = np.zeros(len(states) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, states), np.int64, len(states)), out=starts[1:])
        blobs = np.frombuffer(b"".join(states) or b"\0", np.uint8)
        arena = load_arena(
            self.program, blobs, starts, room or Room.none(len(states)), texts, self.memory
        )
        kernel.settle(self.program, arena)
        return self.complete(arena) if room is None else arena

    def complete(self, arena: Arena) -> Arena:
        """Compute the indicators that no score, tier or class is computed from, in place."""
        kernel.complete(self.program, arena)
        return arena

    def write(self, arena: Arena) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the states of an arena's customers one behind the other, and their bounds."""
        return encode_arena(self.program, arena, self.written)

    def scratch(self) -> Scratch:
        """Return room for one evaluation."""
        program = self.program
        scores = program.scores.size
        return Scratch(
            np.zeros(program.terms.size), np.zeros(scores), np.zeros(program.indicators.size),
            np.zeros(scores), np.zeros(program.segments.size, np.int32), np.zeros(scores),
            np.zeros(scores), np.zeros(1, LINE), np.zeros(1, SUMMARY),
            np.zeros(MOST_ADDITIONS, ADDITION), np.zeros(1, ATTRIBUTE),
        )  # fmt: skip  # as they are declared

    def no_outcomes(self) -> Outcomes:
        """Return an empty table of outcomes."""
        return empty_outcomes(64, self.terms)

    def roomier(self, outcomes: Outcomes, arena: Arena, c: int, day: int) -> Outcomes:
        """Return the same outcomes with room for all that bringing c to a day may cause."""
        as_of = int(arena.customers["as_of"][c])
        days = 0 if as_of == NEVER else max(0, day - as_of)
        program = self.program
        most = program.scores.size + program.alerts.size + program.segments.size
        return with_room(outcomes, (days + 1) * most)


def text_base(states: Sequence[bytes]) -> int:
    """Return where texts stand that are given to `Scorer.read` with these states."""
    return max(1, sum(map(len, states)))


def room_for(events: Events, changes: Changes, customers: int) -> Room:
    """Return the room that events of so many customers may need."""

    def count(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        if not which.any():
            return np.zeros(customers, np.int64)
        return np.bincount(events.customer[which], minlength=customers).astype(np.int64)

    each = np.bincount(events.customer, minlength=customers).astype(np.int64)
    attributes = count((events.kind == kernel.ANSWERS[0]) | (events.kind == kernel.ANSWERS[1]))
    if changes.attributes.size:
        setters = events.customer[changes.attributes["event"]]
        attributes += np.bincount(setters, minlength=customers)
    ordered = (events.order != 0) & (events.kind <= CHARGED_BACK)
    orders = count(ordered)
    # A refund can be a credit of the invoice of its order's sale.
    lines = count(events.invoice != 0) + count(ordered & (events.kind != kernel.SALE))
    if changes.costs.size:
        parts = changes.costs["event"][ordered[changes.costs["event"]]]
        orders += np.bincount(events.customer[parts], minlength=customers)
    return Room(
        rows=each + lines + count(events.due_day != NEVER),
        ring=each,
        lines=lines,
        categories=np.minimum(count(events.category != 0), MOST),
        attributes=attributes,
        orders=orders,
    )
