"""The scoring kernel: one event after another, each with its own consequences.

`step` runs any compiled model over a batch of events; a batch is only an optimisation, results are
those of one event at a time (design promise P3). `turn` brings customers to a later day, `settle`
scores them as they are. docs/semantics.md section 1 gives the order of application.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.additions import add_all
from scoring.alerts import forget_before, next_state, remember, thousandths
from scoring.arena import NEVER, Arena
from scoring.changes import Changes, first_change
from scoring.columns import Events
from scoring.combining import add_up_counts, combine, is_any_known
from scoring.facts.attributes import CSAT, NPS, NUMBER, find_columns, set_attribute
from scoring.facts.product_lines import note_line
from scoring.increments import apply
from scoring.indicators import indicator
from scoring.jit import jit_borrowing, jit_inlined
from scoring.leaping import (
    DAYS_PASS,
    SHORTEST,
    days_to_walk,
    give_back,
    is_quiet,
    keep,
    may_leap,
    undisturbed_until,
)
from scoring.measures import ABSENT, KINDS, MOST_VOLUME
from scoring.missing import LEAVE_OUT, SHARE, filled
from scoring.normalisers import normalise
from scoring.ordering import apply_order, is_of_order, note_unnamed
from scoring.outcomes import ALERT, NO_EVENT, SEGMENT_CHANGE, TIER_CHANGE, Outcomes, append
from scoring.prefetching import ask_for
from scoring.program import Program
from scoring.receivables import additions_of_costs, additions_without_invoice, bill, change_invoice
from scoring.segments import next_class, raw_class
from scoring.tables import (
    ATTRIBUTES,
    DAYS,
    DAYS_OF_ATTRIBUTES,
    DAYS_OF_LINES,
    EVERYTHING,
    LINES,
    Table,
)
from scoring.tiers import next_tier, overridden
from scoring.verdicts import (
    APPLIED,
    DIFFERENT,
    DUPLICATE,
    ERASED,
    OVERFLOWS,
    volume_of,
)
from scoring.windows import copy, load_sums, slide

AHEAD: Final = 2
"""How many events ahead a customer is asked for; its row, which says where the rest lies, twice as
far."""
CLOCKS: Final = ("event", "wall", "customer")
ERASURE: Final = KINDS.index("erasure")
MERGE: Final = KINDS.index("merge")
"""The first of the commands that concern two customers (scoring/merging.py)."""
SALE: Final = KINDS.index("sale")
VOID: Final = KINDS.index("void")
PAYMENT: Final = KINDS.index("payment")
ANSWERS: Final = (KINDS.index("nps"), KINDS.index("csat"))
WALL_CLOCK: Final = CLOCKS.index("wall")
CUSTOMER_CLOCK: Final = CLOCKS.index("customer")


class Scratch(NamedTuple):
    """Room for what is at hand: an evaluation as it was, bounds of scores; rows of all kinds."""

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    values: NDArray[np.float64]
    factors: NDArray[np.float64]
    classes: NDArray[np.int32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    line: Table
    invoice: Table
    additions: Table
    attribute: Table


@jit_borrowing
def step(
    program: Program,
    arena: Arena,
    events: Events,
    changes: Changes,
    first: int,
    end: int,
    clock: int,
    mode: int,
    silent: bool,
    verdicts: NDArray[np.int8],
    scratch: Scratch,
    outcomes: Outcomes,
) -> tuple[int, int]:
    """Apply the events from `first` to `end` in order; return the event to go on with, the clock.

    The customers have been settled. It stops early when `outcomes` may not have room for what the
    next event causes. `verdicts` tells what becomes of each event. `clock` is the shard's day
    (`NEVER` if it has none), `mode` a position in `CLOCKS`. `silent` adds facts and evaluates
    nothing: so it is with customers that count for another one.
    """
    ring = program.limits[0].ring
    for e in range(first, end):
        if e + 2 * AHEAD < end:
            ask_for(arena.customers, events.customer[e + 2 * AHEAD], 1)
            ask_for_customer(program, arena, events.customer[e + AHEAD])
        c = events.customer[e]
        customer = arena.customers[c]
        day = events.day[e] if mode == CUSTOMER_CLOCK else max(clock, events.day[e])
        if most_outcomes(program, customer, day) > outcomes.rows.size - outcomes.used[0]:
            return e, clock
        verdict = repeats(ring, customer, arena.ring, events.identity[e], events.content[e])
        volume = volume_of(max(events.amount[e], events.own[e]), events.cost[e])
        if verdict == APPLIED and events.at[e] <= customer.erased:
            verdict = ERASED
        if verdict == APPLIED and volume > MOST_VOLUME - customer.volume:
            verdict = OVERFLOWS
        verdicts[e] = verdict
        if verdict != APPLIED:
            continue
        customer.volume += volume
        if mode != CUSTOMER_CLOCK:
            clock = day
        cause, is_known = NO_EVENT, customer.as_of != NEVER
        while cause == NO_EVENT:
            if not reaches_evaluation(program, arena, c, day, mode, silent, scratch):
                cause = e
                if not apply_event(program, arena, c, events, changes, e, is_known, scratch):
                    break
                if silent:
                    break
            evaluate(program, arena, c, cause, scratch, outcomes)
    return end, clock


@jit_inlined
def ask_for_customer(program: Program, arena: Arena, c: int) -> None:
    """Ask for the memory that an event of customer c will touch."""
    customer = arena.customers[c]
    ask_for(arena.marks, c, 1)
    ask_for(arena.standings, c, 1)
    ask_for(arena.watches, c, 1)
    ask_for(arena.peaks, c, 1)
    ask_for(arena.peak_terms, c, 1)
    ask_for(arena.classes, c, 1)
    ask_for(arena.sums, c, 1)
    ask_for(arena.indicators, c, 1)
    ask_for(arena.points, c, 1)
    ask_for(arena.scores, c, 1)
    ask_for(arena.factors, c, 1)
    ask_for(arena.columns, c, 1)
    ask_for(arena.raw_classes, c, 1)
    ask_for(arena.ring, customer.ring_start, customer.ring_count + 1)
    ask_for(arena.buckets, customer.row_start, customer.row_count + 1)
    ask_for(arena.rows, customer.row_start + customer.row_count, 1)
    ask_for(arena.lines, customer.line_start, customer.line_count)
    if program.limits[0].keep_orders > 0:
        ask_for(arena.order_ids, customer.order_start, customer.order_count + 1)
        ask_for(arena.orders, customer.order_start, 1)
        ask_for(arena.orders, customer.order_start + customer.order_count, 1)


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
            while reaches_evaluation(program, arena, c, day, WALL_CLOCK, False, scratch):
                evaluate(program, arena, c, NO_EVENT, scratch, outcomes)
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
    silent: bool,
    scratch: Scratch,
    outcomes: Outcomes,
) -> None:
    """Make the facts of customer c those of its parts together, and evaluate it as of `day`.

    `parts` are positions in the arena; none of them leaves the facts as they are. Time goes first,
    as before any event. The room is there, in the arena and in `outcomes`. If no part knows
    anything, c is as if it had been erased. A `silent` one is not evaluated.
    """
    cause = NO_EVENT
    while cause == NO_EVENT:
        if not reaches_evaluation(program, arena, c, day, mode, silent, scratch):
            cause = event
            arena.customers[c].stale_measures = arena.customers[c].stale_besides = EVERYTHING
            if parts.size > 0 and not is_any_known(arena, parts):
                forget(arena, c, arena.customers[c].erased)
                add_up_counts(arena, c, parts)
                return
            if parts.size > 0:
                combine(program, arena, c, parts, scratch)
                arena.sums[c] = 0
                load_sums(
                    program.windows, program.operand_of,
                    arena.customers[c], arena.totals[c], arena.buckets, arena.rows, arena.sums[c],
                )  # fmt: skip  # a line for the model, a line for the customer
            if silent:
                return
        evaluate(program, arena, c, cause, scratch, outcomes)


@jit_inlined
def most_outcomes(program: Program, customer: Any, day: int) -> int:
    """Return how many outcomes a customer can have at most by an event that brings it to a day."""
    days = 0 if customer.as_of == NEVER else max(0, day - customer.as_of)
    return (days + 1) * (program.scores.size + program.alerts.size + program.segments.size)


@jit_borrowing
def settle(program: Program, arena: Arena) -> None:
    """Derive what is not stored: running sums, and the scores of the last evaluation."""
    for c in range(arena.customers.size):
        customer = arena.customers[c]
        if customer.as_of != NEVER:
            load_sums(
                program.windows,
                program.operand_of,
                customer,
                arena.totals[c],
                arena.buckets,
                arena.rows,
                arena.sums[c],
            )
            find_columns(program.attributes, customer, arena.columns[c], arena.attributes)
            score(program, arena, c)


@jit_borrowing
def complete(program: Program, arena: Arena) -> None:
    """Compute also the indicators that decide nothing, as of each customer's as-of."""
    for c in range(arena.customers.size):
        if arena.customers[c].as_of != NEVER:
            for n in range(program.others.size):
                i = program.others[n]
                arena.indicators[c, i] = indicator(program, arena, c, i)


@jit_borrowing
def repeats(size: int, customer: Any, ring: Table, identity: np.uint64, content: np.uint32) -> int:
    """Look an identity up among the last `size` of a customer; remember it if it is new.

    It is the same event again unless both contents are known and differ. Returns the verdict.
    """
    n = place_of(size, customer, ring, identity)
    if n >= 0:
        is_same = ring[n].content in (np.uint32(0), content)
        return DUPLICATE if is_same else DIFFERENT
    if size > 0:
        end = customer.ring_start + customer.ring_count
        ring[end].identity = identity
        ring[end].content = content
        customer.ring_count += 1
    return APPLIED


@jit_borrowing
def place_of(size: int, customer: Any, ring: Table, identity: np.uint64) -> int:
    """Return where an identity is among the last `size` of a customer; −1: nowhere."""
    end = customer.ring_start + customer.ring_count
    for n in range(end - 1, max(customer.ring_start, end - size) - 1, -1):
        if ring[n].identity == identity:
            return int(n)
    return -1


@jit_inlined
def slide_customer(program: Program, arena: Arena, c: int, day: int) -> bool:
    """Move customer c to a later day; return whether a sum may have changed."""
    customer = arena.customers[c]
    moved = slide(
        program.windows, program.edges, program.crossings, program.operand_of,
        program.limits[0].retention,
        customer, arena.totals[c], arena.buckets, arena.rows, arena.sums[c], day,
    )  # fmt: skip  # the model on two lines, a line for the customer
    customer.stale_measures |= moved
    customer.stale_besides |= np.uint64(DAYS)
    if customer.category_count > 0:
        customer.stale_besides |= np.uint64(DAYS_OF_LINES)
    if customer.attribute_count > 0:
        customer.stale_besides |= np.uint64(DAYS_OF_ATTRIBUTES)
    return bool(moved != 0)


@jit_inlined
def reaches_evaluation(
    program: Program, arena: Arena, c: int, day: int, mode: int, silent: bool, scratch: Scratch
) -> bool:
    """Walk a customer towards `day`; return whether it stands before on a day to be evaluated.

    A new customer has nothing to walk. With a clock of its own, or silent, it goes there at once.
    Where years pass it leaps over days on which nothing is decided.
    """
    customer = arena.customers[c]
    if customer.as_of == NEVER:
        customer.as_of = day
    at_once = mode == CUSTOMER_CLOCK or silent
    every_day = program.limits[0].every_day == 1 or customer.attribute_count > 0
    if not at_once and day - customer.as_of > SHORTEST and may_leap(program, arena, c, day):
        leap(program, arena, c, day, scratch)
    while customer.as_of < day:
        has_moved = slide_customer(program, arena, c, day if at_once else customer.as_of + 1)
        if not at_once and (has_moved or every_day):
            return True
    return False


@jit_borrowing
def leap(program: Program, arena: Arena, c: int, day: int, scratch: Scratch) -> None:
    """Move customer c over days before `day` on which nothing is decided, if there are enough.

    It tries a short stretch, then ever longer ones, and stops so far before the end of the last
    that is quiet that alerts will remember what they must of the days behind it.
    """
    customer = arena.customers[c]
    begin, walk = customer.as_of, days_to_walk(program)
    length = walk + SHORTEST
    most = undisturbed_until(program.edges, customer, arena.buckets, day - 1, begin + length)
    most -= begin
    if length > most:
        return
    keep(arena, c, scratch)
    quiet = 0
    while length > quiet:
        customer.as_of = begin + length
        customer.stale_besides = DAYS_PASS
        score(program, arena, c)
        if not is_quiet(program, arena, c, scratch):
            break
        quiet = length
        length = min(2 * length, most)
    give_back(arena, c, scratch)
    customer.as_of = begin
    customer.stale_besides = DAYS_PASS
    if quiet > 0:
        slide_customer(program, arena, c, begin + quiet - walk)
    customer.leapt = customer.as_of


@jit_borrowing
def forget(arena: Arena, c: int, at: int) -> None:
    """Erase customer c: as if it were new, but for its counters, identities and `erased`."""
    customer = arena.customers[c]
    customer.stale_measures = customer.stale_besides = EVERYTHING
    customer.as_of = NEVER
    customer.row_count = 0
    customer.line_count = 0
    customer.category_count = 0
    customer.attribute_count = 0
    customer.order_count = 0
    customer.folded_sale = NEVER
    customer.applied += 1
    customer.erased = at
    customer.volume = 0
    arena.marks[c] = NEVER
    arena.totals[c] = 0
    arena.sums[c] = 0
    arena.indicators[c] = np.nan
    arena.points[c] = 0.0
    arena.scores[c] = 0.0
    arena.factors[c] = np.nan
    arena.columns[c] = -1
    arena.classes[c] = 0
    for s in range(arena.standings.shape[1]):
        arena.standings[c, s].tier = 0
        arena.standings[c, s].earned = 0
        arena.standings[c, s].since = NEVER
        arena.standings[c, s].fall = NEVER
    for a in range(arena.watches.shape[1]):
        arena.watches[c, a].open = 0
        arena.watches[c, a].quiet_until = NEVER
        arena.watches[c, a].count = 0


@jit_inlined
def apply_event(
    program: Program,
    arena: Arena,
    c: int,
    events: Events,
    changes: Changes,
    e: int,
    is_known: bool,
    scratch: Scratch,
) -> bool:
    """Apply an event; return whether there is something to evaluate."""
    customer = arena.customers[c]
    if events.kind[e] == ERASURE:
        forget(arena, c, events.at[e])
        return False
    if events.kind[e] >= MERGE:
        customer.applied += 1
        if not is_known:
            customer.as_of = NEVER
        return False
    apply_fact(program, arena, c, events, changes, e, scratch)
    return True


@jit_inlined
def apply_fact(
    program: Program,
    arena: Arena,
    c: int,
    events: Events,
    changes: Changes,
    e: int,
    scratch: Scratch,
) -> None:
    """Add an event to its day's bucket, move the marks, and take in what else it says."""
    limits, customer = program.limits[0], arena.customers[c]
    marks, totals, sums = arena.marks[c], arena.totals[c], arena.sums[c]
    kind, day, at, level = events.kind[e], events.day[e], events.at[e], events.level[e]
    customer.applied += 1
    if is_of_order(program, kind, events.order[e]):
        apply_order(program, arena, c, events, changes, e, scratch)
        return
    apply(
        program.kinds, program.effects, program.marks, program.places, limits.retention,
        customer, marks, totals, arena.buckets, arena.rows, sums,
        kind, day, at, events.amount[e], events.cost[e], events.due[e], events.due_day[e], level, 1,
    )  # fmt: skip  # a line for the model, a line for the customer, a line for the event
    if kind == SALE and customer.order_count > 0:
        note_unnamed(program, arena, c, day, events.amount[e])
    if kind == SALE and events.category[e] != np.uint64(0):
        note_line(customer, arena.categories, events.category[e], day, day)
        customer.stale_besides |= np.uint64(LINES)
    if kind in ANSWERS or events.detail[e] == 1:
        for n in range(first_change(changes.attributes, e), changes.attributes.size + 1):
            if not next_attribute(changes.attributes, n, e, kind, level, scratch.attribute[0]):
                break
            customer.stale_besides |= np.uint64(ATTRIBUTES)
            scratch.attribute[0].at = at
            scratch.attribute[0].sequence = events.sequence[e]
            scratch.attribute[0].identity = events.identity[e]
            scratch.attribute[0].day = day
            set_attribute(
                program.attributes, customer, arena.columns[c], arena.attributes,
                scratch.attribute[0],
            )  # fmt: skip  # the value on a line of its own
    if kind <= PAYMENT and kind != VOID:
        apply_money(program, arena, c, events, changes, e, scratch)


@jit_borrowing
def apply_money(
    program: Program,
    arena: Arena,
    c: int,
    events: Events,
    changes: Changes,
    e: int,
    scratch: Scratch,
) -> None:
    """Add what a sale, refund or payment adds on account of invoices, and parts of its costs."""
    limits, customer = program.limits[0], arena.customers[c]
    line, additions = scratch.line[0], scratch.additions
    is_undated = events.due[e] == ABSENT
    bill(
        events.kind[e], events.day[e], events.amount[e], events.own[e], events.currency[e],
        events.invoice[e], events.due_day[e], is_undated,
        limits.terms_days, line,
    )  # fmt: skip  # what the event says, what its invoice, the model
    count = additions_without_invoice(line, events.due_day[e], additions)
    if events.detail[e] == 1:
        count = additions_of_costs(changes.costs, e, line.day, additions, count)
    add_all(
        additions, count, program.places, limits.retention,
        customer, arena.totals[c], arena.buckets, arena.rows, arena.sums[c],
    )  # fmt: skip  # what and a line for the model, a line for the customer
    if line.invoice != np.uint64(0):
        change_invoice(program, arena, c, scratch)


@jit_borrowing
def next_attribute(changes: Any, n: int, e: int, kind: int, level: int, attribute: Any) -> bool:
    """Write the nth attribute that event e sets, or the one that its answer is; False: no more."""
    if kind in ANSWERS:
        attribute.key = NPS if kind == ANSWERS[0] else CSAT
        attribute.kind = NUMBER
        attribute.number = float(level)
        attribute.text = np.uint64(0)
        attribute.name_length = 0
        attribute.text_length = 0
        return bool(n == first_change(changes, e))
    if n >= changes.size or changes[n].event != e:
        return False
    change = changes[n]
    attribute.key = change.key
    attribute.kind = change.kind
    attribute.number = change.number
    attribute.text = change.text
    attribute.name_start = change.name_start
    attribute.name_length = change.name_length
    attribute.text_start = change.text_start
    attribute.text_length = change.text_length
    return True


@jit_inlined
def score(program: Program, arena: Arena, c: int) -> None:
    """Compute indicators of customer c as of its as-of, and from them points and scores.

    Only what was computed from something that has moved since is computed again: the rest is that
    of the last evaluation, to the bit.
    """
    customer, values = arena.customers[c], arena.indicators[c]
    points, scores, raw = arena.points[c], arena.scores[c], arena.raw_classes[c]
    measures, besides = customer.stale_measures, customer.stale_besides
    customer.stale_measures = customer.stale_besides = np.uint64(0)
    has_null_moved = False
    for n in range(program.deciding.size):
        i = program.deciding[n]
        if is_stale(program.indicators[i], measures, besides):
            before = values[i]
            values[i] = indicator(program, arena, c, i)
            has_null_moved = has_null_moved or math.isnan(before) != math.isnan(values[i])
    for s in range(program.scores.size):
        row = program.scores[s]
        if row.joined < 0 and is_stale(row, measures, besides):
            scores[s] = add_up_terms(program, arena, c, s, measures, besides, has_null_moved)
    for s in range(program.segments.size):
        raw[s] = raw_class(
            program.segments[s], program.classes, program.conditions, values, scores, raw
        )
    for s in range(program.scores.size):
        row = program.scores[s]
        if row.joined >= 0:
            share = program.shares[row.first_share + raw[row.segment]]
            points[row.first_term] = share * scores[row.joined]
            points[row.first_term + 1] = (1.0 - share) * scores[row.joined_with]
            scores[s] = points[row.first_term] + points[row.first_term + 1]


@jit_borrowing
def is_stale(row: Any, measures: np.uint64, besides: np.uint64) -> bool:
    """Return whether something has moved that an indicator or a score is computed from."""
    return bool((row.measures & measures) | (row.besides & besides))


@jit_inlined
def add_up_terms(
    program: Program,
    arena: Arena,
    c: int,
    s: int,
    measures: np.uint64,
    besides: np.uint64,
    has_null_moved: bool,
) -> float:
    """Return a score with groups: the sum of its terms' points, of which it sets the stale ones."""
    row, values, points = program.scores[s], arena.indicators[c], arena.points[c]
    factor = 1.0
    is_shared_anew = row.leaves_out == 1 and has_null_moved
    if row.leaves_out == 1:
        factor = arena.factors[c, s]
        if has_null_moved or math.isnan(factor):
            factor = arena.factors[c, s] = weight_of_others(program.terms, row, values)
    total = 0.0
    for t in range(row.first_term, row.end_term):
        term = program.terms[t]
        if is_shared_anew or is_stale(term, measures, besides):
            x = values[term.indicator]
            if math.isnan(x) and term.fill != SHARE:
                x = filled(
                    term, program.values, program.coefficients,
                    arena.customers[c], arena.columns[c], arena.attributes, values,
                )  # fmt: skip  # a line for the model, a line for the customer
            points[t] = term.points * normalise(term, program.knots, x) * factor
        total += points[t]
    return total


@jit_borrowing
def weight_of_others(terms: Any, row: Any, values: NDArray[np.float64]) -> float:
    """Return what points are multiplied by when terms are left out: their weight goes to others.

    The points of a term that is left out are 0: its `missing` is.
    """
    whole, present = 0.0, 0.0
    for t in range(row.first_term, row.end_term):
        term = terms[t]
        whole += term.points
        if term.fill != LEAVE_OUT or not math.isnan(values[term.indicator]):
            present += term.points
    return whole / present if present > 0.0 else 1.0


@jit_inlined
def evaluate(
    program: Program, arena: Arena, c: int, event: int, scratch: Scratch, outcomes: Outcomes
) -> None:
    """Score a customer as of its as-of and decide its tiers and alerts; the room is there."""
    copy(arena.points[c], scratch.points)
    copy(arena.scores[c], scratch.scores)
    score(program, arena, c)
    for s in range(program.scores.size):
        decide_tier(program, arena, c, event, s, scratch, outcomes)
    for a in range(program.alerts.size):
        decide_alert(program, arena, c, event, a, outcomes)
    for s in range(program.segments.size):
        decide_class(program, arena, c, event, s, outcomes)


@jit_inlined
def decide_class(
    program: Program,
    arena: Arena,
    c: int,
    event: int,
    s: int,
    outcomes: Outcomes,
) -> None:
    """Move customer c between the classes of a segment; tell of it if the model has it so."""
    before = arena.classes[c, s] - 1
    raw, segment = arena.raw_classes[c], program.segments[s]
    after = next_class(
        segment, program.classes, program.conditions, before,
        arena.indicators[c], arena.scores[c], raw, raw[s],
    )  # fmt: skip  # a line for the model, a line for the customer
    if after != before:
        arena.classes[c, s] = after + 1
        if segment.tell == 1:
            append(outcomes, SEGMENT_CHANGE, c, s, before, after, event, arena.customers[c])


@jit_inlined
def decide_tier(
    program: Program,
    arena: Arena,
    c: int,
    event: int,
    s: int,
    scratch: Scratch,
    outcomes: Outcomes,
) -> None:
    """Move customer c between the tiers of a score and record the move; the room is there."""
    row, now = program.scores[s], arena.scores[c, s]
    customer = arena.customers[c]
    standing = arena.standings[c, s]
    earned = next_tier(
        row, program.tiers, program.bounds, program.reviews,
        standing, arena.indicators[c], now, customer.as_of,
    )  # fmt: skip  # a line for the model, a line for the customer
    if earned != standing.earned:
        standing.earned = earned
        standing.since = customer.as_of
    before, after = standing.tier, earned
    if customer.attribute_count > 0:
        after = overridden(row, program.tiers, customer, arena.columns[c], arena.attributes, earned)
    if after == before:
        return
    standing.tier = after
    n = append(outcomes, TIER_CHANGE, c, s, before, after, event, customer)
    outcomes.rows[n].score = now
    outcomes.rows[n].previous = scratch.scores[s]
    for t in range(row.first_term, row.end_term):
        outcomes.points[n, 0, t - row.first_term] = scratch.points[t]
        outcomes.points[n, 1, t - row.first_term] = arena.points[c, t]


@jit_inlined
def decide_alert(
    program: Program,
    arena: Arena,
    c: int,
    event: int,
    a: int,
    outcomes: Outcomes,
) -> None:
    """Open or resolve an alert of customer c and remember the evaluation; the room is there."""
    alert = program.alerts[a]
    watch = arena.watches[c, a]
    peaks, peak_terms = arena.peaks[c, a], arena.peak_terms[c, a]
    customer = arena.customers[c]
    row = program.scores[alert.score]
    points = arena.points[c, row.first_term : row.end_term]
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
