"""What a customer owes, since when, and how fast it pays."""

import json
from itertools import permutations

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


def test_part_payments_leave_the_rest_open() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-31")
    ada.pays("03-10", amount="300", invoice="I1")
    ada.pays("03-20", amount="200", invoice="I1")
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 500
    ada.pays("04-02", amount="500", invoice="I1")
    assert ada.indicator("arrears") == 0


def test_arrears_appear_as_the_due_day_passes_and_time_is_the_cause() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-31")
    ada.waits_until("03-31")
    assert (ada.indicator("arrears"), ada.indicator("overdue_days")) == (0, None)
    changes = [o for o in ada.waits_until("04-01") if o.get("score_name") == "credit"]
    assert (ada.indicator("arrears"), ada.indicator("overdue_days")) == (1000, 1)
    assert [(change["direction"], change["cause"]) for change in changes] == [
        ("down", {"kind": "time"})
    ]
    assert changes[0]["drivers"][0]["indicator"] == "arrears_rate"


def test_an_invoice_without_a_due_day_is_due_after_30_days() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1")
    ada.waits_until("03-31")
    assert ada.indicator("arrears") == 0
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 1000


def test_what_is_paid_beyond_an_invoice_counts_for_dues_without_one() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-31")
    ada.is_billed("03-01", "400", due="03-31")
    ada.pays("03-10", amount="1300", invoice="I1")
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 100


def test_a_payment_that_comes_before_its_invoice_pays_it() -> None:
    ada = Story(model=SHIPPED)
    ada.pays("03-01", amount="1000", invoice="I1")
    ada.is_billed("03-05", "1000", "I1", due="03-31")
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 0
    assert ada.indicator("collection_days_365d") == 0  # it did not have to wait for its money


def test_a_refund_of_an_invoice_lowers_what_is_owed() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-31")
    ada.returns("03-10", "250", invoice_id="I1")
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 750
    assert ada.indicator("arrears_rate") == 0.75  # of what was billed


def test_without_invoices_the_oldest_due_is_paid_first() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "100", due="03-10")
    ada.is_billed("03-01", "200", due="03-20")
    ada.pays("03-05", amount="150")
    ada.waits_until("03-11")
    assert ada.indicator("arrears") == 0
    ada.waits_until("03-21")
    assert ada.indicator("arrears") == 150


def test_an_undated_payment_is_late_by_the_due_day_of_its_invoice() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-31")
    ada.pays("03-31", amount="500", invoice="I1")
    assert (ada.indicator("on_time_ratio_365d"), ada.indicator("mean_days_late_365d")) == (1, 0)
    ada.pays("04-04", amount="500", invoice="I1")
    assert (ada.indicator("on_time_ratio_365d"), ada.indicator("mean_days_late_365d")) == (0.5, 2)


def test_the_collection_period_is_from_the_invoice_to_the_money() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1")
    ada.pays("03-11", amount="500", invoice="I1")
    ada.pays("03-21", amount="500", invoice="I1")
    assert ada.indicator("collection_days_365d") == 15
    assert (ada.indicator("mean_payment_365d"), ada.indicator("largest_payment_365d")) == (500, 500)


def test_of_overdue_invoices_the_means_count() -> None:
    ada = Story(model=SHIPPED)
    ada.is_billed("03-01", "1000", "I1", due="03-10")
    ada.is_billed("03-01", "200", "I2", due="03-14")
    ada.is_billed("03-01", "900", "I3", due="04-30")
    ada.waits_until("03-20")
    assert ada.indicator("overdue_days") == 8  # of 10 and 6
    assert ada.indicator("mean_arrears") == 600


def test_bills_receipts_and_refunds_meet_in_any_order_of_arrival() -> None:
    sale = {"type": "transaction", "amount": "1000", "due_at": "2026-03-31"}
    refund = {"type": "transaction", "kind": "refund", "amount": "100"}
    receipt = {"type": "payment", "amount": "300"}
    days = {"sale": (sale, "01"), "refund": (refund, "09"), "receipt": (receipt, "05")}
    lines = [
        json.dumps(
            {"event_id": name, "customer_id": "ada", "invoice_id": "I1"}
            | event
            | {"occurred_at": f"2026-03-{day}T12:00:00+08:00"}
        )
        for name, (event, day) in days.items()
    ]
    standings = []
    for arrival in permutations(lines):
        ada = Story(model=SHIPPED)
        ada.sends(*arrival)
        ada.waits_until("04-10")
        standings.append((ada.standing["indicators"], ada.score_of("credit")))
    assert ada.indicator("arrears") == 600
    assert all(standing == standings[0] for standing in standings)


@pytest.mark.parametrize(("keep_days", "collection_days"), [(10, 4), (400, 11.5)])
def test_a_paid_invoice_is_forgotten_after_a_while_and_an_open_one_is_not(
    keep_days: int, collection_days: float
) -> None:
    """What still comes under its id is a new invoice; what it added stays."""
    ada = Story(model={**SHIPPED, "invoices": {"keep_days": keep_days}})
    ada.is_billed("03-01", "1000", "open", due="03-31")
    ada.is_billed("03-01", "200", "paid", due="03-31")
    ada.pays("03-05", amount="200", invoice="paid")
    ada.is_billed("03-16", "300", "other", due="04-30")
    ada.pays("03-20", amount="50", invoice="paid")
    assert ada.indicator("collection_days_365d") == collection_days
    ada.pays("03-21", amount="400", invoice="open")
    ada.waits_until("04-01")
    assert ada.indicator("arrears") == 600
