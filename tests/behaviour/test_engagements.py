"""What binds a customer: it asks, works with us, recommends us, stays."""

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


@pytest.mark.parametrize(
    ("kind", "indicator"),
    [
        ("inquiry", "inquiries_365d"),
        ("task", "tasks_365d"),
        ("process", "processes_365d"),
        ("referral", "referrals_365d"),
        ("renewal", "renewals"),
    ],
)
def test_each_kind_of_engagement_is_counted_for_itself(kind: str, indicator: str) -> None:
    ada = Story(model=SHIPPED)
    ada.engages("03-01", "contract")
    assert ada.indicator(indicator) == 0
    ada.engages("03-01", kind)
    ada.engages("03-02", kind)
    assert ada.indicator(indicator) == 2


def test_of_contracts_the_share_that_was_renewed_counts() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "100")
    assert ada.indicator("renewal_rate") is None
    for kind in ("contract", "renewal", "renewal", "renewal"):
        ada.engages("03-01", kind)
    assert ada.indicator("renewal_rate") == 0.75


def test_an_inquiry_counts_for_a_year_and_a_renewal_for_ever() -> None:
    ada = Story(model=SHIPPED)
    ada.engages("03-01", "inquiry")
    ada.engages("03-01", "renewal")
    ada.waits_until("2027-03-01")
    assert ada.indicator("inquiries_365d") == 0
    assert ada.indicator("renewals") == 1


def test_who_asks_for_new_business_and_brings_others_has_more_potential() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "100")
    scores = [ada.score_of("potential")]
    for kind in ("inquiry", "referral"):
        ada.engages("03-01", kind)
        scores.append(ada.score_of("potential"))
    assert scores == sorted(set(scores))


def test_who_has_not_bought_yet_has_a_potential_and_a_class() -> None:
    ada = Story(model=SHIPPED)
    ada.engages("03-01", "inquiry")
    before = ada.score_of("potential")
    ada.is_known_by("03-02", future_demand=9, size="large")
    assert ada.score_of("potential") > before > 0
    assert ada.indicator("spend_365d") == 0
    assert ada.class_in("class") in ("MGC", "LVC")
