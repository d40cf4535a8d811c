"""Fixtures: one shop with one server for the tests that change neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cli.conftest import installation  # noqa: F401 - a fixture here, too
from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import Shop


@pytest.fixture(scope="package")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running dashboard that asks for tokens; tests leave its shop as it is."""
    with served(Shop(), tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture
def shop() -> Shop:
    """A shop of one's own."""
    return Shop()


@pytest.fixture
def logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[], str]:
    """All that was logged, wherever it goes: a test before may have run a command in this process.

    Commands configure logs, which then go through `logging`; without, to standard output.
    """
    caplog.set_level("WARNING", logger="httpx")  # the asker's side, which names what it asks
    return lambda: "".join(capfd.readouterr()) + caplog.text
