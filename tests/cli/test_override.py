"""`valuepulse override`: what cannot be decided is refused before anything is sent."""

from __future__ import annotations

import pytest

from tests.cli.command import valuepulse
from tests.servers import free_port

COMMON = ("--author", "ann", "--reason", "founder")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--score", "value"), "give either --tier, or --end"),
        (("--score", "value", "--tier", "VIP", "--end"), "give either --tier, or --end"),
        (("--score", "value", "--end", "--mode", "floor"), "belong to a --tier"),
        (("--score", "value", "--end", "--until", "2027-01-31"), "belong to a --tier"),
        (("--score", "fame", "--tier", "VIP"), "no score 'fame' in default@"),
        (("--score", "value", "--tier", "gold"), "no tier 'gold'; it has ordinary, important, VIP"),
        (("--score", "value", "--tier", "VIP", "--mode", "top"), "'top' is not one of"),
        (("--score", "value", "--tier", "VIP", "--until", "soon"), "'soon' does not match"),
    ],
)
def test_what_cannot_be_decided_is_told(options: tuple[str, ...], said: str) -> None:
    """Neither Kafka nor Redis is asked: here there is none."""
    nobody = f"127.0.0.1:{free_port()}"
    servers = ("--broker", nobody, "--redis", f"redis://{nobody}/0")
    ended = valuepulse("override", "ada", *options, *COMMON, *servers)
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize("missing", ["--author", "--reason"])
def test_who_decided_and_why_must_be_said(missing: str) -> None:
    given = {"--author": "ann", "--reason": "founder", "--score": "value", "--tier": "VIP"}
    del given[missing]
    ended = valuepulse("override", "ada", *(word for pair in given.items() for word in pair))
    assert ended.code == 2
    assert missing in ended.err
