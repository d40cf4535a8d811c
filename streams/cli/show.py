"""`valuepulse show` and `explain`: how a customer stands, and why."""

import asyncio
import locale
import os
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.cli.options import AsJson, ConfigFile, ModelFile, Store, settings_of
from streams.cli.states import states

if TYPE_CHECKING:
    from streams.settings import Settings

_MOST_SHARDS: Final = 512
_BAR: Final = 20

CustomerId = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("show")(show)
    app.command("explain")(explain)


def show(
    customer: CustomerId,
    config: ConfigFile = None,
    redis: Store = None,
    model: ModelFile = None,
    json: AsJson = False,
) -> None:
    """Show a customer's scores, tiers and indicators as they are now."""
    from streams.cli.output import print_json, print_table

    found = asyncio.run(_explanation(customer, settings_of(config, redis=redis, model=model)))
    if json:
        for said in found["scores"].values():
            del said["terms"]
        print_json(found)
        return
    typer.echo(f"{customer}  {found['as_of']}  {found['model']}  {found['events']:,} events")
    _print_members(found)
    print_table(
        ("score", "points", "tier"),
        [(name, f"{said['score']:.2f}", said["tier"]) for name, said in found["scores"].items()],
    )
    print_table(
        ("indicator", "value"),
        [(name, _number(value)) for name, value in found["indicators"].items()],
    )


def explain(
    customer: CustomerId,
    score: Annotated[str | None, typer.Option("--score", help="Only this score.")] = None,
    config: ConfigFile = None,
    redis: Store = None,
    model: ModelFile = None,
    json: AsJson = False,
) -> None:
    """Explain a customer's scores: every indicator, its value, and the points that it gives."""
    from streams.cli.output import print_json
    from streams.errors import UsageError

    found = asyncio.run(_explanation(customer, settings_of(config, redis=redis, model=model)))
    if score is not None:
        if score not in found["scores"]:
            raise UsageError(
                f"there is no score {score!r}; the model has {', '.join(found['scores'])}"
            )
        found["scores"] = {score: found["scores"][score]}
    if json:
        print_json(found)
        return
    for name, said in found["scores"].items():
        _print_score(customer, name, said, found)
    _print_members(found)


async def _explanation(customer: str, settings: "Settings") -> dict[str, Any]:
    from scoring.merging import Roster
    from scoring.scorer import Scorer
    from streams.errors import UsageError
    from streams.explanation import explanation
    from streams.model_file import load_model
    from streams.output.messages import Wording
    from streams.state.meta import Meta, fingerprint

    scorer = Scorer(load_model(settings.model), settings.clock)
    async with states(settings) as store:
        found = await store.find(customer.encode(), max(_MOST_SHARDS, settings.topics.partitions))
        meta = Meta.of(await store.meta(found[0])) if found else Meta()
        roster = await store.roster(found[0]) if found else Roster()
    if found is None:
        raise UsageError(
            f"there is no customer {customer!r} under the prefix {settings.redis.prefix!r} in Redis"
        )
    if merged := roster.away.get(customer.encode()):
        into = merged.into.decode()
        raise UsageError(f"customer {customer!r} is merged into {into!r}: ask for that one")
    if meta.layout != fingerprint(scorer.names.layout):
        raise UsageError(
            f"the states were written with another model than {settings.model}: "
            "name the one that the worker runs by --model"
        )
    wording = Wording.of(scorer)
    day = None if settings.clock == "customer" else meta.day
    said = explanation(scorer, wording, customer.encode(), found[1], day)
    return said | {"members": [name.decode() for name in roster.active(customer.encode())]}


def _print_members(found: dict[str, Any]) -> None:
    """Say whose doings are counted, too."""
    if found["members"]:
        typer.echo(f"with all of {', '.join(found['members'])}, merged into it")


def _print_score(customer: str, name: str, said: dict[str, Any], found: dict[str, Any]) -> None:
    from streams.cli.output import print_table

    typer.echo(
        f"{customer}  {name} {said['score']:.2f}  {said['tier']}  "
        f"({found['as_of']}, {found['model']})"
    )
    language = _language()
    rows = []
    for term in sorted(said["terms"], key=lambda term: -term["points"]):
        label = (term["label"] or {}).get(language, term["indicator"])
        share = term["points"] / term["of"] if term["of"] else 0.0
        full = round(share * _BAR)
        rows.append(
            (
                label,
                "-" if term["filled"] else _number(term["value"]),
                f"{term['points']:.2f}",
                f"{term['of']:.1f}",
                "█" * full + "·" * (_BAR - full),
            )
        )
    print_table(("indicator", "value", "points", "of", ""), rows)
    if filled := sum(term["filled"] for term in said["terms"]):
        typer.echo(
            f"{filled} of {len(rows)} have no value yet and count as the model says (missing)"
        )
    if said["next"]:
        typer.echo(f"{said['next']['missing_points']:.2f} points to {said['next']['tier']}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"  # noqa: PLR2004  # from here on cents matter


def _language() -> str:
    tongue = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if tongue.lower().startswith(("zh", "chinese")) else "en"
