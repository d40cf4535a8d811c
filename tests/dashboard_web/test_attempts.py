"""Guessing a token: ten attempts at once, then one each three seconds."""

from __future__ import annotations

import pytest

from streams.dashboard.attempts import EACH_S, FREE, Attempts


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_failures_cost_a_wait_from_the_tenth_on_and_are_forgotten() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE):
        assert attempts.wait_s("10.0.0.1") == 0
        attempts.failed("10.0.0.1")
    assert attempts.wait_s("10.0.0.1") == pytest.approx(EACH_S)
    assert attempts.wait_s("10.0.0.2") == 0, "others need not wait"
    clock.now += EACH_S
    assert attempts.wait_s("10.0.0.1") == 0
    attempts.failed("10.0.0.1")
    assert attempts.wait_s("10.0.0.1") == pytest.approx(EACH_S)
    clock.now += FREE * EACH_S
    for _ in range(FREE - 1):
        attempts.failed("10.0.0.1")
    assert attempts.wait_s("10.0.0.1") == 0, "all is forgotten after half a minute"


def test_an_hour_of_guessing_hears_no_more_than_the_rate() -> None:
    clock = Clock()
    attempts, heard = Attempts(clock), 0
    for _ in range(36_000):
        clock.now += 0.1
        if attempts.wait_s("10.0.0.1") == 0:
            heard += 1
            attempts.failed("10.0.0.1")
    assert heard == pytest.approx(3_600 / EACH_S + FREE, abs=2)


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_addresses_of_one_network_of_ipv6_are_one_place(
    one: str, other: str, are_one: bool
) -> None:
    attempts = Attempts(Clock())
    for _ in range(FREE):
        attempts.failed(one)
    assert (attempts.wait_s(other) > 0) is are_one


def test_what_is_kept_of_many_addresses_is_bounded() -> None:
    attempts = Attempts(Clock())
    for n in range(10_000):
        attempts.failed(f"10.0.{n // 256}.{n % 256}")
    assert len(attempts._free_at) == 4_096
