"""The file of a scoring model."""

from pathlib import Path
from typing import Any

from scoring.model import Currencies, Model, parse
from streams.errors import Misfit, SettingsError
from streams.settings_sources import short


def load_model(path: Path) -> Model:
    """Read and check a scoring model.

    Raises:
        SettingsError: The file cannot be read; the problem says which and why.
        scoring.errors.ModelError: What it says cannot be used; lists every problem with its line.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        reason = f"{error.strerror}; `model` in streams.yaml or VALUEPULSE_MODEL names the file"
        raise SettingsError([Misfit(short(path), "model", f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([Misfit(short(path), "model", f"is not UTF-8: {error}")]) from None
    return parse(text, short(path))


def adapted(model: Model, base_currency: str | None, timezone: str | None) -> Model:
    """Return the model for another base currency (its rates then do not hold) or time zone.

    Raises pydantic's `ValidationError` for an unknown time zone or a malformed currency.
    """
    fields: dict[str, Any] = dict(model)
    if base_currency is not None and base_currency != model.currencies.base:
        fields["currencies"] = Currencies(base=base_currency)
    if timezone is not None:
        fields["timezone"] = timezone
    return Model.model_validate(fields)
