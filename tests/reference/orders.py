"""Orders (§15): refunds count with their sale, a void makes an order as if it had never been.

A pure function of a customer's events. It never forgets an order: models that are compared with the
product have `keep_days` so large that the product never does either, or 0.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.reference.events import Event

COMPLAINTS = {"complaints", "complaint_severity"}


def judged(events: Iterable[Event]) -> list[Event]:
    """Return the events as they count when each order is looked at as a whole."""
    orders: dict[str, list[Event]] = {}
    counted = []
    for said in events:
        event = said
        if said.kind == "chargeback":
            counted.append(_complaint(said))
            event = _as_refund(said)
        if event.order is None:
            if event.kind != "void":
                counted.append(event)
        else:
            orders.setdefault(event.order, []).append(event)
    for order in orders.values():
        if all(event.kind != "void" for event in order):
            counted += _as_one(order)
    return counted


def _as_one(order: list[Event]) -> Iterator[Event]:
    sales = [event for event in order if event.kind == "sale"]
    yield from sales
    invoices = {sale.invoice for sale in sales if sale.invoice is not None}
    refunds = [event for event in order if event.kind == "refund" and event.invoice is None]
    if len(invoices) > 1 and refunds:
        raise ValueError("the sales of an order have several invoices: the oracle knows no choice")
    dues = [sale.due_day for sale in sales if sale.invoice is None and sale.due_day is not None]
    for event in order:
        if event.kind == "refund" and sales:
            pays = "unmatched_paid" if dues else "nothing"
            invoice = event.invoice if event.invoice is not None else next(iter(invoices), None)
            sold = min(sale.day for sale in sales)
            yield replace(event, counts_on=sold, invoice=invoice, pays=pays)
        elif event.kind == "refund":
            yield event


def _complaint(event: Event) -> Event:
    adds = tuple(each for each in event.adds if each[0] in COMPLAINTS)
    return replace(event, kind="complaint", adds=adds, order=None, invoice=None, amount=0)


def _as_refund(event: Event) -> Event:
    adds = tuple(each for each in event.adds if each[0] not in COMPLAINTS)
    return replace(event, kind="refund", adds=adds)
