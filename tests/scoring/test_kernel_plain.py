"""The kernel's small functions as plain Python, from the same source: what each of them decides."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from scoring import alerts, increments, normalisers, tiers, windows
from scoring.arena import BUCKET, CUSTOMER, NEVER, PEAK, STANDING, WATCH
from scoring.measures import ABSENT, MEASURES, SOURCES
from scoring.outcomes import empty_outcomes, with_room
from scoring.tables import (
    ALERT,
    CROSSING,
    EDGE,
    KNOT,
    LIFETIME,
    NORMALISER_KINDS,
    TERM,
    WINDOW,
)
from tests.scoring.batches import (
    Event,
    batches,
    columns,
    scorer_of,
    shop_mapping,
    states_of,
)

CUSTOMERS = 3
shop = scorer_of(shop_mapping())


def plain(compiled: Any) -> Any:
    """The function as it was written."""
    return compiled.py_func


def table(dtype: np.dtype[np.void], *rows: tuple[Any, ...]) -> Any:
    """A table whose rows have attributes, as compiled code sees them."""
    return np.rec.array(np.array(list(rows), dtype))


# -- tiers


def with_tiers(*above: dict[str, Any], **policy: Any) -> Any:
    """The program of a model with these tiers above the lowest one."""
    mapping = shop_mapping()
    mapping["scores"]["value"]["tiers"] = [{"name": "lowest"}, *above]
    mapping["scores"]["value"]["policy"] = policy
    mapping["alerts"] = {}
    return scorer_of(mapping).program


A = {"name": "a", "enter_at": 50, "leave_below": 45}
B = {"name": "b", "enter_at": 75, "leave_below": 70}
UNKNOWN = np.full(100, math.nan)


def earned(
    program: Any, tier: int, score: float, *, since: int = 0, fall: int = NEVER, day: int = 9
) -> tuple[int, int]:
    """The tier that is earned after a score, and when its loss began."""
    standing = np.zeros(1, STANDING)
    standing["earned"], standing["since"], standing["fall"] = tier, since, fall
    reached = tiers.next_tier(
        program.scores[0], program.tiers, program.bounds, program.reviews,
        standing[0], UNKNOWN, score, day,
    )  # fmt: skip  # a line for the model, a line for the customer
    return reached, int(standing["fall"][0])


@pytest.mark.parametrize(
    ("tier", "score", "next_tier"),
    [
        (0, 49.999, 0), (0, 50.0, 1), (0, 75.0, 2),  # up at once, over a tier if need be
        (1, 45.0, 1), (1, 44.999, 0), (1, 74.999, 1), (1, 75.0, 2),
        (2, 70.0, 2), (2, 69.999, 1), (2, 45.0, 0), (2, 44.0, 0),  # down to where the score belongs
    ],
)  # fmt: skip
def test_a_tier_is_entered_at_its_bound_and_left_below_the_lower_one(
    tier: int, score: float, next_tier: int
) -> None:
    assert earned(with_tiers(A, B), tier, score)[0] == next_tier


def test_a_tier_is_lost_after_its_minimum_stay_its_grace_and_a_review() -> None:
    stay = with_tiers(A, minimum_stay_days=30)
    assert earned(stay, 1, 10.0, since=0, day=29) == (1, 29)
    assert earned(stay, 1, 10.0, since=0, day=30) == (0, NEVER)
    grace = with_tiers(A, grace_days=5)
    assert earned(grace, 1, 10.0, day=9) == (1, 9)
    assert earned(grace, 1, 10.0, fall=9, day=13) == (1, 9)
    assert earned(grace, 1, 46.0, fall=9, day=13) == (1, NEVER)
    assert earned(grace, 1, 10.0, fall=9, day=14) == (0, NEVER)
    review = with_tiers(A, review="month")  # day 31 is the first of February 1970
    assert earned(review, 1, 10.0, fall=9, day=30) == (1, 9)
    assert earned(review, 1, 10.0, fall=9, day=31) == (0, NEVER)
    assert earned(review, 1, 10.0, fall=32, day=58) == (1, 32)


def test_a_fall_of_one_step_at_a_time_begins_again() -> None:
    steps = with_tiers(A, B, one_step_down=True)
    assert earned(steps, 2, 10.0, day=9) == (1, 9)
    assert earned(steps, 2, 48.0, day=9) == (1, NEVER)


def test_a_tier_may_ask_for_all_of_its_conditions_or_any() -> None:
    bound = {"indicator": "spend_30d", "at_least": 1000, "leave_below": 900}
    values = UNKNOWN.copy()
    for combine, met in (("all", False), ("any", True)):
        program = with_tiers(A | {"when": [bound], "combine": combine})
        for spend, points in ((999.0, 50.0), (1000.0, 49.0), (math.nan, 50.0)):
            values[0] = spend
            assert tiers.holds(program.tiers[1], program.bounds, values, points, True) is met
        values[0] = 950.0
        assert tiers.holds(program.tiers[1], program.bounds, values, 45.0, False)
        assert not tiers.holds(program.tiers[1], program.bounds, values, 45.0, True)


# -- normalisers


def term(kind: str, *, low: float = 0, high: float = 0, less: bool = False, knots: int = 0) -> Any:
    row = np.zeros(1, TERM)
    row["normaliser"], row["less"], row["end_knot"] = NORMALISER_KINDS.index(kind), less, knots
    row["missing"], row["low"], row["high"] = 0.3, low, high
    row["least"], row["most"] = -math.inf, math.inf
    return np.rec.array(row)[0]


@pytest.mark.parametrize(
    ("normaliser", "x", "n"),
    [
        (term("linear", low=10, high=20), 9, 0.0), (term("linear", low=10, high=20), 15, 0.5),
        (term("linear", low=10, high=20), 99, 1.0),
        (term("log", high=math.log(101)), -5, 0.0), (term("log", high=math.log(101)), 100, 1.0),
        (term("log", high=math.log(101)), 9, math.log(10) / math.log(101)),
        (term("logistic", low=3, high=2), 3, 0.5),
        (term("logistic", low=3, high=2), 5, 1 / (1 + math.exp(-1))),
    ],
)  # fmt: skip
def test_a_value_becomes_a_number_from_0_to_1(normaliser: Any, x: float, n: float) -> None:
    assert plain(normalisers.normalise)(normaliser, table(KNOT), float(x)) == n


def test_less_is_better_turns_a_value_round_but_not_a_missing_one() -> None:
    less = term("linear", low=0, high=4, less=True)
    assert plain(normalisers.normalise)(less, table(KNOT), 1.0) == 0.75
    assert plain(normalisers.normalise)(less, table(KNOT), math.nan) == 0.3


KNOTS = table(KNOT, (9.0, 0.9), (0.0, 0.2), (10.0, 0.4), (20.0, 1.0))


@pytest.mark.parametrize(
    ("x", "line", "step"),
    [
        (-1, 0.2, 0.2),
        (0, 0.2, 0.2),
        (5, 0.3, 0.2),
        (10, 0.4, 0.4),
        (19, 0.94, 0.4),
        (20, 1, 1),
        (99, 1, 1),
    ],
)
def test_lines_join_the_knots_and_steps_hold_until_the_next(
    x: float, line: float, step: float
) -> None:
    assert plain(normalisers.on_lines)(KNOTS, 1, 3, x) == pytest.approx(line, abs=1e-15)
    assert plain(normalisers.on_steps)(KNOTS, 1, 3, x) == step


# -- alerts


class Memory:
    """What one alert remembers of a customer: (day, total), with one term."""

    def __init__(self) -> None:
        self.watch = table(WATCH, (0, NEVER, 0))[0]
        self.peaks = table(PEAK, *[(0, 0)] * 9)
        self.terms = np.zeros((9, 1), np.int32)

    def remember(self, day: int, points: float) -> None:
        """Remember an evaluation if it is worth it."""
        total = round(points * 1000)
        plain(alerts.remember)(
            self.watch, self.peaks, self.terms, day, total, np.array([points])
        )  # fmt: skip

    def forget_before(self, day: int) -> None:
        """Forget what is older than a day."""
        plain(alerts.forget_before)(self.watch, self.peaks, self.terms, day)

    @property
    def remembered(self) -> list[tuple[int, int]]:
        """Days and totals, oldest first."""
        kept = self.watch.count
        assert self.terms[:kept, 0].tolist() == self.peaks.total[:kept].tolist()
        return [tuple(peak) for peak in self.peaks[:kept].tolist()]


def test_only_evaluations_that_can_become_a_reference_are_remembered() -> None:
    memory = Memory()
    for day, points in [(1, 50), (2, 40), (3, 30)]:
        memory.remember(day, points)
    assert memory.remembered == [(1, 50_000), (2, 40_000), (3, 30_000)]
    memory.remember(3, 20)  # the same day was better
    assert memory.remembered == [(1, 50_000), (2, 40_000), (3, 30_000)]
    memory.remember(4, 40)  # as high and later than day 2
    assert memory.remembered == [(1, 50_000), (4, 40_000)]
    memory.remember(5, 60)
    assert memory.remembered == [(5, 60_000)]


def test_evaluations_of_days_before_the_oldest_are_forgotten() -> None:
    memory = Memory()
    for day, points in [(1, 50), (3, 40), (5, 30)]:
        memory.remember(day, points)
    memory.forget_before(1)
    assert len(memory.remembered) == 3
    memory.forget_before(4)
    assert memory.remembered == [(5, 30_000)]
    memory.forget_before(6)
    assert memory.remembered == []


def test_points_are_rounded_half_to_even_in_thousandths() -> None:
    assert [plain(alerts.thousandths)(p) for p in (0.0005, 0.0015, 1.2345, -0.0025)] == [
        0, 2, 1234, -2,
    ]  # fmt: skip


def test_an_alert_opens_at_its_points_ends_below_and_then_keeps_quiet() -> None:
    alert = table(ALERT, (0, 7, 3, 10_000, 5_000))[0]
    watch = table(WATCH, (0, NEVER, 0))[0]
    next_state = plain(alerts.next_state)
    assert next_state(alert, watch, 9_999, 100) == 0
    assert next_state(alert, watch, 10_000, 100) == 1
    watch.open = 1
    assert next_state(alert, watch, 5_000, 101) == 1
    assert (next_state(alert, watch, 4_999, 102), watch.quiet_until) == (0, 105)
    watch.open = 0
    assert next_state(alert, watch, 10_000, 104) == 0
    assert next_state(alert, watch, 10_000, 105) == 1


# -- what an event adds


@pytest.mark.parametrize(
    ("source", "at", "due", "addition"),
    [
        ("due", 0, ABSENT, 0), ("due", 0, 0, 1),
        ("on_time", 500, 500, 1), ("on_time", 501, 500, 0), ("on_time", 0, ABSENT, 0),
        ("days_late", 500, 500, 0), ("days_late", 501, 500, 7), ("days_late", 501, ABSENT, 0),
    ],
)  # fmt: skip
def test_days_late_are_days_of_the_calendar_and_count_if_it_was_due_before(
    source: str, at: int, due: int, addition: int
) -> None:
    number = SOURCES.index(source)
    assert plain(increments.increment)(number, at, 1, ABSENT, due, ABSENT, 7) == addition


def test_what_is_not_known_adds_nothing_but_the_usual_severity() -> None:
    def added(source: str, cost: int, level: int) -> int:
        number = SOURCES.index(source)
        return int(plain(increments.increment)(number, 0, 700, cost, ABSENT, level, 0))

    sources = ("one", "amount", "margin", "costed_amount", "severity", "rated", "rating")
    assert [added(s, ABSENT, ABSENT) for s in sources] == [1, 700, 0, 0, 3, 0, 0]
    assert [added(s, 900, 5) for s in sources] == [1, 700, -200, 700, 5, 1, 5]


# -- buckets and windows


def a_customer(as_of: int, days: list[int], room: int = 6) -> tuple[Any, Any, Any]:
    """A customer with one bucket a day, each with one order; returns also days and rows."""
    row = np.zeros(1, CUSTOMER)
    row["as_of"], row["row_count"], row["row_base"], row["row_start"] = as_of, len(days), 1, 1
    customer = np.rec.array(row)[0]
    buckets = np.rec.array(np.zeros(room, BUCKET))
    buckets["day"][1 : 1 + len(days)] = days
    buckets["measures"][1 : 1 + len(days)] = 1
    rows = np.zeros((room, len(MEASURES)), np.int64)
    rows[1 : 1 + len(days), 0] = 1
    return customer, buckets, rows


def windows_of(*spans: tuple[int, int], largest: str | None = None) -> tuple[Any, Any, Any, Any]:
    """Windows, edges, crossings and operands: of the first measure, or the largest of another."""
    measure = 0 if largest is None else MEASURES.index(largest)
    bits = (1 << measure, 0) if largest is None else (0, 1 << measure)
    ages = sorted({age for span in spans for age in span if age < LIFETIME})
    crossed = [
        [(w, 1 if age == span[0] else -1) for w, span in enumerate(spans) if age in span]
        for age in ages
    ]
    ends = np.cumsum([0, *map(len, crossed)]).tolist()
    operands = np.full((len(spans), len(MEASURES)), -1, np.int32)
    operands[:, measure] = range(len(spans))
    return (
        table(WINDOW, *((*span, *bits) for span in spans)),
        table(EDGE, *zip(ages, ends[:-1], ends[1:], strict=True)),
        table(CROSSING, *(each for some in crossed for each in some)),
        operands,
    )


def test_buckets_stay_sorted_whatever_day_comes() -> None:
    customer, buckets, rows = a_customer(100, [50, 70])
    bucket = plain(windows.bucket)
    assert bucket(90, customer, buckets, rows, 60) == 2
    assert bucket(90, customer, buckets, rows, 70) == 3
    assert bucket(90, customer, buckets, rows, 11) == 1
    assert bucket(90, customer, buckets, rows, 10) == -1  # no window reaches it
    assert buckets["day"][1:5].tolist() == [11, 50, 60, 70]
    assert rows[1:5, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("start", "end", "total"),
    [(0, 1, 1), (0, 30, 2), (0, 31, 3), (30, 31, 1), (1, 30, 1), (31, 99, 0), (0, LIFETIME, 10)],
)
def test_a_window_holds_its_first_age_and_not_its_last(start: int, end: int, total: int) -> None:
    customer, buckets, rows = a_customer(100, [70, 71, 100])
    window, _, _, operands = windows_of((start, end))
    sums, folded = np.zeros(1, np.int64), np.full(len(MEASURES), 7)
    plain(windows.load_sums)(window, operands, customer, folded, buckets, rows, sums)
    assert sums.tolist() == [total]


def test_sliding_gives_the_sums_that_summing_up_gives() -> None:
    window, edges, crossings, operands = windows_of((0, 10), (10, 20), (0, LIFETIME))
    totals = np.zeros(len(MEASURES), np.int64)
    customer, buckets, rows = a_customer(100, [83, 95, 100])
    running = np.zeros(3, np.int64)
    plain(windows.load_sums)(window, operands, customer, totals, buckets, rows, running)
    assert running.tolist() == [2, 1, 3]
    expected = {101: [2, 1, 3], 105: [1, 1, 3], 110: [0, 2, 3], 119: [0, 1, 3], 120: [0, 0, 3]}
    for day, sums in expected.items():
        plain(windows.slide)(
            window, edges, crossings, operands, 20, customer, totals, buckets, rows, running, day
        )
        assert running.tolist() == sums
        again = np.zeros(3, np.int64)
        plain(windows.load_sums)(window, operands, customer, totals, buckets, rows, again)
        assert again.tolist() == sums
    assert (customer.row_count, totals[0]) == (0, 3)  # all folded


def test_the_largest_of_a_window_is_found_again_when_it_leaves() -> None:
    name = "largest_order"
    window, edges, crossings, operands = windows_of((0, 10), (0, LIFETIME), largest=name)
    measure = MEASURES.index(name)
    totals, running = np.zeros(len(MEASURES), np.int64), np.zeros(2, np.int64)
    customer, buckets, rows = a_customer(100, [92, 95, 100])
    rows[1:4, measure] = [70, 20, 50]
    buckets["measures"][1:4] |= np.uint64(1 << measure)
    plain(windows.load_sums)(window, operands, customer, totals, buckets, rows, running)
    assert running.tolist() == [70, 70]
    for day, largest in {101: 70, 102: 50, 109: 50, 110: 0}.items():
        plain(windows.slide)(
            window, edges, crossings, operands, 10, customer, totals, buckets, rows, running, day
        )
        assert running.tolist() == [largest, 70]
    assert totals[measure] == 70


def test_a_due_day_ahead_enters_windows_as_it_comes() -> None:
    window, edges, crossings, operands = windows_of((0, 10), (1, LIFETIME))
    totals = np.zeros(len(MEASURES), np.int64)
    customer, buckets, rows = a_customer(100, [103])
    running = np.zeros(2, np.int64)
    for day, sums in {102: [0, 0], 103: [1, 0], 104: [1, 1], 113: [0, 1]}.items():
        moved = plain(windows.slide)(
            window, edges, crossings, operands, 20, customer, totals, buckets, rows, running, day
        )
        assert (running.tolist(), moved) == (sums, int(day != 102))


# -- batches


@settings(deadline=None, max_examples=40, derandomize=True)
@given(events=batches(CUSTOMERS))
def test_one_batch_leaves_the_bytes_and_outcomes_of_one_event_a_batch(events: list[Event]) -> None:
    whole = shop.score([b""] * CUSTOMERS, columns(events), NEVER)
    states, clock, told, counted = [b""] * CUSTOMERS, NEVER, [], []
    for n, event in enumerate(events):
        one = shop.score(states, columns([event]), clock)
        states, clock = states_of(shop, one), one.clock
        rows = one.outcomes.rows[: one.outcomes.used[0]].copy()
        rows["event"][rows["event"] >= 0] = n
        told += rows.tolist()
        counted += one.counted.tolist()
    assert states_of(shop, whole) == states
    assert whole.outcomes.rows[: whole.outcomes.used[0]].tolist() == told
    assert whole.counted.tolist() == counted


def test_a_customer_who_slept_for_ten_years_is_caught_up_day_by_day() -> None:
    """The room for outcomes grows before the event; the outcomes are those of single days."""
    mapping = shop_mapping()
    mapping["scores"]["value"]["tiers"] = [{"name": "t0"}] + [
        {"name": f"t{n}", "enter_at": n, "leave_below": n} for n in range(1, 100)
    ]
    trade, voice = mapping["scores"]["value"]["groups"]
    trade["indicators"][1] |= {"weight": 99}
    trade["indicators"][1]["normaliser"]["high"] = 3_650
    voice["weight"] = 1
    scorer = scorer_of(mapping)
    start, years = 19_700, 3_650
    awake = [Event(0, "sale", start, n, amount=100_000_00) for n in range(5)]
    back = columns([Event(0, "sale", start + years, 99, amount=1)])
    first = scorer.score([b""], columns(awake), NEVER)
    asleep = states_of(scorer, first)
    at_once = scorer.score(asleep, back, first.clock)
    daily, told = asleep, 0
    for day in range(start + 1, start + years + 1):
        turned = scorer.turn(daily, day)
        daily, told = states_of(scorer, turned), told + int(turned.outcomes.used[0])
    last = scorer.score(daily, back, start + years)
    assert told > 64  # the room at first
    assert at_once.outcomes.used[0] == told + last.outcomes.used[0]
    assert states_of(scorer, at_once) == states_of(scorer, last)


def test_room_for_outcomes_grows_without_losing_any() -> None:
    full = empty_outcomes(2, 3)
    full.used[0] = 2
    full.rows["sequence"] = [7, 8]
    full.points[:] = 1.5
    assert with_room(full, 0) is full
    grown = with_room(full, 5)
    assert grown.rows.size >= 7
    assert grown.used[0] == 2
    assert grown.rows["sequence"][:2].tolist() == [7, 8]
    assert (grown.points[:2] == 1.5).all()
    assert with_room(grown, 5) is grown
