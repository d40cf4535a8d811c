"""What a customer says when it is asked: whether it recommends us, and how content it is."""

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


@pytest.mark.parametrize(
    ("answer", "camp"),
    [(10, "promoter"), (9, "promoter"), (8, "passive"), (7, "passive"), (6, "detractor"),
     (0, "detractor")],
)  # fmt: skip  # a table
def test_an_answer_to_would_you_recommend_us_is_of_one_of_three_camps(
    answer: int, camp: str
) -> None:
    ada = Story(model=SHIPPED)
    ada.answers("03-01", "nps", answer)
    assert ada.indicator("nps") == answer
    assert ada.class_in("recommends") == camp


def test_who_was_not_asked_is_in_no_camp() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "100")
    assert ada.indicator("nps") is None
    assert (ada.class_in("recommends"), ada.class_in("satisfaction")) == ("unknown", "unknown")


def test_the_latest_answer_counts_whichever_came_last() -> None:
    ada = Story(model=SHIPPED)
    ada.answers("05-01", "nps", 9)
    ada.answers("03-01", "nps", 2)
    assert ada.class_in("recommends") == "promoter"


def test_an_answer_is_forgotten_after_two_years() -> None:
    ada = Story(model=SHIPPED)
    ada.answers("03-01", "nps", 9)
    ada.waits_until("2028-02-28")
    assert ada.class_in("recommends") == "promoter"
    ada.waits_until("2028-02-29")
    assert ada.class_in("recommends") == "unknown"


def test_a_better_answer_raises_the_potential() -> None:
    scores = []
    for answer in (2, 9):
        ada = Story(model=SHIPPED)
        ada.buys("03-01", "100")
        ada.answers("03-01", "nps", answer)
        scores.append(ada.score_of("potential"))
    assert scores[0] < scores[1]


@pytest.mark.parametrize(
    ("answers", "satisfaction"),
    [((5, 3), "satisfied"), ((4, 3), "neutral"), ((1, 4), "dissatisfied")],
)
def test_satisfaction_is_the_mean_of_a_years_answers(
    answers: tuple[int, ...], satisfaction: str
) -> None:
    ada = Story(model=SHIPPED)
    for answer in answers:
        ada.answers("03-01", "csat", answer)
    assert ada.indicator("csat_mean_365d") == sum(answers) / len(answers)
    assert ada.class_in("satisfaction") == satisfaction


def test_complaints_praise_and_suggestions_count_by_number_and_by_share() -> None:
    ada = Story(model=SHIPPED)
    for event_type in ("complaint", "praise", "praise"):
        ada.happens(event_type, "03-01")
    ada.happens("feedback", "03-01", kind="suggestion")
    counts = [ada.indicator(f"{name}_365d") for name in ("complaints", "praise", "suggestions")]
    rates = [ada.indicator(f"{n}_rate_365d") for n in ("complaint", "praise", "suggestion")]
    assert (counts, rates) == ([1, 2, 1], [0.25, 0.5, 0.25])
