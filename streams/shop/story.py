"""The story of the demo: one company buys its way to the top, another goes sour.

It is written for the default model (`config/scoring.yaml`), and `tests/test_shop.py` holds the two
together: the riser becomes important, then VIP; the VIP loses its tier and raises the alert.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from streams.shop.companies import Company
from streams.shop.events import (
    DAY_MS,
    Event,
    Moment,
    complaint,
    payment,
    praise,
    refund,
    sale,
)

STORY_S: Final = 50.0
"""Seconds after its start when the story is over."""


class Role(NamedTuple):
    """A company with a part in the story, and its plot in a line of English and of Chinese."""

    company: Company
    plot: str
    plot_zh: str

    @property
    def customer_id(self) -> str:
        """The company's id."""
        return self.company.customer_id

    @property
    def name(self) -> str:
        """The company's name."""
        return self.company.name


RISER: Final = Role(
    Company(
        "C000001", "杭州青禾文创有限公司", "small",
        region="华东", industry="文化", annual_sales=2_600_000, listed=False, owner="陈静",
    ),
    "a small customer that has just won a large contract",
    "小客户，刚签下一笔大合同",
)  # fmt: skip
VIP: Final = Role(
    Company(
        "C000002", "上海远洋国际贸易有限公司", "large",
        region="华东", industry="贸易", annual_sales=3_400_000_000, listed=True, owner="王芳",
    ),
    "a VIP of many years whose last deliveries went wrong",
    "多年的 VIP 客户，最近几批货出了问题",
)  # fmt: skip
CAST: Final = (RISER, VIP)
"""Whom to watch; theirs are the first ids of the shop."""

_LATE_DAYS: Final = 35
_RISE: Final = (
    ("sale", 2_800), ("sale", 6_400), ("payment", 2_800), ("sale", 9_600), ("praise", 5),
    ("sale", 14_500), ("payment", 6_400), ("sale", 18_000), ("payment", 9_600), ("praise", 5),
    ("sale", 22_000), ("payment", 14_500), ("sale", 26_500), ("praise", 4), ("payment", 18_000),
    ("sale", 31_000), ("payment", 22_000), ("praise", 5),
)  # fmt: skip
_FALL: Final = (
    ("late payment", 8_900), ("complaint", 4), ("refund", 21_000), ("complaint", 5),
    ("late payment", 9_400), ("refund", 24_000), ("complaint", 5), ("late payment", 9_100),
    ("refund", 27_000), ("complaint", 5), ("late payment", 8_700),
)  # fmt: skip
"""Lines of the play: what happens, and its amount, severity or rating."""
_RISE_S: Final = (1.0, 30.0)
_FALL_S: Final = (20.0, STORY_S)

_SMALL_PAST: Final = ((340, "late payment", 180), (205, "complaint", 2), (200, "sale", 260))
_LOYAL_ORDERS: Final = 26
_LOYAL_AMOUNT: Final = 9_000
_LOYAL_PRAISE_EVERY: Final = 6  # orders


def story(seed: int, start_ms: int) -> Iterator[tuple[float, Event]]:
    """Return the story's events in order, each with the seconds after `start_ms` when it happens.

    The seed moves amounts a little, not the plot.
    """
    rise = _played(RISER, _RISE, _RISE_S, Random(f"{seed}/rise"), start_ms)  # noqa: S311
    fall = _played(VIP, _FALL, _FALL_S, Random(f"{seed}/fall"), start_ms)  # noqa: S311
    return heapq.merge(rise, fall, key=lambda line: line[0])


def past_of(role: Role, start_ms: int) -> Iterator[tuple[Moment, Event]]:
    """Return what a company of the story did before `start_ms`."""
    if role is RISER:
        for days_ago, kind, value in _SMALL_PAST:
            yield _remembered(RISER, days_ago, kind, value, start_ms)
        return
    for order in range(_LOYAL_ORDERS):
        days_ago = 3 + order * 350 // _LOYAL_ORDERS
        amount = _LOYAL_AMOUNT + 700 * (order % 4)
        yield _remembered(VIP, days_ago, "sale", amount, start_ms)
        yield _remembered(VIP, days_ago - 2, "payment", amount, start_ms)
        if order % _LOYAL_PRAISE_EVERY == 0:
            yield _remembered(VIP, days_ago - 1, "praise", 5, start_ms)


def _played(
    role: Role,
    lines: Sequence[tuple[str, int]],
    during: tuple[float, float],
    random: Random,
    start_ms: int,
) -> Iterator[tuple[float, Event]]:
    """Return a role's lines spread evenly over a stretch of seconds."""
    first, last = during
    for n, (kind, value) in enumerate(lines):
        seconds = first + (last - first) * n / (len(lines) - 1)
        at_ms = start_ms + int(seconds * 1000)
        moment = Moment(at_ms, role.customer_id, f"S{start_ms}-{role.customer_id}-{n}")
        yield seconds, _line(kind, value, moment, random.uniform(0.95, 1.05))


def _remembered(
    role: Role, days_ago: int, kind: str, value: int, start_ms: int
) -> tuple[Moment, Event]:
    event_id = f"H{start_ms}-{role.customer_id}-{days_ago}-{kind.replace(' ', '-')}"
    moment = Moment(start_ms - days_ago * DAY_MS, role.customer_id, event_id)
    return moment, _line(kind, value, moment, 1.0)


def _line(kind: str, value: int, moment: Moment, factor: float) -> Event:
    """Return one event; `factor` changes amounts of money."""
    amount, cost = value * factor, value * factor * 0.64
    match kind:
        case "sale":
            return sale(moment, amount, cost, "furniture")
        case "refund":
            return refund(moment, amount, cost)
        case "payment":
            return payment(moment, amount, moment.at_ms + 10 * DAY_MS)
        case "late payment":
            return payment(moment, amount, moment.at_ms - _LATE_DAYS * DAY_MS)
        case "praise":
            return praise(moment, value)
        case _:
            return complaint(moment, value, "delivery")
