"""The page about a model says what the model and the code say."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from scoring.indicator_kinds import Indicator
from scoring.measures import EFFECTS, MARKS, MEASURES, SOURCES
from scoring.model import Fill, parse
from scoring.normaliser_kinds import Normaliser
from scoring.reference import words
from scoring.reference.page import reference
from tests.behaviour.models import ROOT, SHIPPED, score_of, small_model, term
from tests.model_strategies import models

PAGE = ROOT / "docs" / "indicators.md"


def page_of(source: Any) -> str:
    return reference(parse(json.dumps(source), "model.yaml"))


def rows(page: str, section: str) -> list[list[str]]:
    """The cells of the rows of a section's table, without its head."""
    (text,) = re.findall(rf"^## {section} .*?(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [re.split(r" \| ", line.strip("| ")) for line in lines[2:]]


def row(page: str, name: str) -> list[str]:
    """The row of an indicator."""
    (found,) = (cells for cells in rows(page, "Indicators") if cells[0].startswith(f"`{name}`"))
    return found


def test_the_page_is_what_the_shipped_model_and_the_code_say() -> None:
    """Run `make indicators` after a change of config/scoring.yaml or of what is computed."""
    source = Path(ROOT / "config" / "scoring.yaml").read_text("utf-8")
    assert PAGE.read_text("utf-8") == reference(parse(source, "scoring.yaml"))


def test_every_measure_mark_source_and_kind_has_words() -> None:
    def kinds(union: Any, field: str = "kind") -> set[str]:
        parts = get_args(get_args(union)[0])
        return {kind for part in parts for kind in get_args(part.model_fields[field].annotation)}

    assert set(words.MEASURES) == set(MEASURES)
    assert set(words.MARKS) == {name for name, _, _ in MARKS}
    assert set(words.SOURCES) == set(SOURCES)
    assert set(words.INDICATOR_KINDS) == kinds(Indicator)
    assert set(words.NORMALISERS) == kinds(Normaliser)
    assert set(words.FILLS) == kinds(Fill, "fill")


def test_every_measure_says_which_event_adds_to_it() -> None:
    """What is not among the effects of events, but of invoices and parts, is told besides."""
    assert {measure for _, measure, _, _ in EFFECTS} | set(words.BESIDES) == set(MEASURES)
    assert all(cells[3] for cells in rows(PAGE.read_text("utf-8"), "Measures"))


@settings(max_examples=100, deadline=None)
@given(models())
def test_any_model_has_a_row_for_each_indicator_and_score(source: dict[str, Any]) -> None:
    page = page_of(source)
    found = rows(page, "Indicators")
    assert [cells[0].split("<br>")[0] for cells in found] == [
        f"`{n}`" for n in source["indicators"]
    ]
    assert {len(cells) for cells in found} == {7}
    assert all(cells for each in found for cells in each)
    scores = [cells[0].split("<br>")[0] for cells in rows(page, "Scores")]
    assert scores == [f"`{name}`" for name in source["scores"]]


@pytest.mark.parametrize(
    ("indicator", "definition", "unit", "window"),
    [
        (
            {"kind": "sum", "add": ["sale_amount"], "subtract": ["refund_amount"], "window": 365},
            "Σ `sale_amount` − Σ `refund_amount`<br>Σ 销售额 − Σ 退款额",
            "CNY",
            "the last 365 days<br>最近 365 天",
        ),
        (
            {"kind": "ratio", "add": ["sale_amount"], "per": ["orders"], "window": [365, 730]},
            "Σ `sale_amount` ÷ Σ `orders`<br>Σ 销售额 ÷ Σ 销售笔数",
            "CNY",
            "the days from 365 to 729 days back<br>第 365 至 729 天前",
        ),
        (
            {"kind": "ratio", "add": ["praise"], "per": ["praise", "complaints"]},
            "Σ `praise` ÷ (Σ `praise` + Σ `complaints`)<br>Σ 表扬次数 ÷ (Σ 表扬次数 + Σ 投诉次数)",
            "ratio 0–1<br>比率 0–1",
            "all that is known<br>全部历史",
        ),
        (
            {"kind": "ratio", "add": ["refund_amount"], "per": ["sale_amount"]},
            "Σ `refund_amount` ÷ Σ `sale_amount`<br>Σ 退款额 ÷ Σ 销售额",
            "ratio<br>比率",
            "all that is known<br>全部历史",
        ),
        (
            {"kind": "ratio", "add": ["days_late"], "per": ["payments_due"], "window": 30},
            "Σ `days_late` ÷ Σ `payments_due`<br>Σ 逾期天数 ÷ Σ 有到期日的收款笔数",
            "days<br>天",
            "the last 30 days<br>最近 30 天",
        ),
    ],
)
def test_an_indicator_is_defined_in_words_with_its_unit_and_window(
    indicator: dict[str, Any], definition: str, unit: str, window: str
) -> None:
    found = row(page_of(small_model({"value": score_of(term("worth"))}, {"it": indicator})), "it")
    assert found[2:5] == [definition, unit, window]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "`value` 25 %: more is better, no value: 0 % of the points"),
        ({"missing": 0.5}, "no value: 50 % of the points · 越大越好，无值：得 50 % 的分"),
        ({"missing": "leave_out"}, "no value: left out, the others count more"),
        ({"missing": {"fill": "constant", "value": 7}}, "no value: as 7"),
        ({"missing": {"fill": "median"}}, "the population's median · 越大越好，无值：总体中位数"),
        ({"missing": {"fill": "peers", "by": "size", "of": "mean"}}, "the mean of those with the"),
        ({"missing": {"fill": "regression"}}, "estimated from hope"),
        ({"direction": "less"}, "`value` 25 %: less is better"),
        ({"clip": {"low": 1}}, "clipped to [1, …] · "),
        ({"clip": {"low": 1, "high": "population"}}, "clipped to [1, population]"),
    ],
)
def test_a_term_tells_its_weight_its_direction_and_what_a_missing_value_does(
    more: dict[str, Any], said: str
) -> None:
    figures = {"worth": {"mean": 1, "median": 1, "low": 0, "high": 2}}
    population = {
        "indicators": figures,
        "regressions": {"worth": {"intercept": 0, "coefficients": {"hope": 1}}},
    }
    value = score_of(term("worth", **more), term("hope", weight=3))
    assert said in row(page_of(small_model({"value": value}, population=population)), "worth")[6]


def test_what_always_has_a_value_tells_nothing_of_missing_ones() -> None:
    orders = {"kind": "sum", "add": ["orders"]}
    page = page_of(small_model({"value": score_of(term("it"))}, {"it": orders}))
    assert row(page, "it")[5:] == ["never<br>总有值", "`value` 100 %: more is better · 越大越好"]


def test_an_indicator_tells_tiers_limits_and_segments_that_use_it() -> None:
    used = row(page_of(SHIPPED), "spend_365d")[6]
    assert "tiers of `profit` 等级：diamond ≥ 1,000,000" in used
    assert "credit limit of `credit` 信用额度" in used
    assert "segment `rfm` 分群" in used
