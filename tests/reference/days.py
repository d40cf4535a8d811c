"""Days and instants in the business time zone (§1), found by walking the clock."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
QUARTER_MS = 900_000
EPOCH_DATE = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_number(day: date) -> int:
    """Count the days from 1970-01-01."""
    return (day - EPOCH_DATE).days


def local_day(at: int, zone: ZoneInfo) -> int:
    """Return the calendar day of epoch millisecond `at` in `zone`, counted from 1970-01-01."""
    return day_number((EPOCH + timedelta(milliseconds=at)).astimezone(zone).date())


@cache
def span_of_day(day: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first and last millisecond of a local day, found by walking the clock.

    Since 1972 local days begin and end on quarters of an hour of UTC, whatever the zone does at
    midnight. A day that a zone skips begins with the next one and ends with the one before.
    """
    start = day * DAY_MS
    quarters = [
        (at, local_day(at, zone))
        for at in range(start - 26 * 3_600_000, start + 50 * 3_600_000, QUARTER_MS)
    ]
    first = min(at for at, its_day in quarters if its_day >= day)
    last = max(at for at, its_day in quarters if its_day <= day) + QUARTER_MS - 1
    return first, last


def instant(text: str | int) -> int:
    """Return epoch milliseconds of an RFC 3339 time with offset, or of epoch milliseconds."""
    if isinstance(text, int):
        return text
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def due_instant(text: str | int, zone: ZoneInfo) -> int:
    """Return the last millisecond at which a payment is on time; a bare date is its whole day."""
    if isinstance(text, str) and len(text) == len("2024-01-31"):
        return span_of_day(day_number(date.fromisoformat(text)), zone)[1]
    return instant(text)
