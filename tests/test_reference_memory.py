"""The oracle itself: policies, overrides, classes that stay (docs/semantics.md §6, §11, §12)."""

import hashlib
import random
from datetime import date, timedelta
from typing import Any

import pytest

from tests.reference import Fold, Outcome, day_number, evaluate
from tests.reference.shop import JUNE_1, Shop, a_model
from tests.reference.tiers import latest_review

TIERS: list[dict[str, Any]] = [
    {"name": "ordinary"},
    {"name": "important", "enter_at": 60, "leave_below": 50},
    {"name": "VIP", "enter_at": 80, "leave_below": 75},
]
WORTH = {"kind": "attribute", "attribute": "worth"}
SIZE = {"kind": "attribute", "attribute": "size"}
TERM = {
    "indicator": "worth", "weight": 1, "normaliser": {"kind": "linear", "low": 0, "high": 100},
}  # fmt: skip


class Story:
    """A customer whose score is what its profile says it is worth."""

    def __init__(self, score: dict[str, Any] | None = None, **sections: Any) -> None:
        """Begin without events; `score` is what the score has besides its one term."""
        groups = [{"name": "g", "weight": 1, "indicators": [TERM]}]
        scores = {"value": {"groups": groups, "tiers": TIERS} | (score or {})}
        indicators = {"worth": WORTH, "size": SIZE}
        self.fold = Fold(a_model(indicators, scores=scores, **sections))
        self.shop = Shop(self.fold.model)

    def is_worth(self, day: int, worth: int, **attributes: Any) -> list[Outcome]:
        """Say so on a day of June; returns the new outcomes."""
        return self.event("profile", day, worth=worth, **attributes)

    def event(self, event_type: str, day: int, **fields: Any) -> list[Outcome]:
        """Apply an event of a day of June, later than those before; returns the new outcomes."""
        told = len(self.outcomes)
        number = self.shop.written
        at = f"2024-06-{day:02d}T{number // 60:02d}:{number % 60:02d}:00+08:00"
        self.fold.apply(self.shop.event(event_type, at, **fields))
        return self.outcomes[told:]

    def overrides(self, day: int, tier: str | None, **fields: Any) -> list[Outcome]:
        """Override the tier."""
        said = {"score": "value", "tier": tier, "author": "anna", "reason": "known to us"}
        return self.event("override", day, **said | fields)

    def turns(self, day: date) -> list[tuple[str, str, str]]:
        """Turn the day; returns when which tier followed which."""
        told = len(self.outcomes)
        self.fold.turn(day_number(day))
        return [
            (o.as_of_text, o.before, o.after) for o in self.outcomes[told:] if o.kind != "alert"
        ]

    @property
    def outcomes(self) -> list[Outcome]:
        """All outcomes so far."""
        return self.fold.outcomes.get("c", [])

    @property
    def tier(self) -> str:
        """The tier it is in."""
        return self.fold.customers["c"].tiers["value"]


def moves(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.before, outcome.after) for outcome in outcomes]


# ---------------------------------------------------------------- conditions of tiers


def with_size(**more: Any) -> dict[str, Any]:
    when = [{"indicator": "size", "at_least": 10, "leave_below": 5}]
    top = {"name": "VIP", "enter_at": 80, "leave_below": 75, "when": when} | more
    return {"tiers": [*TIERS[:2], top]}


def test_a_tier_takes_all_its_conditions() -> None:
    story = Story(with_size())
    assert moves(story.is_worth(1, 90)) == [("ordinary", "important")]
    assert moves(story.is_worth(1, 90, size=9)) == []
    assert moves(story.is_worth(1, 90, size=10)) == [("important", "VIP")]
    assert moves(story.is_worth(1, 75, size=5)) == []
    assert moves(story.is_worth(1, 75, size=4)) == [("VIP", "important")]
    assert moves(story.is_worth(1, 90, size=9)) == []
    assert moves(story.is_worth(1, 80, size=10)) == [("important", "VIP")]
    assert moves(story.is_worth(1, 80, size=None)) == [("VIP", "important")]


def test_a_tier_may_take_any_of_its_conditions() -> None:
    story = Story(with_size(combine="any"))
    assert moves(story.is_worth(1, 0, size=9)) == []
    assert moves(story.is_worth(1, 0, size=10)) == [("ordinary", "VIP")]
    assert moves(story.is_worth(1, 0, size=5)) == []
    assert moves(story.is_worth(1, 75, size=4)) == []
    assert moves(story.is_worth(1, 74, size=4)) == [("VIP", "important")]


def test_bounds_may_be_those_of_the_population() -> None:
    tiers = [{"name": "ordinary"}, {"name": "VIP", "enter_at": "population"}]
    bounds = {"value": {"VIP": {"enter_at": 33, "leave_below": 30}}}
    story = Story({"tiers": tiers}, population={"bounds": bounds})
    assert [moves(story.is_worth(1, worth)) for worth in (32, 33, 30, 29)] == [
        [], [("ordinary", "VIP")], [], [("VIP", "ordinary")],
    ]  # fmt: skip


# ---------------------------------------------------------------- policy


def test_a_tier_is_kept_for_its_minimum_stay_and_gained_at_once() -> None:
    story = Story({"policy": {"minimum_stay_days": 10}})
    story.is_worth(1, 65)
    story.is_worth(3, 85)  # the stay begins anew
    assert story.is_worth(4, 55) == []
    assert story.turns(date(2024, 6, 12)) == []
    assert story.turns(date(2024, 7, 30)) == [("2024-06-13", "VIP", "ordinary")]


def test_a_fall_has_days_of_grace_and_is_over_when_the_score_recovers() -> None:
    story = Story({"policy": {"grace_days": 5}})
    story.is_worth(1, 85)
    story.is_worth(2, 70)
    assert story.is_worth(5, 75) == []  # not below leave_below: over
    story.is_worth(6, 74)
    assert story.turns(date(2024, 6, 10)) == []
    assert story.turns(date(2024, 6, 30)) == [("2024-06-11", "VIP", "important")]


def test_a_fall_takes_one_step_at_a_time_each_with_its_own_grace() -> None:
    story = Story({"policy": {"grace_days": 5, "one_step_down": True}})
    story.is_worth(1, 85)
    story.is_worth(2, 0)
    assert story.turns(date(2024, 6, 30)) == [
        ("2024-06-07", "VIP", "important"), ("2024-06-12", "important", "ordinary"),
    ]  # fmt: skip
    story.is_worth(30, 85)
    story.is_worth(30, 55)  # important is not to be entered, but to be stayed in
    assert story.turns(date(2024, 8, 30)) == [("2024-07-05", "VIP", "important")]


def test_without_grace_a_step_is_taken_at_each_evaluation() -> None:
    story = Story({"policy": {"one_step_down": True}})
    story.is_worth(1, 85)
    assert moves(story.is_worth(1, 0)) == [("VIP", "important")]
    assert moves(story.is_worth(1, 0)) == [("important", "ordinary")]


@pytest.mark.parametrize(
    ("review", "lost"),
    [("month", "2024-07-01"), ("quarter", "2024-07-01"), ("year", "2025-01-01")],
)
def test_a_tier_is_lost_on_a_day_of_review_only(review: str, lost: str) -> None:
    story = Story({"policy": {"review": review}})
    story.is_worth(2, 85)
    story.is_worth(3, 65)
    assert story.turns(date(2025, 1, 1)) == [(lost, "VIP", "important")]


def test_a_review_on_the_day_when_the_tier_was_reached_does_not_count() -> None:
    story = Story({"policy": {"review": "month"}})
    story.is_worth(1, 85)
    assert story.is_worth(1, 65) == []
    assert story.turns(date(2024, 12, 31)) == [("2024-07-01", "VIP", "important")]


def test_a_review_that_was_missed_for_the_stay_or_grace_does_not_wait_for_the_next() -> None:
    """The latest review is not before the fall; when the days are over the tier is lost."""
    story = Story({"policy": {"review": "month", "minimum_stay_days": 40}})
    story.is_worth(2, 85)
    story.is_worth(3, 65)
    assert story.turns(date(2024, 12, 31)) == [("2024-07-12", "VIP", "important")]


def test_days_of_review() -> None:
    days = {"month": (2024, 5, 1), "quarter": (2024, 4, 1), "year": (2024, 1, 1)}
    for review, first in days.items():
        assert latest_review(review, JUNE_1 - 1) == day_number(date(*first))
        assert latest_review(review, day_number(date(*first))) == day_number(date(*first))
    assert [latest_review(7, day) for day in (13, 14, 20)] == [7, 14, 14]


# ---------------------------------------------------------------- overrides


def test_an_override_pins_a_tier_until_its_last_day() -> None:
    story = Story()
    story.is_worth(1, 65)
    (pinned,) = story.overrides(2, "VIP", until="2024-06-04")
    assert (pinned.before, pinned.after) == ("important", "VIP")
    assert (pinned.cause, pinned.drivers) == ("event:override:e2", ())
    assert (pinned.score, pinned.previous_score) == (65.0, 65.0)
    assert story.is_worth(3, 20) == []
    assert story.turns(date(2024, 6, 4)) == []
    assert story.turns(date(2024, 6, 30)) == [("2024-06-05", "VIP", "ordinary")]


def test_an_override_may_be_a_floor_or_a_ceiling() -> None:
    story = Story()
    assert moves(story.overrides(1, "important", mode="floor")) == [("ordinary", "important")]
    assert moves(story.is_worth(1, 90)) == [("important", "VIP")]
    assert moves(story.is_worth(1, 0)) == [("VIP", "important")]
    assert moves(story.overrides(1, "important", mode="ceiling")) == [("important", "ordinary")]
    assert moves(story.is_worth(1, 90)) == [("ordinary", "important")]
    assert moves(story.overrides(1, None)) == [("important", "VIP")]


def test_the_latest_override_holds_and_one_of_no_tier_of_the_score_is_none() -> None:
    story = Story()
    story.overrides(3, "VIP")
    assert story.overrides(2, None) == []
    assert moves(story.overrides(4, "platinum")) == [("VIP", "ordinary")]
    assert story.overrides(5, "VIP", score="other") == []


def test_what_was_earned_goes_on_under_an_override() -> None:
    story = Story({"policy": {"minimum_stay_days": 10}})
    story.is_worth(1, 85)
    story.overrides(1, "ordinary", until="2024-06-08")
    story.is_worth(2, 0)
    assert story.turns(date(2024, 6, 30)) == [
        ("2024-06-09", "ordinary", "VIP"), ("2024-06-11", "VIP", "ordinary"),
    ]  # fmt: skip


# ---------------------------------------------------------------- segments


def sized(**more: Any) -> dict[str, Any]:
    classes = [
        {
            "name": "large",
            "when": [{"indicator": "size", "at_least": 10}],
            "stay_while": [{"indicator": "size", "at_least": 5}],
        },
        {"name": "small"},
    ]
    return {"by_size": {"kind": "rules", "classes": classes} | more}


def test_a_class_is_kept_while_its_conditions_to_stay_hold() -> None:
    story = Story(segments=sized())
    customer = story.fold.customers
    found = []
    for size in (9, 10, 5, 4, 9):
        assert story.is_worth(1, 0, size=size) == []
        found.append(customer["c"].snapshot()["segments"])
    assert [classes["by_size"] for classes in found] == [
        "small", "large", "large", "small", "small",
    ]  # fmt: skip


def test_changes_of_class_are_told_after_tiers_and_alerts() -> None:
    story = Story(segments=sized(tell=True))
    (first,) = story.is_worth(1, 0)
    assert (first.kind, first.name, first.before, first.after) == (
        "segment-change", "by_size", "", "small",
    )  # fmt: skip
    assert (first.drivers, first.score, first.drop) == ((), None, None)
    tier, second = story.is_worth(2, 90, size=10)
    assert (tier.kind, second.kind, second.before) == ("tier-change", "segment-change", "small")
    assert tier.cause == second.cause == "event:profile:e2"
    text = "c\n3\nsegment-change\nby_size\nsmall\nlarge\nevent:profile:e2"
    assert second.id == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def test_an_erasure_forgets_attributes_overrides_and_classes() -> None:
    story = Story(segments=sized(tell=True))
    story.is_worth(1, 90, size=10)
    story.overrides(1, "VIP")
    story.event("erasure", 2)
    assert moves(story.event("praise", 3)) == [("", "small")]
    assert story.tier == "ordinary"


# ---------------------------------------------------------------- merged customers


def test_attributes_and_invoices_of_merged_customers_meet() -> None:
    indicators = {"arrears": {"kind": "arrears"}, "size": SIZE}
    fold = Fold(a_model(indicators))
    shop = Shop(fold.model)
    bill = {"amount": "50", "invoice_id": "a", "due_at": "2024-06-02"}
    fold.apply(shop.event("transaction", 1, **bill))
    fold.apply(shop.event("profile", 3, size=3))
    fold.apply(shop.event("payment", 2, amount="20", invoice_id="a", customer_id="d"))
    fold.apply(shop.event("profile", 4, size=4, customer_id="d"))
    customer = fold.customers["c"]
    fold.turn(JUNE_1 + 5)
    assert customer.evaluation().indicators == {"arrears": 50.0, "size": 3.0}
    fold.apply(shop.event("merge", 5, customer_id="d", into="c", into_shard=0))
    assert customer.evaluation().indicators == {"arrears": 30.0, "size": 4.0}
    fold.apply(shop.event("unmerge", 6, customer_id="d"))
    assert customer.evaluation().indicators == {"arrears": 50.0, "size": 3.0}
    assert fold.customers["d"].evaluation().indicators == {"arrears": 0.0, "size": 4.0}


# ---------------------------------------------------------------- day after day


def test_what_is_remembered_from_day_to_day_is_what_a_fresh_look_gives() -> None:
    """Also where attributes fade, invoices fall due and product lines leave their window."""
    chance = random.Random(5)
    net = {"add": ["sale_amount"], "subtract": ["refund_amount"], "window": 60}
    indicators: dict[str, Any] = {
        "faded": SIZE | {"fade": {"to": 2, "days": 20}, "expires_days": 40},
        "arrears": {"kind": "arrears"},
        "rate": {"kind": "arrears_rate", "window": 50},
        "overdue": {"kind": "overdue_days"},
        "lines": {"kind": "distinct", "window": 15},
        "largest": {"kind": "largest", "measure": "largest_order", "window": [3, 30]},
        "cycle": {"kind": "cycle"},
        "expected": {"kind": "expected_sales", "horizon_days": 90} | net,
        "each": {"kind": "per_attribute", "attribute": "size"} | net,
        "due": {"kind": "sum", "add": ["unmatched_due"], "window": 9},
    }
    fold = Fold(a_model(indicators))
    shop = Shop(fold.model)
    seen = set()
    for day in range(JUNE_1, JUNE_1 + 300):
        on = date(1970, 1, 1) + timedelta(days=day)
        for hour in range(24):
            if chance.random() < 0.02:
                late = timedelta(days=chance.randrange(40) if chance.random() < 0.3 else 0)
                _happens(fold, shop, chance, f"{on - late}T{hour:02d}:00:00.{day % 997:03d}+08:00")
        fold.turn(day)
        if customer := fold.customers.get("c"):
            fresh = evaluate(fold.model, customer.history.events, day)
            assert customer.history.indicators(day) == fresh.indicators
            assert customer.points["value"] == list(fresh.points["value"].values())
            seen |= {(name, value is None) for name, value in fresh.indicators.items()}
    assert {name for name, is_null in seen if not is_null} == indicators.keys()


def _happens(fold: Fold, shop: Shop, chance: random.Random, at: str) -> None:
    due = f"2024-{chance.randrange(6, 13):02d}-{chance.randrange(1, 29):02d}"
    of_invoice = {"invoice_id": chance.choice(["a", "b", None])}
    if chance.random() < 0.3:
        of_invoice["due_at"] = due
    money = {"amount": str(chance.randrange(1, 99))} | of_invoice
    kind = chance.choice(["sale", "sale", "refund", "payment", "profile"])
    if kind == "profile":
        fold.apply(shop.event("profile", at, size=chance.choice([None, 3, 8])))
    elif kind == "payment":
        fold.apply(shop.event("payment", at, **money))
    else:
        line = chance.choice(["toys", "food", None])
        fold.apply(shop.event("transaction", at, kind=kind, category=line, **money))
