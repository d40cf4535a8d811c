"""Logs: one JSON object a line, customers hashed, and what carries secrets kept quiet."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
PROGRAM = """
import logging, structlog
from streams import logs
logs.configure({level!r}, {form!r}, {key!r})
log = structlog.get_logger("streams.test")
log.info("scored", customer="C1", customer_id=b"C1", events=3)
log.info("turned", customers=["C1", "客户-2"])
log.debug("looked at", customer=17)
logging.getLogger("faust.consumer").info("chatter")
logging.getLogger("faust.consumer").warning("lagging by %d", 7)
with logs.kafka_client_overheard() as said:
    logging.getLogger("aiokafka.client").error("unable to %s: %s", "connect", OSError("no"))
(heard,) = said
assert (heard.text, repr(heard.error)) == ("unable to connect: no", "OSError('no')")
logging.getLogger("aiokafka.conn").debug("Request: password hunter2, customer C1")
logging.getLogger("aiokafka.conn").error("connection lost")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


KEY = "a key of 16 to 64 bytes"


def logged(level: str, form: str = "auto", key: str | None = KEY) -> str:
    program = PROGRAM.format(level=level, form=form, key=key)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def entries(level: str, key: str | None = KEY) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged(level, key=key).splitlines()]


def hashed_by_openssl(customer: str) -> str:
    """The hash as docs/operations.md tells to make it."""
    (command,) = re.findall(r"^printf .* BLAKE2BMAC$", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    variables = {"CUSTOMER": customer, "KEY": KEY, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env=variables
    )
    return done.stdout.strip().lower()


def test_info_hashes_customers_and_libraries_only_warn() -> None:
    found = entries("INFO")
    events = ["scored", "turned", "lagging by 7", "connection lost", "failed"]
    assert [entry["event"] for entry in found] == events
    assert found[0]["customer"] == found[0]["customer_id"] == found[1]["customers"][0]
    assert "ZeroDivisionError" in found[-1]["exception"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_level_names_a_customer(level: str) -> None:
    log = logged(level)
    assert "C1" not in log
    assert "客户" not in log


def test_debug_lets_libraries_speak_but_not_of_what_kafkas_client_sends() -> None:
    found = {entry["event"]: entry for entry in entries("DEBUG")}
    assert re.fullmatch("[0-9a-f]{16}", found["looked at"]["customer"])
    assert "chatter" in found
    assert "unable to connect: no" in found
    assert "connection lost" in found
    assert not [event for event in found if "hunter2" in event]


def test_a_hash_can_be_made_from_the_customer_and_the_key() -> None:
    found = entries("INFO")
    assert found[1]["customers"] == [hashed_by_openssl("C1"), hashed_by_openssl("客户-2")]


def test_a_command_hashes_with_the_key_of_the_settings() -> None:
    program = (
        "import structlog; from streams.cli.options import settings_of; settings_of(None); "
        "structlog.get_logger('streams.x').warning('x', customer='C1')"
    )
    variables = os.environ | {"VALUEPULSE_LOG__CUSTOMER_KEY": KEY, "VALUEPULSE_LOG__FORMAT": "json"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables
    )
    assert json.loads(done.stderr)["customer"] == hashed_by_openssl("C1")


def test_without_a_key_every_process_has_its_own() -> None:
    one, other = entries("INFO", None), entries("INFO", None)
    assert one[0]["customer"] == one[0]["customer_id"] != other[0]["customer"]


def test_errors_alone_leave_warnings_out() -> None:
    assert [entry["event"] for entry in entries("ERROR")] == ["connection lost", "failed"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_the_console_form_is_for_people(level: str) -> None:
    first = logged(level, "console").splitlines()[0]
    assert "scored" in first
    assert "events=3" in first
    assert not first.startswith("{")
