"""The models of the events compiled to arrays, for the scanner."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import numpy as np
from annotated_types import Ge, Le, MaxLen, MinLen
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from scoring.events import Event
from scoring.fields import Shape
from scoring.hashing import type_seed
from scoring.jit import jit_borrowing
from scoring.measures import KINDS, KINDS_OF_TYPES
from scoring.money import digits

SLOTS: Final = 128
"""Size of the table of field names: a power of two, at least twice the number of names."""

NAME: Final = np.dtype([("start", np.int64), ("stop", np.int64)])
TYPE: Final = np.dtype([
    ("start", np.int64), ("stop", np.int64),  # the type's name
    ("first", np.int64), ("last", np.int64),  # its fields
    ("kind", np.int64),  # of an event that names none
    ("seed", np.uint64),  # of its identities
    ("is_priced", np.int64),  # it has an amount
])  # fmt: skip
FIELD: Final = np.dtype([
    ("name", np.int64), ("shape", np.int64), ("required", np.int64),
    ("low", np.int64), ("high", np.int64),  # bounds of a text's length or a level
    ("first", np.int64), ("last", np.int64),  # its choices
    ("seed", np.uint64),  # of the hash of an invoice or a product line
])  # fmt: skip
CHOICE: Final = np.dtype([("start", np.int64), ("stop", np.int64), ("kind", np.int64)])


class Contract(NamedTuple):
    """What the scanner knows: types, names of fields, and each field of each type.

    Every text is a span of `texts`. `slots` finds a name: its position stands at its `slot_of`, or
    in the slots after it, before a -1. `choices` are the texts that a field may hold.
    """

    texts: NDArray[np.uint8]
    names: NDArray[Any]
    slots: NDArray[np.int16]
    types: NDArray[Any]
    fields: NDArray[Any]
    choices: NDArray[Any]
    type_name: int
    digits: int


def compile_contract(types: Mapping[str, type[Event]], base_currency: str) -> Contract:
    """Compile the table of types.

    Raises `ValueError` when a type has a kind that `measures.KINDS` lacks.
    """
    names = list(dict.fromkeys(name for model in types.values() for name in model.model_fields))
    texts = _Texts()
    name_spans = [texts.span(name) for name in names]
    entries: list[tuple[int, ...]] = []
    fields: list[tuple[int, ...]] = []
    choices: list[tuple[int, ...]] = []
    for type_name, model in types.items():
        first = len(fields)
        for name, info in model.model_fields.items():
            start = len(choices)
            choices += [
                (*texts.span(text), kind) for text, kind in _choices(info, type_name, base_currency)
            ]
            seed = type_seed(_shape(info).name.lower())
            fields.append((names.index(name), *_field(info), start, len(choices), seed))
        kind = _kind(default_kind(type_name, model))
        own = (*texts.span(type_name), first, len(fields), kind, type_seed(type_name))
        entries.append((*own, Shape.AMOUNT in shapes(model)))
    return Contract(
        texts=np.frombuffer(bytes(texts), np.uint8),
        names=np.array(name_spans, NAME),
        slots=_slots(names),
        types=np.array(entries, TYPE),
        fields=np.array(fields, FIELD),
        choices=np.array(choices, CHOICE),
        type_name=names.index("type"),
        digits=digits(base_currency),
    )


class _Texts(bytearray):
    def span(self, text: str) -> tuple[int, int]:
        """Append a text and return where it stands."""
        start = len(self)
        self.extend(text.encode())
        return start, len(self)


def shapes(model: type[Event]) -> dict[Shape, str]:
    """Return which field of a model has which shape."""
    return {_shape(field): name for name, field in model.model_fields.items()}


def default_kind(type_name: str, model: type[Event]) -> str:
    """Return the kind of an event that names none; a type without kinds is a kind itself.

    Where each event must name its kind, the first stands for it.
    """
    name = shapes(model).get(Shape.KIND)
    if name is None:
        return type_name
    field = model.model_fields[name]
    return KINDS_OF_TYPES[type_name][0] if field.is_required() else str(field.default)


def is_plain(model: type[Event]) -> bool:
    """Tell whether columns can hold all that an event of this type must say."""
    required = (field for field in model.model_fields.values() if field.is_required())
    return model.model_config.get("extra") == "ignore" and Shape.OTHER not in map(_shape, required)


@jit_borrowing
def slot_of(length: int, first: np.uint8, last: np.uint8) -> int:
    """Return where the search for a name of this length, first and last byte starts."""
    return int(length * 5 + np.int64(first) * 3 + np.int64(last) * 11) & (SLOTS - 1)


def _slots(names: list[str]) -> NDArray[np.int16]:
    slots = np.full(SLOTS, -1, np.int16)
    for position, name in enumerate(names):
        text = name.encode()
        slot = slot_of(len(text), np.uint8(text[0]), np.uint8(text[-1]))
        while slots[slot] >= 0:
            slot = (slot + 1) & (SLOTS - 1)
        slots[slot] = position
    return slots


def _choices(field: FieldInfo, type_name: str, base_currency: str) -> list[tuple[str, int]]:
    """Return the texts that the scanner takes in a field, with the kind that each means."""
    match _shape(field):
        case Shape.TYPE:
            return [(type_name, 0)]
        case Shape.CURRENCY:
            return [(base_currency, 0)]
        case Shape.KIND:
            return [(kind, _kind(kind)) for kind in _literals(field.annotation)]
        case _:
            return []


def _literals(annotation: object) -> list[str]:
    """Return the values of the `Literal` within an annotation."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [text for arm in get_args(annotation) for text in _literals(arm)]


def _kind(name: str) -> int:
    if name not in KINDS:
        raise ValueError(f"kind `{name}` has no effect; add it to KINDS and EFFECTS in measures.py")
    return KINDS.index(name)


def _field(field: FieldInfo) -> tuple[int, int, int, int]:
    """Return shape, whether required, and the bounds of a field."""
    low, high = 0, 0
    for mark in _marks(field):
        match mark:
            case MinLen(min_length=bound):
                low = bound
            case MaxLen(max_length=bound):
                high = bound
            case Ge(ge=int(bound)):
                low = bound
            case Le(le=int(bound)):
                high = bound
    return _shape(field), field.is_required(), low, high


def _shape(field: FieldInfo) -> Shape:
    return next((mark for mark in _marks(field) if isinstance(mark, Shape)), Shape.OTHER)


def _marks(field: FieldInfo) -> list[Any]:
    """Return the marks of a field, also those inside `Annotated[…] | None` and of `Field(…)`."""
    marks = list(field.metadata)
    for arm in get_args(field.annotation):
        marks += getattr(arm, "__metadata__", ())
    return [inner for mark in marks for inner in (getattr(mark, "metadata", None) or [mark])]
