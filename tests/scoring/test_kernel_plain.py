"""The kernel's small functions as plain Python, from the same source: what each of them decides."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from scoring import alerts, increments, normalisers, tiers, windows
from scoring.arena import CUSTOMER, NEVER, PEAK, WATCH
from scoring.measures import ABSENT, SOURCES
from scoring.outcomes import empty_outcomes, with_room
from scoring.program import ALERT, KNOT, LIFETIME, NORMALISER_KINDS, TERM, TIER, WINDOW
from tests.scoring.batches import (
    DAY_MS,
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


TIERS = table(TIER, (99.0, 99.0), (-math.inf, -math.inf), (50.0, 45.0), (75.0, 70.0))
"""Three tiers from row 1 on; row 0 is another score's."""


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
    assert plain(tiers.next_tier)(TIERS, 1, 4, tier, score) == next_tier


# -- normalisers


def term(kind: str, *, low: float = 0, high: float = 0, less: bool = False, knots: int = 0) -> Any:
    return table(
        TERM, (0, NORMALISER_KINDS.index(kind), less, 0, knots, 100.0, 0.3, low, high)
    )[0]  # fmt: skip


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
        ("days_late", 500, 500, 0), ("days_late", 501, 500, 1),
        ("days_late", 500 + DAY_MS, 500, 1), ("days_late", 501 + DAY_MS, 500, 2),
        ("days_late", 501, ABSENT, 0),
    ],
)  # fmt: skip
def test_a_day_late_is_every_day_that_has_started(
    source: str, at: int, due: int, addition: int
) -> None:
    number = SOURCES.index(source)
    assert plain(increments.increment)(number, at, 1, ABSENT, due, ABSENT) == addition


def test_what_is_not_known_adds_nothing_but_the_usual_severity() -> None:
    def added(source: str, cost: int, level: int) -> int:
        number = SOURCES.index(source)
        return int(plain(increments.increment)(number, 0, 700, cost, ABSENT, level))

    sources = ("one", "amount", "margin", "costed_amount", "severity", "rated", "rating")
    assert [added(s, ABSENT, ABSENT) for s in sources] == [1, 700, 0, 0, 3, 0, 0]
    assert [added(s, 900, 5) for s in sources] == [1, 700, -200, 700, 5, 1, 5]


# -- buckets and windows


def a_customer(as_of: int, days: list[int], room: int = 6) -> tuple[Any, Any, Any]:
    """A customer with one bucket a day, each with the measure 1; returns also days and rows."""
    customer = table(CUSTOMER, (as_of, len(days), 0, 0, 0, NEVER, 1, 1, 0))[0]  # rows start at 1
    row_day = np.zeros(room, np.int32)
    row_day[1 : 1 + len(days)] = days
    rows = np.zeros((room, 1), np.int64)
    rows[1 : 1 + len(days)] = 1
    return customer, row_day, rows


def test_buckets_stay_sorted_whatever_day_comes() -> None:
    customer, row_day, rows = a_customer(100, [50, 70])
    bucket = plain(windows.bucket)
    assert bucket(90, customer, row_day, rows, 60) == 2
    assert bucket(90, customer, row_day, rows, 70) == 3
    assert bucket(90, customer, row_day, rows, 11) == 1
    assert bucket(90, customer, row_day, rows, 10) == -1  # no window reaches it
    assert row_day[1:5].tolist() == [11, 50, 60, 70]
    assert rows[1:5, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("start", "end", "total"),
    [(0, 1, 1), (0, 30, 2), (0, 31, 3), (30, 31, 1), (1, 30, 1), (31, 99, 0), (0, LIFETIME, 10)],
)
def test_a_window_holds_its_first_age_and_not_its_last(start: int, end: int, total: int) -> None:
    customer, row_day, rows = a_customer(100, [70, 71, 100])
    window = table(WINDOW, (start, end, 0, 1))
    sums, measure, folded = np.zeros(1, np.int64), np.zeros(1, np.int32), np.full(1, 7)
    plain(windows.load_sums)(window, measure, customer, folded, row_day, rows, sums)
    assert sums.tolist() == [total]


def test_sliding_gives_the_sums_that_summing_up_gives() -> None:
    window = table(WINDOW, (0, 10, 0, 1), (10, 20, 1, 2), (0, LIFETIME, 2, 3))
    measures, totals = np.zeros(3, np.int32), np.zeros(1, np.int64)
    customer, row_day, rows = a_customer(100, [83, 95, 100])
    running = np.zeros(3, np.int64)
    plain(windows.load_sums)(window, measures, customer, totals, row_day, rows, running)
    assert running.tolist() == [2, 1, 3]
    expected = {101: [2, 1, 3], 105: [1, 1, 3], 110: [0, 2, 3], 119: [0, 1, 3], 120: [0, 0, 3]}
    for day, sums in expected.items():
        plain(windows.slide)(
            window, measures, 20, customer, totals, row_day, rows, running, day
        )  # fmt: skip
        assert running.tolist() == sums
        again = np.zeros(3, np.int64)
        plain(windows.load_sums)(window, measures, customer, totals, row_day, rows, again)
        assert again.tolist() == sums
    assert (customer.row_count, totals.tolist()) == (0, [3])  # all folded


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
