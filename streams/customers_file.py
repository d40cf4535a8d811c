"""Files of scored customers, as `valuepulse replay` writes them."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from scoring.calibration.customers import Customers
from streams.errors import UsageError
from streams.settings_sources import short


class Read(NamedTuple):
    """Customers of files, and by which models and as of which days they were scored."""

    customers: Customers
    models: tuple[str, ...]
    days: tuple[str, ...]


def load_customers(
    paths: Iterable[Path], indicators: Sequence[str], attributes: Iterable[str]
) -> Read:
    """Read customers with these indicators, and their texts in these attributes.

    Raises:
        UsageError: A file cannot be read, holds something else, lacks an indicator or has a
            customer again; tells file and line.
    """
    table = _Table(indicators, tuple(dict.fromkeys(attributes)))
    for path in paths:
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    table.add(line, f"{short(path)}:{number}")
        except OSError as error:
            raise UsageError(f"{short(path)}: cannot be read: {error.strerror}") from None
    if not table.ids:
        raise UsageError(f"{', '.join(map(short, paths))}: no customers")
    return table.read()


class _Table:
    """Grows by a customer a line."""

    def __init__(self, indicators: Sequence[str], attributes: Sequence[str]) -> None:
        self.ids: set[str] = set()
        self._values = {name: array("d") for name in indicators}
        self._texts: dict[str, list[str | None]] = {name: [] for name in attributes}
        self._models: dict[str, None] = {}
        self._days: set[str] = set()

    def add(self, line: bytes, where: str) -> None:
        customer = _customer(line, where)
        name, values, profile = customer["customer_id"], customer["indicators"], customer["profile"]
        if name in self.ids:
            raise UsageError(f"{where}: customer {name!r} is there twice")
        self.ids.add(name)
        self._models[customer["model"]] = None
        self._days.add(customer["as_of"])
        for indicator, column in self._values.items():
            if indicator not in values:
                raise UsageError(
                    f"{where}: has no indicator {indicator!r}, which the model has: "
                    "replay with this model first"
                )
            value = values[indicator]
            column.append(nan if value is None else value)
        for attribute, texts in self._texts.items():
            text = profile.get(attribute)
            texts.append(text if isinstance(text, str) else None)

    def read(self) -> Read:
        days = tuple(sorted(self._days))
        values = {name: np.array(column) for name, column in self._values.items()}
        customers = Customers(date.fromisoformat(days[-1]), len(self.ids), values, self._texts)
        return Read(customers, tuple(self._models), days)


def _customer(line: bytes, where: str) -> Mapping[str, Any]:
    try:
        customer = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where}: is no line of JSON: {error.msg}") from None
    kinds = {"customer_id": str, "as_of": str, "model": str, "indicators": dict, "profile": dict}
    for field, kind in kinds.items():
        if not isinstance(customer, dict) or not isinstance(customer.get(field), kind):
            raise UsageError(
                f"{where}: is no customer as `valuepulse replay` writes it to customers.ndjson: "
                f"no {field}"
            )
    return customer  # type: ignore[no-any-return]  # a mapping by now
