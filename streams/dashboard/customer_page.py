"""All about one customer."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from streams.dashboard import views
from streams.dashboard.alerts import Inbox
from streams.dashboard.catalogue import Catalogue, label_of, unit_of
from streams.dashboard.columns import Customers
from streams.dashboard.movements import Movements
from streams.dashboard.pages import classes_of, number
from streams.dashboard.timeline import Timeline
from streams.output.messages import CreditLimit, day_text

MOST: Final = 200
"""Changes, alerts and happenings of one customer that are told, the newest."""


def change_view(customers: Customers, row: int, said: Mapping[str, Any]) -> views.TierChange:
    """Return a message of `tier-changes` with what is known of the customer."""
    return views.TierChange(
        id=said["id"],
        customer_id=said["customer_id"],
        name=customers.customer_names[row],
        owner=customers.owner(row),
        score_name=said["score_name"],
        from_=said["from"],
        to=said["to"],
        direction=said["direction"],
        score=said["score"],
        previous_score=said["previous_score"],
        occurred_at=said["occurred_at"],
        as_of_day=said["as_of"],
        cause=said["cause"],
        drivers=said["drivers"],
    )


def customer_view(
    customers: Customers,
    row: int,
    movements: Movements,
    inbox: Inbox,
    classes: Timeline,
    as_of: views.AsOf,
    now: datetime,
) -> views.Customer:
    """Return how a customer stands and what happened to it."""
    only = np.array([row])
    changes = [said for _, said in movements.newest(only, None, MOST, customers)]
    raised = inbox.newest(inbox.of_rows(only, customers.count), 0, MOST)
    alerts = [inbox.view(identity, customers, now) for identity in raised]
    moved = classes.of(row, MOST)
    return views.Customer(
        as_of=as_of,
        customer_id=customers.identity(row),
        name=customers.customer_names[row],
        profile=customers.profile(row),
        day=day_text(int(customers.day[row])),
        model=customers.codes.models.text(int(customers.model[row])) or "",
        scores=_scores(customers, row),
        indicators=[
            views.IndicatorValue(
                name=name,
                label=label_of(indicator, name),
                value=number(customers.indicators[i, row]),
                unit=unit_of(indicator),
            )
            for i, (name, indicator) in enumerate(customers.catalogue.model.indicators.items())
        ],
        segments=classes_of(customers, row),
        history=[change_view(customers, row, said) for said in changes],
        alerts=alerts,
        timeline=_timeline(changes, alerts, moved),
    )


def _scores(customers: Customers, row: int) -> list[views.CustomerScore]:
    catalogue = customers.catalogue
    told, first = [], 0
    for s, (name, score) in enumerate(catalogue.model.scores.items()):
        terms = catalogue.names.terms[s]
        points = customers.contributions[row, first : first + len(terms)].tolist()
        first += len(terms)
        tier, value = int(customers.tiers[s, row]), float(customers.scores[s, row])
        if tier < 0:
            continue
        limit = CreditLimit.of(score, catalogue.names.indicators)
        values = customers.indicators[:, row].tolist()
        told.append(
            views.CustomerScore(
                name=name,
                label=label_of(score, name),
                score=value,
                tier=catalogue.names.tiers[s][tier],
                to_next=_to_next(catalogue, name, tier, value),
                suggested_limit=None if limit is None else limit.suggested(values, tier),
                contributions=[
                    views.Contribution(
                        indicator=term,
                        label=catalogue.term_label(term),
                        points=points[t],
                        group=catalogue.group_of(name, term),
                    )
                    for t, term in enumerate(terms)
                    if not math.isnan(points[t])  # it has no such term
                ],
            )
        )
    return told


def _to_next(catalogue: Catalogue, name: str, tier: int, score: float) -> views.ToNext | None:
    """Return the tier above; what is missing is told where points alone decide."""
    tiers = catalogue.model.scores[name].tiers
    if tier + 1 == len(tiers):
        return None
    above = tiers[tier + 1]
    bounds = catalogue.model.population_bounds(name, above)
    enter = above.enter_at if bounds is None else bounds.enter_at
    points = max(0.0, enter - score) if isinstance(enter, float) else None
    return views.ToNext(tier=above.name, points=points)


def _timeline(
    changes: Sequence[dict[str, Any]],
    alerts: Sequence[views.Alert],
    moved: Sequence[dict[str, Any]],
) -> list[views.Happening]:
    told = [_happening("tier-change", said) for said in changes]
    told += [_happening("segment-change", said) for said in moved]
    told += [
        views.Happening(at=alert.occurred_at, kind="value-alert", message=alert.model_dump())
        for alert in alerts
    ]
    return sorted(told, key=lambda each: each.at, reverse=True)[:MOST]


def _happening(
    kind: Literal["tier-change", "segment-change"], said: dict[str, Any]
) -> views.Happening:
    return views.Happening(at=said["occurred_at"], kind=kind, message=said)
