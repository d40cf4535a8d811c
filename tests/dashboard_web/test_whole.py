"""The whole: events are scored by a worker, and the dashboard shows, explains and remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.command import valuepulse
from tests.dashboard_web.test_command import running
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import START, Sent, traffic
from tests.servers import Kafka, Valkey, free_port
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def a_great_loss(after_ms: int) -> list[Sent]:
    """Return a large sale, and all of it sent back the day after: an alert."""
    said = [
        {
            "event_id": f"ada-{kind}",
            "customer_id": "ada",
            "kind": kind,
            "amount": "100000",
            "occurred_at": (START + timedelta(days=day)).isoformat(),
        }
        for kind, day in (("sale", 199), ("refund", 200))
    ]
    return [
        Sent("transaction", b"ada", json.dumps(each).encode(), after_ms + n)
        for n, each in enumerate(said, 1)
    ]


@contextmanager
def page(directory: Path, run: Installation, port: int) -> Iterator[httpx.Client]:
    """Run a dashboard; yield a browser that has opened its page, so that it may write."""
    where = run.environment | {"VALUEPULSE_DASHBOARD__WORKER_URL": f"http://127.0.0.1:{port}"}
    with running(directory, where, "--no-auth") as (url, _), httpx.Client(base_url=url) as client:
        client.timeout = httpx.Timeout(30)
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client


def loaded(client: httpx.Client, customers: int) -> None:
    wait_until(
        lambda: (
            client.get("/readyz").status_code == 204
            and client.get("/api/pyramid").json()["customers"] == customers
        ),
        f"{customers} customers",
        60,
    )


def test_events_that_are_scored_are_shown_explained_and_their_alerts_dealt_with(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    port = free_port()
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(
            tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL, http_port=port
        ) as run,
    ):
        sent = traffic(seed=11, customers=60, events=3_000, days=200)
        topic_logs.send(kafka.bootstrap, inputs, [*sent, *a_great_loss(sent[-1].arrived_ms)])
        run.worker()
        run.wait_until_caught_up()
        states = run.snapshots()
        with page(tmp_path / "first", run, port) as client:
            loaded(client, len(states))
            shows_what_the_store_has(client, states)
            explains_as_the_command_does(client, run, next(iter(states)))
            alert = acknowledges(client)
        with page(tmp_path / "second", run, port) as client:
            loaded(client, len(states))
            (again,) = client.get("/api/alerts?state=acknowledged").json()["alerts"]
            assert again == alert, "what was done is in Kafka"


def shows_what_the_store_has(client: httpx.Client, states: dict[str, Any]) -> None:
    rows = client.get("/api/customers?per_page=500&columns=orders_365d").json()["rows"]
    shown = {
        row["customer_id"]: (
            {name: (each["score"], each["tier"]) for name, each in row["scores"].items()},
            row["indicators"]["orders_365d"],
        )
        for row in rows
    }
    assert shown == {
        name: (
            {score: (each["score"], each["tier"]) for score, each in state["scores"].items()},
            state["indicators"]["orders_365d"],
        )
        for name, state in states.items()
    }


def explains_as_the_command_does(client: httpx.Client, run: Installation, name: str) -> None:
    answer = client.get(f"/api/customers/{name}/explanation").json()
    assert answer["available"], answer
    printed = valuepulse("explain", name, "--json", variables=run.environment).json()
    assert answer["explanation"] == printed
    other = client.get(f"/api/customers/{name}/explanation?score=none").json()
    assert (other["available"], "there is no score 'none'" in other["reason"]) == (False, True)


def acknowledges(client: httpx.Client) -> dict[str, Any]:
    alert, *_ = client.get("/api/alerts?state=open").json()["alerts"]
    path = f"/api/alerts/{alert['id']}"
    until = {"until": (datetime.now(UTC) + timedelta(days=30)).isoformat()}
    for what, body, state in (
        ("snooze", until, "snoozed"), ("reopen", {}, "open"), ("acknowledge", {"note": "王"}, None),
    ):  # fmt: skip
        answer = client.post(f"{path}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == (state or "acknowledged")
    said: dict[str, Any] = answer.json()
    assert (said["acknowledged"]["by"], said["acknowledged"]["note"]) == ("local", "王")
    return said
