"""`valuepulse replay`: score files of past events offline."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.options import (
    AsJson,
    BaseCurrency,
    ConfigFile,
    EventFiles,
    ModelFile,
    Timezone,
    adapted_to,
    settings_of,
)

if TYPE_CHECKING:
    from streams.replay import Summary


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    files: EventFiles,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Folder for the results.")
    ],
    model: ModelFile = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="Score as of this day; later events are left out. [day of the newest event]",
        ),
    ] = None,
    clock: Annotated[
        str,
        typer.Option(
            "--clock",
            metavar="event|customer",
            help="customer: no turn of the day, for comparison only.",
        ),
    ] = "event",
    base_currency: BaseCurrency = None,
    timezone: Timezone = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 if a line was rejected.")
    ] = False,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Score files of past events with the code that the stream runs.

    The events of a file count in its order; several files are merged by time.
    Writes customers.ndjson, tier-changes.ndjson, value-alerts.ndjson, segment-changes.ndjson (of
    segments that the model tells), dead-letters.ndjson and
    summary.json. A rejected line stops nothing. A model that is not calibrated yet is run with
    stand-ins for what its population lacks, to be calibrated with the result.
    """
    from scoring.calibration.stand_ins import lacking, with_stand_ins
    from streams.cli.output import note, print_json, progress
    from streams.decode import InputRules
    from streams.errors import CheckError, UsageError
    from streams.event_files import size_of
    from streams.merged_files import most_rejected
    from streams.model_file import load_model
    from streams.replay import Options, day_number
    from streams.replay import replay as run

    if clock not in ("event", "customer"):
        raise UsageError(
            f"--clock {clock!r}: write event or customer; wall is for the live worker only"
        )
    settings = settings_of(config, model=model)
    scoring = load_model(settings.model, calibrated=False)
    absent = lacking(scoring)
    scoring = adapted_to(with_stand_ins(scoring), base_currency, timezone)
    options = Options(
        clock=clock,
        as_of=None if as_of is None else day_number(date(as_of.year, as_of.month, as_of.day)),
        rules=InputRules.of(settings),
    )
    with progress("bytes") as bar:
        task = bar.add_task("Replaying", total=size_of(files), speed="")
        try:
            summary = run(files, out, scoring, options, lambda at: bar.update(task, completed=at))
        except OSError as error:
            raise UsageError(f"{error.filename or out}: {error.strerror or error}") from error
    if json:
        print_json(summary._asdict())
    else:
        _print(summary, out)
    if absent:
        go_on = f"valuepulse model calibrate {out / 'customers.ndjson'} --model {settings.model}"
        note(
            f"{settings.model} is not calibrated: its population has no {_few(absent)}. "
            "Scores and tiers are preliminary, indicators are right. "
            + (
                f"Go on with: {go_on} --write"
                if scoring.population.customers is None
                else f"Its customers did not give that; why, and what to write: {go_on}"
            )
        )
    if summary.late:
        note(
            f"{summary.late:,} events are older than one before them in their file: they count for "
            "their own day, but tiers and alerts follow the order in which events come"
        )
    if summary.rejected:
        note(
            f"{summary.rejected:,} lines were rejected, "
            f"{most_rejected(summary.reasons, summary.examples)}; "
            f"all of them: {out / 'dead-letters.ndjson'}"
        )
        if strict:
            raise typer.Exit(CheckError.exit_code)


def _few(parts: Sequence[str], most: int = 3) -> str:
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def _print(summary: "Summary", out: Path) -> None:
    from streams.cli.output import print_table

    rows = [
        ("events", f"{summary.events:,}"),
        ("customers", f"{summary.customers:,}"),
        ("as of", summary.as_of or "-"),
        ("tier changes", f"{summary.tier_changes:,}"),
        ("value alerts", f"{summary.value_alerts:,}"),
        ("segment changes", f"{summary.segment_changes:,}"),
        ("duplicates", f"{summary.duplicates:,}"),
        ("before an erasure", f"{summary.erased:,}"),
        ("rejected", f"{summary.rejected:,}"),
        ("late in their file", f"{summary.late:,}"),
        ("after the as-of day", f"{summary.after_as_of:,}"),
        *(
            (f"{score}: {tier}", f"{count:,}")
            for score, tiers in summary.tiers.items()
            for tier, count in tiers.items()
        ),
        ("seconds", f"{summary.seconds:.1f}"),
        ("results in", str(out)),
    ]
    print_table(("replay", summary.model), rows)
