"""What happened to customers beside tier changes and alerts: changes of class, as they came."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.dashboard.archive import Archive
from streams.dashboard.columns import Customers
from streams.dashboard.outcomes import Outcome
from streams.dashboard.texts import NONE

MOST: Final = 1_000_000
"""So many messages are kept; then the oldest eighth is dropped."""


class Timeline:
    """Messages of one outcome topic by customer."""

    def __init__(self) -> None:
        self._rows = np.empty(256, np.int32)
        self._count = 0
        self._dropped = 0
        self._archive = Archive()

    def __len__(self) -> int:
        """Return how many messages are kept."""
        return self._count

    def add(self, customers: Customers, outcomes: Sequence[Outcome]) -> None:
        """Take outcomes."""
        for outcome in outcomes:
            row = customers.row_of(outcome.key)
            if outcome.at > customers.erased_at[row]:
                self._make_room()
                self._rows[self._count] = row
                self._count += 1
                self._archive.add(outcome.value)

    def _make_room(self) -> None:
        if self._count == MOST:
            gone = MOST // 8
            self._rows[: MOST - gone] = self._rows[gone:MOST].copy()
            self._count -= gone
            self._dropped += gone
            self._archive.drop_before(self._dropped)
        elif self._count == self._rows.size:
            longer = np.empty(min(2 * self._count, MOST), np.int32)
            longer[: self._count] = self._rows
            self._rows = longer

    def forget(self, gone: NDArray[np.bool_]) -> None:
        """Forget the messages of customers that were erased, told by their rows."""
        held = self._rows[: self._count]
        held[(held >= 0) & gone[held]] = NONE

    def of(self, row: int, limit: int) -> list[dict[str, Any]]:
        """Return the newest messages of a customer, each once, the newest first."""
        found = np.flatnonzero(self._rows[: self._count] == row)[::-1].tolist()
        messages: dict[str, dict[str, Any]] = {}
        for n in found:
            said = self._archive.message(self._dropped + n)
            messages.setdefault(said["id"], said)  # a crash publishes it twice
            if len(messages) == limit:
                break
        return list(messages.values())

    def size(self) -> int:
        """Return the bytes that it takes, about."""
        return self._rows.nbytes + self._archive.size()
