"""What the page is told about the model."""

from __future__ import annotations

import pytest

from scoring.model import parse
from streams.dashboard.board import Board
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.views import ModelView
from streams.model_file import load_model
from streams.packaged import PACKAGED
from tests.dashboard.model import SMALL, TEXT


def told(catalogue: Catalogue) -> ModelView:
    return Board(catalogue).model()


DEFAULT = told(Catalogue.of(load_model(PACKAGED / "scoring.yaml")))


def test_groups_hold_all_terms_below_them_with_their_share_of_the_score() -> None:
    value = told(SMALL).scores[0]
    assert [(group.name, group.weight) for group in value.groups] == [
        ("trade", 0.75),
        ("time", 0.25),
    ]
    assert [(term.indicator, term.weight) for term in value.groups[0].terms] == [
        ("spend", 0.375), ("orders", 0.375),
    ]  # fmt: skip
    assert [term.indicator for term in value.groups[1].terms] == ["recency"]
    assert value.limit
    for score in DEFAULT.scores:
        shares = [term.weight for group in score.groups for term in group.terms]
        assert sum(shares) == pytest.approx(0.0 if score.joins else 1.0)


def test_a_joined_score_names_those_that_it_joins() -> None:
    both = told(SMALL).scores[2]
    assert (both.joins, both.groups, both.limit) == (["value", "likely"], [], False)


def test_what_has_no_label_is_called_by_its_name() -> None:
    indicators = {each.name: each.label for each in told(SMALL).indicators}
    assert (indicators["spend"].zh, indicators["orders"].zh) == ("消费额", "orders")


def test_tiers_have_the_bounds_of_the_population_where_it_gives_them() -> None:
    text = (
        TEXT
        + """
population:
  bounds: {value: {high: {enter_at: 81.5, leave_below: 80}}}
"""
    )
    shared = text.replace(
        "{name: high, enter_at: 70,", "{name: high, top_share: 0.1, enter_at: 70,"
    )
    value = told(Catalogue.of(parse(shared, "shared.yaml"))).scores[0]
    assert [(tier.name, tier.enter_at, tier.keep_at) for tier in value.tiers] == [
        ("low", None, None), ("middle", 40.0, 38.0), ("high", 81.5, 80.0),
    ]  # fmt: skip
    assert value.tiers[2].top_share == 0.1


def test_profit_is_revenue_less_costs() -> None:
    assert (told(SMALL).profit, DEFAULT.profit) == ("gain", "net_profit_365d")
    without = TEXT.replace("subtract: [refund_amount, unsplit_costs]", "subtract: [refund_amount]")
    assert told(Catalogue.of(parse(without, "without.yaml"))).profit is None


@pytest.mark.parametrize(
    ("name", "unit", "direction"),
    [
        ("spend_365d", "money", "more"), ("mean_order_365d", "money", None),
        ("refund_rate_365d", "ratio", "less"), ("recency_days", "days", "less"),
        ("collection_days_365d", "days", "less"), ("orders_365d", "count", "more"),
        ("alive", "ratio", "more"), ("clv_360d", "money", None), ("nps", "number", "more"),
        ("csat_mean_365d", "number", "more"), ("arrears", "money", None),
        ("mean_arrears", "money", None), ("product_lines_365d", "count", "more"),
    ],
)  # fmt: skip
def test_indicators_have_units_and_directions(name: str, unit: str, direction: str | None) -> None:
    (found,) = [each for each in DEFAULT.indicators if each.name == name]
    assert (found.unit, found.direction) == (unit, direction)


def test_segments_have_their_classes_with_labels() -> None:
    rfm, stage = told(SMALL).segments
    assert (rfm.kind, len(rfm.classes), rfm.classes[0].label.zh) == ("rfm", 8, "重要价值客户")
    assert (stage.label.zh, [each.name for each in stage.classes]) == ("阶段", ["new", "old"])
    assert [(each.name, each.score) for each in told(SMALL).alerts] == [("drop", "value")]
