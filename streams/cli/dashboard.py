"""`valuepulse dashboard`: the web page, and the tokens of those who may look."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.cli.options import Broker, ConfigFile, ModelFile, settings_of

if TYPE_CHECKING:
    from streams.dashboard.access import Access
    from streams.settings import Settings

_PACKAGES: Final = ("fastapi", "uvicorn")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(dashboard)
    group.command("token")(token)
    app.add_typer(group, name="dashboard")


def dashboard(
    context: typer.Context,
    config: ConfigFile = None,
    broker: Broker = None,
    model: ModelFile = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [dashboard.host, loopback]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0: any. [dashboard.port, 8090]")
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option("--tokens", metavar="FILE", help="Who may look. [dashboard.tokens_file]"),
    ] = None,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Ask for no token; on the loopback address only.")
    ] = False,
) -> None:
    """Show customers, tiers, movements and alerts as a web page, live, until told to stop.

    Everything comes from Kafka's outputs. Without a file of tokens one is made and printed; it
    holds until the end.
    """
    if context.invoked_subcommand is not None:
        return
    given: dict[str, Any] = {
        "dashboard.host": host, "dashboard.port": port, "dashboard.tokens_file": tokens,
    }  # fmt: skip
    settings = settings_of(config, broker=broker, model=model, **given)
    _require_packages()
    asyncio.run(_run(settings, *_access(settings, no_auth=no_auth)))


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is for; alerts show it.")],
    role: Annotated[
        str, typer.Option(metavar="viewer|manager|admin", help="What it may do.")
    ] = "viewer",
    owner: Annotated[
        str | None,
        typer.Option(help="It sees only customers whose attribute `owner` is this one."),
    ] = None,
) -> None:
    """Make a token: its line for the file of tokens to stdout, the token itself to stderr, once."""
    from streams.cli.output import note
    from streams.dashboard.tokens import new_token

    text, made = new_token(name, role, owner)
    typer.echo(made.line())
    note(f"the token, which is kept nowhere: {text}")


def _access(settings: "Settings", *, no_auth: bool) -> "tuple[Access, str | None]":
    """Return who may look, and the token that was made for this run, if one was.

    Raises:
        SettingsError: The file of tokens cannot be used.
        UsageError: Others could reach a server that asks for no tokens.
    """
    from streams.dashboard.access import Access
    from streams.dashboard.border import loopback_names
    from streams.dashboard.tokens import TokensFile, new_token
    from streams.errors import UsageError

    own = settings.dashboard
    session_s = own.session_hours * 3600
    if no_auth:
        if loopback_names(own.host) is None:
            raise UsageError(
                f"--no-auth: other machines reach {own.host}; use 127.0.0.1, or tokens "
                "(`valuepulse dashboard token` makes one)"
            )
        return Access(None, session_s), None
    if own.tokens_file is not None:
        return Access(TokensFile(own.tokens_file), session_s), None
    text, made = new_token("admin", "admin", None)
    return Access(lambda: [made], session_s), text


async def _run(settings: "Settings", access: "Access", made: str | None) -> None:
    from streams.cli.output import note
    from streams.dashboard.serving import Dashboard

    page = Dashboard(settings, access)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, page.stop)
    note(f"dashboard: {page.url}/")
    if made is not None:
        note(f"token, until this ends (dashboard.tokens_file keeps others): {made}")
    await page.run()


def _require_packages() -> None:
    from importlib.util import find_spec

    from streams.errors import UsageError

    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise UsageError(
            f"the dashboard needs {' and '.join(missing)}, which is not installed: "
            'pip install "valuepulse[dashboard]"'
        )
