"""The customers of one batch, as arrays: what the kernel works on."""

import math
import sys
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from scoring.measures import MEASURES
from scoring.program import Program
from scoring.tables import EVERYTHING, Table

NEVER: Final = -1
"""Stands for a day that has not come: no as-of yet, a mark that is not set."""

CUSTOMER: Final = np.dtype(
    [
        ("as_of", "i4"),
        ("row_count", "i4"),
        ("ring_count", "i4"),
        ("sequence", "i8"),
        ("applied", "i8"),
        ("erased", "i8"),
        ("volume", "i8"),
        ("row_base", "i8"),
        ("row_start", "i8"),
        ("ring_start", "i8"),
        ("line_start", "i8"),
        ("category_start", "i8"),
        ("attribute_start", "i8"),
        ("order_start", "i8"),
        ("line_count", "i4"),
        ("category_count", "i4"),
        ("attribute_count", "i4"),
        ("order_count", "i4"),
        ("folded_sale", "i4"),
        ("stale_measures", "u8"),
        ("stale_besides", "u8"),
        ("leapt", "i4"),
    ],
    align=True,
)
"""`sequence` counts outcomes, `applied` events; events up to the time `erased` (epoch milliseconds;
`NEVER`: none) never count again; `volume` is Σ (amount + all costs) of what was applied, which
bounds each sum of money (measures.MOST_VOLUME); buckets are rows from `row_start`, oldest first, in
the room that begins at `row_base`. `folded_sale` is the last day of a sale that no bucket holds any
more. `stale_…` are what has moved since the last evaluation
(tables.INDICATOR); `leapt` is where a leap over silent days ended, or was in vain (`NEVER`: none in
this batch)."""
BUCKET: Final = np.dtype([("measures", "u8"), ("day", "i4")], align=True)
"""A day; bits of the measures in its row that may not be 0."""
ALL_MEASURES: Final = np.uint64((1 << len(MEASURES)) - 1)
STANDING: Final = np.dtype(
    [("tier", "i4"), ("earned", "i4"), ("since", "i4"), ("fall", "i4")], align=True
)
"""`tier` is what outcomes tell, `earned` what the policy gives; `since` when the earned one last
changed, `fall` when its loss began (`NEVER`: it has not)."""
RING: Final = np.dtype([("identity", "u8"), ("content", "u4")], align=True)
"""An event that came: its identity, and the fingerprint of what it said (`content.fingerprint`; 0:
not known). Side by side, as both are written at once."""
LINE: Final = np.dtype(
    [
        ("invoice", "u8"),
        ("amount", "i8"),
        ("kind", "i4"),
        ("day", "i4"),
        ("due", "i4"),
        ("count", "i4"),
        ("undated", "i4"),
        ("currency", "i4"),
        ("own", "i8"),
    ],
    align=True,
)
"""Bills, receipts or credits of an invoice on a day, in one currency; `own` is the amount in minor
units of that (facts/invoices.py)."""
CATEGORY: Final = np.dtype([("line", "u8"), ("day", "i4"), ("unnamed", "i4")], align=True)
"""A product line, the latest day of a sale of it, and of one that nothing can take back."""
ORDER: Final = np.dtype(
    [
        ("amount", "i8"),
        ("own", "i8"),
        ("cost", "i8"),
        ("category", "u8"),
        ("invoice", "u8"),
        ("kind", "i4"),
        ("day", "i4"),
        ("put", "i4"),
        ("due", "i4"),
        ("currency", "i4"),
        ("pays", "i4"),
        ("named", "i4"),
        ("live", "i4"),
    ],
    align=True,
)
"""What was said of an order on a day (facts/orders.py)."""
_ATTRIBUTE: Final = (
    ("key", "u8"),
    ("at", "i8"),
    ("sequence", "i8"),
    ("identity", "u8"),
    ("number", "f8"),
    ("text", "u8"),
    ("day", "i4"),
    ("kind", "i4"),
    ("name_start", "i8"),
    ("name_length", "i4"),
    ("text_start", "i8"),
    ("text_length", "i4"),
)
ATTRIBUTE: Final = np.dtype(list(_ATTRIBUTE), align=True)
"""An attribute (facts/attributes.py): `key` and `text` are hashes of name and text, whose bytes are
spans of `Arena.texts`; a name of length 0 is one of `attributes.OWN`."""
BITS: Final = np.dtype(
    [(name, "u8" if name == "number" else kind) for name, kind in _ATTRIBUTE], align=True
)
"""The same with the 64 bits of the number: compiled code cannot reinterpret a float."""
WATCH: Final = np.dtype([("open", "i4"), ("quiet_until", "i4"), ("count", "i4")], align=True)
"""An alert of a customer: open or not, and how many evaluations are remembered for it."""
PEAK: Final = np.dtype([("day", "i4"), ("total", "i8")], align=True)
"""A remembered evaluation, thousandths of a point; highest (and oldest) first."""


class Arena(NamedTuple):
    """C customers. The first block is stored, the second is derived from it when it is loaded.

    Day buckets lie in `buckets` and `rows`, identities in `ring`, each customer's with room behind
    them for the batch's events.
    """

    customers: Table
    marks: NDArray[np.int32]
    """[C, marks] days."""
    totals: NDArray[np.int64]
    """[C, measures] of all buckets that have been folded."""
    standings: Table
    """[C, scores]"""
    watches: Table
    """[C, alerts]"""
    peaks: Table
    """[C, alerts, room]"""
    peak_terms: NDArray[np.int32]
    """[C, alerts, room, terms]"""
    buckets: Table
    rows: NDArray[np.int64]
    """[rows, measures]"""
    ring: Table
    lines: Table
    categories: Table
    attributes: Table
    orders: Table
    order_ids: NDArray[np.uint64]
    """[orders] apart from the rest of them, as one is looked for among all."""
    texts: NDArray[np.uint8]
    classes: NDArray[np.int32]
    """[C, segments] position of the class + 1; 0 before the first evaluation."""

    sums: NDArray[np.int64]
    """[C, operands] running sums of the windows as of the as-of."""
    indicators: NDArray[np.float64]
    """[C, indicators] raw values at the last evaluation; NaN for null."""
    points: NDArray[np.float64]
    """[C, terms] points at the last evaluation; 0 before the first."""
    scores: NDArray[np.float64]
    """[C, scores]"""
    factors: NDArray[np.float64]
    """[C, scores] what points are multiplied by for terms that are left out; NaN: not known yet."""
    columns: NDArray[np.int32]
    """[C, attributes of the model] position among the customer's attributes; −1 if it has none."""
    raw_classes: NDArray[np.int32]
    """[C, segments] at the last evaluation."""


def read_only(texts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a view that no one writes to: compiled code is specialised on that flag too.

    >>> read_only(np.zeros(1, np.uint8)).flags.writeable
    False
    """
    view = texts.view()
    view.flags.writeable = False
    return view


class Room(NamedTuple):
    """For how many of each kind of rows every customer has room, arrays [C]."""

    rows: NDArray[np.int64]
    ring: NDArray[np.int64]
    lines: NDArray[np.int64]
    categories: NDArray[np.int64]
    attributes: NDArray[np.int64]
    orders: NDArray[np.int64]

    @classmethod
    def none(cls, customers: int) -> Self:
        """Return no room at all.

        >>> Room.none(2).rows.tolist()
        [0, 0]
        """
        return cls(*(np.zeros(customers, np.int64) for _ in cls._fields))

    def plus(self, other: Self) -> Self:
        """Return the sum of both."""
        return type(self)(*(one + more for one, more in zip(self, other, strict=True)))


class Memory:
    """Where one arena after another lies.

    What is new from the system it clears page by page at the first touch, which takes as long as
    reading the states; so an arena lies where the last one lay, unless somebody still looks there.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []

    def claim(self, size: int) -> NDArray[np.uint8]:
        """Return so many bytes or more, of whatever content, which no living array looks into.

        A block is out of the list while it is judged: two threads never get the same.

        >>> memory = Memory()
        >>> one = memory.claim(1_000)
        >>> np.may_share_memory(one, memory.claim(1_000))
        False
        >>> del one
        >>> before = memory.claim(1_000).ctypes.data
        >>> before == memory.claim(800).ctypes.data
        True
        """
        try:
            block = self._blocks.pop()
        except IndexError:  # the first one, or the others are being judged
            block = np.empty(0, np.uint8)
        if sys.getrefcount(block) > _REFERENCES or block.size < size:
            block = np.empty(size + size // 4, np.uint8)
        self._blocks.append(block)
        return block


_REFERENCES: Final = 2
"""Of a block into which no array looks: the name here, and the argument of who counts them."""
_ALIGNED: Final = 64


class Part(NamedTuple):
    """An array of an arena: its shape, the type of an element, what it is filled with.

    `UNFILLED` is what is written before it is read: clearing the rows of buckets alone would take
    longer than all the rest.
    """

    shape: tuple[int, ...]
    dtype: Any  # numpy's types do not know those of rows
    fill: float

    @property
    def size(self) -> int:
        """Return its bytes."""
        return math.prod(self.shape) * int(np.dtype(self.dtype).itemsize)


UNFILLED: Final = math.inf


def empty_arena(program: Program, room: Room, texts: NDArray[np.uint8], memory: Memory) -> Arena:
    """Return an arena of new customers with so much room each; `texts` are those of attributes."""
    parts = _parts(program, room)
    block = memory.claim(sum(part.size + _ALIGNED for part in parts.values()))
    end, arrays = 0, {}
    for name, part in parts.items():
        first = end + -(block.ctypes.data + end) % _ALIGNED
        end = first + part.size
        arrays[name] = array = block[first:end].view(part.dtype).reshape(part.shape)
        if part.fill == 0:
            block[first:end] = 0
        elif part.fill != UNFILLED:
            array.fill(part.fill)
    arena = Arena(texts=texts, **arrays)
    customers = arena.customers
    customers["as_of"] = NEVER
    customers["erased"] = NEVER
    customers["stale_measures"] = customers["stale_besides"] = EVERYTHING
    customers["row_base"] = np.cumsum(room.rows) - room.rows
    customers["row_start"] = customers["row_base"]
    customers["ring_start"] = np.cumsum(room.ring) - room.ring
    customers["line_start"] = np.cumsum(room.lines) - room.lines
    customers["category_start"] = np.cumsum(room.categories) - room.categories
    customers["attribute_start"] = np.cumsum(room.attributes) - room.attributes
    customers["order_start"] = np.cumsum(room.orders) - room.orders
    customers["folded_sale"] = customers["leapt"] = NEVER
    arena.standings["since"] = NEVER
    arena.standings["fall"] = NEVER
    arena.watches["quiet_until"] = NEVER
    return arena


def _parts(program: Program, room: Room) -> dict[str, Part]:
    """Return the arrays of an arena by name."""
    count, rows, orders = room.rows.size, int(room.rows.sum()), int(room.orders.sum())
    limits, scores, alerts = program.limits[0], program.scores.size, program.alerts.size
    measures, segments = int(limits["measures"]), program.segments.size
    remembered = (count, alerts, int(limits["longest_alert"]))
    return {
        "customers": Part((count,), CUSTOMER, 0),
        "marks": Part((count, program.marks.size), np.int32, NEVER),
        "totals": Part((count, measures), np.int64, 0),
        "standings": Part((count, scores), STANDING, 0),
        "watches": Part((count, alerts), WATCH, 0),
        "peaks": Part(remembered, PEAK, UNFILLED),
        "peak_terms": Part((*remembered, int(limits["most_terms"])), np.int32, UNFILLED),
        "buckets": Part((rows,), BUCKET, UNFILLED),
        "rows": Part((rows, measures), np.int64, UNFILLED),
        "ring": Part((int(room.ring.sum()),), RING, UNFILLED),
        "lines": Part((int(room.lines.sum()),), LINE, UNFILLED),
        "categories": Part((int(room.categories.sum()),), CATEGORY, UNFILLED),
        "attributes": Part((int(room.attributes.sum()),), ATTRIBUTE, 0),
        "orders": Part((orders,), ORDER, UNFILLED),
        "order_ids": Part((orders,), np.uint64, UNFILLED),
        "classes": Part((count, segments), np.int32, 0),
        "sums": Part((count, program.operands.size), np.int64, 0),
        "indicators": Part((count, program.indicators.size), np.float64, math.nan),
        "points": Part((count, program.terms.size), np.float64, 0),
        "scores": Part((count, scores), np.float64, 0),
        "factors": Part((count, scores), np.float64, math.nan),
        "columns": Part((count, program.attributes.size), np.int32, -1),
        "raw_classes": Part((count, segments), np.int32, 0),
    }
