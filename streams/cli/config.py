"""`valuepulse config`: what holds, where it comes from, and whether it can be used."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, ModelFile, Store, settings_of

if TYPE_CHECKING:
    from scoring.model import Model
    from streams.settings import Settings

_MASK: Final = "**********"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Settings and scoring model.")
    group.command("check")(check)
    group.command("show")(show)
    app.add_typer(group, name="config")


def check(config: ConfigFile = None, model: ModelFile = None, json: AsJson = False) -> None:
    """Check settings and model. All problems at once, each with its place; exit code 2 if any."""
    from scoring.errors import ModelError
    from streams.cli.output import print_json
    from streams.errors import SettingsError
    from streams.model_file import load_model
    from streams.settings import Settings
    from streams.settings_sources import model_named

    problems: list[dict[str, str]] = []
    usable: Model | None = None
    try:
        path = settings_of(config, model=model).model
    except SettingsError as error:
        problems += [misfit._asdict() for misfit in error.problems]
        path = model or model_named(Settings, config)
    try:
        usable = load_model(path)
    except SettingsError as error:
        problems += [misfit._asdict() for misfit in error.problems]
    except ModelError as error:
        problems += [
            {"where": f"{error.source}:{p.line}", "setting": p.field, "message": p.message}
            for p in error.problems
        ]
    if json:
        print_json({"ok": not problems, "model": usable and usable.tag, "problems": problems})
    else:
        for problem in problems:
            typer.echo("{where}: {setting}: {message}".format(**problem), err=True)
        if usable and not problems:
            typer.echo(f"ok: settings, and model {usable.tag} ({_contents(usable)})")
    if problems:
        raise typer.Exit(SettingsError.exit_code)


def show(
    config: ConfigFile = None,
    broker: Broker = None,
    redis: Store = None,
    model: ModelFile = None,
    json: AsJson = False,
) -> None:
    """Show every setting and its origin. Secrets are masked."""
    from streams.cli.output import print_json, print_table

    settings = settings_of(config, broker=broker, redis=redis, model=model)
    origins = settings.origins()
    values = {path: _shown(settings, path) for path in origins}
    if json:
        print_json({p: {"value": values[p], "origin": origin} for p, origin in origins.items()})
    else:
        rows = [(p, _as_text(values[p]), origin) for p, origin in origins.items()]
        print_table(("setting", "value", "from"), rows)


def _contents(model: "Model") -> str:
    sizes = {"indicator": model.indicators, "score": model.scores, "alert": model.alerts}
    return ", ".join(f"{len(c)} {n}{'' if len(c) == 1 else 's'}" for n, c in sizes.items())


def _shown(settings: "Settings", path: str) -> Any:
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    if isinstance(value, (Path, date)):
        return str(value)
    return value if value is None or isinstance(value, (str, int, float)) else _MASK


def _as_text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
