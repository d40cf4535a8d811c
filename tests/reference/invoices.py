"""What sales, refunds and payments add on account of invoices (§10).

A pure function of a customer's events. It never settles an invoice: models that are compared with
the product have `keep_days` so large that the product never does either.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from tests.reference.events import Event

Addition = tuple[int, str, int]
"""A day, a measure, and what is added to it on that day."""


def invoice_adds(events: Iterable[Event], terms_days: int) -> Iterator[Addition]:
    """Yield what the events add, each alone and those of one invoice all together."""
    invoices: dict[str, list[Event]] = {}
    for event in events:
        if event.kind in {"sale", "refund", "chargeback", "payment"}:
            yield from _alone(event)
            if event.invoice is not None:
                invoices.setdefault(event.invoice, []).append(event)
    for its_events in invoices.values():
        yield from _together(its_events, terms_days)


def _alone(event: Event) -> Iterator[Addition]:
    if event.kind == "sale":
        if event.invoice is not None or event.due_day is not None:
            yield event.day, "billed", event.amount
        if event.invoice is None and event.due_day is not None:
            yield event.due_day, "unmatched_due", event.amount
    elif event.invoice is None:
        undated = "cash_paid" if event.kind == "payment" else event.pays or "cash_refunds"
        yield event.day, undated if event.due_day is None else "unmatched_paid", event.amount


def _together(events: list[Event], terms_days: int) -> Iterator[Addition]:
    bills = [event for event in events if event.kind == "sale"]
    receipts = [event for event in events if event.kind == "payment"]
    credits_ = [event for event in events if event.kind in {"refund", "chargeback"}]
    rest = _rest(bills, receipts + credits_)
    if rest < 0:
        yield max(event.day for event in receipts + credits_), "unmatched_paid", -rest
    if not bills:
        return
    issued = min(bill.day for bill in bills)
    due = max(bill.day + terms_days if bill.due_day is None else bill.due_day for bill in bills)
    for receipt in receipts:
        yield receipt.day, "collections", 1
        yield receipt.day, "collection_days", max(0, receipt.day - issued)
        if receipt.due_day is None:
            yield receipt.day, "payments_due", 1
            if receipt.day <= due:
                yield receipt.day, "payments_on_time", 1
            else:
                yield receipt.day, "days_late", receipt.day - due
    if rest > 0:
        yield due, "invoice_rest", rest
        yield due, "open_invoices", 1
        yield due, "open_due_days", due


def _rest(bills: list[Event], paid: list[Event]) -> int:
    """What is left; of lines in one other currency as a share, of what was billed or was paid."""
    currencies = {event.currency for event in bills + paid}
    if len(currencies) > 1 or currencies == {""}:
        return _amount(bills) - _amount(paid)
    own_billed, own_paid = sum(bill.own for bill in bills), sum(each.own for each in paid)
    if own_billed >= own_paid:
        return round(Fraction(_amount(bills) * (own_billed - own_paid), own_billed))
    return -round(Fraction(_amount(paid) * (own_paid - own_billed), own_paid))


def _amount(events: list[Event]) -> int:
    return sum(event.amount for event in events)
