"""`valuepulse explain`: why a customer stands where it stands, and what comes next."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.options import AsJson, ConfigFile, ModelFile, Store, settings_of
from streams.cli.phrases import Language
from streams.cli.reasons import (
    Labels,
    headings,
    rows_of_terms,
    told_members,
    told_receivables,
    told_score,
    told_segments,
)
from streams.cli.states import find

if TYPE_CHECKING:
    from scoring.model import Model


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    score: Annotated[str | None, typer.Option("--score", help="Only this score.")] = None,
    config: ConfigFile = None,
    redis: Store = None,
    model: ModelFile = None,
    json: AsJson = False,
) -> None:
    """Explain a customer's scores, tiers and segments, and when a tier will be lost."""
    from streams.cli.output import print_json
    from streams.explanation.answering import explained

    found = asyncio.run(find(customer, settings_of(config, redis=redis, model=model)))
    said = explained(found, score)
    if json:
        print_json(said)
    else:
        print_explanation(said, found.scorer.model)


def print_explanation(said: dict[str, Any], model: "Model") -> None:
    """Print what `streams.explanation` says of a customer, for people."""
    from streams.cli.output import print_table

    language = Language()
    labels = Labels(model, language)
    for name, each in said["scores"].items():
        typer.echo(
            f"{said['customer_id']}  {labels.score(name)} {each['score']:.2f}  "
            f"{labels.tier(name, each['tier'])}  ({said['as_of']}, {said['model']})"
        )
        print_table(headings(language), rows_of_terms(each["terms"], labels))
        for line in told_score(name, each, labels):
            typer.echo(line)
        typer.echo("")
    for line in _of_all_scores(said, labels, language):
        typer.echo(line)


def _of_all_scores(said: dict[str, Any], labels: Labels, language: Language) -> Iterator[str]:
    yield from told_segments(said, labels)
    yield from told_receivables(said["receivables"], language)
    yield from told_members(said["members"], language)
