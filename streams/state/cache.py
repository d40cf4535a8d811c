"""A shard's states that the worker has at hand.

A customer gets a position when it is first seen; columns of positions stand for customers until a
batch is cut. Full, the cache forgets everything at once: simple, bounded, and what is hot is back
with the next batches.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

USUAL_BYTES: Final = 320
"""Of a customer, all told. One of many events has ten times as many: fewer such states are kept,
else memory would grow with what customers do, not with the number that are kept."""
BESIDE_STATE: Final = 192
"""Bytes of a customer's id, its place in the tables, and the head of its state."""


class StateCache:
    """States by position. `generation` changes when positions are forgotten."""

    def __init__(self, most_customers: int) -> None:
        self._most = most_customers
        self.generation = 0
        self.clear()

    def clear(self) -> None:
        """Forget all states and positions."""
        self.generation += 1
        self._position: dict[bytes, int] = {}
        self.customers: list[bytes] = []
        self._states: list[bytes | None] = []
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many customers have a position."""
        return len(self.customers)

    @property
    def is_full(self) -> bool:
        """Whether it is time to clear."""
        customers = len(self.customers)
        taken = self._bytes + customers * BESIDE_STATE
        return customers > self._most or taken > self._most * USUAL_BYTES

    def positions(self, customers: Sequence[bytes]) -> NDArray[np.int64]:
        """Return the positions of customers; new ones get theirs."""
        position = self._position
        found = np.empty(len(customers), np.int64)
        for n, customer in enumerate(customers):
            at = position.get(customer)
            if at is None:
                at = position[customer] = len(self.customers)
                self.customers.append(customer)
                self._states.append(None)
            found[n] = at
        return found

    def find(self, customers: Sequence[bytes]) -> list[bytes | None]:
        """Return the states of customers, None where it is not at hand."""
        position, states = self._position, self._states
        return [None if (n := position.get(c)) is None else states[n] for c in customers]

    def put(
        self, positions: Sequence[int], blobs: NDArray[np.uint8], bounds: NDArray[np.int64]
    ) -> None:
        """Keep states that were committed; `bounds` are where they lie in `blobs`."""
        content, edges = blobs.tobytes(), bounds.tolist()
        for c, n in enumerate(positions):
            self._keep(n, content[edges[c] : edges[c + 1]])

    def refresh(
        self, customers: Sequence[bytes], blobs: NDArray[np.uint8], bounds: NDArray[np.int64]
    ) -> None:
        """Keep states that were committed, of those customers only that have a position."""
        content, edges = blobs.tobytes(), bounds.tolist()
        for c, customer in enumerate(customers):
            if (n := self._position.get(customer)) is not None:
                self._keep(n, content[edges[c] : edges[c + 1]])

    def _keep(self, position: int, state: bytes) -> None:
        self._bytes += len(state) - len(self._states[position] or b"")
        self._states[position] = state
