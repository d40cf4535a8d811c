"""When a customer's loss of value is alerted, and when the alert ends."""

from datetime import date

import pytest

from tests.behaviour.story import Story


def test_a_large_refund_alerts_once_and_says_what_was_lost() -> None:
    ada = Story()
    ada.buys("03-01", "100000")
    outcomes = ada.returns("03-03", "100000")
    (alert,) = [outcome for outcome in outcomes if outcome.get("alert")]
    assert (alert["alert"], alert["state"]) == ("value_drop", "opened")
    assert alert["drop"] >= 10
    assert alert["drivers"][0]["indicator"] == "spend_365d"
    lost = sum(driver["delta"] for driver in alert["drivers"])
    assert lost == pytest.approx(-alert["drop"], abs=1e-9)
    ada.returns("03-04", "1")
    assert [o["state"] for o in ada.outcomes if o.get("alert")] == ["opened"]


def test_an_alert_ends_when_the_value_is_back() -> None:
    ada = Story()
    ada.buys("03-01", "1000")
    ada.returns("03-02", "1000")
    ada.buys("03-02", "1000")
    assert [o["state"] for o in ada.outcomes if o.get("alert")] == ["opened", "resolved"]


def test_an_alert_ends_when_the_loss_is_a_week_old() -> None:
    """Nothing was won back, but the new level is what the customer has had all week."""
    ada = Story()
    ada.buys("03-01", "100000")
    ada.returns("03-03", "100000")
    (end,) = [outcome for outcome in ada.waits_until(date(2026, 3, 31)) if outcome.get("alert")]
    assert (end["state"], end["as_of"]) == ("resolved", "2026-03-11")  # March 3 + 7 days is past
    assert end["cause"] == {"kind": "time"}


def test_a_slow_decline_is_no_alert() -> None:
    ada = Story()
    ada.buys("03-01", "30")
    assert not [o for o in ada.waits_until(date(2026, 8, 1)) if o.get("alert")]
