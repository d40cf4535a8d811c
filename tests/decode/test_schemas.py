"""The published JSON Schemas say what the models accept."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import streams.schemas
from scoring.events import TYPES, schemas
from streams.schemas.files import contents
from tests.decode.builders import SALE, decode_one

FOLDER = Path(streams.schemas.__file__).parent


def test_the_files_are_what_the_models_generate() -> None:
    """Run `python -m streams.schemas` after a change of the contract, and tell the producers."""
    found = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.schema.json")}
    assert found == contents()


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_valid_json_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"amount": 12.5, "currency": None, "due_at": "2024-01-31", "unknown": [1]},
        {"occurred_at": "2024-01-01T00:00:00+08:00", "costs": {"service": "1.00"}},
        {"amount": 0},
        {"amount": "-1"},
        {"amount": "1e3"},
        {"amount": None},
        {"amount": 10**13},
        {"cost": -1},
        {"currency": "yuan"},
        {"kind": "gift"},
        {"event_id": ""},
        {"customer_id": "c" * 129},
        {"occurred_at": -1},
        {"occurred_at": True},
        {"order_id": 5},
        {"type": "payment"},
        {"costs": []},
    ],
)
def test_schema_and_decoder_agree(changes: dict[str, Any]) -> None:
    """Rules that JSON Schema cannot say (rates, days that exist) stay with the decoder."""
    assert is_valid("transaction", SALE | changes) == is_accepted("transaction", SALE | changes)


COMMON = {name: SALE[name] for name in ("event_id", "customer_id", "occurred_at")}
OVERRIDE = COMMON | {"score": "value", "author": "ann", "reason": "r"}


@pytest.mark.parametrize(
    ("event_type", "event"),
    [
        ("feedback", COMMON | {"kind": "suggestion"}),
        ("feedback", COMMON | {"kind": "suggestion", "value": "often"}),
        *(("feedback", COMMON | {"kind": "nps", "value": v}) for v in (-1, 0, 10, 11, "9", None)),
        *(("feedback", COMMON | {"kind": "csat", "value": v}) for v in (0, 1, 5, 6, True)),
        ("feedback", COMMON | {"kind": "nps"}),
        ("feedback", COMMON),
        ("engagement", COMMON | {"kind": "task"}),
        ("engagement", COMMON),
        ("cost", SALE | {"kind": "after_sales"}),
        ("cost", SALE | {"kind": "sale"}),
        ("profile", COMMON),
        ("profile", COMMON | {"region": "华东", "staff": 3, "listed": False, "owner": None}),
        ("profile", COMMON | {"Region": "x"}),
        ("profile", COMMON | {"region": []}),
        ("profile", COMMON | {"region": ""}),
        ("profile", COMMON | {"staff": 10**16}),
        ("override", OVERRIDE | {"tier": None, "mode": "floor", "until": "2024-01-31"}),
        ("override", OVERRIDE | {"mode": "top"}),
        ("override", COMMON),
    ],
)
def test_schema_and_decoder_agree_on_the_other_types(
    event_type: str, event: dict[str, Any]
) -> None:
    assert is_valid(event_type, event) == is_accepted(event_type, event)


def is_valid(event_type: str, event: dict[str, Any]) -> bool:
    validator = jsonschema.Draft202012Validator(schemas()[event_type])
    return validator.is_valid(json.loads(json.dumps(event)))


def is_accepted(event_type: str, event: dict[str, Any]) -> bool:
    return isinstance(decode_one(json.dumps(event).encode(), event_type), dict)
