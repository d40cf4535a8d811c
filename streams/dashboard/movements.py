"""Tier changes: who moved where and when, in columns; what else they say in an archive."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.dashboard.archive import Archive
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.ordering import smallest
from streams.dashboard.outcomes import Outcome
from streams.dashboard.texts import NONE

MOST: Final = 4_000_000
"""So many changes are kept; then the oldest eighth is dropped."""
_RECENT: Final = 100_000
"""A change that is published again, after a crash of a worker, is among so many at the end."""

_COLUMNS: Final[Mapping[str, type[np.number[Any]]]] = {
    "row": np.int32, "score": np.int8, "origin": np.int8, "target": np.int8, "day": np.int32,
    "at": np.int64, "identity": np.uint64,
}  # fmt: skip


class Movements:
    """Changes in the order in which they came: of one customer that is the order they happened."""

    def __init__(self, catalogue: Catalogue) -> None:
        names = catalogue.names
        self._catalogue = catalogue
        self._scores = {name: s for s, name in enumerate(names.scores)}
        self._tiers = [{name: t for t, name in enumerate(tiers)} for tiers in names.tiers]
        self._changes = {name: np.empty(1024, kind) for name, kind in _COLUMNS.items()}
        self._count = 0
        self._sequence = np.zeros(1024, np.int64)
        """Of each customer's newest change."""
        self._latest = np.full((len(names.scores), 1024), NONE, np.int64)
        """The number of each customer's newest change in each score."""
        self._archive = Archive()
        self._dropped = 0
        """How many were dropped: the number of the first that is kept."""

    def __len__(self) -> int:
        """Return how many changes are kept."""
        return self._count

    def add(self, customers: Customers, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Take tier changes; return those that are new and count.

        Of a customer that was erased since then nothing is kept. A change in a score or to a tier
        that the model does not have is left out.
        """
        return [outcome for outcome in outcomes if self._take(customers, outcome)]

    def _take(self, customers: Customers, outcome: Outcome) -> bool:
        said = outcome.said
        score = self._scores.get(said["score_name"])
        if score is None:
            return False
        origin, target = (self._tiers[score].get(said[end]) for end in ("from", "to"))
        row = customers.row_of(outcome.key)
        if origin is None or target is None or outcome.at <= customers.erased_at[row]:
            return False
        self._make_room(row)
        if outcome.sequence <= self._sequence[row] and self._has(outcome.identity):
            return False
        self._sequence[row] = outcome.sequence
        change = (row, score, origin, target, outcome.day, outcome.at, outcome.identity)
        for column, value in zip(self._changes.values(), change, strict=True):
            column[self._count] = value
        self._latest[score, row] = self._dropped + self._count
        self._count += 1
        self._archive.add(outcome.value)
        return True

    def _has(self, identity: int) -> bool:
        recent = self._changes["identity"][max(0, self._count - _RECENT) : self._count]
        return bool((recent == np.uint64(identity)).any())

    def _make_room(self, row: int) -> None:
        """Make room for another change, and for a customer's row."""
        if row >= self._sequence.size:
            more = max(row + 1, 2 * self._sequence.size) - self._sequence.size
            self._sequence = np.pad(self._sequence, (0, more))
            self._latest = np.pad(self._latest, ((0, 0), (0, more)), constant_values=NONE)
        if self._count == MOST:
            gone = MOST // 8
            for column in self._changes.values():
                column[: MOST - gone] = column[gone:MOST].copy()
            self._count -= gone
            self._dropped += gone
            self._archive.drop_before(self._dropped)
        elif self._count == self._changes["row"].size:
            for name, column in self._changes.items():
                longer = np.empty(min(2 * self._count, MOST), column.dtype)
                longer[: self._count] = column
                self._changes[name] = longer

    def forget(self, gone: NDArray[np.bool_]) -> None:
        """Forget the changes of customers that were erased, told by their rows."""
        held = self._changes["row"][: self._count]
        held[(held >= 0) & gone[held]] = NONE
        rows = np.flatnonzero(gone)
        self._latest[:, rows[rows < self._sequence.size]] = NONE

    # ---------------------------------------------------------------------------------- reading

    def paths(self, score: int, day: int, rows: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Return the tiers before and after all changes later than a day, of the first rows.

        -1 for who had no change.
        """
        held = self._held()
        late = np.flatnonzero(held["day"] > day)
        late = late[(held["score"][late] == score) & (held["row"][late] >= 0)]
        its = held["row"][late]
        then, now = np.full(rows, -1, np.int8), np.full(rows, -1, np.int8)
        then[its[::-1]] = held["origin"][late][::-1]  # of equal rows the last assignment holds
        now[its] = held["target"][late]
        return then, now

    def _held(self) -> dict[str, NDArray[Any]]:
        return {name: column[: self._count] for name, column in self._changes.items()}

    def matrix(self, score: int, day: int, customers: Customers, rows: Rows) -> NDArray[np.int64]:
        """Return how many of the rows moved from each tier to each later than a day.

        Who came back is on the diagonal, who never moved nowhere.
        """
        tiers = len(self._tiers[score])
        then, now = self.paths(score, day, customers.count)
        then, now = then[rows], now[rows]
        moved = then >= 0
        cells = then[moved].astype(np.int64) * tiers + now[moved]
        return np.bincount(cells, minlength=tiers * tiers).reshape(tiers, tiers)

    def newest(
        self, rows: Rows | None, score: int | None, limit: int, customers: Customers
    ) -> list[tuple[int, dict[str, Any]]]:
        """Return the newest changes of customers that are present: row and message.

        `rows` None: of all of them.
        """
        held = self._held()
        allowed = customers.present[: customers.count]
        if rows is not None:
            allowed = np.zeros(customers.count, np.bool_)
            allowed[rows] = True
        kept = (held["row"] >= 0) & allowed[held["row"]]
        if score is not None:
            kept &= held["score"] == score
        found = np.flatnonzero(kept)[::-1]
        found = found[smallest(-held["at"][found], min(limit, found.size))]
        return [
            (int(held["row"][n]), self._archive.message(self._dropped + n)) for n in found.tolist()
        ]

    def latest(self, score: int, row: int) -> dict[str, Any] | None:
        """Return the newest change of a customer's score."""
        number = int(self._latest[score, row]) if row < self._sequence.size else NONE
        return self._archive.message(number) if number >= self._dropped else None

    def size(self) -> int:
        """Return the bytes that it takes, about."""
        return sum(each.nbytes for each in self._changes.values()) + self._archive.size()
