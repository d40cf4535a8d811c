"""`valuepulse demo`: all parts start, all end, and what is played is on the page."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.cli.played_file import PlayedFile
from streams.errors import CheckError, UsageError
from tests.cli.command import COMMAND, ROOT, valuepulse
from tests.servers.process import free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
TYPES = frozenset({"transaction", "praise"})


class Playing:
    """A running demo and its dashboard."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        """Take what `demo` has started."""
        self.process, self.url = process, url

    def ask(self, path: str) -> Any:
        """Return what the dashboard answers; None before it does."""
        assert self.process.poll() is None, "the demo has ended"
        try:
            answer = httpx.get(f"{self.url}{path}", timeout=10)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def end(self) -> str:
        """Press Ctrl-C; return what the terminal showed."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, out
        return out


@contextmanager
def demo(*arguments: object) -> Iterator[Playing]:
    """Run the demo on a free port until the block ends."""
    port = free_port()
    command = [*COMMAND, "demo", "--no-browser", "--port", str(port), *map(str, arguments)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "500"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Playing(process, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def event(day: int, kind: str = "transaction", **fields: object) -> str:
    at = datetime(2026, 1, 1 + day, 9, tzinfo=UTC).isoformat()
    usual = {"type": kind, "event_id": f"e{day}", "customer_id": f"C{day % 3}", "occurred_at": at}
    amount = {"amount": "100.00"} if kind == "transaction" else {}
    return json.dumps(usual | amount | fields)


def test_the_demo_shows_every_customer_of_its_shop_and_tells_its_story() -> None:
    """The past is scored and read before the story begins; no snapshot is lost on the way."""
    with demo("--customers", 1_500) as playing:
        told = wait_until(
            lambda: (p := playing.ask("/api/pyramid")) and p["customers"] >= 1_500 and p,
            "all customers on the page",
            90,
        )
        shares = {tier["tier"]: tier["share_of_customers"] for tier in told["tiers"]}
        assert 0.02 < shares["VIP"] < shares["important"] < shares["ordinary"]
        wait_until(lambda: has_fallen(playing), "the VIP's alert and its fall", 90)
        out = playing.end()
    assert f"{playing.url}/" in out
    assert "▲ ordinary → important" in out
    assert "⚠ value drop" in out


def has_fallen(playing: Playing) -> bool:
    """Tell whether the VIP of the story has an open alert, and is no VIP any more."""
    told = playing.ask("/api/customers/C000002")
    value = next(score for score in told["scores"] if score["name"] == "value")
    return bool(value["tier"] == "important" and told["alerts"][0]["state"] == "open")


def test_a_file_is_played_by_its_own_days(tmp_path: Path) -> None:
    """In another currency than the model's; the page's day is the file's, not today."""
    path = tmp_path / "events.ndjson.gz"
    days = [event(day, currency="GBP") for day in (3, 1, 2, 0, 20)]
    path.write_bytes(gzip.compress("\n".join(days).encode()))
    with demo("--data", path, "--speed", 10, "--base-currency", "GBP") as playing:
        told = wait_until(
            lambda: (p := playing.ask("/api/pyramid")) and p["customers"] == 3 and p,
            "the file's customers on the page",
            90,
        )
        wait_until(
            lambda: playing.ask("/api/pyramid")["as_of"]["day"] == "2026-01-21", "the last day", 60
        )
        out = playing.end()
    assert told["as_of"]["day"] < "2026-01-22"
    assert "5 events of 20 days, 10 days a second" in re.sub(r"\s+", " ", out)


def test_a_demo_ends_by_itself_and_leaves_no_process() -> None:
    port = free_port()
    ended = valuepulse("demo", "--no-browser", "--customers", 50, "--port", port, "--for", 20)
    assert ended.code == 0, ended.err
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/livez")


def test_a_speed_without_a_file_is_refused() -> None:
    ended = valuepulse("demo", "--speed", 3)
    assert ended.code == 2
    assert "--data" in ended.err


def test_events_of_a_file_are_played_in_order_of_their_time(tmp_path: Path) -> None:
    """Also when the file is not; a time is text or epoch milliseconds."""
    path = tmp_path / "events.ndjson"
    epoch_ms = round(datetime(2026, 1, 2, 21, tzinfo=UTC).timestamp() * 1000)
    lines = [event(2), event(0), "no JSON", event(1, occurred_at=epoch_ms), event(1, "unheard-of")]
    path.write_text("\n".join(lines), "utf-8")
    file = PlayedFile.read(path, TYPES)
    assert file.unusable == 2
    assert file.days == 2
    assert [due for due, _ in file.played(0.5)] == [0, 3, 4]
    assert [file.day_after(s, 0.5) for s in (0, 2, 9)] == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_a_line_whose_time_is_wrong_keeps_its_place(tmp_path: Path) -> None:
    """It becomes a dead letter, which one wants to see."""
    path = tmp_path / "events.ndjson"
    lines = [event(0), event(1, occurred_at="yesterday"), event(2)]
    path.write_text("\n".join(lines), "utf-8")
    assert [due for due, _ in PlayedFile.read(path, TYPES).played(1)] == [0, 0, 2]


@pytest.mark.parametrize("content", ["", "nothing of use\n", '{"type": "transaction"}\n'])
def test_a_file_without_events_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(content, "utf-8")
    with pytest.raises(CheckError, match="no line is an event"):
        PlayedFile.read(path, TYPES)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(event(0).encode())[:-10], id="cut off"),
        pytest.param(gzip.compress(b"")[:10] + b"\xff" * 50, id="no deflated data"),
        pytest.param(event(0).encode(), id="not packed"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_refused(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(packed)
    with pytest.raises(UsageError, match="cannot be read"):
        PlayedFile.read(path, TYPES)
