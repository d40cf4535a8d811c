"""The pure layer: a set of events and an as-of day in, every number out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.reference.events import Event
from tests.reference.facts import Attribute, Facts, facts_of
from tests.reference.indicators import (
    CHANGING_DAILY,
    Indicators,
    indicator_of,
    indicators_of,
    windows_of,
)
from tests.reference.missing import value_for
from tests.reference.model import Model
from tests.reference.scores import points_of_join, points_of_terms, total_of
from tests.reference.segments import Segmentation


@dataclass(frozen=True)
class Appraisal:
    """What follows from a customer's indicators: points by score and term, and raw classes."""

    points: dict[str, list[float]]
    segmentation: Segmentation


def appraise(
    model: Model, indicators: Indicators, attributes: Mapping[str, Attribute]
) -> Appraisal:
    """Compute scores with groups, then segments, then joined scores."""
    points: dict[str, list[float]] = {score.name: [] for score in model.scores}
    grouped = [score for score in model.scores if score.join is None]
    for score in grouped:
        values = [value_for(term, indicators, attributes, model.population) for term in score.terms]
        points[score.name] = points_of_terms(score.terms, values)
    totals = {score.name: total_of(points[score.name]) for score in grouped}
    segmentation = Segmentation(model, indicators, totals)
    for score in model.scores:
        if score.join:
            points[score.name] = points_of_join(score.join, totals, segmentation.raw)
    return Appraisal(points, segmentation)


@dataclass(frozen=True)
class Evaluation:
    """What is known of a customer as of a day.

    `points` holds the points of each term by score and name, in the order of the model; `classes`
    the raw class of each segment.
    """

    as_of: int
    indicators: Indicators
    points: dict[str, dict[str, float]]
    scores: dict[str, float]
    classes: dict[str, str]


def _facts_of(model: Model, events: Iterable[Event]) -> Facts:
    return facts_of(events, model.terms_days, keeps_orders=model.keeps_orders)


def evaluate(model: Model, events: Iterable[Event], as_of: int) -> Evaluation:
    """Compute everything from scratch; events after the as-of day have not happened yet."""
    facts = _facts_of(model, [event for event in events if event.day <= as_of])
    indicators = indicators_of(model, facts, as_of)
    now = appraise(model, indicators, facts.attributes)
    points = {
        score.name: dict(zip(score.names, now.points[score.name], strict=True))
        for score in model.scores
    }
    scores = {name: total_of(of_terms) for name, of_terms in now.points.items()}
    return Evaluation(as_of, indicators, points, scores, now.segmentation.raw)


class History:
    """A customer's events, read day after day.

    Every event and every day at which a bucket enters or leaves a window makes it compute all
    indicators again from all events. On the days in between no sum differs: only the indicators
    of the kinds that may change daily do, and they are computed again on every day.
    """

    def __init__(self, model: Model) -> None:
        """Begin without events."""
        self.model = model
        self.events: list[Event] = []
        self._daily = {
            name: spec for name, spec in model.indicators.items() if spec["kind"] in CHANGING_DAILY
        }
        self._edges = {
            edge
            for spec in model.indicators.values()
            for window in windows_of(spec)
            for edge in window
            if edge < math.inf
        }
        self._facts = _facts_of(model, [])
        self._known: Indicators = {}
        self._known_until = -math.inf

    def add(self, event: Event) -> None:
        """Add an event of the as-of day or before."""
        self.events.append(event)
        self._known_until = -math.inf

    @property
    def facts(self) -> Facts:
        """What the events came to when indicators were last asked for."""
        return self._facts

    def indicators(self, as_of: int) -> Indicators:
        """Return all indicators as of a day; days must not go back."""
        if as_of < self._known_until:
            self._known |= {
                name: indicator_of(spec, self._facts, as_of, self.model)
                for name, spec in self._daily.items()
            }
            return self._known
        self._facts = _facts_of(self.model, self.events)
        self._known = indicators_of(self.model, self._facts, as_of)
        days = self._facts.buckets
        crossings = (day + edge for day in days for edge in self._edges if day + edge > as_of)
        self._known_until = min(crossings, default=math.inf)
        return self._known
