"""`valuepulse erase`: forget a customer, as its right is."""

import asyncio
from typing import Annotated

import typer

from streams.cli.options import AsJson, Author, Broker, ConfigFile, Reason, Store, Yes, settings_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase")(erase)


def erase(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    reason: Reason,
    author: Author = None,
    yes: Yes = False,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Forget a customer: its state goes, and the CRM feed gets a tombstone.

    Whatever happened up to now never counts again, also when it is sent or read once more. Who is
    merged into the customer is forgotten, too. Exit code 2 if Redis does not know the customer.
    """
    from streams.cli.command_topic import command, places, send, tell

    settings = settings_of(config, broker=broker, redis=redis)
    event = command("erasure", customer, author=author, reason=reason)
    if not yes:
        typer.confirm(f"Forget {customer!r} for ever?", abort=True, err=True)
    (place,) = asyncio.run(places(settings, customer))
    asyncio.run(send(settings, place.shard, event))
    tell(settings, place.shard, event, f"{customer} will be forgotten", json)
