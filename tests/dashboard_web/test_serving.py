"""How the server listens and answers."""

from __future__ import annotations

import socket
import time

import pytest

from streams.dashboard.serving import _listening
from streams.errors import DependencyError
from tests.dashboard_web.server import Served


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_listens_where_it_is_told_and_says_where_it_cannot(host: str) -> None:
    with _listening(host, 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((host, port), timeout=5):
            pass
        with pytest.raises(DependencyError, match=rf"cannot listen on {host}:{port}: Address"):
            _listening(host, port)


def test_a_host_that_is_not_this_machine_is_told() -> None:
    with pytest.raises(DependencyError, match=r"cannot listen on 192\.0\.2\.1:0"):
        _listening("192.0.2.1", 0)


def test_an_answer_does_not_wait_for_the_network_to_acknowledge_its_first_part(
    dashboard: Served,
) -> None:
    """Head and body are written one after the other; a delayed acknowledgement takes 40 ms."""
    with dashboard.client("admin") as client:
        took = []
        for _ in range(40):
            began = time.perf_counter()
            assert client.get("/api/session").status_code == 200
            took.append(time.perf_counter() - began)
    assert min(took) < 0.030
