"""The grades of the shipped scores, and the three sides of the comprehensive evaluation."""

from typing import Any

import pytest

from tests.behaviour.models import SHIPPED, score_of, small_model, term
from tests.behaviour.story import Story


@pytest.mark.parametrize(
    ("score", "grades"),
    [
        ("value", {59: "ordinary", 61: "important", 79: "important", 81: "VIP"}),
        ("potential", {44: "low", 46: "medium", 63: "high"}),
        ("overall", {55: "ordinary", 57: "gold", 69: "platinum"}),
        ("credit", {49: "C", 51: "B", 66: "A", 81: "AA", 93: "AAA"}),
        ("comprehensive", {34: "weak", 36: "fair", 51: "good", 71: "excellent"}),
    ],
)
def test_points_have_grades(score: str, grades: dict[int, str]) -> None:
    """The bounds of the shipped model; a customer that begins with such a score."""
    tiers = SHIPPED["scores"][score]["tiers"]
    for points, grade in grades.items():
        ada = Story(model=small_model({"value": score_of(term("worth"), tiers=tiers)}))
        ada.is_known_by("03-01", worth=points)
        assert ada.tier == grade


def comprehensive(*told: tuple[str, dict[str, Any]]) -> float:
    """The comprehensive score of who bought once and then did what is told."""
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "1000", cost="600", category="paper")
    for event_type, fields in told:
        ada.happens(event_type, "03-02", **fields)
    return ada.score_of("comprehensive")


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("transaction", {"amount": "5000", "cost": "100", "category": "paper"}),  # operating
        ("payment", {"amount": "1000", "due_at": "2026-03-31"}),  # managing
        ("praise", {}),
        ("engagement", {"kind": "inquiry"}),  # need
        ("transaction", {"amount": "0.01", "category": "ink"}),
    ],
)
def test_business_conduct_and_need_raise_the_comprehensive_evaluation(
    what: str, fields: dict[str, Any]
) -> None:
    assert comprehensive((what, fields)) > comprehensive()


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("cost", {"amount": "300", "kind": "service"}),
        ("payment", {"amount": "1000", "due_at": "2026-03-01"}),
        ("complaint", {}),
        ("transaction", {"amount": "900", "kind": "refund"}),
    ],
)
def test_costs_late_payment_complaints_and_refunds_lower_the_comprehensive_evaluation(
    what: str, fields: dict[str, Any]
) -> None:
    assert comprehensive((what, fields)) < comprehensive()


def test_who_owes_and_pays_late_has_a_lower_credit() -> None:
    scores = []
    for day in ("03-31", "05-30"):
        ada = Story(model=SHIPPED)
        ada.is_billed("03-01", "1000", "I1", due="03-31")
        ada.pays(day, amount="1000", invoice="I1")
        scores.append(ada.score_of("credit"))
    assert scores[0] > scores[1]
