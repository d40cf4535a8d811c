"""The compiled calendar against `zoneinfo`, where clocks behave worst."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from scoring.calendar import DAY_MS, calendar, day_of, day_start

ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "America/New_York",
    "America/Sao_Paulo",  # skipped midnight, until 2018
    "America/St_Johns",  # turned back one minute after midnight, until 2011
    "Africa/Casablanca",  # summer time pauses in Ramadan
    "Africa/Monrovia",  # an offset with seconds, until 1972
    "Pacific/Apia",  # skipped 2011-12-30
    "Australia/Lord_Howe",  # summer time of half an hour
]
EPOCH = date(1970, 1, 1)
END = 4_102_444_800_000  # 2100


@pytest.mark.parametrize("name", ZONES)
def test_the_day_of_an_instant_is_the_local_date(name: str) -> None:
    zone, rules, chance = ZoneInfo(name), calendar(name), Random(name)
    instants = [chance.randrange(END) for _ in range(2_000)]
    instants += [int(since) + near for since in rules.since[1:] for near in (-1, 0, 1)]
    for ms in instants:
        local = datetime.fromtimestamp(ms // 1000, UTC).astimezone(zone)
        assert day_of(rules, ms) == (local.date() - EPOCH).days


@pytest.mark.parametrize("name", ZONES)
def test_a_day_starts_at_its_first_instant(name: str) -> None:
    """So it is never the day before, and the instant before is never that day or later."""
    rules, chance = calendar(name), Random(name)
    days = [chance.randrange(END // DAY_MS) for _ in range(500)]
    days += [int(since) // DAY_MS + near for since in rules.since[1:] for near in (-1, 0, 1, 2)]
    for day in days:
        start = day_start(rules, day)
        assert day_of(rules, start) >= day > day_of(rules, start - 1)


@pytest.mark.parametrize(
    ("name", "day", "start"),
    [
        ("Asia/Shanghai", date(2024, 1, 1), "2023-12-31T16:00:00Z"),
        ("America/Sao_Paulo", date(2017, 10, 15), "2017-10-15T03:00:00Z"),  # 00:00 became 01:00
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z"),  # never was
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00Z"),
        ("America/New_York", date(2200, 7, 1), "2200-07-01T05:00:00Z"),  # no rule after 2100
    ],
)
def test_known_days_start_when_they_did(name: str, day: date, start: str) -> None:
    expected = datetime.fromisoformat(start) - datetime(1970, 1, 1, tzinfo=UTC)
    assert day_start(calendar(name), (day - EPOCH).days) == expected // timedelta(milliseconds=1)


@pytest.mark.parametrize("name", ["Asia/Peking", "", "../etc/passwd", "America"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"time zone `{name}` is not known"):
        calendar(name)
