"""The worker's HTTP server, asked by a real client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from streams.errors import DependencyError, UsageError
from streams.health import Explaining, serve
from streams.metrics import Metrics


class Probed:
    """A served worker: what its checks say, and the answers of the server."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.not_alive: str | None = None
        self.not_ready: str | None = None
        self.url = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Ask; returns status, text and headers."""
        url = URL(self.url + path, encoded=True)
        async with aiohttp.ClientSession(headers=headers) as client, client.get(url) as answer:
            return answer.status, await answer.text(), answer.headers

    async def explain(self, customer: str, score: str | None) -> dict[str, Any]:
        """Tell what was asked for; some customers are unknown, and Redis may be away."""
        if customer == "away":
            raise DependencyError("Redis does not answer")
        if customer == "unknown":
            raise UsageError("there is no such customer")
        return {"customer_id": customer, "score": score}


@asynccontextmanager
async def served(token: str | None = None) -> AsyncIterator[Probed]:
    worker = Probed()
    runner: web.AppRunner = await serve(
        "127.0.0.1",
        0,
        worker.metrics,
        lambda: worker.not_alive,
        lambda: worker.not_ready,
        Explaining(worker.explain, token),
    )
    host, port = runner.addresses[0]
    worker.url = f"http://{host}:{port}"
    yield worker
    await runner.cleanup()


@pytest.fixture
async def probed() -> AsyncIterator[Probed]:
    async with served() as worker:
        yield worker


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


async def test_a_customer_is_explained_to_a_program_on_this_machine(probed: Probed) -> None:
    status, text, headers = await probed.get("/explanation/a%2Fb%20%E7%8E%8B?score=value")
    assert (status, json.loads(text)) == (200, {"customer_id": "a/b 王", "score": "value"})
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("customer", "status"), [("unknown", 404), ("away", 503)])
async def test_why_there_is_no_explanation_is_said(
    probed: Probed, customer: str, status: int
) -> None:
    answered, text, _ = await probed.get(f"/explanation/{customer}")
    assert answered == status
    assert json.loads(text)["error"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "[", ""])
async def test_a_page_whose_own_name_leads_here_gets_no_explanation(
    probed: Probed, host: str
) -> None:
    """The name is all that tells it from a program: both come from the loopback address."""
    assert (await probed.get("/explanation/C1", Host=host))[0] in (400, 403)
    assert (await probed.get("/explanation/C1", Host="localhost:1"))[0] == 200


async def test_a_proxy_on_this_machine_gets_no_explanation_for_others(probed: Probed) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert (await probed.get("/explanation/C1", **forwarded))[0] == 403


async def test_with_a_token_an_explanation_is_for_those_who_send_it() -> None:
    async with served(token="sixteen or more bytes") as worker:  # noqa: S106 - of this test
        asked = [
            await worker.get("/explanation/C1", **headers)
            for headers in (
                {},
                {"Authorization": "Bearer sixteen or more byteS"},
                {"Authorization": "Bearer sixteen or more bytes", "Host": "worker:8080"},
            )
        ]
        assert [status for status, _, _ in asked] == [403, 403, 200]
        assert (await worker.get("/livez"))[0] == 204


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
