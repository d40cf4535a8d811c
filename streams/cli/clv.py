"""`valuepulse clv`: customer lifetime value, fitted to past events."""

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
    adapted_model,
    settings_of,
)

if TYPE_CHECKING:
    from streams.clv import Fitted, Histories, SaleReader

UnitDays = Annotated[
    float,
    typer.Option("--unit-days", min=0.01, max=366, help="Days of the unit of time; 7: weeks."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(no_args_is_help=True, help="Customer lifetime value.")
    group.callback()(_clv)
    group.command("fit")(fit)
    app.add_typer(group, name="clv")


def _clv() -> None:
    """Keep `fit` a command of its own: typer makes a lone one the group."""


def fit(
    files: EventFiles,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            help="As of this day; later events are left out. [day of the newest event]",
        ),
    ] = None,
    unit_days: UnitDays = 7.0,
    dropout: Annotated[
        str,
        typer.Option(
            "--dropout",
            metavar="any|repeat",
            help="After which purchases customers may leave: any (MBG/NBD), repeat ones (BG/NBD).",
        ),
    ] = "any",
    model: ModelFile = None,
    base_currency: BaseCurrency = None,
    timezone: Timezone = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Fit customer lifetime value (MBG/NBD or BG/NBD, Gamma-Gamma) to the sales of past events.

    Prints the section `clv:` for the scoring model, with what to judge it by as comments. Without
    the values of orders if these cannot be fitted; exit code 4 when purchases cannot. Needs scipy:
    pip install "valuepulse[clv]".
    """
    from scoring.errors import ExtraError, FitError
    from streams.cli.output import note, print_json
    from streams.clv import SaleReader
    from streams.clv import fit as fit_to
    from streams.decode import InputRules
    from streams.errors import CheckError, UsageError

    if dropout not in ("any", "repeat"):
        raise UsageError(f"--dropout {dropout!r}: write any or repeat")
    settings = settings_of(config, model=model)
    reader = SaleReader(
        adapted_model(settings, base_currency, timezone),
        None if until is None else date(until.year, until.month, until.day).toordinal() - _EPOCH,
        InputRules.of(settings),
    )
    try:
        histories = _read(files, reader)
        note(f"fitting to {histories.orders.size:,} customers, as of {histories.as_of} ...")
        fitted = fit_to(histories, unit_days, fades=dropout == "any")
    except ExtraError as error:
        raise UsageError(str(error)) from error
    except FitError as error:
        raise CheckError(str(error)) from error
    finally:
        if reader.rejected:
            note(f"{reader.rejected:,} lines were rejected, {reader.reason}")
    if fitted.no_values:
        note(
            f"the values of orders could not be fitted: {fitted.no_values}. The section holds "
            "purchases only: indicators `of: alive` and `of: purchases` can use it"
        )
    for parameter in fitted.at_bounds:
        note(f"{parameter} is at its bound: {_AT_BOUNDS[parameter]}")
    if fitted.worthless:
        note(f"{fitted.worthless:,} customers got back all they paid: left out of order values")
    if json:
        section = fitted.clv.model_dump(mode="json", exclude_none=True)
        print_json(fitted._asdict() | {"clv": section})
    else:
        typer.echo(_section(fitted), nl=False)


_EPOCH = date(1970, 1, 1).toordinal()


def _read(files: list[Path], reader: "SaleReader") -> "Histories":
    from streams.cli.output import progress
    from streams.clv import read_histories
    from streams.event_files import size_of

    with progress("bytes") as bar:
        task = bar.add_task("Reading", total=size_of(files), speed="")
        return read_histories(files, reader, lambda at: bar.update(task, completed=at))


_COMMENTS = {
    "r": "purchase rates differ between customers like Gamma(r, alpha) 购买率",
    "a": "the chance to drop out after a purchase like Beta(a, b) 流失率",
    "p": "order values like Gamma(p, ν), and ν like Gamma(q, v) 订单额",
    "unit_days": "the unit of time in days 时间单位（天）",
    "discount_rate": "a year's: yours to set 年折现率",
    "margin": "the share of an order that is profit: yours to set 利润率",
    "dropout": "after which purchases customers may leave: any (MBG/NBD), repeat (BG/NBD) 流失模型",
    "log_likelihood": "of the purchases",
}

_AT_BOUNDS = {
    "r": "all customers seem to buy about as often as each other",
    "a": "hardly anybody seems to leave",
    "b": "hardly anybody seems to leave",
}


def _section(fitted: "Fitted") -> str:
    """Return the section of the model, and the figures as comments below it."""
    lines = ["clv:  # by `valuepulse clv fit` 客户生命周期价值"]
    for name, value in fitted.clv.model_dump(mode="json", exclude_none=True).items():
        comment = f"  # {_COMMENTS[name]}" if name in _COMMENTS else ""
        lines.append(f"  {name}: {value}{comment}")
    counts = [str(n) for n in range(len(fitted.observed) - 1)] + [f"{len(fitted.observed) - 1}+"]
    rows = (
        ("repeat purchases", counts),
        ("customers", [f"{n:,}" for n in fitted.observed]),
        ("expected", [f"{n:,.0f}" for n in fitted.expected]),
    )
    lines += ["  # " + f"{name:<17}" + "".join(f"{c:>11}" for c in cells) for name, cells in rows]
    values = f"; log-likelihood of Gamma-Gamma {fitted.value_log_likelihood}"
    lines.append(
        f"  # {fitted.orders:,} orders, {fitted.repeat_buyers:,} repeat buyers; correlation of "
        f"number and mean value of orders {fitted.correlation:g} (taken to be 0)"
        f"{'' if fitted.no_values else values}; {fitted.seconds:.1f} s"
    )
    return "\n".join(lines) + "\n"
