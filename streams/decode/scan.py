"""The fast path: plain records to rows of columns, without a Python object an event.

A row that the scanner accepts is what the models would have made of it. What it does not
understand it leaves to them (`Rows.read` stays False).
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.calendar import Calendar, day_of
from scoring.content import NOTHING, fingerprint
from scoring.events import ANSWERS
from scoring.fields import Shape
from scoring.hashing import hash64, name_hash
from scoring.jit import jit_borrowing
from scoring.measures import ABSENT, KINDS
from streams.decode.contract import Contract
from streams.decode.headers import is_cloud_event
from streams.decode.lexing import NULL, NUMBER, STRING, read_object, same_bytes
from streams.decode.plain import end_of_date, epoch_ms, integer, minor_units, rfc3339
from streams.records import Records

DATE_LENGTH: Final = len("2026-01-31")

TYPE: Final = int(Shape.TYPE)
EVENT_ID: Final = int(Shape.EVENT_ID)
CUSTOMER_ID: Final = int(Shape.CUSTOMER_ID)
OCCURRED_AT: Final = int(Shape.OCCURRED_AT)
DUE_AT: Final = int(Shape.DUE_AT)
AMOUNT: Final = int(Shape.AMOUNT)
COST: Final = int(Shape.COST)
CURRENCY: Final = int(Shape.CURRENCY)
KIND: Final = int(Shape.KIND)
LEVEL: Final = int(Shape.LEVEL)
TEXT: Final = int(Shape.TEXT)
ANSWER: Final = int(Shape.ANSWER)
INVOICE: Final = int(Shape.INVOICE)
CATEGORY: Final = int(Shape.CATEGORY)
ORDER: Final = int(Shape.ORDER)
SEQUENCE: Final = int(Shape.SEQUENCE)
SEVERITY: Final = int(Shape.SEVERITY)
VOID: Final = KINDS.index("void")
CHARGEBACK: Final = KINDS.index("chargeback")
LOWEST_LEVEL, HIGHEST_LEVEL = 1, 5

LOWEST: Final = np.array([ANSWERS.get(kind, (0, -1))[0] for kind in KINDS])
HIGHEST: Final = np.array([ANSWERS.get(kind, (0, -1))[1] for kind in KINDS])
"""Of the answers of each kind of event; -1: it has none."""

ROW: Final = np.dtype([
    ("read", np.int32),  # 1: accepted, 0: left to the models
    ("kind", np.int32),
    ("day", np.int32),
    ("due_day", np.int32),
    ("at", np.int64),
    ("identity", np.uint64),
    ("amount", np.int64),
    ("cost", np.int64),
    ("due", np.int64),
    ("level", np.int64),
    ("category", np.uint64),
    ("invoice", np.uint64),
    ("order", np.uint64),
    ("sequence", np.int64),
    ("own", np.int64),
    ("currency", np.int32),
    ("content", np.uint32),
    ("customer_start", np.int64), ("id_start", np.int64),  # spans of the texts
    ("customer_length", np.int32), ("id_length", np.int32),
])  # fmt: skip
"""A row for each record, as in `Events`, zeros at first. Rows and not columns, because compiled
functions take a row as one pointer, but an array as seven numbers. Small, as new memory is slow."""


class Limits(NamedTuple):
    """What one call asks: the type of values that name none (-1: each must), and its bounds.

    `allowed` has a bit for each type that is taken; events and due days before `earliest_day` are
    not plain. `latest_ms` is of each record: a later event is
    in the future.
    """

    type: int
    allowed: int
    earliest_day: int
    keyed: bool
    max_bytes: int
    latest_ms: NDArray[np.int64]


@jit_borrowing
def scan(
    contract: Contract,
    calendar: Calendar,
    records: Records,
    limits: Limits,
    tokens: NDArray[Any],
    rows: NDArray[Any],
) -> int:
    """Fill the rows of all plain records; return how many are left to the models."""
    left = 0
    for record in range(len(records.offset)):
        row = rows[record]
        type_ = _lexed(contract, records, limits, tokens, record)
        if (
            type_ >= 0
            and _event(contract, calendar, records.buffer, tokens, record, type_, row)
            and row.day >= limits.earliest_day
            and (row.due_day >= limits.earliest_day or row.due == ABSENT)
            and row.at <= limits.latest_ms[record]
            and (not limits.keyed or _key_matches(records, record, row))
        ):
            row.read = 1
        else:
            left += 1
    return left


@jit_borrowing
def _lexed(
    contract: Contract, records: Records, limits: Limits, tokens: NDArray[Any], record: int
) -> int:
    """Read the tokens of one record; return its type, or -1 when it is not plain."""
    start, length = records.value_start[record], records.value_length[record]
    if not 0 < length <= limits.max_bytes:
        return -1
    headers = records.headers_count[record]
    if headers > 0 and is_cloud_event(records.buffer, records.headers_start[record], headers):
        return -1
    if not read_object(contract, tokens, records.buffer, start, start + length, record):
        return -1
    token = tokens[contract.type_name]
    if token.stamp != record or token.kind == NULL:
        return limits.type
    for position in range(len(contract.types)):
        known = contract.types[position]
        if token.kind == STRING and same_bytes(
            records.buffer, token.start, token.stop, contract.texts, known.start, known.stop
        ):
            return position if (limits.allowed >> position) & 1 else -1
    return -1


@jit_borrowing
def _event(
    contract: Contract,
    calendar: Calendar,
    buffer: NDArray[np.uint8],
    tokens: NDArray[Any],
    stamp: int,
    type_: int,
    row: Any,
) -> bool:
    """Read the tokens of one event into its row; False leaves it to the models."""
    known = contract.types[type_]
    row.kind = known.kind
    row.amount = row.cost = row.due = row.level = row.sequence = ABSENT
    for position in range(known.first, known.last):
        field = contract.fields[position]
        token = tokens[field.name]
        if token.stamp == stamp and token.kind != NULL:
            if not _field(contract, calendar, buffer, field, token, row):
                return False
        elif field.required or (field.shape == ANSWER and HIGHEST[row.kind] >= 0):
            return False
    if row.kind == VOID or (known.is_priced and row.amount == ABSENT):
        return False
    row.own = row.amount  # other currencies than the base's are left to the models
    row.day = day_of(calendar, row.at)
    row.due_day = day_of(calendar, row.due) if row.due >= 0 else -1
    row.identity = hash64(buffer, row.id_start, row.id_length, known.seed)
    row.content = fingerprint(
        row.kind, row.at, row.own, row.currency, row.cost, row.due, row.level,
        row.category, row.invoice, row.order, row.sequence, NOTHING,
    )  # fmt: skip  # numbers, then hashes
    return True


@jit_borrowing
def _field(
    contract: Contract,
    calendar: Calendar,
    buffer: NDArray[np.uint8],
    field: Any,
    token: Any,
    row: Any,
) -> bool:
    """Read one field that is present into its column."""
    shape = field.shape
    if shape == OCCURRED_AT:
        row.at = _instant(buffer, token)
        return bool(row.at >= 0)
    if shape == DUE_AT:
        if token.kind == STRING and token.stop - token.start == DATE_LENGTH:
            row.due = end_of_date(buffer, token.start, calendar)
        else:
            row.due = _instant(buffer, token)
        return bool(row.due >= 0)
    if shape == AMOUNT:
        row.amount = _money(buffer, token, contract.digits)
        return bool(row.amount > 0)  # one that rounds to nothing may still be above 0
    if shape == COST:
        row.cost = _money(buffer, token, contract.digits)
        return bool(row.cost >= 0)
    if shape in (SEQUENCE, LEVEL, ANSWER, SEVERITY):
        return _whole(buffer, field, token, row)
    return token.kind == STRING and _text(contract, buffer, field, token, row)


@jit_borrowing
def _whole(buffer: NDArray[np.uint8], field: Any, token: Any, row: Any) -> bool:
    """Read a whole number: a level, an answer, a sequence (also as text)."""
    if field.shape == SEQUENCE:
        is_read = token.kind in (STRING, NUMBER)
        row.sequence = integer(buffer, token.start, token.stop) if is_read else -1
        return bool(row.sequence >= 0)
    if field.shape == SEVERITY and row.kind != CHARGEBACK:
        return True  # of another kind it is a field that nobody knows
    low, high = field.low, field.high
    if field.shape == SEVERITY:
        low, high = LOWEST_LEVEL, HIGHEST_LEVEL
    if field.shape == ANSWER:  # the kind is known: it stands before the answer in the contract
        low, high = LOWEST[row.kind], HIGHEST[row.kind]
    row.level = integer(buffer, token.start, token.stop) if token.kind == NUMBER else -1
    return bool(low <= row.level <= high)


@jit_borrowing
def _text(contract: Contract, buffer: NDArray[np.uint8], field: Any, token: Any, row: Any) -> bool:
    shape, length = field.shape, token.stop - token.start
    if shape in (TYPE, CURRENCY, KIND):
        for position in range(field.first, field.last):
            choice = contract.choices[position]
            if same_bytes(
                buffer, token.start, token.stop, contract.texts, choice.start, choice.stop
            ):
                if shape == KIND:
                    row.kind = choice.kind
                return True
        return False
    if not field.low <= length <= field.high:
        return False  # too many bytes may still be few enough characters
    if shape == EVENT_ID:
        row.id_start, row.id_length = token.start, length
    elif shape == CUSTOMER_ID:
        row.customer_start, row.customer_length = token.start, length
    elif shape in (INVOICE, CATEGORY, ORDER):
        hashed = name_hash(buffer, token.start, length, field.seed)
        if shape == INVOICE:
            row.invoice = hashed
        elif shape == ORDER:
            row.order = hashed
        else:
            row.category = hashed
    else:
        return bool(shape == TEXT)
    return True


@jit_borrowing
def _instant(buffer: NDArray[np.uint8], token: Any) -> int:
    if token.kind == NUMBER:
        return epoch_ms(buffer, token.start, token.stop)
    return rfc3339(buffer, token.start, token.stop) if token.kind == STRING else -1


@jit_borrowing
def _money(buffer: NDArray[np.uint8], token: Any, digits: int) -> int:
    if token.kind in (NUMBER, STRING):
        return minor_units(buffer, token.start, token.stop, digits)
    return -1


@jit_borrowing
def _key_matches(records: Records, record: int, row: Any) -> bool:
    start, length = records.key_start[record], records.key_length[record]
    customer = row.customer_start
    return length >= 0 and same_bytes(
        records.buffer, start, start + length,
        records.buffer, customer, customer + row.customer_length,
    )  # fmt: skip
