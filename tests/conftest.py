"""Fixtures of all tests: the real Kafka and Valkey, topics of one's own, and no silent skips."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from streams.kernel_cache import choose
from tests.servers import Kafka, Valkey, create_topics, delete_topics, start_kafka, start_valkey

choose()  # before a test imports numba: the kernel that `make setup` compiled is used

REQUIRE_VARIABLE = "VALUEPULSE_REQUIRE_SERVERS"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real broker for the whole session; a test that stops it starts its own instead."""
    with start_kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real store for the whole session; see `valkey`."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: Valkey) -> Valkey:
    """A real store, empty; a test that stops it starts its own instead."""
    valkey_server.flush()
    return valkey_server


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics that only one test uses: `prefix` stands before each name."""

    bootstrap: str
    prefix: str

    def __call__(self, name: str) -> str:
        """Return the full name of a topic of this test."""
        return f"{self.prefix}{name}"

    def create(
        self, partitions: Mapping[str, int], config: Mapping[str, str] | None = None
    ) -> None:
        """Create topics, given as short name → number of partitions."""
        create_topics(self.bootstrap, {self(name): n for name, n in partitions.items()}, config)


@pytest.fixture
def topics(kafka: Kafka) -> Iterator[Topics]:
    """Names for topics of one's own; those that were created are deleted after the test."""
    own = Topics(kafka.bootstrap, prefix=f"test-{uuid.uuid4().hex[:8]}-")
    yield own
    delete_topics(own.bootstrap, own.prefix)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run on any skip where everything must run: in CI, by `.ci/run`."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # as with `-p no:terminal`
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped and os.environ.get(REQUIRE_VARIABLE) == "1":
        reporter.write_line(f"\n{len(skipped)} skipped, but {REQUIRE_VARIABLE}=1: nothing may be.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
