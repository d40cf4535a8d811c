"""A hint about a time zone names zones that exist, and are never hours off."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scoring.zones import _KNOWN, known_zone, zone_hint

ZONE = re.compile(r"Etc/GMT[+-]\d+|[A-Z][A-Za-z]+/[A-Za-z_]+")
JANUARY, JULY = datetime(2026, 1, 15), datetime(2026, 7, 15)  # noqa: DTZ001  # in each zone


def offsets(zone: str) -> set[timedelta | None]:
    return {moment.replace(tzinfo=ZoneInfo(zone)).utcoffset() for moment in (JANUARY, JULY)}


@pytest.mark.parametrize("form", ["GMT{}{}", "UTC{}{}", "{}{:02}:00", "gmt{}{}", "UTC {}{:02}00"])
@pytest.mark.parametrize("hours", [*range(-12, 0), *range(1, 15)])
def test_an_offset_is_answered_by_zones_of_that_offset(form: str, hours: int) -> None:
    hint = zone_hint(form.format("+" if hours > 0 else "-", abs(hours)))
    zones = ZONE.findall(hint)
    assert zones
    for zone in zones:
        assert offsets(zone) == {timedelta(hours=hours)}


@pytest.mark.parametrize(
    ("name", "minutes"), [("UTC+05:30", 330), ("+5:45", 345), ("GMT+0930", 570), ("GMT+0", 0)]
)
def test_so_is_one_of_half_hours(name: str, minutes: int) -> None:
    (zone,) = ZONE.findall(zone_hint(name)) or ["UTC"]
    assert offsets(zone) == {timedelta(minutes=minutes)}


@pytest.mark.parametrize("name", ["GMT+15", "UTC-13", "+08:17", "CST6CDT7", "UTC8", "8"])
def test_what_no_zone_has_gets_no_guess(name: str) -> None:
    assert zone_hint(name) == "write it like Asia/Shanghai"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Beijing", "did you mean 'Asia/Shanghai'?"),
        ("China Standard Time", "did you mean 'Asia/Shanghai'?"),
        ("北京时间", "did you mean 'Asia/Shanghai'?"),
        ("CST", "it is Asia/Shanghai in China, America/Chicago in North America"),
        ("asia/shanghai", "did you mean 'Asia/Shanghai'?"),
        ("Shanghai", "did you mean 'Asia/Shanghai'?"),
        ("Europe/Berlim", "did you mean 'Europe/Berlin'?"),
        ("New York", "did you mean 'America/New_York'?"),
        ("nowhere at all", "write it like Asia/Shanghai"),
    ],
)
def test_a_place_or_a_name_of_windows_is_answered_by_its_zone(name: str, hint: str) -> None:
    assert zone_hint(name) == hint


def test_all_zones_that_are_known_by_other_names_exist() -> None:
    for name, said in _KNOWN.items():
        assert name not in available_timezones()
        for zone in ZONE.findall(said) or [said]:
            assert known_zone(zone) == zone
