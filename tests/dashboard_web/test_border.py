"""What every answer carries, and what is turned away before anything reads it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.dashboard.app import STATIC
from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import Shop, customer_id, name_of

LOCAL = ("127.0.0.1", "localhost", "::1")


def asked(running: Served, request: bytes) -> bytes:
    """Send bytes as they are, and return the whole answer."""
    url = httpx.URL(running.url)
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while got := connection.recv(65_536):
            answer += got
        return answer


@pytest.mark.parametrize(
    "path",
    ["/", "/static/app.js", "/api/pyramid", "/api/customers.csv", "/none", "/api/pyramid?score=x"],
)
@pytest.mark.parametrize("role", [None, "admin"])
def test_every_answer_keeps_a_page_from_harm(
    dashboard: Served, path: str, role: str | None
) -> None:
    with dashboard.client(role) as client:
        headers = client.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Server" not in headers


def test_no_answer_about_customers_is_kept_anywhere(dashboard: Served) -> None:
    with dashboard.client("admin") as client:
        for path in ("/api/pyramid", "/api/customers.csv", "/api/customers/C0001", "/api/session"):
            assert client.get(path).headers["Cache-Control"] == "no-store"
        assert client.get("/static/app.js").headers["Cache-Control"] == "no-cache"


def test_the_page_has_no_script_and_no_style_of_its_own_and_names_no_other_server() -> None:
    """So that its policy need not allow any."""
    page = (STATIC / "index.html").read_text("utf-8")
    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page
    assert " on" not in page.replace(" only", "")


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2fapp.py"],
)
def test_nothing_but_the_page_is_given_out(dashboard: Served, path: str) -> None:
    answer = asked(
        dashboard, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 404")


def test_the_page_comes_packed_to_who_takes_it_so(dashboard: Served) -> None:
    with dashboard.client() as client:
        answer = client.get("/static/style.css", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.text == (STATIC / "style.css").read_text("utf-8")
        again = client.get("/static/style.css", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


# ---------------------------------------------------------------------------------- turned away


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8090", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1", 421),
        ("", 421),
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("[::1]:8090", 200),
    ],
)
def test_without_tokens_a_name_of_others_that_leads_here_gets_nothing(
    shop: Shop, tmp_path: Path, host: str, status: int
) -> None:
    with served(shop, tmp_path, auth=False, hosts=LOCAL) as running, running.client() as client:
        for path in ("/api/pyramid", "/", "/api/session"):
            answer = client.get(path, headers={"Host": host})
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_without_tokens_a_proxy_on_this_machine_gets_nothing_for_others(
    shop: Shop, tmp_path: Path, header: str
) -> None:
    with served(shop, tmp_path, auth=False, hosts=LOCAL) as running, running.client() as client:
        answer = client.get("/api/pyramid", headers={header: "192.0.2.1"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proxied")


def test_a_long_query_is_not_read(dashboard: Served) -> None:
    with dashboard.client("admin") as client:
        assert client.get("/api/pyramid", params={"q": "x" * 9_000}).status_code == 414
        assert client.get("/api/pyramid", params={"q": "x" * 201}).status_code == 422


@pytest.mark.parametrize("announced", [True, False])
def test_a_large_body_is_not_read(dashboard: Served, *, announced: bool) -> None:
    body = json.dumps({"token": "x" * 100_000}).encode()
    content: Any = body if announced else iter([body])
    with dashboard.client() as client:
        answer = client.post(
            "/api/session", content=content, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == (413 if announced else 411)
    assert answer.json()["error"]["code"]


def test_deep_json_is_refused_and_does_no_harm(dashboard: Served) -> None:
    with dashboard.client() as client:
        answer = client.post(
            "/api/session", content="[" * 10_000, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/none", 404),
        ("PUT", "/api/pyramid", 405),
        ("GET", "/api/alerts/x/acknowledge", 405),
        ("GET", "/api/customers/none", 404),
        ("POST", "/api/alerts/none/acknowledge", 404),
        ("GET", "/api/distribution", 422),
        ("GET", "/api/composition?by=none", 422),
        ("GET", "/api/customers?sort=none", 422),
        ("GET", "/api/customers?columns=none", 422),
        ("GET", "/api/customers?page=0", 422),
        ("GET", "/api/customers?where=orders_365d:x:", 422),
        ("GET", "/api/customers?where=orders_365d:nan:", 422),
        ("GET", "/api/customers?segment=rfm", 422),
        ("GET", "/api/customers?segment=rfm:a&segment=rfm:b", 422),
        ("GET", "/api/customers?moved=low", 422),
        ("GET", "/api/movements?days=0", 422),
        ("GET", "/api/alerts?state=none", 422),
    ],
)
def test_every_refusal_has_one_shape(
    dashboard: Served, method: str, path: str, status: int
) -> None:
    with dashboard.client("admin") as client:
        answer = client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "hint"}
    assert error["code"]
    assert error["message"]


def test_a_bug_tells_neither_asker_nor_log_of_a_customer(
    shop: Shop, tmp_path: Path, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError(name_of(1), customer_id(1))

    monkeypatch.setattr(shop.board, "pyramid", fails)
    with served(shop, tmp_path) as running, running.client("admin") as client:
        answer = client.get("/api/pyramid?q=C0001")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "fault")
        assert answer.headers["Content-Security-Policy"]
        assert client.get("/api/customers").status_code == 200
    said = logged()
    assert "KeyError" in said
    assert customer_id(1) not in answer.text + said
    assert name_of(1) not in answer.text + said


# ------------------------------------------------------------------------------------ parameters


def total(client: httpx.Client, query: str) -> int:
    return int(client.get(f"/api/customers?{query}").json()["total"])


def test_filters_are_understood_as_they_are_written(dashboard: Served) -> None:
    names = dashboard.shop.catalogue.names
    first, second = names.indicators[:2]
    segment, classes = names.segments[0], names.classes[0]
    with dashboard.client("admin") as client:
        assert total(client, "") == 24
        assert total(client, f"tier={names.tiers[0][0]}") == 8
        assert total(client, f"score={names.scores[0]}&tier={names.tiers[0][-1]}") == 8
        assert total(client, "owner=王芳") == 12
        assert total(client, "owner=") == 0
        assert total(client, "region=华南&owner=李磊") == 4
        assert total(client, f"where={first}:5:10") == 6
        assert total(client, f"where={first}::10&where={second}:10:") == 6
        assert total(client, f"segment={segment}:{classes[0]}") == -(-24 // len(classes))
        assert total(client, "q=ODD-00") == 12
        low, high = names.tiers[0][:2]
        assert total(client, f"moved={low}:{high}&days=7") == 24
        assert total(client, f"moved={high}:{low}&days=7") == 0
        rows = client.get(f"/api/customers?sort=-{first}&per_page=2&columns={first}").json()["rows"]
        assert [row["indicators"] for row in rows] == [{first: 23.0}, {first: 22.0}]


def test_the_export_has_all_customers_and_no_formula(dashboard: Served) -> None:
    with dashboard.client("admin") as client:
        answer = client.get("/api/customers.csv?sort=customer_id&q=000")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="valuepulse-')
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 10  # C0001 … C0009, and even-0000 by its name
    assert all("'=cmd|" in line for line in lines[1:])
    assert ",=cmd" not in answer.text


def test_it_is_ready_when_all_is_read_and_alive_before(shop: Shop, tmp_path: Path) -> None:
    with served(shop, tmp_path) as running, running.client() as client:
        shop.loading(now=True)
        assert client.get("/livez").status_code == 204
        assert client.get("/readyz").status_code == 503
        shop.loading(now=False)
        assert client.get("/readyz").status_code == 204
