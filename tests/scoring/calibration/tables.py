"""Tables of customers, and a model without population that asks for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from scoring.calibration.customers import Customers
from scoring.model import Model, parse

AS_OF = date(2026, 11, 25)
UNCALIBRATED = """\
# Ours. 我们的模型
model: {name: shop, version: 1}  # raise it
timezone: UTC
currencies: {base: CNY}
indicators:
  spend: {kind: sum, add: [sale_amount]}
  orders: {kind: sum, add: [orders]}
  gap: {kind: cycle}
  largest: {kind: largest, measure: largest_order}
scores:
  value:
    groups:
      - name: all
        weight: 1
        indicators:
          - indicator: spend
            weight: 4
            normaliser: {kind: linear, low: 0, high: 100}
            clip: {high: population}
          - indicator: gap
            weight: 3
            normaliser: {kind: linear, low: 0, high: 90}
            direction: less
            missing: {fill: regression, on: [spend, orders]}
          - indicator: largest
            weight: 3
            normaliser: {kind: log, high: 100}
            missing: {fill: peers, by: region}
    tiers:
      - {name: ordinary}
      - {name: important, enter_at: population, top_share: 0.2}
      - {name: VIP, enter_at: population, top_share: 0.05}
segments:
  rfm:
    kind: rfm
    recency: {indicator: gap, cuts: population}
    frequency: {indicator: orders, cuts: population}
    monetary: {indicator: spend, cuts: population}
"""


def model_of(text: str = UNCALIBRATED) -> Model:
    """Return a model that may lack what it asks of its population."""
    return parse(text, "shop.yaml", calibrated=False)


def customers_of(
    values: dict[str, Sequence[float | None]], **texts: Sequence[str | None]
) -> Customers:
    """Return customers by columns; None is null."""
    columns = {name: np.array(column, np.float64) for name, column in values.items()}
    return Customers(AS_OF, len(next(iter(columns.values()))), columns, texts)


def crowd(size: int = 200, seed: int = 7) -> Customers:
    """Return customers of the model above, every tenth without gap, every seventh without region.

    Nobody's `largest` is known in the east.
    """
    random = np.random.default_rng(seed)
    spend, orders = random.gamma(2.0, 30.0, size), random.integers(1, 20, size).astype(float)
    gap = 60 - 2.5 * orders + 0.1 * spend + random.normal(0, 1, size)
    largest = random.gamma(2.0, 10.0, size)
    regions: list[Any] = [("north", "south", "east")[n] for n in random.integers(0, 3, size)]
    regions[::7] = [None] * len(regions[::7])
    gap[::10] = np.nan
    largest[[region == "east" for region in regions]] = np.nan
    values = {"spend": spend, "orders": orders, "gap": gap, "largest": largest}
    return Customers(AS_OF, size, values, {"region": regions})


def shuffled(customers: Customers, seed: int) -> Customers:
    """Return the same customers in another order."""
    order = np.random.default_rng(seed).permutation(customers.size)
    return customers._replace(
        values={name: column[order] for name, column in customers.values.items()},
        texts={name: [texts[n] for n in order] for name, texts in customers.texts.items()},
    )
