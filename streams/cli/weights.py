"""`valuepulse weights`: weights of criteria out of judgements or figures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.options import AsJson

if TYPE_CHECKING:
    from scoring.weights.ahp import Priorities
    from scoring.weights.tables import Floats

JsonFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="JSON; `names` of the criteria may stand in each.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Weights out of judgements or figures.")
    for command in (ahp, panel, entropy, critic, combine):
        group.command(command.__name__)(command)
    app.add_typer(group, name="weights")


def ahp(file: JsonFile, json: AsJson = False) -> None:
    """Weigh by pairwise comparisons.

    FILE: {"matrix": [[1, 3], [0.333, 1]]}; of several experts {"matrices": [...]}. Exit code 4
    if CR is above 0.1 and the file has no "reason" to take the comparisons all the same.
    """
    from streams.weights_file import AhpFile, load

    given = load(file, AhpFile)
    with _told_of(file):
        found = given.priorities(given.names)
    if json:
        _tell(given.names, found.weights, json, _consistency(found))
        return
    _tell(given.names, found.weights, json)
    typer.echo(_judgement(found, given.reason))


def panel(file: JsonFile, json: AsJson = False) -> None:
    """Weigh by the mean of experts' scores.

    FILE: {"scores": [[9, 4], [7, 5]]}, a row for each expert.
    """
    from streams.weights_file import PanelFile, load

    given = load(file, PanelFile)
    with _told_of(file):
        found = given.weights(given.names)
    _tell(given.names, found, json)


def entropy(file: JsonFile, json: AsJson = False) -> None:
    """Weigh figures by their entropy.

    FILE: {"matrix": [[120, 3], [80, 1]], "directions": ["more", "less"]}; a row for each
    alternative, a direction for each criterion: whether more or less of it is better.
    """
    from streams.weights_file import EntropyFile, load

    given = load(file, EntropyFile)
    with _told_of(file):
        found = given.weights(given.names)
    _tell(given.names, found, json)


def critic(file: JsonFile, json: AsJson = False) -> None:
    """Weigh figures by contrast and conflict.

    FILE: {"matrix": [[120, 3], [80, 1], [90, 2]], "directions": ["more", "less"]}; a row for each
    alternative, a direction for each criterion: whether more or less of it is better.
    """
    from streams.weights_file import CriticFile, load

    given = load(file, CriticFile)
    with _told_of(file):
        found = given.weights(given.names)
    _tell(given.names, found, json)


def combine(file: JsonFile, json: AsJson = False) -> None:
    """Combine several weight vectors.

    FILE: {"how": "linear", "shares": [0.6, 0.4], "weights": [[0.7, 0.3], [0.5, 0.5]]}, or
    {"how": "multiplicative", "weights": ...}. In place of "weights" may stand "of": methods with
    their inputs, as in a model's `weighting`.
    """
    from streams.weights_file import CombineFile, load

    given = load(file, CombineFile)
    with _told_of(file):
        found = given.combined()
    _tell(given.names, found, json)


@contextmanager
def _told_of(file: Path) -> Iterator[None]:
    """Tell what is wrong with a file's judgements or figures: a check failed, or a bad input."""
    from scoring.errors import InconsistentError, WeightsError
    from streams.errors import CheckError, UsageError
    from streams.settings_sources import short

    try:
        yield
    except InconsistentError as error:
        raise CheckError(f"{short(file)}: {error}") from None
    except WeightsError as error:
        raise UsageError(f"{short(file)}: {error}") from None


def _tell(
    names: Sequence[str], weights: "Floats", json: bool, more: dict[str, Any] | None = None
) -> None:
    from streams.cli.output import print_json, print_table

    if json:
        named = {"names": names} if names else {}
        print_json({"weights": weights.tolist(), **(more or {}), **named})
    else:
        labels = names or [str(n) for n in range(1, len(weights) + 1)]
        rows = [(name, f"{weight:.4f}") for name, weight in zip(labels, weights, strict=True)]
        print_table(("criterion", "weight"), rows)


def _consistency(found: "Priorities") -> dict[str, float]:
    return {"lambda_max": found.lambda_max, "ci": found.ci, "cr": found.cr}


def _judgement(found: "Priorities", reason: str | None) -> str:
    from scoring.weights.ahp import LARGEST_CR

    told = f"lambda_max {found.lambda_max:.4f}  CI {found.ci:.4f}  CR {found.cr:.4f}"
    if found.cr <= LARGEST_CR:
        return f"{told}: consistent, at most {LARGEST_CR:g}"
    return f"{told}: above {LARGEST_CR:g}, taken because: {reason}"
