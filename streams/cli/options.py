"""Options that several commands have, defined once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scoring.model import Model
    from streams.settings import Settings

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Settings in place of the packaged streams.yaml."
    ),
]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", metavar="FILE", help="Scoring model in place of the settings' one."),
]
EventFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE…",
        help="NDJSON of events, also gzip or UTF-16; several are merged by time.",
    ),
]
BaseCurrency = Annotated[
    str | None,
    typer.Option(
        "--base-currency",
        metavar="CUR",
        help="In place of the model's; its rates then do not hold.",
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="TZ", help="In place of the model's, like UTC."),
]
Broker = Annotated[
    str | None,
    typer.Option("--broker", metavar="HOST:PORT", help="Kafka in place of the settings' one."),
]
Store = Annotated[
    str | None,
    typer.Option("--redis", metavar="URL", help="Redis in place of the settings' one."),
]
Reason = Annotated[str, typer.Option(help="Why; stays in the topic, for audits.")]
Author = Annotated[str | None, typer.Option(help="Who decided it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def settings_of(
    config: Path | None,
    *,
    broker: str | None = None,
    redis: str | None = None,
    model: Path | None = None,
    **others: Any,
) -> "Settings":
    """Read the settings, with what the command line gave on top, and set up the logs.

    Args:
        config: A streams.yaml, or None for the usual one.
        broker: Kafka's bootstrap servers, if given.
        redis: Redis's URL, if given.
        model: File of the scoring model, if given.
        others: Further settings by name, as `clock="event"`; None is left out.

    Raises:
        SettingsError: With every problem found.
    """
    from streams import logs
    from streams.settings import Settings

    given = {"kafka.bootstrap_servers": broker, "redis.url": redis, "model": model, **others}
    settings = Settings.load(config, given)
    key = settings.log.customer_key
    logs.configure(settings.log.level, settings.log.format, key.get_secret_value() if key else None)
    return settings


def adapted_model(settings: "Settings", base_currency: str | None, timezone: str | None) -> "Model":
    """Return the settings' scoring model, with what the command line gave in place of its own.

    Raises:
        UsageError: The base currency or the time zone cannot be.
    """
    from streams.model_file import load_model

    return adapted_to(load_model(settings.model), base_currency, timezone)


def adapted_to(model: "Model", base_currency: str | None, timezone: str | None) -> "Model":
    """Return a scoring model, with what the command line gave in place of its own.

    Raises:
        UsageError: The base currency or the time zone cannot be.
    """
    from pydantic import ValidationError

    from streams.errors import UsageError
    from streams.model_file import adapted

    try:
        return adapted(model, base_currency, timezone)
    except ValidationError as error:
        raise UsageError(
            "; ".join(
                f"{e['input']!r}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
            )
        ) from None
