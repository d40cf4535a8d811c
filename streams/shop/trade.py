"""Ordinary business: the years behind us, and traffic that never ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from random import Random
from typing import Final, NamedTuple

from streams.shop.companies import SIZES, Company, Habits, company
from streams.shop.events import (
    DAY_MS,
    Event,
    Moment,
    Value,
    answer,
    complaint,
    engagement,
    payment,
    praise,
    profile,
    refund,
    sale,
    suggestion,
)
from streams.shop.story import CAST, past_of

COMPANIES: Final = 300
"""Customers before the traffic begins, by default; those of the story are among them."""

TRAFFIC_RATE: Final = 10.0
"""Events a second of the traffic, by default."""

RECENT_DAYS: Final = 35
"""Days before the start whose events come in order of time, all customers among each other."""

_FIRST: Final = len(CAST) + 1  # number of the first company that has no part in the story
_YEAR_DAYS: Final = (
    355  # of regular business: a little less, so that no day leaves the window while the demo runs
)
_NEWCOMERS: Final = 0.1  # companies that join by event, so what each one does grows only slowly
_CREDIT_DAYS: Final = 30
_LATEST_DAYS: Final = 25  # after the due date
_KNOWN_DAYS: Final = (400, 1_500)  # ago was the first order of who has bought for years
_KNOWN: Final = 0.7  # chance by company
_REFUNDED: Final = 0.03  # chance by order
_ANSWERED: Final = 0.10  # chance by order
_ENGAGED: Final = 0.12  # chance by order
_COMPLAINTS: Final = ("quality", "delivery", "invoice", "service")
_LINES: Final = {"paper": 8, "stationery": 6, "printers": 3, "furniture": 2, "cleaning": 2}
_QUESTIONS: Final = {"nps": 5, "csat": 4, "suggestion": 1}
_ENGAGEMENTS: Final = {
    "inquiry": 10, "task": 4, "process": 3, "referral": 2, "renewal": 1, "contract": 1,
}  # fmt: skip
"""What happens, and how often compared with the others."""
_MOST_ORDERS: Final = max(habits.orders for habits in SIZES.values())


class Bill(NamedTuple):
    """An invoice, and what is to be paid for it."""

    invoice: str
    amount: float


def history(seed: int, start_ms: int, companies: int = COMPANIES) -> Iterator[Event]:
    """Return the events of so many companies before `start_ms` (epoch milliseconds).

    What is older than `RECENT_DAYS` comes company by company, each one's in order of time: a worker
    then tells of a customer once instead of at each event, and with an event clock no day turns for
    it. The rest comes in order of time, so that customers move as they would have, day by day.
    """
    recent_ms = start_ms - RECENT_DAYS * DAY_MS
    recent = []
    for number in range(1, companies + 1):
        for moment, event in _past(seed, _numbered(seed, number), start_ms):
            if moment.at_ms < recent_ms:
                yield event
            else:
                recent.append((moment, event))
    recent.sort(key=_moment)
    yield from (event for _, event in recent)


def traffic(
    seed: int, start_ms: int, rate: float = TRAFFIC_RATE, companies: int = COMPANIES
) -> Iterator[tuple[float, Event]]:
    """Return events without end, each with the seconds after `start_ms` when it happens.

    `rate` is events a second, `companies` how many had a `history`. New ones join all the time, so
    that nobody's year fills up. Who pays pays its oldest open invoice; who has none orders.
    """
    random = Random(f"{seed}/traffic")  # noqa: S311 - a synthetic shop keeps no secrets
    unpaid: dict[str, deque[Bill]] = {}
    seconds = 0.0
    for n in count():
        seconds += random.expovariate(rate)
        number = _some_number(random, seed, companies + int(n * _NEWCOMERS))
        buyer, is_old = company(seed, number), number <= companies
        is_met = is_old or buyer.customer_id in unpaid
        if buyer.customer_id not in unpaid:
            past = _past(seed, buyer, start_ms) if is_old else ()
            unpaid[buyer.customer_id] = _unpaid(event for _, event in past)
        now = Moment(start_ms + int(seconds * 1000), buyer.customer_id, f"T{start_ms}-{n}")
        kind = _one_of(random, {"sale": 1.0, "payment": 1.0, **_follows(buyer.habits)})
        bill, bills = _bill(random, buyer, now.event_id), unpaid[buyer.customer_id]
        if kind == "payment" and not bills:
            kind = "sale"
        if kind == "payment":
            bill = bills.popleft()
        elif kind == "sale" and bill.invoice:
            bills.append(bill)
        yield seconds, _happens(random, kind, buyer, now, bill)
        if not is_met:
            yield seconds, _introduced(buyer, now)[1]


def name_of(seed: int, customer_id: str) -> str:
    """Return the name of a customer of this shop.

    Raises:
        ValueError: The id is not one of this shop's.
    """
    return _numbered(seed, int(customer_id.removeprefix("C"))).name


def _numbered(seed: int, number: int) -> Company:
    """Return the company with a number; the first are those of the story."""
    return CAST[number - 1].company if number <= len(CAST) else company(seed, number)


def _past(seed: int, buyer: Company, start_ms: int) -> list[tuple[Moment, Event]]:
    """Return what a company did before `start_ms` in order of time; its profile comes second."""
    role = next((role for role in CAST if role.company is buyer), None)
    done = past_of(role, start_ms) if role else _years(seed, buyer, start_ms)
    past = sorted(done, key=_moment)
    return [past[0], _introduced(buyer, past[0][0]), *past[1:]]


def _moment(dated: tuple[Moment, Event]) -> Moment:
    return dated[0]


def _introduced(buyer: Company, first: Moment) -> tuple[Moment, Event]:
    """Return the profile of who did something for the first time, right after it."""
    then = Moment(first.at_ms + 1, first.customer_id, f"P-{first.event_id}")
    return then, profile(then, buyer.attributes())


def _some_number(random: Random, seed: int, last: int) -> int:
    """Return the number of one of the companies up to `last`, each as often as it orders."""
    while True:
        number = random.randint(_FIRST, last)
        if random.random() < company(seed, number).habits.orders / _MOST_ORDERS:
            return number


def _unpaid(events: Iterable[Event]) -> deque[Bill]:
    """Return the open invoices of a customer, the oldest first."""
    bills: dict[Value, Bill] = {}
    for event in events:
        match event:
            case {"type": "transaction", "invoice_id": str(invoice), "amount": str(amount)}:
                bills[invoice] = Bill(invoice, float(amount))
            case {"type": "payment", "invoice_id": invoice}:
                bills.pop(invoice, None)
    return deque(bills.values())


def _one_of(random: Random, weights: Mapping[str, float]) -> str:
    (chosen,) = random.choices(list(weights), list(weights.values()))
    return chosen


def _follows(habits: Habits) -> dict[str, float]:
    """Return what may follow an order, besides its payment, and how likely it is."""
    return {
        "praise": habits.praises,
        "complaint": habits.complains,
        "refund": _REFUNDED,
        "feedback": _ANSWERED,
        "engagement": _ENGAGED,
    }


def _bill(random: Random, buyer: Company, order: str) -> Bill:
    """Return the bill of an order as this company would place it; without invoice it pays cash."""
    amount = buyer.usual_amount * random.lognormvariate(0, 0.5)
    invoiced = random.random() < buyer.habits.invoiced
    return Bill(f"I-{order}" if invoiced else "", amount)


def _happens(random: Random, kind: str, buyer: Company, now: Moment, bill: Bill) -> Event:
    """Return an event of a kind as this company would cause it; `bill` is of its order."""
    habits = buyer.habits
    margin = habits.margin * (1 + habits.varies * random.uniform(-1, 1))
    cost = bill.amount * (1 - margin)
    match kind:
        case "sale":
            line = _one_of(random, _LINES)
            return sale(now, bill.amount, cost, line, bill.invoice or None)
        case "refund":
            return refund(now, bill.amount / 2, cost / 2)
        case "payment":
            return _pays(random, bill, buyer, now)
        case "engagement":
            return engagement(now, _one_of(random, _ENGAGEMENTS))
        case _:
            return _says(random, kind, habits, now)


def _pays(random: Random, bill: Bill, buyer: Company, now: Moment) -> Event:
    late_days = random.randint(1, _LATEST_DAYS)
    punctual = random.random() < buyer.habits.punctual
    due_ms = now.at_ms - (0 if punctual else late_days * DAY_MS)
    return payment(now, bill.amount, due_ms, bill.invoice or None)


def _says(random: Random, kind: str, habits: Habits, now: Moment) -> Event:
    """Return what a company tells the shop; who seldom complains answers with high numbers."""
    if kind == "praise":
        return praise(now, random.randint(4, 5))
    if kind == "complaint":
        return complaint(now, random.randint(1, 4), random.choice(_COMPLAINTS))
    question = _one_of(random, _QUESTIONS)
    if question == "suggestion":
        return suggestion(now)
    high = 10 if question == "nps" else 5
    content = 1 - habits.complains * random.uniform(0, 4)
    return answer(now, question, max(1, min(high, round(high * content))))


def _years(seed: int, buyer: Company, start_ms: int) -> Iterator[tuple[Moment, Event]]:
    """Return the orders of a company's year, and what followed from each before `start_ms`.

    Who has bought for years has an order of long ago, too, paid at once. Invoices that were paid
    before the last `RECENT_DAYS` have no number any more: what is that old is scored on one day,
    on which each would be long overdue from its sale to its payment.
    """
    random = Random(f"{seed}/years/{buyer.customer_id}")  # noqa: S311 - a synthetic shop
    follows = _follows(buyer.habits)
    usual = buyer.habits.orders
    filed_ms = start_ms - (_CREDIT_DAYS + RECENT_DAYS) * DAY_MS
    if random.random() < _KNOWN:
        long_ago_ms = start_ms - random.randint(*_KNOWN_DAYS) * DAY_MS
        then = Moment(long_ago_ms, buyer.customer_id, f"H{start_ms}-{buyer.customer_id}-first")
        bill = _bill(random, buyer, then.event_id)._replace(invoice="")
        yield then, _happens(random, "sale", buyer, then, bill)
    for order in range(max(1, round(random.gauss(usual, usual / 2)))):
        ordered_ms = start_ms - random.randrange(DAY_MS, _YEAR_DAYS * DAY_MS)
        bill = _bill(random, buyer, f"{start_ms}-{buyer.customer_id}-{order}")
        days_later = {"sale": 0} | ({"payment": _CREDIT_DAYS} if bill.invoice else {})
        for kind, chance in follows.items():
            if random.random() < chance:
                days_later[kind] = random.randint(1, 14)
        if ordered_ms < filed_ms:
            bill = bill._replace(invoice="")
        for kind, days in days_later.items():
            at_ms = ordered_ms + days * DAY_MS
            event_id = f"H{start_ms}-{buyer.customer_id}-{order}-{kind}"
            then = Moment(at_ms, buyer.customer_id, event_id)
            if at_ms < start_ms:
                yield then, _happens(random, kind, buyer, then, bill)
