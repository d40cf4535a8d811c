"""The worker's HTTP server, asked by a real client."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from streams.health import serve
from streams.metrics import Metrics


class Probed:
    """A served worker: what its checks say, and the answers of the server."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.not_alive: str | None = None
        self.not_ready: str | None = None
        self.url = ""

    async def get(self, path: str) -> tuple[int, str, Any]:
        """Ask; returns status, text and headers."""
        async with aiohttp.ClientSession() as client, client.get(self.url + path) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
async def probed() -> AsyncIterator[Probed]:
    worker = Probed()
    runner: web.AppRunner = await serve(
        "127.0.0.1", 0, worker.metrics, lambda: worker.not_alive, lambda: worker.not_ready
    )
    host, port = runner.addresses[0]
    worker.url = f"http://{host}:{port}"
    yield worker
    await runner.cleanup()


async def test_a_worker_without_problems_is_alive_and_ready(probed: Probed) -> None:
    assert [(await probed.get(path))[:2] for path in ("/livez", "/readyz")] == [(204, "")] * 2


async def test_what_is_wrong_is_said_with_503(probed: Probed) -> None:
    probed.not_ready = "no shards assigned yet"
    assert (await probed.get("/readyz"))[:2] == (503, "no shards assigned yet\n")
    assert (await probed.get("/livez"))[0] == 204
    probed.not_alive = "lag 5 and no progress for 90 s"
    assert (await probed.get("/livez"))[:2] == (503, "lag 5 and no progress for 90 s\n")


async def test_metrics_are_shown_as_prometheus_reads_them(probed: Probed) -> None:
    probed.metrics.events.labels("applied").inc(3)
    probed.metrics.set_up("store", up=False)
    status, text, headers = await probed.get("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = text.splitlines()
    assert 'valuepulse_events_total{outcome="applied"} 3.0' in lines
    assert 'valuepulse_up{part="store"} 0.0' in lines
    assert 'valuepulse_up{part="publisher"} 1.0' in lines
    assert "# TYPE valuepulse_step_seconds histogram" in lines


async def test_an_address_that_is_taken_is_an_error_of_the_system(probed: Probed) -> None:
    port = int(probed.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address"):
        await serve("127.0.0.1", port, Metrics(), lambda: None, lambda: None)


def test_trouble_names_what_stands_still_until_it_is_over() -> None:
    metrics = Metrics()
    assert metrics.trouble() is None
    metrics.set_up("store", up=False)
    metrics.set_up("publisher", up=False)
    assert metrics.trouble() == "Redis does not take commits; Kafka does not take outcomes"
    metrics.set_up("store", up=True)
    assert metrics.trouble() == "Kafka does not take outcomes"


def test_outcomes_are_counted_as_the_status_line_shows_them() -> None:
    metrics = Metrics()
    metrics.events.labels("applied").inc(7)
    metrics.events.labels("duplicate").inc(2)
    for direction in ("up", "up", "down"):
        metrics.count({"score_name": "value", "from": "a", "to": "b", "direction": direction})
    for state in ("opened", "resolved"):
        metrics.count({"score_name": "value", "alert": "drop", "state": state})
    assert metrics.outcome_counts() == {"applied": 7, "up": 2, "down": 1, "opened": 1}
