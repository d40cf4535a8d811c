"""Who may ask: tokens, sessions, roles, and what writes must carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.dashboard.attempts import FREE
from streams.dashboard.tokens import new_token
from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import Shop
from tests.waiting import wait_until


def operations(running: Served) -> Iterator[tuple[str, str]]:
    """Yield method and address of every operation that OpenAPI tells of."""
    with running.client("admin") as client:
        paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            yield method.upper(), re.sub(r"\{\w+\}", "C0001", path)


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Iterator[Served]:
    """A dashboard that a test may change."""
    with served(shop, tmp_path) as running:
        yield running


def test_nothing_but_the_page_and_its_health_is_answered_without_a_token(
    dashboard: Served,
) -> None:
    found = sorted(operations(dashboard))
    assert len(found) > 15
    with dashboard.client() as client:
        answers = {
            (method, path): client.request(method, path).status_code for method, path in found
        }
        assert client.get("/openapi.json").status_code == 401
        assert client.get("/").status_code == 200
    open_to_all = {call for call, status in answers.items() if status != 401}
    assert open_to_all == {
        ("POST", "/api/session"), ("DELETE", "/api/session"), ("GET", "/livez"), ("GET", "/readyz"),
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api/docs"])
def test_no_page_shows_the_routes(dashboard: Served, path: str) -> None:
    with dashboard.client("admin") as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "manager", "admin"])
def test_a_token_says_who_asks(dashboard: Served, role: str) -> None:
    owner = "王芳" if role == "manager" else None
    with dashboard.client(role) as client:
        assert client.get("/api/session").json() == {
            "name": role, "role": role, "owner": owner, "csrf": None, "auth": True,
        }  # fmt: skip


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer vp_wrong", "Basic dTpw", "Bearer \x7f", "vp_x"]
)
def test_what_is_no_token_is_refused(dashboard: Served, header: str) -> None:
    with dashboard.client(headers={"Authorization": header}) as client:
        answer = client.get("/api/pyramid")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()["error"]) == {"code", "message", "hint"}


# --------------------------------------------------------------------------------------- sessions


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_can_use(own: Served) -> None:
    with own.client() as browser:
        answer = browser.post("/api/session", json={"token": own.tokens["viewer"]})
        cookie = answer.headers["Set-Cookie"]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert attributes == {"httponly", "samesite=strict", "path=/", "max-age=3600"}
        assert browser.get("/api/session").json() == answer.json()
        assert answer.json()["csrf"]
        assert own.tokens["viewer"] not in cookie


def test_behind_tls_the_cookie_never_goes_out_in_the_clear(shop: Shop, tmp_path: Path) -> None:
    with served(shop, tmp_path, proxies="127.0.0.1") as running, running.client() as browser:
        token = {"token": running.tokens["viewer"]}
        https = {"X-Forwarded-Proto": "https"}
        through_tls = browser.post("/api/session", json=token, headers=https)
        assert "secure" in through_tls.headers["Set-Cookie"].lower()
        assert through_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
        in_the_clear = browser.post("/api/session", json=token)
        assert "secure" not in in_the_clear.headers["Set-Cookie"].lower()
        assert "Strict-Transport-Security" not in in_the_clear.headers


def test_two_logins_are_two_sessions(own: Served) -> None:
    with own.logged_in("viewer") as one, own.logged_in("viewer") as other:
        assert one.cookies["vp_session"] != other.cookies["vp_session"]
        assert one.headers["X-CSRF-Token"] != other.headers["X-CSRF-Token"]
        assert one.delete("/api/session").status_code == 204
        assert other.get("/api/session").status_code == 200


def test_who_has_logged_out_is_out_even_with_the_old_cookie(own: Served) -> None:
    with own.logged_in("viewer") as browser:
        cookie = browser.cookies["vp_session"]
        assert browser.delete("/api/session").status_code == 204
        assert "vp_session" not in browser.cookies
        with own.client(cookies={"vp_session": cookie}) as thief:
            assert thief.get("/api/pyramid").status_code == 401


def test_a_session_ends_by_itself_though_its_cookie_is_still_sent(
    shop: Shop, tmp_path: Path
) -> None:
    with served(shop, tmp_path, session_s=1.5) as running, running.logged_in("viewer") as browser:
        kept = {"vp_session": browser.cookies["vp_session"]}
        with running.client(cookies=kept) as client:
            assert client.get("/api/session").status_code == 200
            wait_until(lambda: client.get("/api/session").status_code == 401, "the session ends")


def test_a_token_that_is_taken_out_of_the_file_ends_its_sessions_too(own: Served) -> None:
    with own.logged_in("viewer") as browser, own.client("viewer") as program:
        assert [each.get("/api/pyramid").status_code for each in (browser, program)] == [200, 200]
        own.file.write_text(new_token("other", "viewer", None)[1].line(), "utf-8")
        assert [each.get("/api/pyramid").status_code for each in (browser, program)] == [401, 401]


def test_guessing_is_slowed_and_then_even_the_right_token_has_to_wait(own: Served) -> None:
    with own.client() as client:
        statuses = [
            client.post("/api/session", json={"token": f"vp_{n}"}).status_code
            for n in range(FREE + 1)
        ]
        assert statuses == [401] * FREE + [429]
        refused = client.post("/api/session", json={"token": own.tokens["admin"]})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 3
    with own.client("admin") as client:
        assert client.get("/api/pyramid").status_code == 429, "a bearer token is one, too"


def test_a_session_goes_on_while_somebody_guesses(own: Served) -> None:
    with own.logged_in("viewer") as browser, own.client() as guesser:
        for n in range(FREE + 1):
            guesser.post("/api/session", json={"token": f"vp_{n}"})
        assert browser.get("/api/pyramid").status_code == 200


def test_a_refused_token_is_not_shown_again(dashboard: Served) -> None:
    with dashboard.client() as client:
        for given in ({"token": "hunter2" * 100}, {"token": ["hunter2"]}, {"tokn": "hunter2"}):
            answer = client.post("/api/session", json=given)
            assert answer.status_code == 422
            assert "hunter2" not in answer.text


# ------------------------------------------------------------------------------------------ writes


def an_alert(client: httpx.Client) -> str:
    """Return the id of an open alert."""
    return str(client.get("/api/alerts").json()["alerts"][0]["id"])


def test_a_viewer_changes_nothing(own: Served) -> None:
    with own.logged_in("viewer") as browser, own.client("viewer") as program:
        for client in (browser, program):
            answer = client.post(f"/api/alerts/{an_alert(client)}/acknowledge", json={})
            assert answer.status_code == 403
        assert browser.get("/api/alerts").json()["counts"]["acknowledged"] == 0


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_a_session_that_writes_must_carry_what_only_its_own_page_knows(
    own: Served, role: str
) -> None:
    with own.logged_in(role) as browser, own.logged_in(role) as other:
        alert = an_alert(browser)
        path, csrf = f"/api/alerts/{alert}/acknowledge", browser.headers.pop("X-CSRF-Token")
        for given in ({}, {"X-CSRF-Token": other.headers["X-CSRF-Token"]}, {"X-CSRF-Token": ""}):
            assert browser.post(path, json={}, headers=given).status_code == 403
        assert browser.get("/api/alerts?state=open").json()["counts"]["acknowledged"] == 0
        answer = browser.post(path, json={"note": "called"}, headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 200
        assert answer.json()["state"] == "acknowledged"


def test_a_program_with_a_token_writes_without(own: Served) -> None:
    with own.client("admin") as program:
        answer = program.post(f"/api/alerts/{an_alert(program)}/acknowledge", json={})
        assert (answer.status_code, answer.json()["acknowledged"]["by"]) == (200, "admin")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_page_of_another_origin_cannot_write(own: Served, headers: dict[str, str]) -> None:
    with own.logged_in("admin") as browser:
        path = f"/api/alerts/{an_alert(browser)}/acknowledge"
        assert browser.post(path, json={}, headers=headers).status_code == 403
        login = browser.post("/api/session", json={"token": own.tokens["viewer"]}, headers=headers)
        assert login.status_code == 403
        same = {"Origin": own.url, "Sec-Fetch-Site": "same-origin"}
        assert browser.post(path, json={}, headers=same).status_code == 200


def test_a_form_of_another_page_is_no_login(dashboard: Served) -> None:
    """A form can send text without asking first; it must not be taken for JSON."""
    with dashboard.client() as client:
        content = f'{{"token": "{dashboard.tokens["admin"]}"}}'
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            headers = {"Content-Type": kind} if kind else {}
            answer = client.post("/api/session", content=content, headers=headers)
            assert answer.status_code == 422, kind


# ------------------------------------------------------------------------------- without tokens


def test_without_tokens_everyone_is_an_admin_who_still_must_come_from_the_page(
    shop: Shop, tmp_path: Path
) -> None:
    with served(shop, tmp_path, auth=False) as running, running.client() as browser:
        session = browser.get("/api/session").json()
        assert (session["role"], session["owner"], session["auth"]) == ("admin", None, False)
        assert browser.post("/api/session", json={"token": "any"}).json() == session
        path = f"/api/alerts/{an_alert(browser)}/acknowledge"
        assert browser.post(path, json={}).status_code == 403
        with_csrf = {"X-CSRF-Token": session["csrf"]}
        assert browser.post(path, json={}, headers=with_csrf).status_code == 200
