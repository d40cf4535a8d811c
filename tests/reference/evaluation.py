"""The pure layer: a set of events and an as-of day in, every number out."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tests.reference.events import Event
from tests.reference.indicators import (
    Indicators,
    Window,
    buckets_of,
    indicators_of,
    marks_of,
    sum_of,
    windows_of,
)
from tests.reference.model import Model
from tests.reference.scores import points_of, total_of


@dataclass(frozen=True)
class Evaluation:
    """What is known of a customer as of a day.

    `sums` holds the integer of each measure and window that an indicator reads, `points` the
    points of each term by score and indicator, in the order of the model.
    """

    as_of: int
    sums: dict[tuple[str, Window], int]
    indicators: Indicators
    points: dict[str, dict[str, float]]
    scores: dict[str, float]


def evaluate(model: Model, events: Iterable[Event], as_of: int) -> Evaluation:
    """Compute everything from scratch; events after the as-of day have not happened yet."""
    past = [event for event in events if event.day <= as_of]
    buckets = buckets_of(past)
    indicators = indicators_of(model, buckets, marks_of(past), as_of)
    points = {
        score.name: {t.indicator: points_of(t, indicators[t.indicator]) for t in score.terms}
        for score in model.scores
    }
    sums = {
        (measure, window): sum_of(buckets, [measure], window, as_of)
        for spec in model.indicators.values()
        for measure, window in windows_of(spec)
    }
    scores = {name: total_of(of_terms.values()) for name, of_terms in points.items()}
    return Evaluation(as_of, sums, indicators, points, scores)


class History:
    """A customer's events, read day after day.

    Every event and every day at which a bucket enters or leaves a window makes it compute all
    indicators again from all events. On the days in between no sum differs: only the indicators
    that count days do.
    """

    def __init__(self, model: Model) -> None:
        """Begin without events."""
        self.model = model
        self.events: list[Event] = []
        self._counting = {
            name: spec["mark"]
            for name, spec in model.indicators.items()
            if spec["kind"] == "days_since"
        }
        self._edges = {
            edge
            for spec in model.indicators.values()
            for _, window in windows_of(spec)
            for edge in window
            if edge < math.inf
        }
        self._marks: dict[str, int] = {}
        self._known: Indicators = {}
        self._known_until = -math.inf

    def add(self, event: Event) -> None:
        """Add an event of the as-of day or before."""
        self.events.append(event)
        self._known_until = -math.inf

    def indicators(self, as_of: int) -> Indicators:
        """Return all indicators as of a day; days must not go back."""
        if as_of < self._known_until:
            ages = ((name, self._marks.get(mark)) for name, mark in self._counting.items())
            self._known |= {name: float(as_of - day) for name, day in ages if day is not None}
            return self._known
        buckets = buckets_of(self.events)
        self._marks = marks_of(self.events)
        self._known = indicators_of(self.model, buckets, self._marks, as_of)
        crossings = (day + edge for day in buckets for edge in self._edges if day + edge > as_of)
        self._known_until = min(crossings, default=math.inf)
        return self._known
