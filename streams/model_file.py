"""The file of a scoring model."""

from pathlib import Path
from shutil import copymode
from typing import Any, Final

from scoring.calibration.text import with_population
from scoring.errors import CalibrationError
from scoring.model import Currencies, Model, parse
from streams.errors import Misfit, SettingsError, UsageError
from streams.settings_sources import short

_CHANGED: Final = ("model", "population")


def load_model(path: Path, *, calibrated: bool = True) -> Model:
    """Read and check a scoring model; `calibrated=False` reads one that has no population yet.

    Raises:
        SettingsError: The file cannot be read; the problem says which and why.
        scoring.errors.ModelError: What it says cannot be used; lists every problem with its line.
    """
    return parse(model_text(path), short(path), calibrated=calibrated)


def model_text(path: Path) -> str:
    """Return the text of a scoring model, its line ends as they are.

    Raises:
        SettingsError: The file cannot be read; the problem says which and why.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        reason = f"{error.strerror}; `model` in streams.yaml or VALUEPULSE_MODEL names the file"
        raise SettingsError([Misfit(short(path), "model", f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([Misfit(short(path), "model", f"is not UTF-8: {error}")]) from None


def adapted(model: Model, base_currency: str | None, timezone: str | None) -> Model:
    """Return the model for another base currency (its rates then do not hold) or time zone.

    Raises pydantic's `ValidationError` for an unknown time zone or a malformed currency.
    """
    fields: dict[str, Any] = dict(model)
    if base_currency is not None and base_currency.upper() != model.currencies.base:
        fields["currencies"] = Currencies(base=base_currency)
    if timezone is not None:
        fields["timezone"] = timezone
    return Model.model_validate(fields)


def write_section(path: Path, section: str) -> Model:
    """Put another section `population` into a model's file, its version one higher.

    All else stays, byte for byte. Returns the model as it is then.

    Raises:
        SettingsError: The file cannot be read.
        UsageError: It cannot be written, or not without changing something else.
        scoring.errors.ModelError: The model could not be used with that section.
    """
    text = model_text(path)
    before = parse(text, short(path), calibrated=False)
    try:
        changed = with_population(text, section, before.model.version + 1)
    except CalibrationError as error:
        raise UsageError(f"{short(path)}: {error}") from None
    after = parse(changed, short(path), calibrated=False)
    if _rest(after) != _rest(before):
        raise UsageError(
            f"{short(path)}: the section would change the model beside it; put it in by hand"
        )
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.new")
    try:
        fresh.write_bytes(changed.encode())
        copymode(target, fresh)
        fresh.replace(target)
    except OSError as error:
        raise UsageError(f"{short(path)}: cannot be written: {error.strerror}") from None
    return after


def _rest(model: Model) -> tuple[object, ...]:
    fields = dict(model)
    return model.model.name, *(fields[name] for name in fields if name not in _CHANGED)
