"""A file of past events, to be played by the time at which they happened."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson

from streams.errors import UsageError
from streams.event_files import open_events
from streams.sending import Addressed, UnusableEventError, addressed

_DAY_MS: Final = 86_400_000


class PlayedFile(NamedTuple):
    """Events of a file in order of time: (epoch milliseconds, event); `unusable` lines left out."""

    events: list[tuple[int, Addressed]]
    unusable: int

    @classmethod
    def read(cls, path: Path, types: frozenset[str]) -> Self:
        """Read a file of NDJSON, also `.gz`, whole.

        A line that no topic can be found for is left out. One whose time cannot be read keeps its
        place behind the line before it: that it is wrong is for the worker to say.

        Raises:
            UsageError: It cannot be read, or has no event with a time.
        """
        events: list[tuple[int, Addressed]] = []
        unusable, at_ms = 0, None
        try:
            with open_events(path) as lines:
                for line in filter(None, map(bytes.strip, lines)):
                    try:
                        event = addressed(line, types)
                    except UnusableEventError:
                        unusable += 1
                        continue
                    at_ms = _time_of(line) or at_ms
                    if at_ms is not None:
                        events.append((at_ms, event))
        except (OSError, EOFError, zlib.error) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from error
        if not events:
            raise UsageError(
                f"{path}: no line is an event with type, customer_id and occurred_at "
                f"({unusable} lines are something else); see README, Events"
            )
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


def _time_of(line: bytes) -> int | None:
    """Return when an event happened, in epoch milliseconds; None if that cannot be read."""
    match orjson.loads(line):
        case {"occurred_at": int(at_ms)}:
            return at_ms
        case {"occurred_at": str(text)}:
            return _instant(text)
    return None


def _instant(text: str) -> int | None:
    try:
        at: Any = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else round(at.timestamp() * 1000)
