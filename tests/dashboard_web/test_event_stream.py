"""Event streams: what happens arrives, nobody who does not read costs memory, and streams end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.dashboard import event_stream
from streams.dashboard.event_stream import LONGEST_QUEUE, MOST_AT_ONCE, Listener
from tests.dashboard_web.server import Served, served
from tests.dashboard_web.shop import CUSTOMERS, Shop, customer_id, tier_change, value_alert
from tests.waiting import wait_until


def events(stream: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kind and the data of each event."""
    kind = ""
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def next_of(wanted: str, told: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return next(data for kind, data in told if kind == wanted)


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Iterator[Served]:
    with served(shop, tmp_path) as running:
        yield running


def test_a_page_hears_how_new_it_is_and_then_what_happens(own: Served) -> None:
    known = own.shop.catalogue
    with own.client("viewer") as client, client.stream("GET", "/api/stream") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["X-Accel-Buffering"] == "no"
        told = events(stream)
        state = next_of("state", told)
        assert state["customers"] == CUSTOMERS
        assert state["as_of"]["loading"] is False
        change, alert = tier_change(known, 3, sequence=50), value_alert(known, 4, sequence=50)
        own.shop.take("tier_changes", change)
        own.shop.take("value_alerts", alert)
        said = next_of("tier-change", told)
        assert (said["id"], said["customer_id"], said["to"]) == (
            change["id"], customer_id(3), change["to"],
        )  # fmt: skip
        assert next_of("alert", told)["id"] == alert["id"]
        assert next_of("state", told)["version"] > state["version"]


def test_a_hundred_pages_hear_the_same(own: Served) -> None:
    with ExitStack() as stack:
        many = httpx.Limits(max_connections=None)
        client = stack.enter_context(own.client("viewer", limits=many))
        told = []
        for _ in range(100):
            told.append(events(stack.enter_context(client.stream("GET", "/api/stream"))))
        for each in told:
            next_of("state", each)
        own.shop.take("tier_changes", tier_change(own.shop.catalogue, 3, sequence=60))
        assert {next_of("tier-change", each)["customer_id"] for each in told} == {customer_id(3)}
        assert client.get("/api/pyramid").status_code == 200, "questions are answered meanwhile"


async def test_of_a_page_that_does_not_read_the_oldest_go_and_their_number_is_told() -> None:
    listener = Listener(None, longest=3)
    for n in range(10):
        listener.put(b"event: %d\n\n" % n)
        listener.put_state(b"event: state %d\n\n" % n)
    listener.wake()
    told = (await listener.frames()).decode().split("\n\n")[:-1]
    assert told == [
        'event: missed\ndata: {"n":7}', "event: 7", "event: 8", "event: 9", "event: state 9",
    ]  # fmt: skip
    listener.put(b"event: 10\n\n")
    listener.wake()
    assert await listener.frames() == b"event: 10\n\n", "they are told once"


async def test_a_page_is_sent_some_events_each_time_and_the_others_after_them() -> None:
    listener = Listener(None)
    for n in range(MOST_AT_ONCE + 2):
        listener.put(b"%d " % n)
    sent = []
    for _ in range(2):
        listener.wake()
        sent.append((await listener.frames()).split())
    assert [int(n) for n in sent[0] + sent[1]] == list(range(MOST_AT_ONCE + 2))
    assert len(sent[1]) == 2
    listener.wake()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await listener.frames()


def test_what_the_hub_was_too_slow_to_hear_is_told_as_missed(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_MOST_WAITING", 2)
    monkeypatch.setattr(own.hub, "_heard", deque(maxlen=2))
    with own.client("viewer") as client, client.stream("GET", "/api/stream") as stream:
        told = events(stream)
        next_of("state", told)
        own.shop.take(
            "tier_changes", *(tier_change(own.shop.catalogue, n, sequence=50) for n in range(10))
        )
        missed = next_of("missed", told)["n"]
        assert 6 <= missed <= 8, "the hub may have heard some in between"


def test_a_bug_in_telling_is_logged_without_customers_and_telling_goes_on(
    own: Served, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    monkeypatch.setattr(event_stream, "_AFTER_A_FAULT_S", 0.1)
    count, failures = own.shop.board.count, iter([KeyError(customer_id(3))])

    def fails_once(owner: str | None) -> int:
        for failure in failures:
            raise failure
        return count(owner)

    monkeypatch.setattr(own.shop.board, "count", fails_once)
    with own.client("viewer") as client, client.stream("GET", "/api/stream") as stream:
        told = events(stream)
        assert next_of("state", told)["customers"] == CUSTOMERS
    said = logged()
    assert "telling pages what happens failed" in said
    assert customer_id(3) not in said


async def test_a_closed_listener_says_so_at_once() -> None:
    listener = Listener(None)
    waiting = asyncio.ensure_future(listener.frames())
    listener.close()
    async with asyncio.timeout(1):
        assert await waiting == b""
    assert listener.closed


def test_a_connection_that_takes_nothing_is_given_up(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_SEND_S", 0.5)
    monkeypatch.setattr(event_stream, "MOST_AT_ONCE", LONGEST_QUEUE)  # fills the socket sooner
    hub_listeners = _listeners(own)
    url = httpx.URL(own.url)
    with socket.create_connection((url.host, url.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        token = own.tokens["viewer"].encode()
        connection.sendall(
            b"GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n\r\n"
        )
        wait_until(lambda: len(hub_listeners) == 1, "the stream begins")
        sequence = 100

        def is_given_up() -> bool:
            nonlocal sequence
            for n in range(CUSTOMERS):
                own.shop.take("tier_changes", tier_change(own.shop.catalogue, n, sequence))
                sequence += 1
            (longest,) = {len(each._queue) for each in hub_listeners} or {0}
            assert longest <= LONGEST_QUEUE
            return not hub_listeners

        wait_until(is_given_up, "the stream is given up", 60)


def _listeners(running: Served) -> set[Listener]:
    return running.hub._listeners


def test_a_page_that_leaves_is_forgotten(own: Served) -> None:
    with own.client("viewer") as client, client.stream("GET", "/api/stream") as stream:
        told = events(stream)  # as long as this is kept, the stream is
        next_of("state", told)
        assert len(_listeners(own)) == 1
    wait_until(lambda: not _listeners(own), "the listener is forgotten")


def test_streams_are_bounded_in_number(own: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MOST_LISTENERS", 1)
    with own.client("viewer") as client, client.stream("GET", "/api/stream") as stream:
        told = events(stream)  # as long as this is kept, the stream is
        next_of("state", told)
        refused = client.get("/api/stream")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")


def test_a_stream_ends_when_its_token_is_revoked_or_its_session_ends(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.3)
    with own.logged_in("viewer") as browser, browser.stream("GET", "/api/stream") as stream:
        told = events(stream)
        next_of("state", told)
        browser.delete("/api/session")
        assert all(kind == "state" for kind, _ in told), "and then no more comes"
    with own.client("viewer") as program, program.stream("GET", "/api/stream") as stream:
        told = events(stream)
        next_of("state", told)
        own.file.write_text("[]", "utf-8")
        assert all(kind == "state" for kind, _ in told)


def test_the_server_ends_though_pages_listen(shop: Shop, tmp_path: Path) -> None:
    with served(shop, tmp_path) as running, ExitStack() as stack:
        client = running.client("viewer")
        stream = stack.enter_context(client.stream("GET", "/api/stream"))
        told = events(stream)
        next_of("state", told)
        running.stop()
        assert all(kind == "state" for kind, _ in told), "the stream ends in order"
