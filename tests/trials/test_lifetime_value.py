"""Rows 16 and 17 of the trials, and their kind: odd populations, buyers who fade, money back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scoring.errors import ModelError
from streams.model_file import load_model
from tests.cli.command import ROOT, Ended, valuepulse
from tests.trials.trying import Event, event, ndjson, sale, tried

PACKAGED = ROOT / "config" / "scoring.yaml"


def test_who_bought_once_six_years_ago_fades(tmp_path: Path) -> None:
    once = [sale(at="2020-01-01T12:00:00+08:00"), event("complaint", severity=1)]
    found = tried(tmp_path, once)
    alive, clv = found.indicator("alive"), found.indicator("clv_360d")
    assert alive is not None
    assert 0 < alive < 0.4
    assert clv is not None
    assert 0 < clv < 10
    fresh = tried(tmp_path, [sale(), event("complaint", severity=1)]).indicator("clv_360d")
    assert fresh is not None
    assert fresh > 5 * clv


@pytest.mark.parametrize("kind", ["refund", "chargeback"])
@pytest.mark.parametrize("order", [{}, {"order_id": "o1"}])
@pytest.mark.parametrize("back", ["500.00", "750.00"])
def test_who_got_everything_back_has_no_value(
    kind: str, order: dict[str, str], back: str, tmp_path: Path
) -> None:
    at = "2026-01-03T12:00:00+08:00"
    found = tried(tmp_path, [sale("500.00", **order), sale(back, at, kind=kind, **order)])
    assert found.indicator("clv_360d") == 0.0


def test_half_of_it_back_is_worth_less_than_all_of_it_kept(tmp_path: Path) -> None:
    at = "2026-01-03T12:00:00+08:00"
    kept = [sale("500.00"), sale("0.01", at, kind="refund")]
    half = [sale("500.00"), sale("250.00", at, kind="refund")]
    whole, less = (tried(tmp_path, each).indicator("clv_360d") for each in (kept, half))
    assert whole is not None
    assert less is not None
    assert 0 < less < whole


def test_who_took_the_only_order_back_never_bought(tmp_path: Path) -> None:
    events = [
        sale("500.00", order_id="o1"),
        event("transaction", "2026-01-03T12:00:00+08:00", kind="void", order_id="o1"),
    ]
    assert tried(tmp_path, events).indicator("clv_360d") is None


# -- fits


def shop(price: str | None, customers: int = 300, months: int = 12) -> list[Event]:
    """Return customers who buy every month, or every other or third; of one price, or of many."""
    return [
        sale(
            price or f"{3 + (17 * c + 5 * month) % 41}.50",
            f"2025-{month:02d}-{c % 28 + 1:02d}T12:00:00+08:00",
            customer_id=f"c{c}",
        )
        for c in range(customers)
        for month in range(1 + c % 6, months + 1, 1 + c % 3)
    ]


def fitted(folder: Path, events: list[Event], *options: str) -> Ended:
    path = folder / "sales.ndjson"
    path.write_bytes(ndjson(events))
    return valuepulse("clv", "fit", path, *options)


def with_section(folder: Path, section: str) -> Path:
    model = folder / "shop.yaml"
    text = re.sub(r"clv:.*?\n\n", lambda _: f"{section}\n", PACKAGED.read_text("utf-8"), flags=re.S)
    model.write_text(text, "utf-8")
    return model


def test_of_one_price_purchases_are_fitted_and_values_are_not(tmp_path: Path) -> None:
    found = fitted(tmp_path, shop("9.99"))
    assert found.code == 0, found.err
    assert "the values of orders could not be fitted: all orders are worth the same" in found.err
    assert "indicators `of: alive` and `of: purchases` can use it" in found.err
    assert "  r: " in found.out
    assert "  p: " not in found.out
    with pytest.raises(ModelError) as refused:  # the shipped model asks for values
        load_model(with_section(tmp_path, found.out))
    assert "needs p, q and v in the section `clv:`" in str(refused.value)


def test_nobody_ever_leaves_is_an_answer(tmp_path: Path) -> None:
    found = fitted(tmp_path, shop(None), "--json")
    assert found.code == 0, found.err
    clv = json.loads(found.out)["clv"]
    assert clv["a"] / (clv["a"] + clv["b"]) < 0.01


@pytest.mark.parametrize("dropout", ["any", "repeat"])
def test_either_model_can_be_asked_for(dropout: str, tmp_path: Path) -> None:
    found = fitted(tmp_path, shop(None), "--dropout", dropout)
    assert found.code == 0, found.err
    assert f"  dropout: {dropout}  # " in found.out
    assert load_model(with_section(tmp_path, found.out)).clv is not None


def test_another_word_for_a_model_is_refused(tmp_path: Path) -> None:
    found = fitted(tmp_path, shop(None, 3), "--dropout", "bg")
    assert (found.code, found.err) == (2, "valuepulse: --dropout 'bg': write any or repeat\n")


def test_one_time_buyers_tell_nothing_and_are_told_so(tmp_path: Path) -> None:
    once = [sale(f"{c}.00", customer_id=f"c{c}") for c in range(1, 300)]
    found = fitted(tmp_path, once)
    assert (found.code, found.out) == (4, "")
    assert "only 0 customers bought more than once; at least 50 are needed" in found.err
