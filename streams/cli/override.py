"""`valuepulse override`: a person decides a customer's tier, until a day or for good."""

import asyncio
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, Reason, Store, settings_of

if TYPE_CHECKING:
    from streams.settings import Settings


class Mode(StrEnum):
    """How the tier that was set and the one that the score earned go together."""

    PIN = "pin"
    FLOOR = "floor"
    CEILING = "ceiling"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("override")(override)


def override(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    score: Annotated[str, typer.Option(help="Of which score.")],
    reason: Reason,
    author: Annotated[str, typer.Option(help="Who decided it.")],
    tier: Annotated[str | None, typer.Option(help="The tier that shall hold.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="pin: this tier; floor: at least it; ceiling: at most it.")
    ] = Mode.PIN,
    until: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The last day; without: no end."),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End what was decided before.")] = False,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Set a customer's tier of a score by hand, or let the score decide again (--end).

    The score itself stays what it is. Exit code 2 if Redis does not know the customer, or the model
    not the score or the tier.
    """
    from streams.cli.command_topic import command, places, send, tell
    from streams.errors import UsageError

    if end == (tier is not None):
        raise UsageError("give either --tier, or --end to let the score decide again")
    if end and (until is not None or mode is not Mode.PIN):
        raise UsageError("--mode and --until belong to a --tier, not to --end")
    settings = settings_of(config, broker=broker, redis=redis)
    _check(settings, score, tier)
    (place,) = asyncio.run(places(settings, customer))
    last_day = None if until is None else until.date()
    event = command(
        "override", customer, score=score, tier=tier, mode=mode.value,
        until=last_day and last_day.isoformat(), author=author, reason=reason,
    )  # fmt: skip  # what is decided, then for how long and by whom
    asyncio.run(send(settings, place.shard, event))
    tell(settings, place.shard, event, _said(customer, score, tier, mode, last_day), json)


def _check(settings: "Settings", score: str, tier: str | None) -> None:
    """Raise `UsageError` for a score or tier that the model does not have."""
    from streams.errors import UsageError
    from streams.model_file import load_model

    model = load_model(settings.model)
    if score not in model.scores:
        known = ", ".join(model.scores)
        raise UsageError(f"there is no score {score!r} in {model.tag}; it has {known}")
    tiers = [each.name for each in model.scores[score].tiers]
    if tier is not None and tier not in tiers:
        raise UsageError(f"the score {score!r} has no tier {tier!r}; it has {', '.join(tiers)}")


def _said(customer: str, score: str, tier: str | None, mode: Mode, last_day: date | None) -> str:
    if tier is None:
        return f"the tier of {customer} will follow its score {score} again"
    what = {Mode.PIN: "be", Mode.FLOOR: "be at least", Mode.CEILING: "be at most"}[mode]
    until = "" if last_day is None else f" until {last_day}"
    return f"the {score} tier of {customer} will {what} {tier}{until}"
