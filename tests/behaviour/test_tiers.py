"""When a customer changes its tier, and what the change tells."""

from datetime import date

import pytest

from tests.behaviour.story import Story


def a_vip() -> Story:
    """Ten large sales on ten days, well paid and with a good margin."""
    ada = Story()
    for day in range(1, 11):
        ada.buys(f"03-{day:02d}", "15000", cost="7000")
        ada.pays(f"03-{day:02d}", due="03-31")
    return ada


def test_a_customer_climbs_as_it_buys() -> None:
    ada = a_vip()
    assert ada.tier == "VIP"
    steps = [(change["from"], change["to"], change["direction"]) for change in ada.outcomes]
    assert steps == [("ordinary", "important", "up"), ("important", "VIP", "up")]


def test_a_change_names_the_event_and_the_indicators_behind_it() -> None:
    ada = Story()
    (change,) = ada.buys("03-01", "1000.00")
    assert change["cause"] == {"kind": "event", "type": "transaction", "event_id": "e1"}
    assert change["occurred_at"] == "2026-03-01T04:00:00.000Z"
    assert change["model"] == "stories@1"
    assert change["drivers"][0]["indicator"] == "spend_365d"
    moved = sum(driver["delta"] for driver in change["drivers"])
    assert moved == pytest.approx(change["score"] - change["previous_score"], abs=1e-9)


def test_a_customer_who_stays_away_loses_its_tier_without_any_event() -> None:
    ada = a_vip()
    changes = ada.waits_until(date(2027, 6, 1))
    assert [(change["from"], change["to"]) for change in changes if "to" in change] == [
        ("VIP", "important"), ("important", "ordinary"),
    ]  # fmt: skip
    assert all(change["cause"] == {"kind": "time"} for change in changes)
    fall = changes[0]
    assert fall["drivers"][0]["indicator"] == "recency_days"
    assert fall["occurred_at"].endswith("T16:00:00.000Z")  # midnight in Shanghai


def test_a_tier_is_kept_until_the_score_is_below_its_lower_bound() -> None:
    ada = a_vip()
    seen = []
    for day in range(11, 366):
        ada.waits_until(date.fromordinal(date(2026, 3, 1).toordinal() + day - 1))
        if ada.tier == "VIP":
            seen.append(ada.score)
    assert min(seen) < 80
    assert min(seen) >= 78


def test_up_and_down_within_one_batch_are_two_changes() -> None:
    ada = Story()
    common = '"type":"transaction","customer_id":"ada","occurred_at":"2026-03-01T04:00:00Z"'
    changes = ada.sends(
        f'{{{common},"event_id":"a","amount":"1000"}}',
        f'{{{common},"event_id":"b","amount":"1000","kind":"refund"}}',
    )
    assert [change["direction"] for change in changes if "direction" in change] == ["up", "down"]


def test_outcomes_of_a_customer_are_numbered_without_gaps() -> None:
    ada = a_vip()
    ada.waits_until(date(2027, 6, 1))
    numbers = [outcome["sequence"] for outcome in ada.outcomes]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len({outcome["id"] for outcome in ada.outcomes}) == len(numbers)
