"""The drop alert: a score against the customer's own best of the last days (§7)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.reference.scores import Driver, sorted_drivers


class Turn(NamedTuple):
    """An alert that opened or resolved; `drop` in thousandths of a point."""

    before: str
    after: str
    drop: int
    drivers: tuple[Driver, ...]


class _Remembered(NamedTuple):
    day: int
    score: int
    terms: tuple[int, ...]


class DropAlert:
    """One alert of one customer, evaluated with every evaluation of its score."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        """Begin closed, remembering nothing."""
        self.score: str = spec["score"]
        self.within: int = spec["within_days"]
        self.cool_down: int = spec.get("cool_down_days", 0)
        self.opens_at = round(spec["points"] * 1000)
        self.resolves_below = round(spec["resolve_below"] * 1000)
        self.is_open = False
        self.quiet_until: int | None = None
        self.memory: list[_Remembered] = []

    def evaluate(self, day: int, points: Sequence[float], names: Sequence[str]) -> Turn | None:
        """Take the points of an evaluation as of `day`; tell if the alert opens or resolves."""
        thousandths = tuple(round(point * 1000) for point in points)
        now = _Remembered(day, sum(thousandths), thousandths)
        self.memory = [past for past in self.memory if past.day >= day - self.within]
        reference = self._reference()
        drop = reference.score - now.score if reference else 0
        turned = self._turn(day, drop)
        self._remember(now)
        if not turned:
            return None
        before, after = ("closed", "open") if self.is_open else ("open", "closed")
        return Turn(before, after, drop, _drivers(names, reference, now))

    def _reference(self) -> _Remembered | None:
        if not self.memory:
            return None
        return max(self.memory, key=lambda past: (past.score, past.day))

    def _turn(self, day: int, drop: int) -> bool:
        if self.is_open:
            if drop >= self.resolves_below:
                return False
            self.quiet_until = day + self.cool_down
        elif drop < self.opens_at or (self.quiet_until is not None and day < self.quiet_until):
            return False
        self.is_open = not self.is_open
        return True

    def _remember(self, now: _Remembered) -> None:
        self.memory = [past for past in self.memory if past.score > now.score]
        if not self.memory or self.memory[-1].day != now.day:
            self.memory.append(now)


def _drivers(
    names: Sequence[str], reference: _Remembered | None, now: _Remembered
) -> tuple[Driver, ...]:
    if reference is None:
        return ()
    return sorted_drivers(
        Driver(name, before / 1000, after / 1000, after / 1000 - before / 1000)
        for name, before, after in zip(names, reference.terms, now.terms, strict=True)
    )
