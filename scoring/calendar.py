"""The calendar of the business time zone: which day an instant belongs to, when a day starts.

A day is counted from 1970-01-01. The rules of the zone are compiled to arrays once, so that the
kernel and the decoder ask without a Python object an event.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing

DAY_MS: Final = 86_400_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
_BEGINNING: Final = -(2**62)


class Calendar(NamedTuple):
    """Local time = UTC + `offset[i]` from the instant `since[i]` on; both in milliseconds.

    `since` ascends and starts before all time. Before 1970 and after 2100 the nearest known
    offset holds.
    """

    since: NDArray[np.int64]
    offset: NDArray[np.int64]


@lru_cache(maxsize=16)
def calendar(timezone: str) -> Calendar:
    """Compile the rules of an IANA time zone, 1970 to 2100.

    Raises `ValueError` when the zone is not known on this machine.

    >>> day_of(calendar("Asia/Shanghai"), 1_704_038_400_000)  # 2023-12-31T16:00:00Z
    19723
    """
    zone = zone_of(timezone)
    since, offsets = [_BEGINNING], [_offset(zone, _FIRST)]
    day = _FIRST
    while day < _LAST:  # no zone changed its offset twice within one day since 1970
        following = day + timedelta(days=1)
        offset = _offset(zone, following)
        if offset != offsets[-1]:
            since.append(_transition(zone, day, following))
            offsets.append(offset)
        day = following
    return Calendar(np.array(since, np.int64), np.array(offsets, np.int64))


@jit_borrowing
def day_of(calendar: Calendar, ms: int) -> int:
    """Return the local day of the instant `ms` (epoch milliseconds).

    >>> [day_of(calendar("Asia/Shanghai"), ms) for ms in (1_704_038_399_999, 1_704_038_400_000)]
    [19722, 19723]
    """
    return int((ms + calendar.offset[_segment(calendar, ms)]) // DAY_MS)


@jit_borrowing
def day_start(calendar: Calendar, day: int) -> int:
    """Return the first instant of a local day, in epoch milliseconds.

    Where the clock skips midnight, that is the instant of the skip; a day that the zone skipped
    whole starts with the next one.

    >>> day_start(calendar("Asia/Shanghai"), 19_723)  # 2024-01-01 begins at 2023-12-31T16:00:00Z
    1704038400000
    """
    midnight = day * DAY_MS
    segment = _segment(calendar, midnight - 2 * DAY_MS)
    last = len(calendar.since) - 1
    while True:
        start = max(calendar.since[segment], midnight - calendar.offset[segment])
        if segment == last or start < calendar.since[segment + 1]:
            return int(start)
        segment += 1


@jit_borrowing
def _segment(calendar: Calendar, ms: int) -> int:
    """Return the last position whose `since` is not after `ms`."""
    low, high = 0, len(calendar.since)
    while high - low > 1:
        middle = (low + high) // 2
        if calendar.since[middle] <= ms:
            low = middle
        else:
            high = middle
    return low


def zone_of(timezone: str) -> ZoneInfo:
    """Return the rules of an IANA time zone. Raises `ValueError` when this machine has none."""
    try:
        return ZoneInfo(timezone)
    except (LookupError, ValueError, OSError) as error:  # unknown, malformed, or a folder's name
        message = (
            f"time zone `{timezone}` is not known on this machine; "
            "give an IANA name such as `Asia/Shanghai` or `UTC`"
        )
        raise ValueError(message) from error


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    shift = instant.astimezone(zone).utcoffset() or timedelta()
    return round(shift.total_seconds() * 1000)


def _transition(zone: ZoneInfo, low: datetime, high: datetime) -> int:
    """Return the first second in (low, high] that has the offset of `high`, in milliseconds."""
    after = _offset(zone, high)
    first, last = int(low.timestamp()), int(high.timestamp())
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == after:
            last = middle
        else:
            first = middle
    return last * 1000
