"""`valuepulse model reference`: a scoring model in words."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.options import ConfigFile, ModelFile, settings_of


def reference(
    model: ModelFile = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it there. [stdout]"),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Describe a scoring model as a page of Markdown, in English and Chinese.

    Each indicator with its definition, unit, window and direction, in which scores it counts with
    what weight, and what a missing value does; and all measures and kinds that a model may use.
    """
    from scoring.reference.page import reference as page
    from streams.errors import UsageError
    from streams.model_file import load_model

    text = page(load_model(settings_of(config, model=model).model))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror or error}") from error


if __name__ == "__main__":
    typer.run(reference)
