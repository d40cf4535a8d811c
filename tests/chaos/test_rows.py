"""Rows of the fault table, run as `python -m tests.chaos` runs them, with less traffic."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.chaos.control import run_control
from tests.chaos.lab import Lab, open_lab
from tests.chaos.rows import ROWS
from tests.chaos.table import run_row
from tests.integration.verdict import Tally
from tests.servers import BROKER_VARIABLE, REDIS_VARIABLE

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        bool({BROKER_VARIABLE, REDIS_VARIABLE} & os.environ.keys()),
        reason=f"{BROKER_VARIABLE} or {REDIS_VARIABLE} names a server that is not ours to kill",
    ),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with open_lab() as opened:
        yield opened


@pytest.mark.parametrize("name", ["replies_lost", "store_refuses"])
def test_a_row_holds_with_little_traffic(lab: Lab, name: str) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    ran = run_row(lab, row, seed=4, events=6_000)
    assert (ran.error, ran.differences, ran.tally) == ("", (), Tally())
    assert ran.is_right, ran.seen
    assert ran.faults >= 4


def test_a_naive_processor_counts_twice_what_it_was_not_answered(lab: Lab) -> None:
    """Its client sends the increment again."""
    ran = run_control(lab, 10, seed=4, events=1_000)
    assert ran.error == ""
    assert ran.tally is not None
    assert ran.tally.twice > 0
