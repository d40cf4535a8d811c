"""A customer's state as bytes: compact, versioned, independent of windows and weights.

Only facts and memory are stored: buckets, folded totals, marks, invoices, product lines and
attributes; tiers, classes, alerts, identities. Running sums and scores are derived when the state
is loaded, so new windows or weights need no migration.
Integers are LEB128 varints, signed ones zigzag; a bucket is its day's distance from the bucket
before, a bit mask of the measures that are not 0, and their values.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arena import BITS, NEVER, Arena, Memory, Room, empty_arena, read_only
from scoring.bits import lowest
from scoring.errors import LayoutError
from scoring.facts.attributes import FLAG, NUMBER, NUMERIC_TEXT, TEXTS
from scoring.facts.orders import NOTHING
from scoring.hashing import NO_SEED, name_hash
from scoring.jit import jit_borrowing
from scoring.measures import ABSENT, MARKS, MEASURES, MOST_VOLUME
from scoring.program import Program
from scoring.verdicts import volume_of_sums
from scoring.windows import clear

VERSION: Final = 4
OLDEST_VERSION: Final = 3
"""Of the layouts that are read. It had no volume, no contents of identities, no sequence."""
MORE: Final = 128
"""Set in every byte of a varint but its last."""
WIDEST: Final = 10
"""Bytes of the longest varint of 64 bits."""
ENTRY: Final = 11
"""Bytes of an identity and of what its event said."""
NUMBERS: Final = (NUMBER, FLAG, NUMERIC_TEXT)
"""Kinds of attributes that have a number."""
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
HAS_COST: Final = np.uint64(1 << 4)
HAS_CATEGORY: Final = np.uint64(1 << 5)
HAS_PUT: Final = np.uint64(1 << 6)
HAS_INVOICE: Final = np.uint64(1 << 7)
HAS_DUE: Final = np.uint64(1 << 8)
HAS_CURRENCY: Final = np.uint64(1 << 9)
"""Of an order's row: what it has besides; kind, live and named stand in the bits before."""
ORDERS: Final = MEASURES.index("orders")
LAST_SALE: Final = tuple(mark for mark, _, _ in MARKS).index("last_sale")
FIRST_SALE: Final = tuple(mark for mark, _, _ in MARKS).index("first_sale")


@jit_borrowing
def put(out: NDArray[np.uint8], at: int, number: np.uint64) -> int:
    """Write a varint; return the position behind it.

    >>> out = np.zeros(WIDEST, np.uint8)
    >>> put(out, 0, 300), out[:2].tolist()
    (2, [172, 2])
    """
    number = np.uint64(number)
    place = np.uint64(at)
    while number >= np.uint64(MORE):
        out[place] = np.uint8(number & np.uint64(127)) | np.uint8(MORE)
        number >>= np.uint64(7)
        place += _ONE
    out[place] = np.uint8(number)
    return int(place) + 1


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
    place = np.uint64(at)
    number = np.uint64(0)
    shift = np.uint64(0)
    while blob[place] >= MORE:
        number |= np.uint64(blob[place] & np.uint8(127)) << shift
        shift += np.uint64(7)
        place += _ONE
    return number | (np.uint64(blob[place]) << shift), int(place) + 1


@jit_borrowing
def get_signed(blob: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    """Read a signed varint; return it and the position behind it."""
    number, at = get(blob, at)
    return np.int64(number >> np.uint64(1)) ^ -np.int64(number & np.uint64(1)), at


@jit_borrowing
def put_eight(out: NDArray[np.uint8], at: int, number: np.uint64) -> int:
    """Write eight bytes, the lowest first; return the position behind them."""
    place = np.uint64(at)
    for byte in range(8):
        out[place + np.uint64(byte)] = np.uint8((number >> np.uint64(8 * byte)) & np.uint64(255))
    return at + 8


@jit_borrowing
def get_eight(blob: NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """Read eight bytes; return them and the position behind them."""
    number, place = np.uint64(0), np.uint64(at)
    for byte in range(8):
        number |= np.uint64(blob[place + np.uint64(byte)]) << np.uint64(8 * byte)
    return number, at + 8


@jit_borrowing
def put_three(out: NDArray[np.uint8], at: int, number: np.uint32) -> int:
    """Write the lowest three bytes of a number; return the position behind them."""
    place = np.uint64(at)
    for byte in range(3):
        out[place + np.uint64(byte)] = np.uint8((number >> np.uint32(8 * byte)) & np.uint32(255))
    return at + 3


@jit_borrowing
def get_three(blob: NDArray[np.uint8], at: int) -> tuple[np.uint32, int]:
    """Read three bytes; return them and the position behind them."""
    number, place = np.uint32(0), np.uint64(at)
    for byte in range(3):
        number |= np.uint32(blob[place + np.uint64(byte)]) << np.uint32(8 * byte)
    return number, at + 3


@jit_borrowing
def get_measures(
    blob: NDArray[np.uint8], at: int, measures: NDArray[np.int64]
) -> tuple[np.uint64, int]:
    """Read a mask and the measures it names; return it and the position behind them."""
    mask, at = get(blob, at)
    left = mask
    while left != 0:
        measures[lowest(left)], at = get_signed(blob, at)
        left &= left - _ONE
    return mask, at


@jit_borrowing
def put_measures(out: NDArray[np.uint8], at: int, measures: NDArray[np.int64]) -> int:
    """Write a mask of the measures that are not 0, and them; return the position behind."""
    mask = np.uint64(0)
    for measure in range(measures.size):
        if measures[measure] != 0:
            mask |= _ONE << np.uint64(measure)
    at = put(out, at, mask)
    while mask != 0:
        at = put_signed(out, at, measures[lowest(mask)])
        mask &= mask - _ONE
    return at


def load_arena(
    program: Program,
    blobs: NDArray[np.uint8],
    starts: NDArray[np.int64],
    room: Room,
    texts: NDArray[np.uint8],
    memory: Memory,
) -> Arena:
    """Return the arena of the customers whose blobs lie between `starts` [C+1].

    An empty blob is a new customer. `room` is needed besides what is stored, `texts` stand behind
    the blobs. Raises `LayoutError` for a blob of another layout version.
    """
    stored = Room.none(room.rows.size)
    if (unreadable := count_stored(blobs, starts, stored)) >= 0:
        raise LayoutError(unreadable, int(blobs[starts[unreadable]]), VERSION)
    room = stored.plus(with_judgements(room, stored))
    if program.limits[0]["ring"] == 0:
        room = room._replace(ring=stored.ring)
    texts = np.concatenate([blobs, texts]) if texts.size else blobs
    arena = empty_arena(program, room, read_only(texts), memory)
    decode_all(program, arena, blobs, starts, arena.attributes.view(BITS))
    return arena


def with_judgements(room: Room, stored: Room) -> Room:
    """Return the room with what orders may need that are judged anew, by what is stored of them.

    A sale can make credits of all refunds of its order that came before it, and what is left of an
    invoice can fall on the day of any of its lines, which may have no bucket yet.
    """
    judges = room.orders > 0
    credits_ = np.where(judges & (room.lines > 0), stored.orders, 0)
    rows = room.rows + np.where(judges, stored.orders + stored.lines, 0)
    return room._replace(rows=rows, lines=room.lines + credits_)


@jit_borrowing
def count_stored(blobs: NDArray[np.uint8], starts: NDArray[np.int64], stored: Room) -> int:
    """Set how much each customer has stored; return the first unreadable blob, or −1."""
    for c in range(starts.size - 1):
        if starts[c + 1] > starts[c]:
            if not OLDEST_VERSION <= blobs[starts[c]] <= VERSION:
                return c
            number, at = get(blobs, starts[c] + 1)
            stored.rows[c] = np.int64(number)
            number, at = get(blobs, at)
            stored.ring[c] = np.int64(number)
            number, at = get(blobs, at)
            stored.lines[c] = np.int64(number)
            number, at = get(blobs, at)
            stored.categories[c] = np.int64(number)
            number, at = get(blobs, at)
            stored.attributes[c] = np.int64(number)
            if blobs[starts[c]] > OLDEST_VERSION:
                number, at = get(blobs, at)
                stored.orders[c] = np.int64(number)
    return -1


@jit_borrowing
def decode_all(
    program: Program, arena: Arena, blobs: NDArray[np.uint8], starts: NDArray[np.int64], bits: Any
) -> None:
    """Read the states of all customers that have one."""
    for c in range(starts.size - 1):
        if starts[c + 1] > starts[c]:
            version = int(blobs[starts[c]])
            at = decode_head(
                version,
                arena.customers[c],
                arena.marks[c],
                arena.totals[c],
                arena.standings[c],
                arena.classes[c],
                blobs,
                starts[c] + 1,
            )
            for a in range(program.alerts.size):
                score = program.scores[program.alerts[a].score]
                terms = score.end_term - score.first_term
                at = decode_watch(
                    arena.watches[c, a], arena.peaks[c, a], arena.peak_terms[c, a], terms, blobs, at
                )
            at = decode_rows(arena.customers[c], arena.buckets, arena.rows, blobs, at)
            at = decode_ring(version, arena.customers[c], arena.ring, blobs, at)
            at = decode_lines(version, arena.customers[c], arena.lines, blobs, at)
            at = decode_categories(version, arena.customers[c], arena.categories, blobs, at)
            at = decode_attributes(version, arena.customers[c], bits, blobs, at)
            if version > OLDEST_VERSION:
                decode_orders(arena.customers[c], arena.orders, arena.order_ids, blobs, at)
            if version == OLDEST_VERSION:
                derive_volume(arena, c)
                derive_folded_sale(arena, c)


@jit_borrowing
def derive_volume(arena: Arena, c: int) -> None:
    """Set the volume of a customer whose state has none from its sums."""
    customer = arena.customers[c]
    volume = volume_of_sums(arena.totals[c])
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        volume = min(volume + volume_of_sums(arena.rows[row]), MOST_VOLUME)
    customer.volume = volume


@jit_borrowing
def derive_folded_sale(arena: Arena, c: int) -> None:
    """Set the last day of a sale that no bucket holds, of a customer whose state has none."""
    customer, last = arena.customers[c], arena.marks[c, LAST_SALE]
    if arena.totals[c, ORDERS] > 0:
        first = customer.row_start
        is_folded = customer.row_count == 0 or last < arena.buckets[first].day
        customer.folded_sale = last if is_folded else arena.marks[c, FIRST_SALE]


@jit_borrowing
def decode_head(
    version: int,
    customer: Any,
    marks: NDArray[np.int32],
    totals: NDArray[np.int64],
    standings: Any,
    classes: NDArray[np.int32],
    blob: NDArray[np.uint8],
    at: int,
) -> int:
    """Read counters, marks, folded totals, tiers and classes; return the position behind them."""
    number, at = get(blob, at)
    customer.row_count = np.int32(number)
    number, at = get(blob, at)
    customer.ring_count = np.int32(number)
    number, at = get(blob, at)
    customer.line_count = np.int32(number)
    number, at = get(blob, at)
    customer.category_count = np.int32(number)
    number, at = get(blob, at)
    customer.attribute_count = np.int32(number)
    if version > OLDEST_VERSION:
        number, at = get(blob, at)
        customer.order_count = np.int32(number)
    number, at = get(blob, at)
    customer.as_of = np.int32(np.int64(number) - 1)
    number, at = get(blob, at)
    customer.sequence = np.int64(number)
    number, at = get(blob, at)
    customer.applied = np.int64(number)
    number, at = get(blob, at)
    customer.erased = np.int64(number) - 1
    if version > OLDEST_VERSION:
        number, at = get(blob, at)
        customer.volume = np.int64(number)
        number, at = get(blob, at)
        customer.folded_sale = np.int32(np.int64(number) - 1)
    for mark in range(marks.size):
        number, at = get(blob, at)
        marks[mark] = np.int32(np.int64(number) - 1)
    _, at = get_measures(blob, at, totals)
    for s in range(standings.size):
        number, at = get(blob, at)
        standings[s].tier = np.int32(number)
        number, at = get(blob, at)
        standings[s].earned = np.int32(number)
        number, at = get(blob, at)
        standings[s].since = np.int32(np.int64(number) - 1)
        number, at = get(blob, at)
        standings[s].fall = np.int32(np.int64(number) - 1)
    for s in range(classes.size):
        number, at = get(blob, at)
        classes[s] = np.int32(number)
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
    buckets: Any,
    rows: NDArray[np.int64],
    blob: NDArray[np.uint8],
    at: int,
) -> int:
    """Read the buckets of a customer; return the position behind them."""
    day = np.int64(0)
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        number, at = get(blob, at)
        day += np.int64(number)
        buckets[row].day = day
        clear(rows[row])
        buckets[row].measures, at = get_measures(blob, at, rows[row])
    return at


@jit_borrowing
def decode_ring(
    version: int,
    customer: Any,
    ring: Any,
    blob: NDArray[np.uint8],
    at: int,
) -> int:
    """Read the identities of a customer's events, and what these said; return what is behind."""
    for n in range(customer.ring_start, customer.ring_start + customer.ring_count):
        identity, at = get_eight(blob, at)
        ring[n].identity = identity
        ring[n].content = 0
        if version > OLDEST_VERSION:
            content, at = get_three(blob, at)
            ring[n].content = content
    return at


@jit_borrowing
def decode_lines(version: int, customer: Any, lines: Any, blob: NDArray[np.uint8], at: int) -> int:
    """Read the lines of a customer's invoices; return the position behind them."""
    for n in range(customer.line_start, customer.line_start + customer.line_count):
        invoice, at = get_eight(blob, at)
        lines[n].invoice = invoice
        number, at = get(blob, at)
        lines[n].kind = np.int32(number)
        number, at = get(blob, at)
        lines[n].day = np.int32(number)
        number, at = get(blob, at)
        lines[n].due = np.int32(np.int64(number) - 1)
        number, at = get(blob, at)
        lines[n].count = np.int32(number)
        number, at = get(blob, at)
        lines[n].undated = np.int32(number)
        signed, at = get_signed(blob, at)
        lines[n].amount = lines[n].own = signed
        lines[n].currency = 0
        if version > OLDEST_VERSION:
            number, at = get(blob, at)
            lines[n].currency = np.int32(number)
            if number != 0:
                signed, at = get_signed(blob, at)
                lines[n].own = signed
    return at


@jit_borrowing
def decode_categories(
    version: int, customer: Any, categories: Any, blob: NDArray[np.uint8], at: int
) -> int:
    """Read the product lines of a customer; return the position behind them."""
    for n in range(customer.category_start, customer.category_start + customer.category_count):
        line, at = get_eight(blob, at)
        categories[n].line = line
        number, at = get(blob, at)
        categories[n].day = categories[n].unnamed = np.int32(number)
        if version > OLDEST_VERSION:
            number, at = get(blob, at)
            categories[n].unnamed = np.int32(np.int64(number) - 1)
    return at


@jit_borrowing
def decode_orders(
    customer: Any, orders: Any, ids: NDArray[np.uint64], blob: NDArray[np.uint8], at: int
) -> int:
    """Read the rows of a customer's orders; return the position behind them."""
    for n in range(customer.order_start, customer.order_start + customer.order_count):
        row = orders[n]
        ids[n], at = get_eight(blob, at)
        head, at = get(blob, at)
        row.kind = np.int32(head & np.uint64(3))
        row.live = np.int32((head >> np.uint64(2)) & _ONE)
        row.named = np.int32((head >> np.uint64(3)) & _ONE)
        number, at = get(blob, at)
        row.day = np.int32(number)
        signed, at = get_signed(blob, at)
        row.amount = row.own = signed
        row.put, row.pays = row.day, NOTHING
        row.cost, row.due, row.currency = ABSENT, NEVER, 0
        row.category = row.invoice = np.uint64(0)
        if head & HAS_PUT:
            number, at = get(blob, at)
            row.put = np.int32(number)
            number, at = get(blob, at)
            row.pays = np.int32(np.int64(number) - 1)
        if head & HAS_COST:
            signed, at = get_signed(blob, at)
            row.cost = signed
        if head & HAS_CATEGORY:
            row.category, at = get_eight(blob, at)
        if head & HAS_INVOICE:
            row.invoice, at = get_eight(blob, at)
        if head & HAS_DUE:
            number, at = get(blob, at)
            row.due = np.int32(number)
        if head & HAS_CURRENCY:
            number, at = get(blob, at)
            row.currency = np.int32(number)
            signed, at = get_signed(blob, at)
            row.own = signed
    return at


@jit_borrowing
def encode_orders(
    customer: Any, orders: Any, ids: NDArray[np.uint64], out: NDArray[np.uint8], at: int
) -> int:
    """Write the rows of a customer's orders; return the position behind them."""
    for n in range(customer.order_start, customer.order_start + customer.order_count):
        row = orders[n]
        at = put_eight(out, at, ids[n])
        head = np.uint64(row.kind) | (np.uint64(row.live) << np.uint64(2))
        head |= np.uint64(row.named) << np.uint64(3)
        head |= HAS_COST if row.cost != ABSENT else _NONE
        head |= HAS_CATEGORY if row.category != _NONE else _NONE
        head |= HAS_INVOICE if row.invoice != _NONE else _NONE
        head |= HAS_DUE if row.due != NEVER else _NONE
        head |= HAS_CURRENCY if row.currency != 0 else _NONE
        head |= HAS_PUT if row.put != row.day or row.pays != NOTHING else _NONE
        at = put(out, at, head)
        at = put(out, at, np.uint64(row.day))
        at = put_signed(out, at, row.amount)
        if head & HAS_PUT:
            at = put(out, at, np.uint64(row.put))
            at = put(out, at, np.uint64(row.pays + 1))
        if head & HAS_COST:
            at = put_signed(out, at, row.cost)
        if head & HAS_CATEGORY:
            at = put_eight(out, at, row.category)
        if head & HAS_INVOICE:
            at = put_eight(out, at, row.invoice)
        if head & HAS_DUE:
            at = put(out, at, np.uint64(row.due))
        if head & HAS_CURRENCY:
            at = put(out, at, np.uint64(row.currency))
            at = put_signed(out, at, row.own)
    return at


@jit_borrowing
def decode_attributes(
    version: int, customer: Any, bits: Any, blob: NDArray[np.uint8], at: int
) -> int:
    """Read the attributes of a customer; return the position behind them."""
    for n in range(customer.attribute_start, customer.attribute_start + customer.attribute_count):
        row = bits[n]
        number, at = get(blob, at)
        row.kind = np.int32(number)
        row.number = np.uint64(0)
        row.text = np.uint64(0)
        row.text_length = 0
        number, at = get(blob, at)
        row.name_start, row.name_length = at, np.int32(number)
        if row.name_length == 0:
            key, at = get_eight(blob, at)
            row.key = key
        else:
            row.key = name_hash(blob, at, row.name_length, NO_SEED)
            at += row.name_length
        if row.kind in NUMBERS:
            number, at = get_eight(blob, at)
            row.number = number
        if row.kind in TEXTS:
            number, at = get(blob, at)
            row.text_start, row.text_length = at, np.int32(number)
            row.text = name_hash(blob, at, row.text_length, NO_SEED)
            at += row.text_length
        number, at = get_eight(blob, at)
        row.identity = number
        number, at = get(blob, at)
        row.at = np.int64(number)
        row.sequence = ABSENT
        if version > OLDEST_VERSION:
            number, at = get(blob, at)
            row.sequence = ABSENT if number == 0 else np.int64(number - _ONE)
        number, at = get(blob, at)
        row.day = np.int32(number)
    return at


def encode_arena(
    program: Program, arena: Arena, memory: Memory
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the states of all customers as bytes one behind the other, and their bounds [C+1]."""
    customers = arena.customers.size
    starts = np.zeros(customers + 1, np.int64)
    out = memory.claim(512 * customers + 65_536)
    c = 0
    bits = arena.attributes.view(BITS)
    while (c := encode_from(program, arena, c, starts, out, bits)) < customers:
        grown = memory.claim(2 * (out.size + int(size_bound(arena, c))))
        grown[: starts[c]] = out[: starts[c]]
        out = grown
    return out[: starts[customers]], starts


@jit_borrowing
def encode_from(
    program: Program,
    arena: Arena,
    first: int,
    starts: NDArray[np.int64],
    out: NDArray[np.uint8],
    bits: Any,
) -> int:
    """Write the states of the customers from `first`; return the first that had no room."""
    ring = np.int64(program.limits[0].ring)
    for c in range(first, arena.customers.size):
        if starts[c] + size_bound(arena, c) > out.size:
            return c
        customer = arena.customers[c]
        kept = int(min(np.int64(customer.ring_count), ring))
        at = encode_head(
            customer, kept, arena.marks[c], arena.totals[c], arena.standings[c], arena.classes[c],
            out, starts[c],
        )  # fmt: skip  # a line for the customer, a line for where it goes
        for a in range(program.alerts.size):
            score = program.scores[program.alerts[a].score]
            terms = score.end_term - score.first_term
            at = encode_watch(
                arena.watches[c, a], arena.peaks[c, a], arena.peak_terms[c, a], terms, out, at
            )
        at = encode_rows(customer, arena.buckets, arena.rows, out, at)
        at = encode_ring(customer, kept, arena.ring, out, at)
        at = encode_lines(customer, arena.lines, out, at)
        at = encode_categories(customer, arena.categories, out, at)
        at = encode_attributes(customer, bits, arena.texts, out, at)
        starts[c + 1] = encode_orders(customer, arena.orders, arena.order_ids, out, at)
    return arena.customers.size


@jit_borrowing
def size_bound(arena: Arena, c: int) -> int:
    """Return how many bytes the state of customer c takes at most."""
    customer = arena.customers[c]
    measures = arena.totals.shape[1]
    bound = 1 + WIDEST * (13 + arena.marks.shape[1] + measures + 4 * arena.standings.shape[1])
    bound += WIDEST * (arena.classes.shape[1] + 9 * customer.line_count)
    bound += 3 * WIDEST * customer.category_count + 12 * WIDEST * customer.order_count
    first = customer.attribute_start
    for n in range(first, first + customer.attribute_count):
        bound += 10 * WIDEST + arena.attributes[n].name_length + arena.attributes[n].text_length
    for a in range(arena.watches.shape[1]):
        bound += WIDEST * (3 + arena.watches[c, a].count * (1 + arena.peak_terms.shape[3]))
    return int(bound + customer.row_count * WIDEST * (2 + measures) + ENTRY * customer.ring_count)


@jit_borrowing
def encode_head(
    customer: Any,
    identities: int,
    marks: NDArray[np.int32],
    totals: NDArray[np.int64],
    standings: Any,
    classes: NDArray[np.int32],
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write version, counters, marks, totals, tiers and classes; return the position behind."""
    out[at] = VERSION
    at = put(out, at + 1, np.uint64(customer.row_count))
    at = put(out, at, np.uint64(identities))
    at = put(out, at, np.uint64(customer.line_count))
    at = put(out, at, np.uint64(customer.category_count))
    at = put(out, at, np.uint64(customer.attribute_count))
    at = put(out, at, np.uint64(customer.order_count))
    at = put(out, at, np.uint64(customer.as_of + 1))
    at = put(out, at, np.uint64(customer.sequence))
    at = put(out, at, np.uint64(customer.applied))
    at = put(out, at, np.uint64(customer.erased + 1))
    at = put(out, at, np.uint64(customer.volume))
    at = put(out, at, np.uint64(customer.folded_sale + 1))
    for mark in range(marks.size):
        at = put(out, at, np.uint64(marks[mark] + 1))
    at = put_measures(out, at, totals)
    for s in range(standings.size):
        at = put(out, at, np.uint64(standings[s].tier))
        at = put(out, at, np.uint64(standings[s].earned))
        at = put(out, at, np.uint64(standings[s].since + 1))
        at = put(out, at, np.uint64(standings[s].fall + 1))
    for s in range(classes.size):
        at = put(out, at, np.uint64(classes[s]))
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
    buckets: Any,
    rows: NDArray[np.int64],
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the buckets of a customer; return the position behind them."""
    day = np.int64(0)
    for row in range(customer.row_start, customer.row_start + customer.row_count):
        at = put(out, at, np.uint64(buckets[row].day - day))
        day = np.int64(buckets[row].day)
        at = put_measures(out, at, rows[row])
    return at


@jit_borrowing
def encode_ring(
    customer: Any,
    identities: int,
    ring: Any,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the last identities of a customer, and what their events said."""
    end = customer.ring_start + customer.ring_count
    for n in range(end - identities, end):
        at = put_eight(out, at, ring[n].identity)
        at = put_three(out, at, ring[n].content)
    return at


@jit_borrowing
def encode_lines(customer: Any, lines: Any, out: NDArray[np.uint8], at: int) -> int:
    """Write the lines of a customer's invoices; return the position behind them."""
    for n in range(customer.line_start, customer.line_start + customer.line_count):
        line = lines[n]
        at = put_eight(out, at, line.invoice)
        at = put(out, at, np.uint64(line.kind))
        at = put(out, at, np.uint64(line.day))
        at = put(out, at, np.uint64(line.due + 1))
        at = put(out, at, np.uint64(line.count))
        at = put(out, at, np.uint64(line.undated))
        at = put_signed(out, at, line.amount)
        at = put(out, at, np.uint64(line.currency))
        if line.currency != 0:
            at = put_signed(out, at, line.own)
    return at


@jit_borrowing
def encode_categories(customer: Any, categories: Any, out: NDArray[np.uint8], at: int) -> int:
    """Write the product lines of a customer; return the position behind them."""
    for n in range(customer.category_start, customer.category_start + customer.category_count):
        at = put_eight(out, at, categories[n].line)
        at = put(out, at, np.uint64(categories[n].day))
        at = put(out, at, np.uint64(categories[n].unnamed + 1))
    return at


@jit_borrowing
def encode_attributes(
    customer: Any, bits: Any, texts: NDArray[np.uint8], out: NDArray[np.uint8], at: int
) -> int:
    """Write the attributes of a customer; return the position behind them."""
    for n in range(customer.attribute_start, customer.attribute_start + customer.attribute_count):
        row = bits[n]
        at = put(out, at, np.uint64(row.kind))
        at = put(out, at, np.uint64(row.name_length))
        if row.name_length == 0:
            at = put_eight(out, at, row.key)
        for byte in range(row.name_length):
            out[at + byte] = texts[row.name_start + byte]
        at += row.name_length
        if row.kind in NUMBERS:
            at = put_eight(out, at, row.number)
        if row.kind in TEXTS:
            at = put(out, at, np.uint64(row.text_length))
            for byte in range(row.text_length):
                out[at + byte] = texts[row.text_start + byte]
            at += row.text_length
        at = put_eight(out, at, row.identity)
        at = put(out, at, np.uint64(row.at))
        at = put(out, at, np.uint64(0 if row.sequence == ABSENT else row.sequence + 1))
        at = put(out, at, np.uint64(row.day))
    return at
