"""A manager sees the customers it owns, and learns nothing of any other, wherever it asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import (
    CUSTOMERS,
    ODD_ID,
    OWNERS,
    Shop,
    customer_id,
    name_of,
    tier_change,
    value_alert,
)

OWN = [n for n in range(CUSTOMERS) if n % 2 == 0]
FOREIGN = [n for n in range(CUSTOMERS) if n % 2 == 1]
EVERYWHERE = (
    "/api/pyramid",
    "/api/customers?per_page=500",
    "/api/customers?per_page=500&sort=name",
    "/api/customers.csv",
    "/api/distribution?indicator={indicator}",
    "/api/composition?by=owner",
    "/api/composition?by=industry",
    "/api/composition?by=tier:{score}",
    "/api/movements?days=30",
    "/api/movements/recent?limit=500",
    "/api/alerts?state=all&per_page=500",
    "/api/rfm",
)
FILTERS = ("", "q=0", "q=odd", f"owner={OWNERS[1]}", f"owner={OWNERS[0]}", "owner=", "region=华东")


def address(running: Served, path: str, query: str = "") -> str:
    names = running.shop.catalogue.names
    path = path.format(indicator=names.indicators[0], score=names.scores[0])
    return path + (("&" if "?" in path else "?") + query if query else "")


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_answer_to_a_manager_names_a_foreign_customer(
    dashboard: Served, path: str, query: str
) -> None:
    asked = address(dashboard, path, query)
    with dashboard.client("manager") as client:
        answer = client.get(asked)
    assert answer.status_code == 200, answer.text
    for n in FOREIGN:
        assert customer_id(n) not in answer.text
        assert name_of(n) not in answer.text
    assert OWNERS[1] not in answer.text


@pytest.mark.parametrize("path", EVERYWHERE)
def test_what_a_manager_sees_is_what_an_admin_sees_of_its_customers(
    dashboard: Served, path: str
) -> None:
    """So counts, sums and shares are limited, too, not only the customers that are named."""
    with dashboard.client("manager") as manager, dashboard.client("admin") as admin:
        limited = manager.get(address(dashboard, path))
        of_owner = admin.get(address(dashboard, path, f"owner={OWNERS[0]}"))
        of_all = admin.get(address(dashboard, path))
    if path.endswith(".csv"):
        assert limited.text == of_owner.text != of_all.text
    else:
        without = [
            {key: value for key, value in answer.json().items() if key != "as_of"}
            for answer in (limited, of_owner, of_all)
        ]
        assert without[0] == without[1] != without[2]


def test_a_foreign_customer_is_as_unknown_as_none(dashboard: Served) -> None:
    with dashboard.client("manager") as client:
        for path in ("/api/customers/{}", "/api/customers/{}/explanation"):
            foreign, none = (client.get(path.format(name)) for name in ("C0001", "C9999"))
            assert (foreign.status_code, none.status_code) == (404, 404)
            assert foreign.text == none.text.replace("C9999", "C0001")
            assert client.get(path.format("C0002")).status_code == 200


def test_a_manager_deals_with_no_foreign_alert(dashboard: Served) -> None:
    known = dashboard.shop.catalogue
    foreign = value_alert(known, 1)["id"]
    with dashboard.client("manager") as client, dashboard.client("admin") as admin:
        for what in ("acknowledge", "reopen"):
            answer = client.post(f"/api/alerts/{foreign}/{what}", json={})
            assert answer.status_code == 404
        until = {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        assert client.post(f"/api/alerts/{foreign}/snooze", json=until).status_code == 404
        counts = admin.get("/api/alerts").json()["counts"]
        assert counts["open"] == CUSTOMERS


def test_an_id_may_be_anything(dashboard: Served) -> None:
    with dashboard.client("manager") as client:
        answer = client.get(f"/api/customers/{quote(ODD_ID, safe='')}")
        assert (answer.status_code, answer.json()["customer_id"]) == (200, ODD_ID)
        answer = client.get(f"/api/customers/{quote(ODD_ID, safe='')}/explanation")
        assert answer.json()["available"] is False


def test_a_manager_is_told_of_its_customers_only(shop: Shop, tmp_path: Path) -> None:
    """On the stream, with every customer moving, until the last of its own has moved."""
    names: list[str] = []
    with (
        served(shop, tmp_path) as running,
        running.client("manager") as client,
        client.stream("GET", "/api/stream") as stream,
    ):
        lines = stream.iter_lines()
        next(line for line in lines if line == "event: state")
        for n in (*FOREIGN, *OWN):
            shop.take("tier_changes", tier_change(shop.catalogue, n, sequence=50))
            shop.take("value_alerts", value_alert(shop.catalogue, n, sequence=51, state="resolved"))
            shop.take("value_alerts", value_alert(shop.catalogue, n, sequence=52))
        last = customer_id(OWN[-1])
        while len(names) < 3 or not all(last in each for each in names[-3:]):
            line = next(lines)
            if line.startswith("data: ") and "customer_id" in line:
                names.append(line)
            elif line.startswith("data: "):
                assert f'"customers":{len(OWN)},' in line
    assert len(names) == 3 * len(OWN)
    assert not any(customer_id(n) in line for line in names for n in FOREIGN)
