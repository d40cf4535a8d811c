"""The published JSON Schemas say what the models accept."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import streams.schemas
from scoring.events import TYPES, schemas
from streams.schemas.files import contents
from tests.decode.builders import SALE, a_value, decode_one

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
    validator = jsonschema.Draft202012Validator(schemas()["transaction"])
    accepted = isinstance(decode_one(a_value(**changes)), dict)
    assert validator.is_valid(json.loads(json.dumps(SALE | changes))) == accepted
