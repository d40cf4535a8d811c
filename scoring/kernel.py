"""The scoring kernel: one event after another, each with its own consequences.

`step` runs any compiled model over a batch of events; a batch is only an optimisation, results are
those of one event at a time (design promise P3). `turn` brings customers to a later day, `settle`
scores them as they are. docs/semantics.md section 1 gives the order of application.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.alerts import forget_before, next_state, remember, thousandths
from scoring.arena import NEVER, Arena
from scoring.columns import Events
from scoring.combining import add_up_counts, combine, is_any_known
from scoring.increments import apply
from scoring.indicators import indicator
from scoring.jit import jit_borrowing, jit_inlined
from scoring.measures import KINDS
from scoring.normalisers import normalise
from scoring.outcomes import ALERT, NO_EVENT, TIER_CHANGE, Outcomes, append
from scoring.program import Program
from scoring.tiers import next_tier
from scoring.windows import load_sums, slide

CLOCKS: Final = ("event", "wall", "customer")
ERASURE: Final = KINDS.index("erasure")
MERGE: Final = KINDS.index("merge")
"""The first of the commands that concern two customers (scoring/merging.py)."""
WALL_CLOCK: Final = CLOCKS.index("wall")
CUSTOMER_CLOCK: Final = CLOCKS.index("customer")


class Scratch(NamedTuple):
    """Room for the evaluation at hand: points of all terms, and scores."""

    points: NDArray[np.float64]
    scores: NDArray[np.float64]


@jit_borrowing
def step(
    program: Program,
    arena: Arena,
    events: Events,
    first: int,
    end: int,
    clock: int,
    mode: int,
    silent: bool,
    counted: NDArray[np.bool_],
    scratch: Scratch,
    outcomes: Outcomes,
) -> tuple[int, int]:
    """Apply the events from `first` to `end` in order; return the event to go on with, the clock.

    The customers have been settled. It stops early when `outcomes` may not have room for what the
    next event causes. `counted` tells which events were not duplicates. `clock` is the shard's day
    (`NEVER` if it has none), `mode` a position in `CLOCKS`. `silent` adds facts and evaluates
    nothing: so it is with customers that count for another one.
    """
    ring = program.limits[0].ring
    for e in range(first, end):
        c = events.customer[e]
        customer = arena.customers[c]
        day = events.day[e] if mode == CUSTOMER_CLOCK else max(clock, events.day[e])
        if most_outcomes(program, customer, day) > outcomes.rows.size - outcomes.used[0]:
            return e, clock
        if events.at[e] <= customer.erased:
            continue
        if is_duplicate(ring, customer, arena.ring, events.identity[e]):
            continue
        counted[e] = True
        is_known = customer.as_of != NEVER
        if mode == CUSTOMER_CLOCK:
            if day > customer.as_of:
                slide_customer(program, arena, c, day)
        else:
            clock = day
            catch_up(program, arena, c, clock, silent, scratch, outcomes)
        if events.kind[e] == ERASURE:
            forget(arena, c, events.at[e])
        elif events.kind[e] >= MERGE:
            customer.applied += 1
            if not is_known:
                customer.as_of = NEVER
        else:
            apply_event(program, arena, c, events, e)
            if not silent:
                evaluate(program, arena, c, e, scratch, outcomes)
    return end, clock


@jit_borrowing
def turn(
    program: Program, arena: Arena, first: int, day: int, scratch: Scratch, outcomes: Outcomes
) -> int:
    """Catch the customers from `first` up to a day; return the customer to go on with.

    The customers have been settled. It stops early when `outcomes` may not have room.
    """
    for c in range(first, arena.customers.size):
        if most_outcomes(program, arena.customers[c], day) > outcomes.rows.size - outcomes.used[0]:
            return c
        if arena.customers[c].as_of != NEVER:  # else it was erased
            catch_up(program, arena, c, day, False, scratch, outcomes)
    return arena.customers.size


@jit_borrowing
def reassemble(
    program: Program,
    arena: Arena,
    c: int,
    parts: NDArray[np.int64],
    day: int,
    mode: int,
    event: int,
    scratch: Scratch,
    outcomes: Outcomes,
) -> None:
    """Make the facts of customer c those of its parts together, and evaluate it as of `day`.

    `parts` are positions in the arena; none of them leaves the facts as they are. Time goes first,
    as before any event. The room is there, in the arena and in `outcomes`. If no part knows
    anything, c is as if it had been erased.
    """
    if mode == CUSTOMER_CLOCK:
        if day > arena.customers[c].as_of:
            slide_customer(program, arena, c, day)
    else:
        catch_up(program, arena, c, day, False, scratch, outcomes)
    if parts.size > 0:
        if not is_any_known(arena, parts):
            forget(arena, c, arena.customers[c].erased)
            add_up_counts(arena, c, parts)
            return
        retention = program.limits[0].retention
        combine(program.marks, retention, arena, c, parts)
        arena.sums[c] = 0
        load_sums(
            program.windows, program.operands,
            arena.customers[c], arena.totals[c], arena.row_day, arena.rows, arena.sums[c],
        )  # fmt: skip  # a line for the model, a line for the customer
    evaluate(program, arena, c, event, scratch, outcomes)


@jit_inlined
def most_outcomes(program: Program, customer: Any, day: int) -> int:
    """Return how many outcomes a customer can have at most by an event that brings it to a day."""
    days = 0 if customer.as_of == NEVER else max(0, day - customer.as_of)
    return (days + 1) * (program.scores.size + program.alerts.size)


@jit_borrowing
def settle(program: Program, arena: Arena) -> None:
    """Derive what is not stored: running sums, and the scores of the last evaluation."""
    for c in range(arena.customers.size):
        customer = arena.customers[c]
        if customer.as_of != NEVER:
            load_sums(
                program.windows,
                program.operands,
                customer,
                arena.totals[c],
                arena.row_day,
                arena.rows,
                arena.sums[c],
            )
            score(program, arena, c, arena.points[c], arena.scores[c])


@jit_borrowing
def is_duplicate(size: int, customer: Any, ring: NDArray[np.uint64], identity: np.uint64) -> bool:
    """Look an identity up among the last `size` of a customer; remember it if it is new."""
    end = customer.ring_start + customer.ring_count
    for n in range(end - 1, max(customer.ring_start, end - size) - 1, -1):
        if ring[n] == identity:
            return True
    if size > 0:
        ring[end] = identity
        customer.ring_count += 1
    return False


@jit_inlined
def slide_customer(program: Program, arena: Arena, c: int, day: int) -> bool:
    """Move customer c to a later day; return whether a sum may have changed."""
    retention = program.limits[0].retention
    return slide(
        program.windows, program.operands, retention,
        arena.customers[c], arena.totals[c], arena.row_day, arena.rows, arena.sums[c], day,
    )  # fmt: skip  # a line for the model, a line for the customer


@jit_inlined
def catch_up(
    program: Program,
    arena: Arena,
    c: int,
    day: int,
    silent: bool,
    scratch: Scratch,
    outcomes: Outcomes,
) -> None:
    """Walk a customer day by day to `day`, with cause time; a new customer has nothing to walk."""
    if arena.customers[c].as_of == NEVER:
        arena.customers[c].as_of = day
        return
    if silent:
        if day > arena.customers[c].as_of:
            slide_customer(program, arena, c, day)
        return
    every_day = program.limits[0].every_day == 1
    for d in range(arena.customers[c].as_of + 1, day + 1):
        if slide_customer(program, arena, c, d) or every_day:
            evaluate(program, arena, c, NO_EVENT, scratch, outcomes)


@jit_borrowing
def forget(arena: Arena, c: int, at: int) -> None:
    """Erase customer c: as if it were new, but for its counters, identities and `erased`."""
    customer = arena.customers[c]
    customer.as_of = NEVER
    customer.row_count = 0
    customer.applied += 1
    customer.erased = at
    arena.marks[c] = NEVER
    arena.totals[c] = 0
    arena.sums[c] = 0
    arena.indicators[c] = np.nan
    arena.points[c] = 0.0
    arena.scores[c] = 0.0
    for s in range(arena.standings.shape[1]):
        arena.standings[c, s].tier = 0
        arena.standings[c, s].since = NEVER
    for a in range(arena.watches.shape[1]):
        arena.watches[c, a].open = 0
        arena.watches[c, a].quiet_until = NEVER
        arena.watches[c, a].count = 0


@jit_inlined
def apply_event(program: Program, arena: Arena, c: int, events: Events, e: int) -> None:
    """Add an event to its day's bucket and move the marks."""
    retention = program.limits[0].retention
    marks, totals, sums = arena.marks[c], arena.totals[c], arena.sums[c]
    at, amount, cost = events.at[e], events.amount[e], events.cost[e]
    apply(
        program.kinds, program.effects, program.marks, program.windows, program.operands, retention,
        arena.customers[c], marks, totals, arena.row_day, arena.rows, sums,
        events.kind[e], events.day[e], at, amount, cost, events.due[e], events.level[e],
    )  # fmt: skip  # a line for the model, a line for the customer, a line for the event


@jit_inlined
def score(
    program: Program, arena: Arena, c: int, points: NDArray[np.float64], scores: NDArray[np.float64]
) -> None:
    """Compute the indicators of customer c as of its as-of, and from them points and scores."""
    as_of = arena.customers[c].as_of
    marks, sums, values = arena.marks[c], arena.sums[c], arena.indicators[c]
    for i in range(program.indicators.size):
        values[i] = indicator(program.indicators[i], program.members, as_of, marks, sums)
    for s in range(program.scores.size):
        total = 0.0
        for t in range(program.scores[s].first_term, program.scores[s].end_term):
            term = program.terms[t]
            points[t] = term.points * normalise(term, program.knots, values[term.indicator])
            total += points[t]
        scores[s] = total


@jit_inlined
def evaluate(
    program: Program, arena: Arena, c: int, event: int, scratch: Scratch, outcomes: Outcomes
) -> None:
    """Score a customer as of its as-of and decide its tiers and alerts; the room is there."""
    fresh = scratch.points
    score(program, arena, c, fresh, scratch.scores)
    for s in range(program.scores.size):
        decide_tier(program, arena, c, event, s, scratch.scores[s], fresh, outcomes)
    for a in range(program.alerts.size):
        decide_alert(program, arena, c, event, a, fresh, outcomes)
    for t in range(fresh.size):
        arena.points[c, t] = fresh[t]
    for s in range(program.scores.size):
        arena.scores[c, s] = scratch.scores[s]


@jit_inlined
def decide_tier(
    program: Program,
    arena: Arena,
    c: int,
    event: int,
    s: int,
    now: float,
    fresh: NDArray[np.float64],
    outcomes: Outcomes,
) -> None:
    """Move customer c between the tiers of a score and record the move; the room is there."""
    row = program.scores[s]
    before = arena.standings[c, s].tier
    after = next_tier(program.tiers, row.first_tier, row.end_tier, before, now)
    if after == before:
        return
    customer = arena.customers[c]
    arena.standings[c, s].tier = after
    arena.standings[c, s].since = customer.as_of
    n = append(outcomes, TIER_CHANGE, c, s, before, after, event, customer)
    outcomes.rows[n].score = now
    outcomes.rows[n].previous = arena.scores[c, s]
    for t in range(row.first_term, row.end_term):
        outcomes.points[n, 0, t - row.first_term] = arena.points[c, t]
        outcomes.points[n, 1, t - row.first_term] = fresh[t]


@jit_inlined
def decide_alert(
    program: Program,
    arena: Arena,
    c: int,
    event: int,
    a: int,
    fresh: NDArray[np.float64],
    outcomes: Outcomes,
) -> None:
    """Open or resolve an alert of customer c and remember the evaluation; the room is there."""
    alert = program.alerts[a]
    watch = arena.watches[c, a]
    peaks, peak_terms = arena.peaks[c, a], arena.peak_terms[c, a]
    customer = arena.customers[c]
    points = fresh[program.scores[alert.score].first_term : program.scores[alert.score].end_term]
    total = 0
    for t in range(points.size):
        total += thousandths(points[t])
    forget_before(watch, peaks, peak_terms, customer.as_of - alert.within)
    known = watch.count > 0
    reference = peaks[0].total if known else total
    after = next_state(alert, watch, int(reference - total), customer.as_of)
    if after != watch.open:
        n = append(outcomes, ALERT, c, a, watch.open, after, event, customer)
        outcomes.rows[n].score = total / 1000.0
        outcomes.rows[n].previous = reference / 1000.0
        outcomes.rows[n].previous_day = peaks[0].day if known else customer.as_of
        for t in range(points.size):
            now = thousandths(points[t])
            outcomes.points[n, 0, t] = (np.int64(peak_terms[0, t]) if known else now) / 1000.0
            outcomes.points[n, 1, t] = now / 1000.0
        watch.open = after
    remember(watch, peaks, peak_terms, customer.as_of, total, points)
