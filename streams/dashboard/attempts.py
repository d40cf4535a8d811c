"""Failed logins, counted by where they come from: whoever guesses has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

FREE: Final = 10
"""Failures that cost no wait; each gets free again after `EACH_S`."""

EACH_S: Final = 3.0
_MOST: Final = 4_096


class Attempts:
    """Failures of the last half minute, by address; of IPv6 by its network of 64 bits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()
        """When the last failure of an address will be forgotten."""

    def wait_s(self, address: str) -> float:
        """Return after how many seconds a next attempt is heard; 0: now."""
        beyond = self._free_at.get(_network(address), 0.0) - self._clock() - (FREE - 1) * EACH_S
        return max(0.0, beyond)

    def failed(self, address: str) -> None:
        """Count a failure."""
        key, now = _network(address), self._clock()
        self._free_at[key] = max(self._free_at.pop(key, now), now) + EACH_S
        while len(self._free_at) > _MOST:
            self._free_at.popitem(last=False)


def _network(address: str) -> str:
    """Return what counts as one place: whoever has one IPv6 address has 2^64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
