"""Fixtures: one stage and one browser for all tests here, a window for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import VARIABLE, chromium, executable
from tests.browser.stage import Stage, stage
from tests.browser.visitor import Visitor
from tests.servers import Kafka, Valkey


class Visits(Protocol):
    """Makes windows: `visit(role, route, language=…, theme=…, size=…)`."""

    def __call__(self, role: str | None = "admin", route: str = ..., **options: Any) -> Visitor:
        """Open a view as somebody with a role; None has no token."""


@pytest.fixture(scope="package")
def theatre(
    tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, valkey_server: Valkey
) -> Iterator[Stage]:
    """A dashboard, and a shop that tests may send events to."""
    if executable() is None:
        pytest.skip(f"no chromium on the PATH: `make browser` installs one, or set {VARIABLE}")
    directory = tmp_path_factory.mktemp("browser")
    with stage(directory, kafka.bootstrap, valkey_server.url) as running:
        yield running


@pytest.fixture(scope="package")
def browser(theatre: Stage) -> Iterator[Browser]:
    """A real Chromium, started last: with it an event loop runs in this thread (Playwright's)."""
    path = executable()
    assert path is not None
    with chromium(path) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, theatre: Stage) -> Iterator[Visits]:
    """Windows; at the end none has complained, failed to load, or asked another origin."""
    windows: list[Visitor] = []

    def opened(role: str | None = "admin", route: str = "/pyramid", **options: Any) -> Visitor:
        visitor = Visitor(browser, theatre.url, **options)
        windows.append(visitor)
        if role is None:
            visitor.refusals_are_fine = True
            visitor.go(route)
        else:
            visitor.log_in(theatre.tokens[role], route)
        return visitor

    yield opened
    for window in windows:
        window.close()
    assert [w.strangers for w in windows] == [[] for _ in windows]
    assert [w.troubles for w in windows] == [[] for _ in windows]
