"""The exact path: one record through the models, which decide and say why not."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from pydantic import BaseModel, ValidationError

from scoring.calendar import Calendar, day_of, day_start
from scoring.details import Detail
from scoring.events import TYPES, Costs, Event, Handover, Merge, Override, Profile
from scoring.fields import Shape
from scoring.measures import ABSENT, COSTS, KINDS
from scoring.money import LIMIT, Rates, currency_number, digits
from streams.decode.contract import default_kind, shapes
from streams.decode.exact.cloud_events import unwrap
from streams.decode.exact.envelopes import NO_ENVELOPES, Envelopes, refuse_prefix
from streams.decode.exact.instants import Instants
from streams.decode.exact.parsing import Fields, parse
from streams.decode.exact.refusal import Refusal, shown

_EPOCH = date(1970, 1, 1).toordinal()
_RULES = {
    "string_type": ("WrongType", "must be a string"),
    "int_type": ("WrongType", "must be a whole number"),
    "model_type": ("WrongType", "must be a JSON object"),
    "string_unicode": ("InvalidUtf8", "must be text that UTF-8 can hold; it has half a surrogate"),
    "literal_error": ("OutOfRange", "must be {expected}"),
    "string_pattern_mismatch": ("OutOfRange", "must match {pattern}"),
    "string_too_short": ("OutOfRange", "must have at least {min_length} character"),
    "string_too_long": ("OutOfRange", "must have at most {max_length} characters"),
    "greater_than_equal": ("OutOfRange", "must be at least {ge}"),
    "less_than_equal": ("OutOfRange", "must be at most {le}"),
    "greater_than": ("OutOfRange", "must be above {gt}"),
    "less_than": ("OutOfRange", "must be below {lt}"),
}
"""pydantic's type of error → ours and the rule; the errors of our own shapes bring both along."""


class Reading(NamedTuple):
    """One accepted event as the values of its columns."""

    type: str
    kind: int
    at: int
    day: int
    event_id: bytes
    customer_id: bytes
    amount: int
    cost: int
    due: int
    level: int
    due_day: int
    category: bytes | None
    invoice: bytes | None
    order: bytes | None
    sequence: int
    currency: int
    own: int
    detail: Detail | None = None
    command: Event | None = None
    """The event itself, of the commands that concern two customers."""
    ignored: Refusal | None = None
    """Why an attribute of a profile was left out; the others count."""


class ModelReader:
    """Reads one value at a time by the models of the contract."""

    def __init__(
        self,
        calendar: Calendar,
        rates: Rates,
        instants: Instants,
        envelopes: Envelopes = NO_ENVELOPES,
    ) -> None:
        """Read days by this calendar, money by these rates; refuse instants that cannot be.

        `envelopes` are taken off.
        """
        self._envelopes = envelopes
        self._calendar = calendar
        self._instants = instants
        self._rates = rates
        self._shapes = {name: shapes(model) for name, model in TYPES.items()}
        self._default_kinds = {name: default_kind(name, model) for name, model in TYPES.items()}

    def read(
        self, value: bytes, headers: Mapping[str, bytes], *, types: Collection[str]
    ) -> Reading:
        """Return the event in `value`, of one of the types; its own `type` decides which.

        Raises `Refusal`, which names field, value and rule.
        """
        refuse_prefix(value)
        fields = unwrap(parse(value), headers)
        fields = self._envelopes.content(fields, next(iter(types)) if len(types) == 1 else None)
        self._instants.place(fields)
        name = _type_of(fields, types)
        model = TYPES[name]
        _refuse_doubles(fields, model)
        try:
            event, ignored = model.model_validate(fields), None
        except ValidationError as error:
            event, ignored = _without_bad_attributes(fields, model, _refusal(error))
        return self._columns(name, event, fields)._replace(ignored=ignored)

    def _columns(self, name: str, event: Event, fields: Fields) -> Reading:
        day = int(day_of(self._calendar, event.occurred_at))
        self._instants.check("occurred_at", fields["occurred_at"], day)
        kind = self._value(name, event, Shape.KIND) or self._default_kinds[name]
        currency = self._value(name, event, Shape.CURRENCY)
        level = self._value(name, event, Shape.LEVEL)
        if level is None:
            level = self._value(name, event, Shape.ANSWER)
        if level is None:
            level = self._value(name, event, Shape.SEVERITY)
        parts = self._parts(event, currency, day)
        due = self._due(self._value(name, event, Shape.DUE_AT))
        due_day = -1 if due == ABSENT else int(day_of(self._calendar, due))
        if due != ABSENT:
            self._instants.check("due_at", fields["due_at"], due_day)
        amount = self._value(name, event, Shape.AMOUNT) if kind != "void" else None
        minor = self._minor("amount", amount, currency, day)
        own = ABSENT if amount is None else self._rates.own_units(amount, currency)
        if minor == 0 or own == 0:
            self._refuse_nothing(amount, currency, day)
        sequence = self._value(name, event, Shape.SEQUENCE)
        is_foreign = currency not in (None, self._rates.base)
        return Reading(
            type=name,
            kind=KINDS.index(kind),
            at=event.occurred_at,
            day=day,
            event_id=event.event_id.encode(),
            customer_id=event.customer_id.encode(),
            amount=minor,
            cost=sum(parts.values())
            if parts
            else self._minor("cost", self._value(name, event, Shape.COST), currency, day),
            due=due,
            level=ABSENT if level is None else level,
            due_day=due_day,
            category=_encoded(self._value(name, event, Shape.CATEGORY)),
            invoice=_encoded(self._value(name, event, Shape.INVOICE)),
            order=_encoded(self._value(name, event, Shape.ORDER)),
            sequence=ABSENT if sequence is None else sequence,
            currency=currency_number(currency) if is_foreign else 0,
            own=own,
            detail=_detail(event, parts, sign=1 if kind == "sale" else -1),
            command=event if isinstance(event, (Merge, Handover)) else None,
        )

    def _value(self, name: str, event: Event, shape: Shape) -> Any:
        field = self._shapes[name].get(shape)
        return None if field is None else getattr(event, field)

    def _parts(self, event: Event, currency: str | None, day: int) -> dict[str, int]:
        """Return the parts of the costs by kind, each converted by itself."""
        costs = getattr(event, "costs", None)
        parts = costs.parts() if isinstance(costs, Costs) else {}
        return {kind: self._minor("costs", part, currency, day) for kind, part in parts.items()}

    def _minor(self, field: str, amount: Decimal | None, currency: str | None, day: int) -> int:
        if amount is None:
            return ABSENT
        try:
            minor = self._rates.minor_units(amount, currency, day=day)
        except LookupError as error:
            raise Refusal(
                "UnknownCurrency", f"currency {shown(currency)} {error.args[0]}"
            ) from None
        if minor > LIMIT * 10 ** digits(self._rates.base):
            rule = f"must be at most 10^12 {self._rates.base} when converted"
            raise Refusal("OutOfRange", f"field `{field}` is {shown(amount)}: {rule}")
        return minor

    def _refuse_nothing(self, amount: Decimal | None, currency: str | None, day: int) -> NoReturn:
        """Refuse an amount above 0 of which nothing is left in minor units."""
        base, own = self._rates.base, currency or self._rates.base
        where = own if own == base else f"{own}, converted to {base} of {day_text(day)},"
        smallest = Decimal(1).scaleb(-digits(base))
        raise Refusal(
            "TooSmall",
            f"field `amount` is {shown(amount)} {where} and rounds to 0: "
            f"sums are kept in {smallest} {base}; add such amounts up before they are sent",
        )

    def _due(self, due: int | date | None) -> int:
        if isinstance(due, date):
            return int(day_start(self._calendar, due.toordinal() - _EPOCH + 1)) - 1
        return ABSENT if due is None else due


def _without_bad_attributes(
    fields: Fields, model: type[Event], why: Refusal
) -> tuple[Event, Refusal]:
    """Return a profile with those of its attributes that are good, and what is wrong with others.

    Raises `why` if that is not the matter, or no attribute is left.
    """
    common = {name: value for name, value in fields.items() if name in model.model_fields}
    attributes = {name: value for name, value in fields.items() if name not in common}
    good = {name: value for name, value in attributes.items() if _is_valid(common | {name: value})}
    if model is not Profile or not good or len(good) == len(attributes):
        raise why
    bad = ", ".join(shown(name) for name in attributes if name not in good)
    event = Profile.model_validate(common | good)
    return event, Refusal("AttributeIgnored", f"{why.message}; without {bad} the profile counts")


def _is_valid(profile: dict[str, Any]) -> bool:
    try:
        Profile.model_validate(profile)
    except ValidationError:
        return False
    return True


def _detail(event: Event, parts: Mapping[str, int], *, sign: int) -> Detail | None:
    """Return what the event says beyond its columns; None: nothing."""
    if isinstance(event, Profile | Override):
        return Detail(attributes=event.attributes())
    if parts:
        return Detail(costs=tuple((COSTS[kind], sign * part) for kind, part in parts.items()))
    return None


def day_text(day: int) -> str:
    """Return a day counted from 1970-01-01 as it is written.

    >>> day_text(20_454)
    '2026-01-01'
    """
    return date.fromordinal(day + _EPOCH).isoformat()


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _type_of(fields: Fields, types: Collection[str]) -> str:
    found = fields.get("type")
    if found is None:
        if len(types) > 1:
            raise Refusal("MissingField", "field `type` is missing: here each event names its type")
        return next(iter(types))
    if not isinstance(found, str):
        raise Refusal("WrongType", f"field `type` is {shown(found)}: must be a string")
    if found not in TYPES:
        known = ", ".join(TYPES)
        raise Refusal("UnknownType", f"field `type` is {shown(found)}: must be one of {known}")
    if found not in types:
        taken = "`, `".join(types)
        raise Refusal("TypeMismatch", f"field `type` is `{found}`: this topic takes `{taken}`")
    return found


def _refuse_doubles(fields: Fields, model: type[BaseModel], path: str = "") -> None:
    """Refuse a known field that is given twice: parsers differ in which one they take."""
    open_ended = model.model_config.get("extra") == "allow"
    for field in fields.twice:
        if open_ended or field in model.model_fields:
            raise Refusal("DuplicateField", f"field {shown(path + field)} is given twice")
    costs = fields.get("costs")
    if isinstance(costs, Fields) and "costs" in model.model_fields:
        _refuse_doubles(costs, Costs, "costs.")


def _refusal(error: ValidationError) -> Refusal:
    """Return the first thing wrong, in our words, and how many more there are."""
    first, *more = error.errors(include_url=False)
    others = f" (and {len(more)} more to mend)" if more else ""
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing" or (field and first["input"] is None):
        return Refusal("MissingField", f"field `{field}` is missing{others}")
    name, rule = first["type"], first["msg"]
    if name in _RULES:
        name, rule = _RULES[name][0], _RULES[name][1].format_map(first.get("ctx", {}))
    subject = f"field `{field}` is {shown(first['input'])}:" if field else "the event"
    return Refusal(name, f"{subject} {rule}{others}")
