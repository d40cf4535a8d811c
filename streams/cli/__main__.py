"""`python -m streams.cli` is `valuepulse`."""

from streams.cli.main import run

run()
