"""A file of past events, to be played by the time at which they happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

from streams.event_files import lines, no_events, open_events
from streams.sending import Addressed, UnusableEventError, addressed

_DAY_MS: Final = 86_400_000


class PlayedFile(NamedTuple):
    """Events of a file in order of time: (epoch milliseconds, event); `unusable` lines left out."""

    events: list[tuple[int, Addressed]]
    unusable: int

    @classmethod
    def read(cls, path: Path, types: frozenset[str]) -> Self:
        """Read a file of NDJSON whole.

        A line that no topic can be found for is left out. One whose time cannot be read keeps its
        place behind the line before it: that it is wrong is for the worker to say.

        Raises:
            UsageError: It cannot be read.
            CheckError: It has no event with a time.
        """
        events: list[tuple[int, Addressed]] = []
        unusable, at_ms = 0, None
        with open_events(path) as file:
            for _, line in lines(file):
                try:
                    event = addressed(line, types)
                except UnusableEventError:
                    unusable += 1
                    continue
                at_ms = event.at_ms or at_ms
                if at_ms is not None:
                    events.append((at_ms, event))
            if not events:
                raise no_events(path, file.head)
        events.sort(key=lambda timed: timed[0])
        return cls(events, unusable)

    @property
    def days(self) -> float:
        """Days from the first event to the last."""
        return (self.events[-1][0] - self.events[0][0]) / _DAY_MS

    def day_after(self, seconds: float, days_a_second: float) -> str:
        """Return the day (UTC) that the play has come to after so long, like 2026-11-26."""
        at_ms = self.events[0][0] + min(seconds * days_a_second, self.days) * _DAY_MS
        return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()

    def played(self, days_a_second: float) -> Iterator[tuple[float, Addressed]]:
        """Return the events, each with the seconds after the beginning when it is due."""
        first_ms = self.events[0][0]
        for at_ms, event in self.events:
            yield (at_ms - first_ms) / _DAY_MS / days_a_second, event
