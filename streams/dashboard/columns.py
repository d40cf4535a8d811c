"""All customers in memory, a column for each thing that can be asked about."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from streams.dashboard.catalogue import ATTRIBUTES, Catalogue
from streams.dashboard.snapshots import Codes, Snapshots
from streams.dashboard.texts import NONE, Searchable

Rows = NDArray[np.int64]
"""Positions of customers, rising where nothing else is said."""

_ROOM: Final = 1024
ORDERED_AT_ONCE: Final = 50_000
"""So many texts are put in order while somebody waits: it takes some 10 ms."""


class Customers:
    """Columns by row. A customer keeps its row; `present` tells whether it has a snapshot.

    One thread writes. It makes room (`reserve`) while others read, as that replaces columns by
    longer ones with the same content; `take` and `erase` need that nobody reads meanwhile.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        names = catalogue.names
        self.catalogue: Final = catalogue
        self.codes: Final = Codes.empty()
        self.count = 0
        """Rows that are in use."""
        self.ids: Final[list[bytes]] = []
        self.customer_names: Final[list[str | None]] = []
        self.profiles: Final[list[bytes]] = []
        self.newest_day = NONE
        self._row: Final[dict[bytes, int]] = {}
        self._texts: Final = Searchable()
        self._unordered = True
        self._order: dict[bool, NDArray[np.int32]] = {}
        self.present = np.zeros(_ROOM, np.bool_)
        self.is_named = np.zeros(_ROOM, np.bool_)
        self.erased_at = np.zeros(_ROOM, np.int64)
        """When Kafka took its tombstone, epoch milliseconds; 0: there was none."""
        self.day = np.zeros(_ROOM, np.int32)
        self.model = np.full(_ROOM, NONE, np.int32)
        self.scores = np.empty((len(names.scores), _ROOM))
        self.tiers = np.empty((len(names.scores), _ROOM), np.int8)
        self.indicators = np.empty((len(names.indicators), _ROOM))
        self.classes = np.empty((len(names.segments), _ROOM), np.int8)
        self.attributes = np.empty((len(ATTRIBUTES), _ROOM), np.int32)
        self.contributions = np.empty((_ROOM, sum(map(len, names.terms))), np.float32)

    # ---------------------------------------------------------------------------------- writing

    def reserve(self, more: int) -> None:
        """Make room for so many customers more."""
        wanted = self.count + more
        room = self.present.size
        self._texts.reserve(wanted)
        if wanted <= room:
            return
        room = max(2 * room, wanted)
        for name in ("present", "is_named", "erased_at", "day", "model"):
            setattr(self, name, _longer(getattr(self, name), self.count, room))
        for name in ("scores", "tiers", "indicators", "classes", "attributes"):
            setattr(self, name, _wider(getattr(self, name), self.count, room))
        contributions = np.empty((room, self.contributions.shape[1]), np.float32)
        contributions[: self.count] = self.contributions[: self.count]
        self.contributions = contributions

    def row_of(self, key: bytes) -> int:
        """Return the row of a customer, a new one if it has none."""
        row = self._row.setdefault(key, self.count)
        if row == self.count:
            self.count += 1
            self.ids.append(key)
            self.customer_names.append(None)
            self.profiles.append(b"{}")
            self.present[row] = self.is_named[row] = False
            self.erased_at[row] = 0
            self.attributes[:, row] = NONE  # a change may come before the first snapshot
        return row

    def take(self, snapshots: Snapshots) -> None:
        """Set customers to how they stand in snapshots, each once."""
        rows = np.array([self.row_of(key) for key in snapshots.keys], np.int64)
        at = _place(rows)
        self.day[at], self.model[at] = snapshots.day, snapshots.model
        self.scores[:, at], self.tiers[:, at] = snapshots.scores, snapshots.tiers
        self.indicators[:, at], self.classes[:, at] = snapshots.indicators, snapshots.classes
        self.attributes[:, at] = snapshots.attributes
        self.contributions[at] = snapshots.contributions
        unknown = np.flatnonzero(~self.present[rows]).tolist()
        self.present[rows] = True
        self.newest_day = max(self.newest_day, int(snapshots.day.max(initial=NONE)))
        renamed = {int(rows[n]): snapshots.customer_names[n] for n in unknown}
        for row, name, profile in zip(
            rows.tolist(), snapshots.customer_names, snapshots.profiles, strict=True
        ):
            self.profiles[row] = profile
            if name != self.customer_names[row]:
                renamed[row] = name
        self._rename(renamed)

    def erase(self, key: bytes, at_ms: int) -> int:
        """Forget all about a customer but that it was erased; return its row."""
        row = self.row_of(key)
        self.present[row] = False
        self.erased_at[row] = at_ms
        self.profiles[row] = b"{}"
        self.contributions[row] = np.nan
        self.indicators[:, row], self.scores[:, row] = np.nan, np.nan
        self._rename({row: None})
        return row

    def _rename(self, names: Mapping[int, str | None]) -> None:
        if not names:
            return
        for row, name in names.items():
            self.customer_names[row] = name
            self.is_named[row] = name is not None
        rows = np.fromiter(names, np.int64, len(names))
        self._texts.put(rows, [(self.ids[row], name) for row, name in names.items()])
        self._unordered = True

    # ---------------------------------------------------------------------------------- reading

    def everybody(self) -> Rows:
        """Return all customers."""
        return np.flatnonzero(self.present[: self.count])

    def find(self, identity: str) -> int | None:
        """Return the row of a customer by its id, None if there is none."""
        row = self._row.get(identity.encode("utf-8", "surrogateescape"))
        return None if row is None or not self.present[row] else row

    def search(self, part: str, rows: Rows) -> Rows:
        """Return those with a text in their id or name, whatever the case."""
        return self._texts.find(part, rows)

    def identity(self, row: int) -> str:
        """Return a customer's id."""
        return self.ids[row].decode("utf-8", "replace")

    def attribute(self, which: int, row: int) -> str | None:
        """Return one of `ATTRIBUTES` of a customer."""
        return self.codes.attributes[which].text(int(self.attributes[which, row]))

    def owner(self, row: int) -> str | None:
        """Return who looks after a customer."""
        return self.attribute(0, row)

    def profile(self, row: int) -> dict[str, object]:
        """Return all attributes of a customer."""
        found: dict[str, object] = orjson.loads(self.profiles[row])
        return found

    # --------------------------------------------------------------------------- order of texts

    @property
    def is_out_of_order(self) -> bool:
        """Whether there are texts that `put_in_order` has not seen."""
        return self._unordered

    def put_in_order(self) -> None:
        """Find the order of ids and names; others may read meanwhile, but nobody write."""
        self._unordered = False
        self._order = {
            by_name: self._texts.order(self.count, by_name=by_name) for by_name in (False, True)
        }

    def places(self, rows: Rows, *, by_name: bool) -> NDArray[np.float64]:
        """Return the places of customers in the order of their ids or names.

        Of many customers those that are new come last until they are put in order; NaN for who has
        no name.
        """
        if self._unordered and self.count <= ORDERED_AT_ONCE:
            self.put_in_order()
        order = self._order.get(by_name, np.empty(0, np.int32))
        places = np.full(rows.size, float(self.count))
        known = rows < order.size
        places[known] = order[rows[known]]
        if by_name:
            places[~self.is_named[rows]] = np.nan
        return places


def _place(rows: Rows) -> Rows | slice:
    """Return rows that follow each other, as new ones do, as a slice: that is quicker."""
    if rows.size and rows[-1] - rows[0] + 1 == rows.size and bool((np.diff(rows) == 1).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def _longer(column: NDArray[np.generic], used: int, room: int) -> NDArray[np.generic]:
    longer = np.empty(room, column.dtype)
    longer[:used] = column[:used]
    return longer


def _wider(columns: NDArray[np.generic], used: int, room: int) -> NDArray[np.generic]:
    wider = np.empty((columns.shape[0], room), columns.dtype)
    wider[:, :used] = columns[:, :used]
    return wider
