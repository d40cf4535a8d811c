"""The oracle itself: time, tiers, alerts and outcomes (docs/semantics.md §1, §6–§8) by hand."""

import hashlib
import json
import random
from datetime import date
from typing import Any

import pytest

from tests.reference import Fold, Outcome, evaluate, parse
from tests.reference.shop import JUNE_1, SPEND, Shop, a_model


class Story:
    """A shop whose events go straight into a fold; the score is the net spend, 0 to 100."""

    def __init__(self, clock: Any = "event", **sections: Any) -> None:
        """Begin with a model that has one indicator, the spend over a customer's lifetime."""
        self.model = a_model(sections.pop("indicators", SPEND), **sections)
        self.fold = Fold(self.model, clock)
        self.shop = Shop(self.model)

    def spends(self, at: str | int, amount: str, **fields: Any) -> list[Outcome]:
        """Apply a sale, or a refund if the amount is negative; returns the new outcomes."""
        before = len(self.outcomes)
        write = self.shop.refund if amount.startswith("-") else self.shop.sale
        self.fold.apply(write(at, amount.removeprefix("-"), **fields))
        return self.outcomes[before:]

    def turns(self, day: int) -> list[Outcome]:
        """Turn the day to one of June; returns the new outcomes."""
        before = len(self.outcomes)
        self.fold.turn(JUNE_1 + day - 1)
        return self.outcomes[before:]

    @property
    def outcomes(self) -> list[Outcome]:
        """All outcomes of customer c so far."""
        return self.fold.outcomes.get("c", [])


def moves(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.before, outcome.after) for outcome in outcomes]


# ---------------------------------------------------------------- tiers


def test_a_tier_is_entered_at_its_bound_and_left_below_its_lower_one() -> None:
    story = Story()
    assert moves(story.spends(1, "59.99")) == []
    assert moves(story.spends(1, "0.01")) == [("ordinary", "important")]
    assert moves(story.spends(1, "-10.00")) == []  # 50.00 is not below 50
    assert moves(story.spends(1, "-0.01")) == [("important", "ordinary")]
    assert moves(story.spends(1, "10.00")) == []  # 59.99: above leave_below, but to enter takes 60
    assert moves(story.spends(1, "0.01")) == [("ordinary", "important")]


def test_a_jump_of_two_tiers_is_one_change() -> None:
    story = Story()
    assert moves(story.spends(1, "80")) == [("ordinary", "VIP")]
    assert moves(story.spends(1, "-80")) == [("VIP", "ordinary")]


def test_a_tier_below_is_reached_only_when_the_current_one_is_left() -> None:
    story = Story()
    story.spends(1, "90")
    assert moves(story.spends(1, "-15.00")) == []  # 75.00
    assert moves(story.spends(1, "-0.01")) == [("VIP", "important")]
    assert moves(story.spends(1, "-24.99")) == []  # 50.00


def test_a_tier_once_left_is_left_for_the_one_the_score_would_enter() -> None:
    """The middle tier's lower bound protects those in it, not those who fall past it."""
    story = Story()
    story.spends(1, "90")
    assert moves(story.spends(1, "-35.00")) == [("VIP", "ordinary")]


def test_a_change_compares_with_the_evaluation_just_before_it() -> None:
    story = Story()
    (first,) = story.spends(1, "70")
    assert (first.previous_score, first.score) == (0.0, 70.0)
    assert first.drivers == (("spend", 0.0, 70.0, 70.0),)
    story.spends(1, "5")
    (second,) = story.spends(1, "10")
    assert (second.previous_score, second.score) == (75.0, 85.0)
    assert second.drivers == (("spend", 75.0, 85.0, 10.0),)


def test_drivers_are_the_terms_that_differ_largest_first_then_by_name() -> None:
    sales = {"kind": "sum", "add": ["sale_amount"]}
    orders = {"kind": "sum", "add": ["orders"]}
    praise = {"kind": "sum", "add": ["praise"]}
    story = Story(indicators={"praise": praise, "few": orders} | dict.fromkeys("cba", sales))
    (change,) = story.spends(1, "100")
    assert [(driver.indicator, driver.delta) for driver in change.drivers] == [
        ("a", 20.0), ("b", 20.0), ("c", 20.0), ("few", 0.2),
    ]  # fmt: skip


def test_drivers_are_sorted_by_size_whatever_their_sign() -> None:
    net = {"kind": "sum", "add": ["sale_amount"], "subtract": ["refund_amount"]}
    refunds = {"kind": "sum", "add": ["refunds"]}
    story = Story(indicators={"again": net, "net": net, "refunds": refunds})
    story.spends(1, "100")
    (fall,) = story.spends(1, "-80")
    assert [driver.indicator for driver in fall.drivers] == ["again", "net", "refunds"]
    assert [driver.delta > 0 for driver in fall.drivers] == [False, False, True]


# ---------------------------------------------------------------- time


def test_a_sale_that_leaves_its_window_lowers_the_tier_without_any_event() -> None:
    indicators = {"spend": {"kind": "sum", "add": ["sale_amount"], "window": 3}}
    story = Story(indicators=indicators)
    story.spends(1, "70")
    assert moves(story.turns(3)) == []
    (fall,) = story.turns(9)
    assert (fall.before, fall.after, fall.cause) == ("important", "ordinary", "time:2024-06-04")
    assert (fall.as_of, fall.previous_score, fall.score) == (JUNE_1 + 3, 70.0, 0.0)
    assert fall.occurred_at == 1_717_430_400_000  # 2024-06-04 00:00 in Shanghai, 16:00 UTC before


@pytest.mark.parametrize("days", [[30], [2, 30], list(range(1, 31)), [30, 4]])
def test_catching_up_late_gives_what_catching_up_in_time_would_have_given(days: list[int]) -> None:
    indicators = {"spend": {"kind": "sum", "add": ["sale_amount"], "window": 3}}
    story, daily = Story(indicators=indicators), Story(indicators=indicators)
    for each in (story, daily):
        each.spends(1, "70")
        each.spends(1, "20")
    for day in days:
        story.turns(day)
    for day in range(31):
        daily.turns(day)
    assert story.outcomes == daily.outcomes
    assert len(story.outcomes) == 3


def test_an_event_of_another_customer_moves_the_clock_but_catches_up_only_its_own() -> None:
    indicators = {"spend": {"kind": "sum", "add": ["sale_amount"], "window": 3}}
    story = Story(indicators=indicators)
    story.spends(1, "70")
    story.spends(9, "10", customer_id="other")
    assert story.fold.day == JUNE_1 + 8
    assert story.fold.customers["other"].as_of == JUNE_1 + 8
    assert story.fold.customers["c"].as_of == JUNE_1
    assert moves(story.spends(2, "61")) == [("important", "ordinary")]  # caught up; June 2 is past
    assert story.fold.customers["c"].as_of == JUNE_1 + 8


def test_a_late_event_counts_in_its_day_and_is_evaluated_as_of_the_clock() -> None:
    story = Story(indicators={"spend": {"kind": "sum", "add": ["sale_amount"], "window": 3}})
    story.spends(5, "10")
    (rise,) = story.spends(3, "60")
    assert (rise.as_of, rise.score) == (JUNE_1 + 4, 70.0)
    assert moves(story.spends(2, "30")) == []


def test_under_the_customer_clock_nothing_is_evaluated_between_events() -> None:
    indicators = {"spend": {"kind": "sum", "add": ["sale_amount"], "window": 3}}
    story = Story("customer", indicators=indicators)
    story.spends(1, "70")
    story.spends(20, "1", customer_id="other")
    assert story.turns(20) == []
    (fall,) = story.spends(9, "1")
    assert (fall.cause, fall.as_of) == ("event:transaction:e3", JUNE_1 + 8)
    assert (fall.previous_score, fall.score) == (70.0, 1.0)
    story.spends(8, "5")
    assert story.fold.customers["c"].as_of == JUNE_1 + 8


def test_under_the_wall_clock_today_counts_if_it_is_later_than_the_event() -> None:
    story = Story("wall")
    fold, shop = story.fold, story.shop
    fold.apply(shop.sale(1, "1"), today=JUNE_1 + 3)
    assert fold.customers["c"].as_of == JUNE_1 + 3
    fold.apply(shop.sale(6, "1"), today=JUNE_1 + 4)
    assert fold.customers["c"].as_of == JUNE_1 + 5


# ---------------------------------------------------------------- duplicates


def test_a_duplicate_does_nothing_at_all() -> None:
    story = Story()
    first = story.shop.sale(1, "10")
    again = parse(
        json.dumps(
            {
                "type": "transaction", "event_id": "e1", "customer_id": "c",
                "occurred_at": "2024-07-01T00:00:00Z", "amount": "99",
            }
        ),
        story.model,
    )  # fmt: skip
    assert story.fold.apply(first)
    assert not story.fold.apply(first)
    assert not story.fold.apply(again)
    assert story.fold.day == JUNE_1
    assert story.fold.customers["c"].evaluation().indicators == {"spend": 10.0}


def test_an_identity_is_the_type_the_id_and_the_customer() -> None:
    story = Story()
    story.spends(1, "10")
    for fields in ({"customer_id": "other"}, {"event_id": "e9"}):
        assert story.fold.apply(story.shop.sale(1, "10", **{"event_id": "e1"} | fields))
    assert story.fold.apply(story.shop.event("praise", 1, event_id="e1"))
    assert not story.fold.apply(story.shop.event("praise", 1, event_id="e1"))


def test_only_the_last_identities_are_remembered() -> None:
    story = Story(dedup={"ids": 2})
    events = [story.shop.sale(1, "1") for _ in range(3)]
    assert [story.fold.apply(event) for event in events] == [True] * 3
    assert [story.fold.apply(events[n]) for n in (1, 2, 0, 2, 1)] == [
        False, False, True, False, True,
    ]  # fmt: skip


def test_another_event_under_a_known_identity_is_told_and_does_nothing() -> None:
    story = Story()
    first = story.shop.sale(1, "10")
    story.fold.apply(first)
    again = story.shop.sale(1, "10.00", event_id=first.event_id, unknown="x")
    other = story.shop.sale(1, "11", event_id=first.event_id)
    assert not story.fold.apply(again)
    assert not story.fold.apply(other)
    assert story.fold.differing == [other]
    assert [event.amount for event in story.fold.customers["c"].own] == [1000]


def test_an_event_that_makes_sums_too_large_does_nothing_but_is_remembered() -> None:
    story = Story(currencies={"base": "CLF"})
    largest = [story.shop.sale(1, "1000000000000", cost="1000000000000") for _ in range(29)]
    assert [story.fold.apply(event) for event in largest] == [True] * 28 + [False]
    assert not story.fold.apply(largest[-1])
    assert story.fold.too_large == largest[-1:]
    assert story.fold.apply(story.shop.sale(1, "1"))


# ---------------------------------------------------------------- alerts

DROP = {
    "kind": "drop", "score": "value", "points": 15,
    "within_days": 7, "resolve_below": 7.5, "cool_down_days": 7,
}  # fmt: skip


def a_drop_story(**changes: Any) -> Story:
    tiers = [{"name": "all"}]
    indicators = {"spend": SPEND["spend"]}
    linear = {"kind": "linear", "low": 0, "high": 100}
    term = {"indicator": "spend", "weight": 1, "normaliser": linear}
    score = {"groups": [{"name": "g", "weight": 1, "indicators": [term]}], "tiers": tiers}
    alerts = {"value_drop": DROP | changes}
    return Story(indicators=indicators, scores={"value": score}, alerts=alerts)


def test_an_alert_opens_at_its_drop_and_resolves_below_its_lower_one() -> None:
    story = a_drop_story()
    assert story.spends(1, "50") == []
    assert story.spends(2, "-14.99") == []
    (opened,) = story.spends(2, "-0.01")
    assert (opened.kind, opened.name) == ("value-alert", "value_drop")
    assert (opened.before, opened.after, opened.drop) == ("closed", "open", 15_000)
    assert opened.drivers == (("spend", 50.0, 35.0, -15.0),)
    assert story.spends(2, "-10") == []
    assert story.spends(2, "17.50") == []  # 42.50: 7.50 below 50 is not yet less than 7.50
    (resolved,) = story.spends(2, "0.01")
    assert (resolved.before, resolved.after, resolved.drop) == ("open", "closed", 7_490)


def test_a_resolved_alert_stays_quiet_until_its_cool_down_ends() -> None:
    story = a_drop_story(within_days=30)
    story.spends(1, "50")
    story.spends(2, "-20")
    story.spends(2, "20")
    assert moves(story.outcomes) == [("closed", "open"), ("open", "closed")]
    assert story.spends(3, "-20") == []
    assert story.turns(8) == []
    (again,) = story.turns(9)
    assert (again.after, again.cause) == ("open", "time:2024-06-09")


@pytest.mark.parametrize(("day", "opens"), [(8, True), (9, False)])
def test_a_drop_is_against_the_best_of_the_last_days_only(day: int, opens: bool) -> None:
    story = a_drop_story()
    story.spends(1, "50")
    story.spends(1, "-10")
    outcomes = story.spends(day, "-5")
    assert bool(outcomes) == opens


def test_a_drop_is_against_the_latest_of_equal_bests() -> None:
    """The 50 of June 1 would be forgotten on June 9; the one of June 3 is not."""
    story = a_drop_story()
    story.spends(1, "50")
    story.spends(2, "-5")
    story.spends(3, "5")
    assert moves(story.spends(10, "-20")) == [("closed", "open")]


def test_a_first_evaluation_has_nothing_to_fall_from() -> None:
    story = a_drop_story()
    assert story.spends(1, "-50") == []


# ---------------------------------------------------------------- outcomes


def test_outcomes_are_numbered_and_named_by_their_content() -> None:
    story = Story()
    story.spends(1, "60")
    second = story.spends(1, "20")[0]
    text = "c\n2\ntier-change\nvalue\nimportant\nVIP\nevent:transaction:e2"
    assert second.sequence == 2
    assert second.id == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    assert second.occurred_at == 1_717_214_400_000


def test_tier_changes_come_before_alerts() -> None:
    story = Story(alerts={"value_drop": DROP})
    story.spends(1, "60")
    both = story.spends(1, "-30")
    assert [(o.sequence, o.kind) for o in both] == [(2, "tier-change"), (3, "value-alert")]
    assert both[0].cause == both[1].cause


def test_what_the_fold_remembers_of_windows_is_what_a_fresh_sum_gives() -> None:
    """The one shortcut of the oracle, checked on every day of a random year."""
    chance = random.Random(3)
    indicators = {
        "month": {"kind": "sum", "add": ["sale_amount"], "window": 30},
        "old": {"kind": "sum", "add": ["orders"], "window": [7, 60]},
        "growth": {"kind": "growth", "add": ["sale_amount"], "window": 20, "presence": ["orders"]},
        "since": {"kind": "days_since", "mark": "last_sale"},
        "first": {"kind": "days_since", "mark": "first_transaction"},
    }
    story = Story(indicators=indicators)
    story.spends(1, "5")
    customer = story.fold.customers["c"]
    for day in range(JUNE_1, JUNE_1 + 400):
        if chance.random() < 0.2:
            late = chance.randrange(40) if chance.random() < 0.3 else 0
            at = f"{date.fromordinal(date(1970, 1, 1).toordinal() + day - late)}T04:00:00Z"
            story.spends(at, str(chance.randrange(1, 99)))
        story.fold.turn(day)
        fresh = evaluate(story.model, customer.history.events, day)
        assert customer.points["value"] == list(fresh.points["value"].values())
