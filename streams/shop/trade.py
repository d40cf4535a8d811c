"""Ordinary business: the year behind us, and traffic that never ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Final

from streams.shop.companies import SIZES, Company, Habits, company
from streams.shop.events import DAY_MS, Event, Moment, complaint, payment, praise, refund, sale
from streams.shop.story import CAST, past_of_the_cast

COMPANIES: Final = 300
"""Customers before the traffic begins, those of the story among them."""

TRAFFIC_RATE: Final = 10.0
"""Events a second of the traffic, by default."""

_FIRST: Final = len(CAST) + 1  # number of the first company that has no part in the story
_YEAR_DAYS: Final = 355  # a little less, so that no day leaves the window while the demo runs
_NEWCOMERS: Final = 0.1  # companies that join by event, so what each one does grows only slowly
_CREDIT_DAYS: Final = 30
_LATEST_DAYS: Final = 25  # after the due date
_REFUNDED: Final = 0.03  # chance by order
_COMPLAINTS: Final = ("quality", "delivery", "invoice", "service")
_MOST_ORDERS: Final = max(habits.orders for habits in SIZES.values())


def history(seed: int, start_ms: int) -> Iterator[Event]:
    """Return the events of the year before `start_ms` (epoch milliseconds), in order of time."""
    past = list(past_of_the_cast(start_ms))
    for number in range(_FIRST, COMPANIES + 1):
        past += _year(seed, company(seed, number), start_ms)
    yield from (event for _, event in sorted(past, key=lambda dated: dated[0]))


def traffic(seed: int, start_ms: int, rate: float = TRAFFIC_RATE) -> Iterator[tuple[float, Event]]:
    """Return events without end, each with the seconds after `start_ms` when it happens.

    `rate` is events a second. New companies join all the time, so that nobody's year fills up.
    """
    random = Random(f"{seed}/traffic")  # noqa: S311 - a synthetic shop keeps no secrets
    seconds = 0.0
    for n in count():
        seconds += random.expovariate(rate)
        buyer = _some_company(random, seed, COMPANIES + int(n * _NEWCOMERS))
        now = Moment(start_ms + int(seconds * 1000), buyer.customer_id, f"T{start_ms}-{n}")
        chances = {"sale": 1.0, "payment": 1.0, **_follows(buyer.habits)}
        (kind,) = random.choices(list(chances), list(chances.values()))
        yield seconds, _happens(random, kind, buyer, now)


def name_of(seed: int, customer_id: str) -> str:
    """Return the name of a customer of this shop.

    Raises:
        ValueError: The id is not one of this shop's.
    """
    names = {role.customer_id: role.name for role in CAST}
    return names.get(customer_id) or company(seed, int(customer_id.removeprefix("C"))).name


def _some_company(random: Random, seed: int, last: int) -> Company:
    """Return one of the companies up to number `last`, each as often as it orders."""
    while True:
        buyer = company(seed, random.randint(_FIRST, last))
        if random.random() < buyer.habits.orders / _MOST_ORDERS:
            return buyer


def _follows(habits: Habits) -> dict[str, float]:
    """Return what may follow an order, besides its payment, and how likely it is."""
    return {"praise": habits.praises, "complaint": habits.complains, "refund": _REFUNDED}


def _happens(random: Random, kind: str, buyer: Company, now: Moment) -> Event:
    """Return an event of a kind as this company would cause it."""
    habits = buyer.habits
    amount = habits.amount * random.lognormvariate(0, 0.5)
    cost = amount * (1 - habits.margin * random.uniform(0.6, 1.4))
    if kind == "sale":
        return sale(now, amount, cost)
    if kind == "refund":
        return refund(now, amount / 2, cost / 2)
    if kind == "payment":
        late_days = random.randint(1, _LATEST_DAYS)
        punctual = random.random() < habits.punctual
        return payment(now, amount, now.at_ms - (0 if punctual else late_days * DAY_MS))
    if kind == "praise":
        return praise(now, random.randint(4, 5))
    return complaint(now, random.randint(1, 4), random.choice(_COMPLAINTS))


def _year(seed: int, buyer: Company, start_ms: int) -> Iterator[tuple[Moment, Event]]:
    """Return the orders of a company's year, and what followed from each before `start_ms`."""
    random = Random(f"{seed}/year/{buyer.customer_id}")  # noqa: S311 - a synthetic shop
    follows = _follows(buyer.habits)
    usual = buyer.habits.orders
    for order in range(max(1, round(random.gauss(usual, usual / 3)))):
        ordered_ms = start_ms - random.randrange(DAY_MS, _YEAR_DAYS * DAY_MS)
        days_later = {"sale": 0, "payment": _CREDIT_DAYS}
        for kind, chance in follows.items():
            if random.random() < chance:
                days_later[kind] = random.randint(1, 14)
        for kind, days in days_later.items():
            at_ms = ordered_ms + days * DAY_MS
            event_id = f"H{start_ms}-{buyer.customer_id}-{order}-{kind}"
            then = Moment(at_ms, buyer.customer_id, event_id)
            if at_ms < start_ms:
                yield then, _happens(random, kind, buyer, then)
