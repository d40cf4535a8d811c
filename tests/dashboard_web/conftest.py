"""Fixtures: one shop with one server for the tests that change neither."""

from __future__ import annotations

from collections.abc import Iterator

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
