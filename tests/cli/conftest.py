"""Fixtures of the commands' tests."""

from __future__ import annotations

import asyncio

import pytest

from streams.settings import Settings
from streams.topics import ensure
from tests.conftest import Topics


@pytest.fixture
def installation(topics: Topics) -> dict[str, str]:
    """Variables for topics of one's own on a real broker; all of them made."""
    variables = {
        "VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS": topics.bootstrap,
        "VALUEPULSE_TOPICS__PREFIX": topics.prefix,
    }
    given = {"kafka.bootstrap_servers": topics.bootstrap, "topics.prefix": topics.prefix}
    asyncio.run(ensure(Settings.load(None, given)))
    return variables
