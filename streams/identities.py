"""Exact deduplication offline: every identity of every customer, however many there are.

A worker remembers the last identities of a customer; files end, so here there is no need to forget.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from scoring.columns import Events
from scoring.jit import jit_borrowing
from scoring.kernel import MERGE
from scoring.measures import ABSENT, KINDS
from scoring.money import amount_text
from scoring.prefetching import ask_for
from scoring.verdicts import CORRECT, DIFFERENT, DUPLICATE, NOT_REACHED, Refusal
from streams.output.messages import instant_text

ENTRY: Final = np.dtype(
    [
        ("identity", "u8"),
        ("at", "i8"),
        ("own", "i8"),
        ("line", "i8"),
        ("customer", "i4"),
        ("content", "u4"),
        ("currency", "i4"),
        ("file", "i4"),
        ("kind", "i1"),
    ],
    align=True,
)
"""An event as it came first: where that was, and what is told of it."""
AHEAD: Final = 8
"""How many events ahead their places in the table are asked for."""
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_INDEX: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


class Origin(NamedTuple):
    """Where events come from: names of files, and of each event its file among them, its line."""

    names: Sequence[str]
    file: NDArray[np.int64]
    line: NDArray[np.int64]

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Return that of events whose lines nobody knows.

        >>> Origin.unknown(2).line.tolist()
        [0, 0]
        """
        return cls([""], np.zeros(count, np.int64), np.zeros(count, np.int64))

    def select(self, which: NDArray[np.int64]) -> Self:
        """Return that of some events."""
        return self._replace(file=self.file[which], line=self.line[which])


class Sifted(NamedTuple):
    """Which events of a piece go on, how many are repeats, and what is refused."""

    fresh: NDArray[np.bool_]
    duplicates: int
    refused: list[Refusal]


class Identities:
    """Remembers all events that it is given; commands are passed on (merges undo and repeat).

    The table has open addressing: a slot holds 32 bits of an event's hash, and its position + 1
    among the entries.
    """

    def __init__(self, base_currency: str) -> None:
        """Begin without any; money is told in `base_currency` where events name no other."""
        self._base = base_currency
        self._slots = np.zeros(2**16, np.uint64)
        self._entries = np.zeros(2**14, ENTRY)
        self._used = 0
        self._files: dict[str, int] = {}

    def sift(self, customers: NDArray[np.int64], events: Events, origin: Origin) -> Sifted:
        """Take a piece's events in; `customers` are numbers that hold for all pieces."""
        known = [self._files.setdefault(name, len(self._files)) for name in origin.names]
        origin = Origin(list(self._files), np.array(known, np.int64)[origin.file], origin.line)
        self._make_room(events.at.size)
        verdicts = np.zeros(events.at.size, np.int8)
        earlier = np.zeros(events.at.size, np.int64)
        self._used = enter(
            self._slots, self._entries, self._used, customers, events, origin.file, origin.line,
            verdicts, earlier,
        )  # fmt: skip  # the table, what comes, what is found
        duplicates = int(np.count_nonzero(verdicts == DUPLICATE))
        refused = [
            Refusal(e, "ContentDiffers", self._why(int(earlier[e]), events, e, origin))
            for e in np.flatnonzero(verdicts == DIFFERENT).tolist()
        ]
        return Sifted(verdicts == NOT_REACHED, duplicates, refused)

    def _make_room(self, count: int) -> None:
        needed = self._used + count
        if needed > self._entries.size:
            grown = np.zeros(max(needed, 2 * self._entries.size), ENTRY)
            grown[: self._used] = self._entries[: self._used]
            self._entries = grown
        if 2 * needed > self._slots.size:
            size = self._slots.size
            while size < 2 * needed:
                size *= 2
            self._slots = np.zeros(2 * size, np.uint64)
            enter_again(self._slots, self._entries, self._used)

    def _why(self, earlier: int, events: Events, e: int, origin: Origin) -> str:
        first = self._entries[earlier]
        there = f"{origin.names[int(first['file'])]}:{int(first['line'])}"
        here = f"{origin.names[int(origin.file[e])]}:{int(origin.line[e])}"
        own = {name: getattr(events, name)[e] for name in ("kind", "own", "currency", "at")}
        return (
            f"{there} ({self._said(first)}) has the same customer, type and event_id and says "
            f"something else than {here} ({self._said(own)}): {CORRECT}"
        )

    def _said(self, event: Any) -> str:
        """Return an event's kind, amount and time in words."""
        parts = [KINDS[int(event["kind"])]]
        if int(event["own"]) != ABSENT:
            parts.append("of " + amount_text(int(event["own"]), int(event["currency"]), self._base))
        return " ".join([*parts, "at", instant_text(int(event["at"]))])


@jit_borrowing
def place_of(identity: np.uint64, customer: int) -> np.uint64:
    """Return the hash of an identity of a customer: its low bits tell the slot to begin at."""
    state = (identity ^ (np.uint64(customer) * _MULTIPLIER)) * _MULTIPLIER
    return state ^ (state >> _HALF)


@jit_borrowing
def enter(
    slots: NDArray[np.uint64],
    entries: Any,
    used: int,
    customers: NDArray[np.int64],
    events: Events,
    files: NDArray[np.int64],
    lines: NDArray[np.int64],
    verdicts: NDArray[np.int8],
    earlier: NDArray[np.int64],
) -> int:
    """Enter the events that are new, and judge the others; return how many entries there are.

    `earlier` gets the entries that others repeat or contradict. There is room for all.
    """
    last = np.uint64(slots.size - 1)
    for e in range(customers.size):
        if e + AHEAD < customers.size:
            coming = place_of(events.identity[e + AHEAD], customers[e + AHEAD])
            ask_for(slots, int(coming & last), 1)
        if events.kind[e] >= MERGE:
            continue
        identity, customer = events.identity[e], customers[e]
        mixed = place_of(identity, customer)
        slot = mixed & last
        while slots[slot] != np.uint64(0):
            if (slots[slot] >> _HALF) == (mixed >> _HALF):
                known = np.int64(slots[slot] & _INDEX) - 1
                entry = entries[known]
                if entry.identity == identity and entry.customer == customer:
                    is_same = entry.content == events.content[e]
                    verdicts[e] = DUPLICATE if is_same else DIFFERENT
                    earlier[e] = known
                    break
            slot = (slot + np.uint64(1)) & last
        if verdicts[e] != NOT_REACHED:
            continue
        entry = entries[used]
        entry.identity = identity
        entry.customer = customer
        entry.content = events.content[e]
        entry.at = events.at[e]
        entry.own = events.own[e]
        entry.currency = events.currency[e]
        entry.kind = events.kind[e]
        entry.line = lines[e]
        entry.file = files[e]
        used += 1
        slots[slot] = ((mixed >> _HALF) << _HALF) | np.uint64(used)
    return used


@jit_borrowing
def enter_again(slots: NDArray[np.uint64], entries: Any, used: int) -> None:
    """Fill an empty table with the entries that there are."""
    last = np.uint64(slots.size - 1)
    for n in range(used):
        if n + AHEAD < used:
            coming = place_of(entries[n + AHEAD].identity, entries[n + AHEAD].customer)
            ask_for(slots, int(coming & last), 1)
        mixed = place_of(entries[n].identity, entries[n].customer)
        slot = mixed & last
        while slots[slot] != np.uint64(0):
            slot = (slot + np.uint64(1)) & last
        slots[slot] = ((mixed >> _HALF) << _HALF) | np.uint64(n + 1)
