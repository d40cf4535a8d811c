"""How many customers a batch may have: a worker's memory must not grow with their states."""

from typing import Final

from scoring.arena import Arena

_LEAST: Final = 16
"""Customers that a batch may have whatever they take: fewer, and the store is asked too often."""


class BatchSize:
    """Learns from each batch how much memory a customer takes, unpacked, and bounds the next one.

    A customer takes more for each day on which something happened: a number of customers alone
    would be no bound.
    """

    def __init__(self, most_customers: int, most_bytes: int) -> None:
        """Begin with `most_customers`, as nothing is known yet."""
        self._most_customers, self._most_bytes = most_customers, most_bytes
        self.customers = most_customers

    def note(self, arena: Arena) -> None:
        """Take note of what the customers of a batch took."""
        count = arena.customers.size
        if count:
            each = sum(column.nbytes for column in arena) / count
            fitting = max(_LEAST, int(self._most_bytes / each))
            self.customers = min(self._most_customers, fitting)
