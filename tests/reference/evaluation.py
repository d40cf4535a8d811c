"""The pure layer: a set of events and an as-of day in, every number out."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tests.reference.events import Event
from tests.reference.facts import Facts, facts_of
from tests.reference.indicators import (
    CHANGING_DAILY,
    Indicators,
    indicator_of,
    indicators_of,
    windows_of,
)
from tests.reference.model import Model
from tests.reference.scores import points_of, total_of


@dataclass(frozen=True)
class Evaluation:
    """What is known of a customer as of a day.

    `points` holds the points of each term by score and indicator, in the order of the model.
    """

    as_of: int
    indicators: Indicators
    points: dict[str, dict[str, float]]
    scores: dict[str, float]


def evaluate(model: Model, events: Iterable[Event], as_of: int) -> Evaluation:
    """Compute everything from scratch; events after the as-of day have not happened yet."""
    facts = facts_of([event for event in events if event.day <= as_of], model.terms_days)
    indicators = indicators_of(model, facts, as_of)
    points = {
        score.name: {t.indicator: points_of(t, indicators[t.indicator]) for t in score.terms}
        for score in model.scores
    }
    scores = {name: total_of(of_terms.values()) for name, of_terms in points.items()}
    return Evaluation(as_of, indicators, points, scores)


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
        self._facts = facts_of([], model.terms_days)
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
                name: indicator_of(spec, self._facts, as_of, self.model.unit)
                for name, spec in self._daily.items()
            }
            return self._known
        self._facts = facts_of(self.events, self.model.terms_days)
        self._known = indicators_of(self.model, self._facts, as_of)
        days = self._facts.buckets
        crossings = (day + edge for day in days for edge in self._edges if day + edge > as_of)
        self._known_until = min(crossings, default=math.inf)
        return self._known
