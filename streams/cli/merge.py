"""`valuepulse merge` and `unmerge`: one customer that was known by two ids."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import AsJson, Author, Broker, ConfigFile, Reason, Store, Yes, settings_of

if TYPE_CHECKING:
    from streams.cli.command_topic import Place


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("merge")(merge)
    app.command("unmerge")(unmerge)


def merge(
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="The id that shall not count by itself.")
    ],
    into: Annotated[str, typer.Option(metavar="OTHER", help="The id that goes on.")],
    reason: Reason,
    author: Author = None,
    yes: Yes = False,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Let all that a customer did, and will do, count for another one.

    Its id leaves the CRM feed; events may go on using it. `unmerge` undoes it, for 30 days. Exit
    code 2 if Redis does not know both, or one of them is in another merge.
    """
    from streams.cli.command_topic import command, places, send, tell

    settings = settings_of(config, broker=broker, redis=redis)
    one, other = asyncio.run(places(settings, customer, into))
    _check(customer, one, into, other)
    if not yes:
        question = f"Let all of {customer!r} count for {into!r}?"
        typer.confirm(question, abort=True, err=True)
    event = command(
        "merge", customer, into=into, into_shard=other.shard, author=author, reason=reason
    )
    asyncio.run(send(settings, one.shard, event))
    tell(settings, one.shard, event, f"{customer} will count for {into}", json)


def unmerge(
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="The id that was merged into another.")
    ],
    reason: Reason,
    author: Author = None,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Undo a merge: both customers are what they would be without it.

    Exit code 2 if the customer is not merged, or has been for more than 30 days.
    """
    from scoring.merging import why_no_unmerge
    from streams.cli.command_topic import command, places, send, tell
    from streams.errors import UsageError

    settings = settings_of(config, broker=broker, redis=redis)
    (place,) = asyncio.run(places(settings, customer))
    event = command("unmerge", customer, author=author, reason=reason)
    merged = place.roster.away.get(customer.encode())
    if why := why_no_unmerge(merged, event["occurred_at"]):
        raise UsageError(f"{customer!r}: {why}")
    asyncio.run(send(settings, place.shard, event))
    tell(settings, place.shard, event, f"{customer} will count for itself again", json)


def _check(customer: str, one: "Place", into: str, other: "Place") -> None:
    """Raise `UsageError` for what a worker would refuse."""
    from scoring.merging import why_no_member, why_not_away
    from streams.errors import UsageError

    name, target = customer.encode(), into.encode()
    why = why_not_away(one.roster, name, target) or why_no_member(other.roster, target, name)
    if why is not None:
        raise UsageError(f"{customer!r} cannot be merged into {into!r}: {why}")
