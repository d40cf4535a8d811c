"""What is done about alerts: by whom, until when, and what Kafka does not take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams.errors import DependencyError
from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import CUSTOMERS, Shop, value_alert


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Iterator[Served]:
    with served(shop, tmp_path) as running:
        yield running


def states(running: Served) -> dict[str, int]:
    with running.client("admin") as client:
        counts: dict[str, int] = client.get("/api/alerts").json()["counts"]
    return counts


def test_an_alert_is_snoozed_acknowledged_and_opened_again(own: Served) -> None:
    alert = value_alert(own.shop.catalogue, 2)["id"]
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with own.logged_in("manager") as browser:
        snoozed = browser.post(f"/api/alerts/{alert}/snooze", json={"until": until.isoformat()})
        assert snoozed.json()["state"] == "snoozed"
        assert datetime.fromisoformat(snoozed.json()["snoozed_until"]) == until
        assert states(own) == {
            "open": CUSTOMERS - 1, "acknowledged": 0, "snoozed": 1, "resolved": 0,
        }  # fmt: skip
        seen = browser.post(f"/api/alerts/{alert}/acknowledge", json={"note": "已联系"}).json()
        assert (seen["state"], seen["snoozed_until"]) == ("acknowledged", None)
        assert (seen["acknowledged"]["by"], seen["acknowledged"]["note"]) == ("manager", "已联系")
        assert browser.get("/api/alerts?state=acknowledged").json()["total"] == 1
        again = browser.post(f"/api/alerts/{alert}/reopen", json={}).json()
        assert (again["state"], again["acknowledged"]) == ("open", None)


@pytest.mark.parametrize(
    "body",
    [
        {"until": "2020-01-01T00:00:00Z"},
        {"until": "9999-01-01T00:00:00Z"},
        {"until": "2026-12-01T00:00:00"},
        {"until": 0},
        {"until": "tomorrow"},
        {},
        {"until": "2099-01-01T00:00:00Z", "by": "somebody else"},
    ],
)
def test_a_snooze_ends_within_a_year(own: Served, body: dict[str, Any]) -> None:
    alert = value_alert(own.shop.catalogue, 2)["id"]
    with own.logged_in("manager") as browser:
        assert browser.post(f"/api/alerts/{alert}/snooze", json=body).status_code == 422
    assert states(own)["snoozed"] == 0


def test_a_note_is_short(own: Served) -> None:
    alert = value_alert(own.shop.catalogue, 2)["id"]
    with own.logged_in("manager") as browser:
        long = browser.post(f"/api/alerts/{alert}/acknowledge", json={"note": "x" * 501})
    assert long.status_code == 422


def test_nothing_is_done_about_a_loss_that_is_over(own: Served) -> None:
    known = own.shop.catalogue
    alert = value_alert(known, 2)["id"]
    own.shop.take("value_alerts", value_alert(known, 2, sequence=3, state="resolved"))
    with own.logged_in("manager") as browser:
        answer = browser.post(f"/api/alerts/{alert}/acknowledge", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "resolved")


def test_what_kafka_does_not_take_is_told_and_not_shown(
    own: Served, logged: Callable[[], str]
) -> None:
    async def refuses(_: object) -> None:
        raise DependencyError("Kafka at kafka.internal:9092 does not answer")

    own.refuse_writes(refuses)
    alert = value_alert(own.shop.catalogue, 2)["id"]
    with own.logged_in("manager") as browser:
        answer = browser.post(f"/api/alerts/{alert}/acknowledge", json={})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "kafka.internal" not in answer.text, "who looks need not know where it is"
    assert states(own)["acknowledged"] == 0
    assert "kafka.internal" in logged()
