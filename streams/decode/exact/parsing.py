"""Strict JSON: bytes to the fields of one object, numbers kept exact."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from streams.decode.exact.refusal import Refusal, shown

MAX_DEPTH: Final = 64
_LONGEST_INTEGER: Final = 100


class Fields(dict[str, Any]):
    """The members of a JSON object; `twice` names those that were given more than once."""

    def __init__(self, members: Sequence[tuple[str, Any]]) -> None:
        """Keep the last value of each name, as JSON parsers do."""
        super().__init__(members)
        names = [name for name, _ in members]
        self.twice = [name for name in self if len(names) > len(self) and names.count(name) > 1]


def parse(value: bytes) -> Fields:
    """Return the object in `value`. Raises `Refusal` for anything else than one JSON object."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = value[error.start]
        message = f"the value is not UTF-8: byte 0x{byte:02x} at {error.start}, {error.reason}"
        raise Refusal("InvalidUtf8", message) from None
    if not text.strip(" \t\r\n"):
        raise Refusal("EmptyValue", "the value holds only white space")
    _check_depth(text)
    try:
        parsed = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"the value is not JSON: {error.msg} at character {error.pos}"
        near = text[max(0, error.pos - 20) : error.pos + 20]
        raise Refusal("NotJson", f"{message}, near {shown(near)}") from None
    if not isinstance(parsed, Fields):
        raise Refusal("NotJson", f"the value is {shown(text)}: must be a JSON object")
    return parsed


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the parser recurses into it."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth, inside, position = 0, False, 0
    while position < len(text):
        character = text[position]
        if inside:
            if character == "\\":
                position += 1
            inside = character != '"'
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise Refusal("NotJson", f"the value is nested deeper than {MAX_DEPTH} levels")
        position += 1


def _decimal(text: str) -> Decimal:
    """Return a number exactly; one whose exponent is beyond all limits is not finite."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else _decimal(text)


def _refuse_constant(text: str) -> NoReturn:
    raise Refusal("NotJson", f"the value is not JSON: {shown(text)} is no JSON number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=Fields,
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_refuse_constant,
)
