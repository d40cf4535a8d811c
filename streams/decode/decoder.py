"""Record sets to columns: the scanner reads what is plain, the models decide the rest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from scoring.calendar import calendar
from scoring.columns import Events
from scoring.content import fingerprint, hash_of
from scoring.details import Detail
from scoring.events import COMMANDS, COMMANDS_TOPIC, SENT_TYPES, TYPES, Event
from scoring.fields import MAX_MS
from scoring.hashing import hash64, name_hash, type_seed
from scoring.money import Rates
from streams.decode.contract import compile_contract, is_plain
from streams.decode.exact.envelopes import NO_ENVELOPES, Envelopes
from streams.decode.exact.instants import ANY_INSTANT, Instants
from streams.decode.exact.reader import ModelReader, Reading
from streams.decode.exact.refusal import Refusal, shown
from streams.decode.grouping import group
from streams.decode.headers import headers, is_cloud_event
from streams.decode.lexing import empty_tokens
from streams.decode.scan import ROW, Limits, scan
from streams.records import Records

_LARGEST_COMMAND: Final = 1_000_000
"""Bytes: a handover holds all that is known of a customer; topics take no more."""
NO_LIMIT: Final = 2**62
EACH_SAYS: Final = -1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Said = TypeVar("Said")


class Rejected(NamedTuple):
    """A record that is not accepted: its position, the rule's name, and what is wrong.

    A profile with a bad attribute is both: what is wrong is told, and the others count.
    """

    record: int
    error: str
    message: str


class Decoded(NamedTuple):
    """The m accepted of n records as columns, in record order, and the reasons for the others.

    `record` is the position in `Records`. `customers` are the distinct customer ids (UTF-8) in
    order of first appearance; `events.customer` is a position there. The event ids are spans of
    `texts`. `by_model` counts the records that were not plain, accepted or not.
    """

    record: NDArray[np.int32]
    customers: list[bytes]
    events: Events
    event_id_start: NDArray[np.int64]
    event_id_length: NDArray[np.int32]
    texts: NDArray[np.uint8]
    rejected: list[Rejected]
    by_model: int = 0
    commands: Mapping[int, Event] = MappingProxyType({})
    """The merges and handovers among the events, by position."""
    details: Mapping[int, Detail] = MappingProxyType({})
    """What events say beyond columns, by position: those whose column `detail` is 1."""

    def without(self, customers: NDArray[np.bool_], why: Callable[[bytes], Rejected]) -> "Decoded":
        """Return it with the events of some customers rejected; `why` is asked once for each."""
        refused = customers[self.events.customer]
        if not refused.any():
            return self
        reasons = {c: why(self.customers[c]) for c in np.flatnonzero(customers).tolist()}
        rejected = self.rejected + [
            reasons[int(self.events.customer[e])]._replace(record=int(self.record[e]))
            for e in np.flatnonzero(refused).tolist()
        ]
        kept = ~refused
        places = np.cumsum(kept) - 1
        events = self.events.select(np.flatnonzero(kept))
        return self._replace(
            record=self.record[kept],
            events=events,
            event_id_start=self.event_id_start[kept],
            event_id_length=self.event_id_length[kept],
            rejected=sorted(rejected, key=lambda each: each.record),
            commands={int(places[e]): said for e, said in self.commands.items() if kept[e]},
            details={int(places[e]): said for e, said in self.details.items() if kept[e]},
        )


class _Judged(NamedTuple):
    """What the models made of the records that the scanner left, by record."""

    texts: NDArray[np.uint8]
    rejected: list[Rejected]
    commands: dict[int, Event]
    details: dict[int, Detail]


class Decoder:
    """Decodes record sets by the contract of the events."""

    def __init__(
        self,
        *,
        timezone: str,
        base_currency: str,
        rates: Rates,
        max_bytes: int = 65_536,
        future_limit_ms: int = 300_000,
        instants: Instants = ANY_INSTANT,
        envelopes: Envelopes = NO_ENVELOPES,
    ) -> None:
        """Compile the contract. Raises `ValueError` for an unknown zone or base."""
        if rates.base != base_currency:
            raise ValueError(
                f"the rates are for base `{rates.base}`, the base currency is `{base_currency}`: "
                "make both the same"
            )
        self._calendar = calendar(timezone)
        self._contract = compile_contract(TYPES, base_currency)
        self._types = list(TYPES)
        self._plain = {name for name, model in TYPES.items() if is_plain(model)}
        self._reader = ModelReader(self._calendar, rates, instants, envelopes)
        self._envelopes = envelopes
        self._earliest_day = instants.earliest_day
        self._max_bytes = max_bytes
        self._future_limit_ms = future_limit_ms

    def decode(
        self,
        records: Records,
        *,
        event_type: str | None,
        now_ms: int | NDArray[np.int64] | None,
        keyed: bool = True,
    ) -> Decoded:
        """Decode one record set.

        With `event_type` None each value's own `type` decides, with `COMMANDS_TOPIC` too, but only
        commands are taken. `keyed` records must have the customer id as key. `now_ms` plus the
        future limit bounds event time: of each record, or one for all; None: no check.
        """
        types = self._types_of(event_type)
        plain = [self._types.index(name) for name in types if name in self._plain]
        limits = Limits(
            type=plain[0] if plain and len(types) == 1 else EACH_SAYS,
            allowed=sum(1 << position for position in plain),
            earliest_day=self._earliest_day,
            keyed=keyed,
            max_bytes=max(self._max_bytes, _LARGEST_COMMAND if types == COMMANDS else 0),
            latest_ms=self._latest(now_ms, len(records.offset)),
        )
        records = self._envelopes.without_prefix(records)
        records = records._replace(buffer=_read_only(records.buffer))
        rows = np.zeros(len(records.offset), ROW)
        left = scan(
            self._contract, self._calendar, records, limits, empty_tokens(self._contract), rows
        )
        judged = _Judged(records.buffer, [], {}, {})
        if left:
            judged = self._read_by_model(records, rows, limits, types)
        decoded = _gathered(rows, judged.texts, judged.rejected)
        details = _by_position(decoded.record, judged.details)
        decoded.events.detail[list(details)] = 1
        commands = _by_position(decoded.record, judged.commands)
        return decoded._replace(by_model=left, commands=commands, details=details)

    def _types_of(self, event_type: str | None) -> Sequence[str]:
        if event_type is None:
            return SENT_TYPES
        return COMMANDS if event_type == COMMANDS_TOPIC else (event_type,)

    def _latest(self, now_ms: int | NDArray[np.int64] | None, count: int) -> NDArray[np.int64]:
        if now_ms is None:
            return np.full(count, NO_LIMIT, np.int64)
        # A record may claim to be of any time that 64 bits hold: nothing may wrap around.
        latest: NDArray[np.int64] = np.zeros(count, np.int64) + np.clip(now_ms, 0, MAX_MS)
        return latest + self._future_limit_ms

    def _read_by_model(
        self, records: Records, rows: NDArray[Any], limits: Limits, types: Sequence[str]
    ) -> _Judged:
        """Fill the rows that the scanner left."""
        appended = bytearray()
        judged = _Judged(records.buffer, [], {}, {})
        left = rows["read"] == 0
        if self._envelopes.debezium:  # its tombstones repeat the deletes before them
            left &= records.value_length >= 0
        for record in np.flatnonzero(left).tolist():
            try:
                reading = self._judge(records, record, limits, types)
            except Refusal as refusal:
                judged.rejected.append(Rejected(record, refusal.error, refusal.message))
            else:
                start = len(records.buffer) + len(appended)
                appended += reading.event_id + reading.customer_id
                seed = self._contract.types[self._types.index(reading.type)]["seed"]
                _enter(rows, record, reading, start, seed)
                if reading.command is not None:
                    judged.commands[record] = reading.command
                if reading.detail is not None:
                    judged.details[record] = reading.detail
                if reading.ignored is not None:
                    why = reading.ignored
                    judged.rejected.append(Rejected(record, why.error, why.message))
        if not appended:
            return judged
        texts = np.concatenate([records.buffer, np.frombuffer(bytes(appended), np.uint8)])
        return judged._replace(texts=_read_only(texts))

    def _judge(
        self, records: Records, record: int, limits: Limits, types: Sequence[str]
    ) -> Reading:
        """Return what one record says. Raises `Refusal`."""
        length = int(records.value_length[record])
        if length <= 0:
            raise Refusal(
                "EmptyValue",
                "the record has no value: to clear attributes send them as null, "
                "to forget a customer use `valuepulse erase`",
            )
        if length > limits.max_bytes:
            raise Refusal(
                "TooLarge", f"the value has {length} bytes: at most {limits.max_bytes} are taken"
            )
        found = {}
        count = int(records.headers_count[record])
        if count and is_cloud_event(records.buffer, int(records.headers_start[record]), count):
            found = headers(records, record)
        start = int(records.value_start[record])
        value = records.buffer[start : start + length].tobytes()
        reading = self._reader.read(value, found, types=types)
        if limits.keyed:
            _check_key(records, record, reading.customer_id)
        if reading.at > (latest := int(limits.latest_ms[record])):
            _refuse_future(reading.at, latest)
        return reading


def _check_key(records: Records, record: int, customer: bytes) -> None:
    start, length = int(records.key_start[record]), int(records.key_length[record])
    if length < 0:
        raise Refusal("MissingKey", "the record has no key: it must be the customer id")
    key = records.buffer[start : start + length].tobytes()
    if key != customer:
        text = shown(key.decode("utf-8", "backslashreplace"))
        rule = f"must be the customer id {shown(customer.decode())}"
        raise Refusal("KeyMismatch", f"the key is {text}: {rule}")


def _refuse_future(at: int, latest: int) -> None:
    event, limit = (
        (_EPOCH + timedelta(milliseconds=min(ms, MAX_MS))).isoformat(timespec="seconds")
        for ms in (at, latest)
    )
    raise Refusal("InTheFuture", f"field `occurred_at` is `{event}`: must be at most {limit}")


def _enter(rows: NDArray[Any], record: int, reading: Reading, start: int, seed: np.uint64) -> None:
    """Enter what the models read into its row; its texts start at `start`."""
    event_id = np.frombuffer(reading.event_id, np.uint8)
    length = len(event_id)
    category = _hashed("category", reading.category)
    invoice, order = _hashed("invoice", reading.invoice), _hashed("order", reading.order)
    content = fingerprint(
        reading.kind, reading.at, reading.own, reading.currency, reading.cost, reading.due,
        reading.level, category, invoice, order, reading.sequence, _more(reading),
    )  # fmt: skip  # as the scanner has it
    rows[record] = (
        1, reading.kind, reading.day, reading.due_day, reading.at,
        hash64(event_id, 0, length, seed),
        reading.amount, reading.cost, reading.due, reading.level,
        category, invoice, order, reading.sequence, reading.own, reading.currency, content,
        start + length, start, len(reading.customer_id), length,
    )  # fmt: skip


def _more(reading: Reading) -> np.uint64:
    """Return a hash of what an event says beyond columns."""
    if reading.command is not None:
        return hash_of(reading.command.model_dump(exclude={"author", "reason"}))
    return np.uint64(0) if reading.detail is None else hash_of(tuple(reading.detail))


def _hashed(what: str, text: bytes | None) -> np.uint64:
    if text is None:
        return np.uint64(0)
    seed = np.uint64(type_seed(what))
    return np.uint64(name_hash(np.frombuffer(text, np.uint8), 0, len(text), seed))


def _by_position(record: NDArray[np.int32], found: Mapping[int, Said]) -> dict[int, Said]:
    """Return what was found by record by position among the accepted."""
    if not found:
        return {}
    places = np.searchsorted(record, list(found)).tolist()
    return dict(zip(places, found.values(), strict=True))


def _gathered(rows: NDArray[Any], texts: NDArray[np.uint8], rejected: list[Rejected]) -> Decoded:
    """Return the rows that were read, with their customers grouped."""
    record = np.flatnonzero(rows["read"]).astype(np.int32)
    if len(record) < len(rows):
        rows = rows[record]
    starts, lengths = _column(rows, "customer_start"), _column(rows, "customer_length", np.int32)
    customer, firsts = group(texts, starts, lengths)
    content, starts, lengths = texts.tobytes(), starts[firsts], lengths[firsts]
    spans = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
    return Decoded(
        record=record,
        customers=[content[start:stop] for start, stop in spans],
        events=Events(
            customer=customer,
            kind=_column(rows, "kind", np.int8),
            at=_column(rows, "at"),
            day=_column(rows, "day", np.int32),
            identity=_column(rows, "identity", np.uint64),
            amount=_column(rows, "amount"),
            cost=_column(rows, "cost"),
            due=_column(rows, "due"),
            level=_column(rows, "level"),
            due_day=_column(rows, "due_day", np.int32),
            category=_column(rows, "category", np.uint64),
            invoice=_column(rows, "invoice", np.uint64),
            detail=np.zeros(len(rows), np.int8),
            sequence=_column(rows, "sequence"),
            order=_column(rows, "order", np.uint64),
            currency=_column(rows, "currency", np.int32),
            own=_column(rows, "own"),
            content=_column(rows, "content", np.uint32),
        ),
        event_id_start=_column(rows, "id_start"),
        event_id_length=_column(rows, "id_length", np.int32),
        texts=texts,
        rejected=rejected,
    )


def _column(rows: NDArray[Any], name: str, dtype: type[np.generic] = np.int64) -> NDArray[Any]:
    """Return one column as an array of its own."""
    return rows[name].astype(dtype)


def _read_only(buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a view that no one writes to: compiled code is specialised on that flag too."""
    view = buffer.view()
    view.flags.writeable = False
    return view
