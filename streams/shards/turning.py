"""A turn of the day that a shard is in: which customers are still to be brought to the new day."""

from collections.abc import Iterable


class Turning:
    """Customers come in while the store is scanned, and are handed out in portions."""

    def __init__(self, day: int) -> None:
        self.day = day
        self._customers: list[bytes] = []
        self._all_known = False

    def add(self, customers: Iterable[bytes]) -> None:
        """Take customers; the same one may come twice."""
        self._customers.extend(customers)

    def all_known(self) -> None:
        """Note that no more customers come."""
        self._all_known = True

    @property
    def is_done(self) -> bool:
        """Whether everybody was handed out."""
        return self._all_known and not self._customers

    def portion(self, most: int) -> list[bytes]:
        """Return the next customers, each once; empty when some are to come, or none are left."""
        taken, self._customers = self._customers[:most], self._customers[most:]
        return list(dict.fromkeys(taken))
