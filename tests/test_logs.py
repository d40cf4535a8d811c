"""Logs: one JSON object a line, and no customer above DEBUG."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging, structlog
from streams import logs
logs.configure({level!r}, {form!r})
log = structlog.get_logger("streams.test")
log.info("scored", customer="C1", customer_id="C1", events=3)
log.debug("looked at", customer="C1")
logging.getLogger("faust.consumer").info("chatter")
logging.getLogger("faust.consumer").warning("lagging by %d", 7)
with logs.kafka_client_overheard() as said:
    logging.getLogger("aiokafka.conn").error("unable to %s", "connect")
assert said == ["unable to connect"]
logging.getLogger("aiokafka.conn").error("connection lost")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def logged(level: str, form: str = "auto") -> str:
    program = PROGRAM.format(level=level, form=form)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def entries(level: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged(level).splitlines()]


def test_info_names_no_customer_and_libraries_only_warn() -> None:
    found = entries("INFO")
    events = ["scored", "lagging by 7", "connection lost", "failed"]
    assert [entry["event"] for entry in found] == events
    assert found[0].keys() == {"event", "events", "level", "logger", "timestamp"}
    assert "ZeroDivisionError" in found[-1]["exception"]


def test_debug_names_customers_and_lets_libraries_speak() -> None:
    found = {entry["event"]: entry for entry in entries("DEBUG")}
    assert found["looked at"]["customer"] == "C1"
    assert "customer" not in found["scored"]
    assert "chatter" in found
    assert "unable to connect" in found


def test_errors_alone_leave_warnings_out() -> None:
    assert [entry["event"] for entry in entries("ERROR")] == ["connection lost", "failed"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_the_console_form_is_for_people(level: str) -> None:
    first = logged(level, "console").splitlines()[0]
    assert "scored" in first
    assert "events=3" in first
    assert not first.startswith("{")
