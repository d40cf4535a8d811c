"""`valuepulse model`: calibrate a scoring model, and look for what is odd in it."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.options import AsJson, ConfigFile, ModelFile, settings_of
from streams.cli.reference import reference

if TYPE_CHECKING:
    from scoring.calibration.calibrate import Calibration
    from scoring.lint.findings import Finding
    from scoring.model import Model
    from streams.customers_file import Read

_CustomersFiles = typer.Argument(
    metavar="FILE…",
    exists=True,
    dir_okay=False,
    readable=True,
    help="customers.ndjson of `valuepulse replay`.",
)
"""What both commands take."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Calibrate a scoring model; find what is odd.")
    for command in (calibrate, lint, reference):
        group.command(command.__name__)(command)
    app.add_typer(group, name="model")


def calibrate(
    files: Annotated[list[Path], _CustomersFiles],
    model: ModelFile = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Put it into the model's file, and raise its version by one."),
    ] = False,
    peers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ATTRIBUTE",
            help="Figures by the texts of this attribute, too; may be given several times.",
        ),
    ] = None,
    outliers: Annotated[
        Literal["boxplot", "zscore"],
        typer.Option(help="Fences: quartiles ∓ 1.5 of their distance, or mean ∓ 3 deviations."),
    ] = "boxplot",
    hysteresis: Annotated[
        float,
        typer.Option(
            metavar="POINTS",
            min=0,
            max=100,
            help="From where a tier is entered to where it is left.",
        ),
    ] = 2.0,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Compute the section `population` of a model from scored customers.

    Mean, median, deviation, fences and quintiles of each indicator, peers, regressions, and bounds
    of tiers by their `top_share`; numbers have six significant digits. Prints the section, or puts
    it into the model's file. Where customers do not give all that the model asks for, the rest is
    written, what is absent is named, and the exit code is 4.
    """
    from scoring.calibration.calibrate import Options, peer_attributes
    from scoring.calibration.calibrate import calibrate as run
    from scoring.calibration.stand_ins import lacking
    from scoring.calibration.text import population_text
    from scoring.errors import CalibrationError
    from streams.cli.output import note, print_json
    from streams.customers_file import load_customers
    from streams.errors import CheckError, UsageError
    from streams.model_file import load_model, write_section
    from streams.settings_sources import short

    path = settings_of(config, model=model).model
    scoring = load_model(path, calibrated=False)
    asked = tuple(peers or ())
    read = load_customers(files, list(scoring.indicators), (*peer_attributes(scoring), *asked))
    _note_differences(scoring, read)
    try:
        found = run(scoring, read.customers, Options(outliers, asked, hysteresis))
    except CalibrationError as error:
        raise UsageError(f"{short(path)}: {error}") from None
    section = population_text(found.population, found.remarks)
    if found.absent and write and not lacking(scoring):
        raise CheckError(
            f"nothing was written, as {short(path)} is calibrated, and these customers do not give "
            f"all that it asks for:\n{_absent(found)}"
        )
    tag = write_section(path, section).tag if write else scoring.tag
    if json:
        print_json(_told(found, tag))
    elif write:
        typer.echo(
            f"{short(path)}: population of {read.customers.size:,} customers as of "
            f"{read.customers.as_of} written; the model is {tag} now"
        )
        _print_bounds(scoring, found)
    else:
        typer.echo(section, nl=False)
    if found.absent:
        note(f"{short(path)} still lacks, and cannot be run by a worker without:\n{_absent(found)}")
        raise typer.Exit(CheckError.exit_code)


def _absent(found: "Calibration") -> str:
    return "\n".join(f"  {what}: {why}" for what, why in found.absent.items())


def lint(
    files: Annotated[list[Path] | None, _CustomersFiles] = None,
    model: ModelFile = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Tell what is odd in a model that can be used; with customers, also how it does on them.

    Its population is old 180 days after it was taken: by today, or by the day of the customers.
    Exit code 4 if there is anything to tell.
    """
    from scoring.calibration.calibrate import peer_attributes
    from scoring.lint.alone import findings_of_model
    from scoring.lint.on_customers import findings_on_customers
    from streams.cli.output import SENTENCES, print_json, print_table
    from streams.customers_file import load_customers
    from streams.errors import CheckError
    from streams.model_file import load_model

    scoring = load_model(settings_of(config, model=model).model)
    if files:
        customers = load_customers(
            files, list(scoring.indicators), peer_attributes(scoring)
        ).customers
        findings = findings_of_model(scoring, customers.as_of)
        findings += findings_on_customers(scoring, customers)
    else:
        today = date.today()  # noqa: DTZ011  # half a year, give or take a day
        findings = findings_of_model(scoring, today)
    if json:
        print_json({"model": scoring.tag, "findings": [each._asdict() for each in findings]})
    elif findings:
        print_table(("finding", "what", "where"), _together(findings), SENTENCES)
    else:
        typer.echo(f"ok: nothing odd in {scoring.tag}")
    if findings:
        raise typer.Exit(CheckError.exit_code)


def _together(findings: "Iterable[Finding]") -> list[tuple[str, str, str]]:
    """Return rows of a table; what holds for several parts is said once."""
    wheres: dict[tuple[str, str], list[str]] = {}
    for kind, where, what in findings:
        wheres.setdefault((kind, what), []).append(where)
    return [(kind, what, _listed(where)) for (kind, what), where in wheres.items()]


def _listed(wheres: list[str]) -> str:
    """Return places in one line; a section that the first one names is not named again."""
    section = wheres[0].rpartition(".")[0] + "."
    return ", ".join([wheres[0], *(where.removeprefix(section) for where in wheres[1:])])


def _note_differences(model: "Model", read: "Read") -> None:
    from streams.cli.output import note

    if others := [tag for tag in read.models if tag != model.tag]:
        note(
            f"the customers were scored by {', '.join(others)}, the model is {model.tag}: "
            "right if its indicators are still the same"
        )
    if len(read.days) > 1:
        note(f"the customers are as of {len(read.days)} days, {read.days[0]} to {read.days[-1]}")


def _told(found: "Calibration", tag: str) -> dict[str, object]:
    return {
        "model": tag,
        "population": found.population.model_dump(mode="json", exclude_none=True),
        "remarks": found.remarks,
        "held": found.held,
        "absent": found.absent,
    }


def _print_bounds(model: "Model", found: "Calibration") -> None:
    from streams.cli.output import print_table

    if rows := list(_bounds_rows(model, found)):
        columns = ("score", "tier", "top share", "enter at", "leave below", "reached by", "model")
        print_table(columns, rows)


def _bounds_rows(model: "Model", found: "Calibration") -> Iterable[tuple[str, ...]]:
    size = found.population.customers or 0
    for name, tiers in found.population.bounds.items():
        for tier in model.scores[name].tiers:
            if (bounds := tiers.get(tier.name)) is not None:
                held, own = found.held[name][tier.name], tier.enter_at
                yield (
                    name,
                    tier.name,
                    "-" if tier.top_share is None else f"{tier.top_share:.1%}",
                    f"{bounds.enter_at:g}",
                    f"{bounds.leave_below:g}",
                    f"{held:,} ({held / size:.1%})",
                    f"instead of {own:g}" if isinstance(own, float) else "",
                )
