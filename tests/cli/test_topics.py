"""`valuepulse topics`: what it prints and how it exits; tests/test_topics.py has the rules."""

from __future__ import annotations

from tests.cli.command import valuepulse
from tests.conftest import Topics


def test_check_finds_nothing_after_ensure(installation: dict[str, str]) -> None:
    checked = valuepulse("topics", "check", variables=installation)
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == "ok: all topics are there, as they should be\n"


def test_what_is_missing_is_a_failed_check_until_ensure_makes_it(topics: Topics) -> None:
    variables = {
        "VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS": topics.bootstrap,
        "VALUEPULSE_TOPICS__PREFIX": topics.prefix,
    }
    for command in (("check",), ("ensure", "--dry-run")):
        ended = valuepulse("topics", *command, "--json", variables=variables)
        assert ended.code == 4
        assert {drift["what"] for drift in ended.json()["topics"]} == {"missing"}
    made = valuepulse("topics", "ensure", variables=variables)
    assert made.code == 0
    assert made.out.count("created") == 15
