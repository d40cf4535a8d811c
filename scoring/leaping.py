"""Leaping over days on which nothing can be decided, for customers who keep silent for years.

Between two events each day is an evaluation: what is computed from days moves every day. But while
no bucket enters or leaves a window, each indicator moves one way, and each term's points with it.
So what both ends of a stretch give bounds all that lies between: if no tier, class or alert is
within these bounds of a decision, the days are as if each had been evaluated.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.alerts import thousandths
from scoring.arena import NEVER, Arena
from scoring.jit import jit_borrowing
from scoring.program import Program
from scoring.segments import INDICATOR, SCORE
from scoring.tables import DAYS, DAYS_OF_ATTRIBUTES, DAYS_OF_LINES, Table
from scoring.windows import copy

SHORTEST: Final = 16
"""Days that a leap must save: a shorter one costs more than it saves."""
MOST_BUCKETS: Final = 64
"""A customer with more is never silent for long; to look through them would cost more."""
DAYS_PASS: Final = np.uint64(DAYS | DAYS_OF_LINES | DAYS_OF_ATTRIBUTES)
"""All that days alone make stale."""
_SLACK: Final = 1e-9
"""Relative: more than rounding moves what should stay or fall."""


@jit_borrowing
def days_to_walk(program: Program) -> int:
    """Return how many days before an evaluation must have been evaluated: alerts remember them."""
    return int(max(1, program.limits[0].longest_alert))


@jit_borrowing
def may_leap(program: Program, arena: Arena, c: int, day: int) -> bool:
    """Return whether customer c, on its way to a day, may be where nothing happens for long."""
    customer = arena.customers[c]
    facts = customer.stale_measures | (customer.stale_besides & ~DAYS_PASS)
    if program.limits[0].leaps == 0 or facts != 0:
        return False
    walk = days_to_walk(program)
    if day - customer.as_of <= walk + SHORTEST or customer.row_count > MOST_BUCKETS:
        return False
    if customer.leapt != NEVER and customer.as_of - customer.leapt < walk:
        return False
    for s in range(program.scores.size):
        is_overridden = arena.columns[c, program.scores[s].override_tier] >= 0
        if is_overridden or arena.standings[c, s].fall != NEVER:
            return False
    is_any_open = False
    for a in range(program.alerts.size):
        is_any_open = is_any_open or arena.watches[c, a].open == 1
    return not is_any_open


@jit_borrowing
def undisturbed_until(edges: Table, customer: Any, buckets: Table, day: int, least: int) -> int:
    """Return the last day, at most `day`, up to which no bucket enters or leaves a window.

    It stops looking where that is before `least`.
    """
    until = day
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        for e in range(edges.size):
            crossing = buckets[row].day + edges[e].age
            if customer.as_of < crossing <= until:
                until = crossing - 1
                if until < least:
                    return int(until)
    return int(until)


@jit_borrowing
def keep(arena: Arena, c: int, scratch: Any) -> None:
    """Keep the last evaluation of customer c."""
    copy(arena.indicators[c], scratch.values)
    copy(arena.points[c], scratch.points)
    copy(arena.scores[c], scratch.scores)
    copy(arena.factors[c], scratch.factors)
    copy(arena.raw_classes[c], scratch.classes)


@jit_borrowing
def give_back(arena: Arena, c: int, scratch: Any) -> None:
    """Make what was kept the last evaluation again."""
    copy(scratch.values, arena.indicators[c])
    copy(scratch.points, arena.points[c])
    copy(scratch.scores, arena.scores[c])
    copy(scratch.factors, arena.factors[c])
    copy(scratch.classes, arena.raw_classes[c])


@jit_borrowing
def is_quiet(program: Program, arena: Arena, c: int, scratch: Any) -> bool:
    """Return whether nothing is decided between the kept evaluation and the one at hand."""
    before, after = scratch.values, arena.indicators[c]
    for n in range(program.deciding.size):
        i = program.deciding[n]
        if math.isnan(before[i]) != math.isnan(after[i]):
            return False
    for s in range(scratch.classes.size):
        if scratch.classes[s] != arena.raw_classes[c, s]:
            return False
    for joined in (False, True):  # these are bounded by those that they join
        for s in range(program.scores.size):
            if (program.scores[s].joined >= 0) == joined:
                bound_score(program, arena, c, s, scratch)
    return (
        are_conditions_fixed(program.conditions, before, after, scratch)
        and are_tiers_fixed(program, before, after, scratch)
        and stay_alerts_closed(program, arena, c, scratch)
    )


@jit_borrowing
def bound_score(program: Program, arena: Arena, c: int, s: int, scratch: Any) -> None:
    """Bound a score by the bounds of its terms; a joined one by those of the scores it joins."""
    row, low, high = program.scores[s], scratch.low, scratch.high
    if row.joined >= 0:
        share = program.shares[row.first_share + arena.raw_classes[c, row.segment]]
        low[s] = share * low[row.joined] + (1.0 - share) * low[row.joined_with]
        high[s] = share * high[row.joined] + (1.0 - share) * high[row.joined_with]
        return
    low[s], high[s] = 0.0, 0.0
    for t in range(row.first_term, row.end_term):
        low[s] += min(scratch.points[t], arena.points[c, t])
        high[s] += max(scratch.points[t], arena.points[c, t])
    if low[s] != high[s]:
        low[s] -= _SLACK * 100.0
        high[s] += _SLACK * 100.0


@jit_borrowing
def is_on_one_side(bound: float, one: float, other: float) -> bool:
    """Return whether all between two values is below a bound, or none of it."""
    least, most = min(one, other), max(one, other)
    slack = _SLACK * (1.0 + max(abs(least), abs(most)))
    return bool((least - slack >= bound) or (most + slack < bound) or least == most)


@jit_borrowing
def are_conditions_fixed(
    conditions: Table, before: NDArray[np.float64], after: NDArray[np.float64], scratch: Any
) -> bool:
    """Return whether each condition of a segment holds at both ends and between, or nowhere."""
    for n in range(conditions.size):
        row = conditions[n]
        if row.kind == INDICATOR and not math.isnan(before[row.of]):
            one, other = before[row.of], after[row.of]
        elif row.kind == SCORE:
            one, other = scratch.low[row.of], scratch.high[row.of]
        else:
            continue  # of classes and nulls, which are fixed
        if not is_on_one_side(row.low, one, other) or not is_on_one_side(row.high, one, other):
            return False
    return True


@jit_borrowing
def are_tiers_fixed(
    program: Program, before: NDArray[np.float64], after: NDArray[np.float64], scratch: Any
) -> bool:
    """Return whether what each tier asks for holds at both ends and between, or nowhere."""
    for s in range(program.scores.size):
        for t in range(program.scores[s].first_tier + 1, program.scores[s].end_tier):
            tier, low, high = program.tiers[t], scratch.low[s], scratch.high[s]
            if tier.scored == 1 and not (
                is_on_one_side(tier.enter, low, high) and is_on_one_side(tier.leave, low, high)
            ):
                return False
            for n in range(tier.first_bound, tier.end_bound):
                bound = program.bounds[n]
                one, other = before[bound.indicator], after[bound.indicator]
                if not math.isnan(one) and not (
                    is_on_one_side(bound.enter, one, other)
                    and is_on_one_side(bound.leave, one, other)
                ):
                    return False
    return True


@jit_borrowing
def stay_alerts_closed(program: Program, arena: Arena, c: int, scratch: Any) -> bool:
    """Return whether no alert opens, however high the best and however low the worst day is."""
    for a in range(program.alerts.size):
        alert, watch = program.alerts[a], arena.watches[c, a]
        row = program.scores[alert.score]
        lowest, highest = 0, 0
        for t in range(row.first_term, row.end_term):
            least = min(scratch.points[t], arena.points[c, t])
            most = max(scratch.points[t], arena.points[c, t])
            slack = 0.0 if least == most else _SLACK * 100.0
            lowest += thousandths(least - slack)
            highest += thousandths(most + slack)
        if watch.count > 0:
            highest = max(highest, arena.peaks[c, a, 0].total)
        if highest - lowest >= alert.points:
            return False
    return True
