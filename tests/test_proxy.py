"""The proxy does to connections what a test asks of it, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers import REDIS_VARIABLE, Proxy, Valkey, start_valkey, wait_until


def address(store: Valkey) -> tuple[str, int]:
    port = urlsplit(store.url).port
    assert port is not None
    return "127.0.0.1", port


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[Proxy]:
    with Proxy(address(valkey)) as between:
        yield between


@pytest.fixture
def client(proxy: Proxy) -> Iterator[redis.Redis]:
    """A client behind the proxy that tries nothing twice."""
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=0.5) as connected:
        yield connected


def test_what_is_asked_and_answered_passes_unchanged(client: redis.Redis, valkey: Valkey) -> None:
    large = bytes(range(256)) * 2_000
    client.set("large", large)
    assert client.get("large") == large
    with redis.Redis.from_url(valkey.url) as direct:
        assert direct.get("large") == large


def test_a_request_whose_reply_is_lost_was_executed(proxy: Proxy, client: redis.Redis) -> None:
    proxy.lose_replies(1, marker=b"INCR")
    assert client.get("count") is None  # a request without the marker is answered
    with pytest.raises(redis.ConnectionError):
        client.incr("count")
    assert (client.get("count"), proxy.lost) == (b"1", 1)
    assert client.incr("count") == 2


def test_while_held_nothing_is_answered_and_afterwards_all_is(
    proxy: Proxy, client: redis.Redis
) -> None:
    client.ping()
    proxy.hold()
    with pytest.raises(redis.TimeoutError):
        client.set("held", "1")
    proxy.pass_on()
    wait_until(lambda: client.get("held") == b"1", "the held request to arrive")


def test_a_cut_ends_connections_and_refuses_new_ones_until_all_passes_on(
    proxy: Proxy, client: redis.Redis
) -> None:
    client.ping()
    proxy.cut()
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            client.ping()
    proxy.pass_on()
    assert client.ping()


def test_a_delay_is_taken_both_ways(proxy: Proxy, client: redis.Redis) -> None:
    client.ping()
    proxy.delay(0.1)
    began = time.monotonic()
    client.ping()
    assert time.monotonic() - began >= 0.2


@pytest.mark.skipif(
    REDIS_VARIABLE in os.environ, reason=f"{REDIS_VARIABLE} names the one store there is"
)
def test_after_a_fail_over_it_leads_to_the_other_server(
    proxy: Proxy, client: redis.Redis, tmp_path: Path
) -> None:
    client.set("place", "first")
    with start_valkey(tmp_path / "other") as other:
        proxy.lead_to(address(other))
        assert client.get("place") is None
