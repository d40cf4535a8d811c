"""Which instants are plausible, and in which zone a time without an offset is."""

from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from scoring.calendar import zone_of
from scoring.fields import BARE_TIME, likeness
from streams.decode.exact.parsing import Fields
from streams.decode.exact.refusal import Refusal, shown

_FIELDS: Final = ("occurred_at", "due_at")
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Instants(NamedTuple):
    """The first day on which something can have happened or fallen due, counted from 1970-01-01.

    `zone` is that of times without an offset; None: these are refused.
    """

    earliest_day: int = 0
    zone: ZoneInfo | None = None

    @classmethod
    def of(cls, earliest: date, bare_times: str | None) -> "Instants":
        """Return them as settings give them. Raises `ValueError` for an unknown zone.

        >>> Instants.of(date(1980, 1, 1), None).earliest_day
        3652
        """
        return cls(earliest.toordinal() - _EPOCH, zone_of(bare_times) if bare_times else None)

    def place(self, fields: Fields) -> None:
        """Give times without an offset that of the zone; of two such instants it is the earlier."""
        if self.zone is None:
            return
        for name in _FIELDS:
            text = fields.get(name)
            if isinstance(text, str) and BARE_TIME.fullmatch(text):
                try:
                    at = datetime.fromisoformat(text).replace(tzinfo=self.zone)
                except ValueError:
                    continue  # the calendar has no such day: the models say so
                fields[name] = at.isoformat(timespec="milliseconds")

    def check(self, name: str, said: object, day: int) -> None:
        """Refuse what happened, or fell due, before anything can have.

        Raises `Refusal`.
        """
        if day >= self.earliest_day:
            return
        first = date.fromordinal(self.earliest_day + _EPOCH).isoformat()
        found = date.fromordinal(day + _EPOCH).isoformat()
        hint = likeness(said) if isinstance(said, int) else ""
        raise Refusal(
            "Implausible",
            f"field `{name}` is {shown(said)}, which is {found}: must be on or after {first} "
            f"(setting `earliest_day`){hint}",
        )


ANY_INSTANT: Final = Instants()
"""From 1970 on; times need an offset."""
