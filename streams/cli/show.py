"""`valuepulse show`: how a customer stands."""

import asyncio
from typing import Annotated

import typer

from streams.cli.options import AsJson, ConfigFile, ModelFile, Store, settings_of
from streams.cli.phrases import Language
from streams.cli.reasons import number, told_members
from streams.cli.states import find

CustomerId = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    customer: CustomerId,
    config: ConfigFile = None,
    redis: Store = None,
    model: ModelFile = None,
    json: AsJson = False,
) -> None:
    """Show a customer's scores, tiers and indicators as they are now."""
    from streams.cli.output import print_json, print_table
    from streams.explanation import standing

    found = asyncio.run(find(customer, settings_of(config, redis=redis, model=model)))
    said = standing(found.scorer, found.customer, found.state, found.day)
    if json:
        print_json(said | {"members": found.members})
        return
    typer.echo(f"{customer}  {said['as_of']}  {said['model']}  {said['events']:,} events")
    for line in told_members(found.members, Language()):
        typer.echo(line)
    print_table(
        ("score", "points", "tier"),
        [(name, f"{each['score']:.2f}", each["tier"]) for name, each in said["scores"].items()],
    )
    print_table(
        ("indicator", "value"),
        [(name, number(value)) for name, value in said["indicators"].items()],
    )
