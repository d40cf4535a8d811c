"""Regressions against numpy's least squares with an intercept, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from scoring.calibration.regressions import regression_of
from scoring.errors import CalibrationError
from tests.scoring.calibration.tables import crowd, customers_of, shuffled


def test_it_is_least_squares_over_the_customers_that_have_all_values() -> None:
    customers = crowd()
    gap, spend, orders = (customers.values[name] for name in ("gap", "spend", "orders"))
    known = ~np.isnan(gap)
    design = np.stack([np.ones(known.sum()), spend[known], orders[known]], axis=1)
    expected = np.linalg.lstsq(design, gap[known], rcond=None)[0]
    found = regression_of(customers, "gap", ["spend", "orders"])
    coefficients = [found.coefficients["spend"], found.coefficients["orders"]]
    assert [found.intercept, *coefficients] == pytest.approx(expected.tolist(), rel=1e-5)


def test_the_order_of_customers_makes_no_difference() -> None:
    found = [
        regression_of(shuffled(crowd(), seed), "gap", ["spend", "orders"]) for seed in range(20)
    ]
    assert all(each == found[0] for each in found)


def test_values_of_unlike_size_are_told_apart() -> None:
    x = np.arange(20.0)
    customers = customers_of(
        {"y": (3e-9 * x * 1e9 + x**2).tolist(), "a": (1e9 * x).tolist(), "b": (x**2).tolist()}
    )
    found = regression_of(customers, "y", ["a", "b"])
    assert found.coefficients == pytest.approx({"a": 3e-9, "b": 1.0})


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1, 2, 3, 4, 5], "b": [2, 4, 6, 8, 10]}, r"'b' follows from a \(collinear\)"),
        ({"a": [1, 2, 3, 4, 5], "b": [7, 7, 7, 7, 7]}, "'b' has the same value of all customers"),
        ({"a": [1, 2, None, None, 5], "b": [7, 8, 9, 1, 2]}, "only 3 customers .* it takes 4"),
        (
            {"a": [1, 2, 3, 4, 5], "b": [1, 4, 9, 16, 25], "c": [0.9, 3.6, 8.3, 15, 23.7]},
            "'c' follows from a, b",
        ),
    ],
)
def test_what_has_no_single_best_estimate_is_refused(
    columns: dict[str, Sequence[float | None]], words: str
) -> None:
    if "c" in columns:  # exactly a sum of the others, but for rounding
        pairs = zip(columns["a"], columns["b"], strict=True)
        columns["c"] = [0.1 * (a or 0) + 0.7 * (b or 0) for a, b in pairs]
    customers = customers_of({"y": [1, 3, 2, 5, 4], **columns})
    with pytest.raises(CalibrationError, match=f"regression of 'y': .*{words}"):
        regression_of(customers, "y", list(columns))
