"""A customer's state as bytes: compact, versioned, independent of windows and weights.

Only facts and memory are stored: buckets, folded totals, marks, tiers, alerts, identities. Running
sums and scores are derived when the state is loaded, so new windows or weights need no migration.
Integers are LEB128 varints, signed ones zigzag; a bucket is its day's distance from the bucket
before, a bit mask of the measures that are not 0, and their values.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arena import Arena, empty_arena
from scoring.errors import LayoutError
from scoring.jit import jit_borrowing
from scoring.program import Program

VERSION: Final = 2
MORE: Final = 128
"""Set in every byte of a varint but its last."""
WIDEST: Final = 10
"""Bytes of the longest varint of 64 bits."""


@jit_borrowing
def put(out: NDArray[np.uint8], at: int, number: np.uint64) -> int:
    """Write a varint; return the position behind it.

    >>> out = np.zeros(WIDEST, np.uint8)
    >>> put(out, 0, 300), out[:2].tolist()
    (2, [172, 2])
    """
    number = np.uint64(number)
    while number >= np.uint64(MORE):
        out[at] = np.uint8(number & np.uint64(127)) | np.uint8(MORE)
        number >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(number)
    return at + 1


@jit_borrowing
def put_signed(out: NDArray[np.uint8], at: int, number: int) -> int:
    """Write a signed varint; return the position behind it.

    >>> out = np.zeros(WIDEST, np.uint8)
    >>> put_signed(out, 0, -3), int(out[0])
    (1, 5)
    """
    signed = np.int64(number)
    return put(out, at, np.uint64((signed << np.int64(1)) ^ (signed >> np.int64(63))))


@jit_borrowing
def get(blob: NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """Read a varint; return it and the position behind it."""
    number = np.uint64(0)
    shift = np.uint64(0)
    while blob[at] >= MORE:
        number |= np.uint64(blob[at] & np.uint8(127)) << shift
        shift += np.uint64(7)
        at += 1
    return number | (np.uint64(blob[at]) << shift), at + 1


@jit_borrowing
def get_signed(blob: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    """Read a signed varint; return it and the position behind it."""
    number, at = get(blob, at)
    return np.int64(number >> np.uint64(1)) ^ -np.int64(number & np.uint64(1)), at


@jit_borrowing
def get_measures(blob: NDArray[np.uint8], at: int, measures: NDArray[np.int64]) -> int:
    """Read a mask and the measures it names; return the position behind them."""
    mask, at = get(blob, at)
    measure = 0
    while mask != np.uint64(0):
        if mask & np.uint64(1):
            measures[measure], at = get_signed(blob, at)
        mask >>= np.uint64(1)
        measure += 1
    return at


@jit_borrowing
def put_measures(out: NDArray[np.uint8], at: int, measures: NDArray[np.int64]) -> int:
    """Write a mask of the measures that are not 0, and them; return the position behind."""
    mask = np.uint64(0)
    for measure in range(measures.size):
        if measures[measure] != 0:
            mask |= np.uint64(1) << np.uint64(measure)
    at = put(out, at, mask)
    for measure in range(measures.size):
        if measures[measure] != 0:
            at = put_signed(out, at, measures[measure])
    return at


def load_arena(
    program: Program, blobs: NDArray[np.uint8], starts: NDArray[np.int64], events: NDArray[np.int64]
) -> Arena:
    """Return the arena of the customers whose blobs lie between `starts` [C+1].

    An empty blob is a new customer. `events` [C] tells for how many events each needs room.
    Raises `LayoutError` for a blob of another layout version.
    """
    rows = np.zeros(events.size, np.int64)
    identities = np.zeros(events.size, np.int64)
    if (unreadable := count_stored(blobs, starts, rows, identities)) >= 0:
        raise LayoutError(unreadable, int(blobs[starts[unreadable]]), VERSION)
    ring = int(program.limits[0]["ring"])
    arena = empty_arena(program, rows + events, identities + (events if ring > 0 else 0))
    decode_all(program, arena, blobs, starts)
    return arena


@jit_borrowing
def count_stored(
    blobs: NDArray[np.uint8],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    identities: NDArray[np.int64],
) -> int:
    """Set each customer's stored rows and identities; return the first unreadable blob, or −1."""
    for c in range(starts.size - 1):
        if starts[c + 1] > starts[c]:
            if blobs[starts[c]] != VERSION:
                return c
            number, at = get(blobs, starts[c] + 1)
            rows[c] = np.int64(number)
            number, at = get(blobs, at)
            identities[c] = np.int64(number)
    return -1


@jit_borrowing
def decode_all(
    program: Program, arena: Arena, blobs: NDArray[np.uint8], starts: NDArray[np.int64]
) -> None:
    """Read the states of all customers that have one."""
    for c in range(starts.size - 1):
        if starts[c + 1] > starts[c]:
            at = decode_head(
                arena.customers[c],
                arena.marks[c],
                arena.totals[c],
                arena.standings[c],
                blobs,
                starts[c] + 1,
            )
            for a in range(program.alerts.size):
                score = program.scores[program.alerts[a].score]
                terms = score.end_term - score.first_term
                at = decode_watch(
                    arena.watches[c, a], arena.peaks[c, a], arena.peak_terms[c, a], terms, blobs, at
                )
            decode_rows(arena.customers[c], arena.row_day, arena.rows, arena.ring, blobs, at)


@jit_borrowing
def decode_head(
    customer: Any,
    marks: NDArray[np.int32],
    totals: NDArray[np.int64],
    standings: Any,
    blob: NDArray[np.uint8],
    at: int,
) -> int:
    """Read counters, marks, folded totals and tiers; return the position behind them."""
    number, at = get(blob, at)
    customer.row_count = np.int32(number)
    number, at = get(blob, at)
    customer.ring_count = np.int32(number)
    number, at = get(blob, at)
    customer.as_of = np.int32(np.int64(number) - 1)
    number, at = get(blob, at)
    customer.sequence = np.int64(number)
    number, at = get(blob, at)
    customer.applied = np.int64(number)
    number, at = get(blob, at)
    customer.erased = np.int64(number) - 1
    for mark in range(marks.size):
        number, at = get(blob, at)
        marks[mark] = np.int32(np.int64(number) - 1)
    at = get_measures(blob, at, totals)
    for s in range(standings.size):
        number, at = get(blob, at)
        standings[s].tier = np.int32(number)
        number, at = get(blob, at)
        standings[s].since = np.int32(np.int64(number) - 1)
    return at


@jit_borrowing
def decode_watch(
    watch: Any,
    peaks: Any,
    peak_terms: NDArray[np.int32],
    terms: int,
    blob: NDArray[np.uint8],
    at: int,
) -> int:
    """Read what a customer remembers for one alert; return the position behind it.

    A model that looks back fewer days has less room than the one that wrote the state: the newest
    evaluations are kept, with room for one more, as the others are older than it looks back.
    """
    number, at = get(blob, at)
    watch.open = np.int32(number)
    number, at = get(blob, at)
    watch.quiet_until = np.int32(np.int64(number) - 1)
    stored, at = get(blob, at)
    watch.count = np.int32(min(np.int64(stored), np.int64(peaks.size - 1)))
    for n in range(np.int64(stored)):
        peak = max(np.int64(0), n - np.int64(stored) + watch.count)
        number, at = get(blob, at)
        peaks[peak].day = np.int32(number)
        total = np.int64(0)
        for term in range(terms):
            signed, at = get_signed(blob, at)
            peak_terms[peak, term] = np.int32(signed)
            total += signed
        peaks[peak].total = total
    return at


@jit_borrowing
def decode_rows(
    customer: Any,
    row_day: NDArray[np.int32],
    rows: NDArray[np.int64],
    ring: NDArray[np.uint64],
    blob: NDArray[np.uint8],
    at: int,
) -> None:
    """Read the buckets and identities of a customer into its rooms."""
    day = np.int64(0)
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        number, at = get(blob, at)
        day += np.int64(number)
        row_day[row] = day
        at = get_measures(blob, at, rows[row])
    for n in range(customer.ring_start, customer.ring_start + customer.ring_count):
        identity = np.uint64(0)
        for byte in range(8):
            identity |= np.uint64(blob[at + byte]) << np.uint64(8 * byte)
        ring[n] = identity
        at += 8


def encode_arena(program: Program, arena: Arena) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the states of all customers as bytes one behind the other, and their bounds [C+1]."""
    customers = arena.customers.size
    starts = np.zeros(customers + 1, np.int64)
    out = np.empty(512 * customers + 65_536, np.uint8)
    c = 0
    while (c := encode_from(program, arena, c, starts, out)) < customers:
        grown = np.empty(2 * (out.size + size_bound(arena, c)), np.uint8)
        grown[: starts[c]] = out[: starts[c]]
        out = grown
    return out[: starts[customers]], starts


@jit_borrowing
def encode_from(
    program: Program, arena: Arena, first: int, starts: NDArray[np.int64], out: NDArray[np.uint8]
) -> int:
    """Write the states of the customers from `first`; return the first that had no room."""
    ring = np.int64(program.limits[0].ring)
    for c in range(first, arena.customers.size):
        if starts[c] + size_bound(arena, c) > out.size:
            return c
        customer = arena.customers[c]
        kept = int(min(np.int64(customer.ring_count), ring))
        at = encode_head(
            customer, kept, arena.marks[c], arena.totals[c], arena.standings[c], out, starts[c]
        )
        for a in range(program.alerts.size):
            score = program.scores[program.alerts[a].score]
            terms = score.end_term - score.first_term
            at = encode_watch(
                arena.watches[c, a], arena.peaks[c, a], arena.peak_terms[c, a], terms, out, at
            )
        starts[c + 1] = encode_rows(customer, kept, arena.row_day, arena.rows, arena.ring, out, at)
    return arena.customers.size


@jit_borrowing
def size_bound(arena: Arena, c: int) -> int:
    """Return how many bytes the state of customer c takes at most."""
    customer = arena.customers[c]
    measures = arena.totals.shape[1]
    bound = 1 + WIDEST * (7 + arena.marks.shape[1] + measures + 2 * arena.standings.shape[1])
    for a in range(arena.watches.shape[1]):
        bound += WIDEST * (3 + arena.watches[c, a].count * (1 + arena.peak_terms.shape[3]))
    return int(bound + customer.row_count * WIDEST * (2 + measures) + 8 * customer.ring_count)


@jit_borrowing
def encode_head(
    customer: Any,
    identities: int,
    marks: NDArray[np.int32],
    totals: NDArray[np.int64],
    standings: Any,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write version, counters, marks, folded totals and tiers; return the position behind them."""
    out[at] = VERSION
    at = put(out, at + 1, np.uint64(customer.row_count))
    at = put(out, at, np.uint64(identities))
    at = put(out, at, np.uint64(customer.as_of + 1))
    at = put(out, at, np.uint64(customer.sequence))
    at = put(out, at, np.uint64(customer.applied))
    at = put(out, at, np.uint64(customer.erased + 1))
    for mark in range(marks.size):
        at = put(out, at, np.uint64(marks[mark] + 1))
    at = put_measures(out, at, totals)
    for s in range(standings.size):
        at = put(out, at, np.uint64(standings[s].tier))
        at = put(out, at, np.uint64(standings[s].since + 1))
    return at


@jit_borrowing
def encode_watch(
    watch: Any,
    peaks: Any,
    peak_terms: NDArray[np.int32],
    terms: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write what a customer remembers for one alert; return the position behind it."""
    at = put(out, at, np.uint64(watch.open))
    at = put(out, at, np.uint64(watch.quiet_until + 1))
    at = put(out, at, np.uint64(watch.count))
    for peak in range(watch.count):
        at = put(out, at, np.uint64(peaks[peak].day))
        for term in range(terms):
            at = put_signed(out, at, peak_terms[peak, term])
    return at


@jit_borrowing
def encode_rows(
    customer: Any,
    identities: int,
    row_day: NDArray[np.int32],
    rows: NDArray[np.int64],
    ring: NDArray[np.uint64],
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the buckets and the last identities of a customer; return the position behind them."""
    day = np.int64(0)
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        at = put(out, at, np.uint64(row_day[row] - day))
        day = np.int64(row_day[row])
        at = put_measures(out, at, rows[row])
    end = customer.ring_start + customer.ring_count
    for n in range(end - identities, end):
        for byte in range(8):
            out[at + byte] = np.uint8((ring[n] >> np.uint64(8 * byte)) & np.uint64(255))
        at += 8
    return at
