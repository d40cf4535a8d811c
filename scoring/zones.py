"""Which time zone was meant by a name that is none: a hint that is never hours off."""

import re
from difflib import get_close_matches
from typing import Final
from zoneinfo import available_timezones

_OFFSET: Final = re.compile(r"(?:utc|gmt|z)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_CITIES: Final = {
    "+08:00": "Asia/Shanghai",
    "+09:00": "Asia/Tokyo",
    "+07:00": "Asia/Bangkok",
    "+06:30": "Asia/Yangon",
    "+05:45": "Asia/Kathmandu",
    "+05:30": "Asia/Kolkata",
    "+04:30": "Asia/Kabul",
    "+03:30": "Asia/Tehran",
    "+03:00": "Asia/Riyadh",
    "+09:30": "Australia/Darwin",
    "-03:00": "America/Sao_Paulo",
}
"""Zones that have one offset all the year."""
_KNOWN: Final = {
    "beijing": "Asia/Shanghai",
    "peking": "Asia/Shanghai",
    "asia/beijing": "Asia/Shanghai",
    "asia/peking": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "北京": "Asia/Shanghai",
    "北京时间": "Asia/Shanghai",
    "中国标准时间": "Asia/Shanghai",
    "china standard time": "Asia/Shanghai",
    "cst": "Asia/Shanghai in China, America/Chicago in North America",
    "cst6": "America/Chicago",
    "cst-8": "Asia/Shanghai",
    "cdt": "America/Chicago",
    "edt": "America/New_York",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "mdt": "America/Denver",
    "bst": "Europe/London",
    "cest": "Europe/Berlin",
    "eest": "Europe/Helsinki",
    "msk": "Europe/Moscow",
    "ist": "Asia/Kolkata in India, Asia/Jerusalem in Israel, Europe/Dublin in Ireland",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore",
    "aest": "Australia/Sydney",
    "tokyo standard time": "Asia/Tokyo",
    "taipei standard time": "Asia/Taipei",
    "singapore standard time": "Asia/Singapore",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver",
    "pacific standard time": "America/Los_Angeles",
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "central europe standard time": "Europe/Budapest",
    "romance standard time": "Europe/Paris",
    "india standard time": "Asia/Kolkata",
    "z": "UTC",
    "zulu time": "UTC",
}
"""What people and Windows call zones that IANA calls otherwise."""
_LARGEST_AHEAD, _LARGEST_BEHIND = 14, 12
_NO_HINT: Final = "write it like Asia/Shanghai"


def known_zone(name: str) -> str:
    """Return the name of a time zone; raise `ValueError` with a hint for any other."""
    if name != "UTC" and name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}; {zone_hint(name)}")
    return name


def zone_hint(name: str) -> str:
    """Return what to write in place of a name that no time zone has.

    >>> zone_hint("GMT+8")
    '8 hours ahead of UTC is Asia/Shanghai, or Etc/GMT-8 (its sign is the other way round)'
    >>> zone_hint("asia/shangai")
    "did you mean 'Asia/Shanghai'?"
    """
    plain = name.strip()
    if offset := _OFFSET.fullmatch(plain):
        return _of_offset(offset[1], int(offset[2]), int(offset[3] or 0))
    if known := _KNOWN.get(plain.lower()):
        return f"it is {known}" if " " in known else f"did you mean {known!r}?"
    return _nearest(plain)


def _of_offset(sign: str, hours: int, minutes: int) -> str:
    """Return the zones of an offset; IANA's names have its sign turned round."""
    way = "ahead of" if sign == "+" else "behind"
    text = f"{hours} hours" if not minutes else f"{hours}:{minutes:02d} hours"
    city = _CITIES.get(f"{sign}{hours:02d}:{minutes:02d}")
    most = _LARGEST_AHEAD if sign == "+" else _LARGEST_BEHIND
    found = [city] if city else []
    if not minutes and 0 < hours <= most:
        turned = "-" if sign == "+" else "+"
        found.append(f"Etc/GMT{turned}{hours} (its sign is the other way round)")
    if not hours and not minutes:
        return "did you mean 'UTC'?"
    if not found:
        return _NO_HINT
    return f"{text} {way} UTC is {', or '.join(found)}"


def _nearest(name: str) -> str:
    """Return the place that is written most alike; a name with digits is an offset, not a place."""
    if any(letter.isdigit() for letter in name):
        return _NO_HINT
    places = {zone.lower(): zone for zone in available_timezones() if _is_place(zone)}
    by_city = {zone.lower().rpartition("/")[2]: zone for zone in places.values()}
    wanted = name.lower().replace(" ", "_")
    for known in (places, by_city):
        if close := get_close_matches(wanted, known, n=1, cutoff=0.8):
            return f"did you mean {known[close[0]]!r}?"
    return _NO_HINT


def _is_place(zone: str) -> bool:
    return "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))
