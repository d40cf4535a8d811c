"""A small model for the dashboard: two scores and one joined, segments, a limit, an alert."""

from __future__ import annotations

from scoring.model import Model, parse
from streams.dashboard.catalogue import Catalogue

TEXT = """
model: {name: small, version: 3}
timezone: Asia/Shanghai
currencies: {base: CNY}
indicators:
  spend:
    kind: sum
    add: [sale_amount]
    subtract: [refund_amount]
    window: 365
    label: {en: Spend, zh: 消费额}
  orders: {kind: sum, add: [orders], window: 365}
  recency: {kind: days_since, mark: last_sale}
  gain: {kind: sum, add: [sale_amount], subtract: [refund_amount, unsplit_costs], window: 365}
  nps: {kind: attribute, attribute: nps}
scores:
  value:
    label: {en: Value, zh: 价值}
    groups:
      - name: trade
        weight: 3
        indicators:
          - {indicator: spend, weight: 1, normaliser: {kind: linear, low: 0, high: 1000}}
          - {indicator: orders, weight: 1, normaliser: {kind: log, high: 60}}
      - name: time
        weight: 1
        groups:
          - name: last
            weight: 1
            indicators:
              - indicator: recency
                weight: 1
                normaliser: {kind: linear, low: 0, high: 365}
                direction: less
    tiers:
      - {name: low}
      - {name: middle, enter_at: 40, leave_below: 38}
      - {name: high, enter_at: 70, leave_below: 67}
    limit: {indicator: spend, factors: {low: 0, high: 0.5}}
  likely:
    groups:
      - name: all
        weight: 1
        indicators:
          - {indicator: nps, weight: 1, normaliser: {kind: linear, low: 0, high: 10}}
    tiers: [{name: unlikely}, {name: sure, enter_at: 50, leave_below: 50}]
  both:
    join: {scores: [value, likely], by: stage, shares: {new: 0.2, old: 0.6}}
    tiers: [{name: plain}, {name: gold, enter_at: 60, leave_below: 55}]
segments:
  rfm:
    kind: rfm
    recency: {indicator: recency, cuts: [10, 30, 90, 180]}
    frequency: {indicator: orders, cuts: [1, 2, 4, 8]}
    monetary: {indicator: spend, cuts: [10, 100, 500, 1000]}
  stage:
    kind: rules
    label: {en: Stage, zh: 阶段}
    classes: [{name: new, when: [{indicator: orders, below: 2}]}, {name: old}]
alerts:
  drop: {kind: drop, score: value, points: 10, within_days: 7, resolve_below: 5}
"""


def model() -> Model:
    """Return the model."""
    return parse(TEXT, "small.yaml")


SMALL = Catalogue.of(model())
