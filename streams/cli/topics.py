"""`valuepulse topics`: the topics on the broker, made and compared with what is needed."""

import asyncio
from typing import TYPE_CHECKING

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, DryRun, settings_of

if TYPE_CHECKING:
    from streams.topics import Drift


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Topics on the broker.")
    group.command("ensure")(ensure)
    group.command("check")(check)
    app.add_typer(group, name="topics")


def ensure(
    dry_run: DryRun = False, broker: Broker = None, config: ConfigFile = None, json: AsJson = False
) -> None:
    """Create the topics that are missing.

    Nothing that exists is changed. Exit code 4 when something differs that must be mended by hand;
    with --dry-run, when anything differs.
    """
    from streams.topics import ensure as ensure_topics

    settings = settings_of(config, broker=broker)
    _report(asyncio.run(ensure_topics(settings, dry_run=dry_run)), json)


def check(broker: Broker = None, config: ConfigFile = None, json: AsJson = False) -> None:
    """Compare with what is needed. Exit code 4 if they differ."""
    from streams.topics import check as check_topics

    _report(asyncio.run(check_topics(settings_of(config, broker=broker))), json)


def _report(drifts: "list[Drift]", json: bool) -> None:
    from streams.cli.output import print_json, print_table
    from streams.errors import CheckError

    left = [drift for drift in drifts if not drift.mended]
    if json:
        print_json({"ok": not left, "topics": [drift._asdict() for drift in drifts]})
    elif drifts:
        rows = [(d.topic, d.what, d.found, d.wanted, _state(d)) for d in drifts]
        print_table(("topic", "what", "found", "wanted", ""), rows)
    else:
        typer.echo("ok: all topics are there, as they should be")
    if left:
        raise typer.Exit(CheckError.exit_code)


def _state(drift: "Drift") -> str:
    return "created" if drift.mended else drift.advice
