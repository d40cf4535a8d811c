"""What moves a customer's value score."""

import json
from itertools import permutations

import pytest

from tests.behaviour.story import Story

SALE = {"type": "transaction", "customer_id": "ada", "amount": "250.00"}


def test_a_sale_raises_the_score_and_its_refund_takes_the_money_back() -> None:
    ada = Story()
    ada.buys("03-01", "10.00")
    small = ada.score
    ada.buys("03-01", "5000.00")
    assert ada.score > small
    ada.returns("03-01", "5000.00")
    assert ada.indicator("spend_365d") == 10.0
    assert ada.indicator("refund_rate_365d") == 5000.0 / 5010.0


def test_a_score_is_the_sum_of_what_each_indicator_contributes() -> None:
    ada = Story()
    ada.buys("03-01", "120.50", cost="80.00")
    ada.pays("03-20", due="03-15")
    value = ada.standing["scores"]["value"]
    assert sum(value["contributions"].values()) == pytest.approx(value["score"], abs=1e-9)
    assert 0 <= value["score"] <= 100


def test_a_payment_after_its_due_day_lowers_the_score() -> None:
    scores = []
    for due in ("03-20", "03-19"):  # paid on March 20
        ada = Story()
        ada.buys("03-01", "100")
        ada.pays("03-20", due=due)
        scores.append(ada.score)
    assert scores[0] > scores[1]
    assert ada.indicator("on_time_ratio_365d") == 0.0
    assert ada.indicator("mean_days_late_365d") == 1.0


def test_praise_raises_the_score_and_a_complaint_lowers_it() -> None:
    ada = Story()
    ada.buys("03-01", "100")
    silent = ada.score
    ada.happens("praise", "03-01", rating=5)
    assert ada.score > silent
    ada.happens("complaint", "03-01", severity=5)
    assert ada.score < silent


def test_a_sale_counts_for_a_year_of_days() -> None:
    ada = Story()
    ada.buys("01-01", "100")
    ada.happens("praise", "12-31")
    assert ada.indicator("orders_365d") == 1.0
    ada.sends(
        '{"type":"praise","event_id":"new","customer_id":"ada","occurred_at":"2027-01-01T04:00:00Z"}'
    )
    assert ada.indicator("orders_365d") == 0.0
    assert ada.indicator("recency_days") == 365.0


def test_an_event_that_comes_late_counts_on_its_own_day() -> None:
    ada = Story()
    ada.buys("09-01", "100")
    ada.buys("01-15", "400")
    assert ada.indicator("recency_days") == 0.0
    assert ada.indicator("tenure_days") == 229.0
    assert ada.indicator("growth_180d") == (100 - 400) / 400


def test_the_order_of_arrival_does_not_change_the_score() -> None:
    events = [
        json.dumps(SALE | {"event_id": "a", "occurred_at": "2026-01-01T04:00:00Z"}),
        json.dumps(SALE | {"event_id": "b", "occurred_at": "2026-08-01T04:00:00Z", "amount": 7}),
        json.dumps(SALE | {"event_id": "c", "occurred_at": "2026-09-01T04:00:00Z", "amount": 0.1}),
    ]
    scores = set()
    for arrival in permutations(events):
        ada = Story()
        ada.sends(*arrival)
        scores.add(ada.score)
    assert len(scores) == 1


def test_an_event_sent_again_counts_once() -> None:
    ada = Story()
    event = json.dumps(SALE | {"event_id": "a", "occurred_at": "2026-01-01T04:00:00Z"})
    ada.sends(event, event)
    ada.sends(event)
    assert ada.indicator("orders_365d") == 1.0


def test_a_day_is_a_day_in_the_business_time_zone() -> None:
    """16:00 UTC is midnight in Shanghai."""
    ada = Story()
    for second, name in (("15:59:59", "a"), ("16:00:00", "b")):
        ada.sends(json.dumps(SALE | {"event_id": name, "occurred_at": f"2026-03-01T{second}Z"}))
    assert ada.standing["as_of"] == "2026-03-02"
    assert ada.indicator("tenure_days") == 1.0
