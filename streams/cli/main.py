"""The command `valuepulse`."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

COMMANDS = (
    "demo",
    "worker",
    "dashboard",
    "replay",
    "clv",
    "send",
    "override",
    "erase",
    "merge",
    "show",
    "explain",
    "topics",
    "config",
    "model",
    "weights",
    "dead_letters",
    "doctor",
)
"""Modules of this package with commands, in the order of `--help`."""

EXIT_CODES = """\b
Exit codes:
  0  ok
  1  unexpected: a bug, please report it
  2  usage or configuration
  3  a dependency, Kafka or Redis, is unavailable
  4  a check failed"""


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(version("valuepulse"))
        except PackageNotFoundError:  # run from its sources
            typer.echo("not installed")
        raise typer.Exit


def _valuepulse(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    from streams.kernel_cache import choose

    choose()  # before a command imports numba


def create_cli() -> typer.Typer:
    """Return the command line with all its commands."""
    # Without rich, --help takes a quarter of the time.
    app = typer.Typer(
        name="valuepulse",
        help="Real-time customer value scoring: events in, scores, tiers and alerts out.",
        epilog=EXIT_CODES,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_valuepulse)
    for name in COMMANDS:
        import_module(f"streams.cli.{name}").register(app)
    return app


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command (by default that of the process) and exit with its code.

    An error that its reader can mend is told in words; any other is a bug and shows its traceback.
    """
    try:
        create_cli()(args=arguments, prog_name="valuepulse")
    except BrokenPipeError:  # as in `valuepulse dlq ls | head`
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        for line in str(error).splitlines():
            print(f"valuepulse: {line}", file=sys.stderr)
        sys.exit(code)
    sys.exit(0)


def _exit_code(error: Exception) -> int | None:
    from scoring.errors import ModelError
    from streams.errors import SettingsError, StreamsError

    if isinstance(error, ModelError):
        return SettingsError.exit_code
    return error.exit_code if isinstance(error, StreamsError) else None
