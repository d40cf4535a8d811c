"""`valuepulse dashboard`, run as people do: on a real Kafka, refused where it would be unsafe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from tests.cli.command import valuepulse
from tests.integration.processes import Process
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


@contextmanager
def running(
    directory: Path, variables: dict[str, str], *options: str
) -> Iterator[tuple[str, Process]]:
    """Run the command; yield the address that it names, and the process."""
    arguments = ["-m", "streams.cli", "dashboard", "--port", "0", *options]
    process = Process(directory, arguments, variables)
    process.start()
    try:
        yield said(process, r"dashboard: (http://\S+)/"), process
    finally:
        process.stop()


def said(process: Process, pattern: str) -> str:
    """Return what the command says in words of this form."""
    found = wait_until(lambda: re.findall(pattern, process.log.read_text("utf-8")), pattern, 60)
    return str(found[0])


def test_it_serves_who_has_the_token_that_it_prints_and_ends_at_once_when_told(
    installation: dict[str, str], tmp_path: Path
) -> None:
    with running(tmp_path, installation) as (url, process), httpx.Client(base_url=url) as client:
        wait_until(lambda: client.get("/readyz").status_code == 204, "all is read", 30)
        assert client.get("/api/pyramid").status_code == 401
        token = said(process, r"(vp_[\w-]{43})")
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/api/pyramid").json()["customers"] == 0
        wait_until(lambda: client.get("/api/health").json()["kafka"] == "ok", "Kafka was asked")
        with client.stream("GET", "/api/stream") as stream:
            assert next(stream.iter_lines()) == "retry: 2000"
            process.signal_to_stop()
            assert process.wait("the end", 15) == 0


def test_without_tokens_it_answers_this_machine_alone(
    installation: dict[str, str], tmp_path: Path
) -> None:
    with running(tmp_path, installation, "--no-auth") as (url, _), httpx.Client() as client:
        assert client.get(f"{url}/api/pyramid").status_code == 200
        rebound = client.get(f"{url}/api/pyramid", headers={"Host": "evil.example"})
        assert rebound.status_code == 421


@pytest.mark.parametrize("host", ["0.0.0.0", "example.org"])  # noqa: S104
def test_without_tokens_it_does_not_start_where_others_reach_it(host: str) -> None:
    ended = valuepulse("dashboard", "--no-auth", "--host", host)
    assert ended.code == 2
    assert "--no-auth: other machines reach" in ended.err


def test_a_taken_port_is_told(installation: dict[str, str], tmp_path: Path) -> None:
    with running(tmp_path, installation) as (url, _):
        port = url.rpartition(":")[2]
        ended = valuepulse("dashboard", "--port", port, variables=installation)
    assert ended.code == 3
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert "VALUEPULSE_DASHBOARD__PORT" in ended.err


def test_a_file_of_tokens_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    ended = valuepulse("dashboard", "--tokens", tmp_path / "none.yaml")
    assert ended.code == 2
    assert "dashboard.tokens_file: cannot be read" in ended.err


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_without_its_packages_it_says_what_to_install(package: str, tmp_path: Path) -> None:
    """A finder that knows no such package stands before Python's own."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *a: None if name == {package!r} "
        "else found(name, *a)\n",
        "utf-8",
    )
    ended = valuepulse("dashboard", variables={"PYTHONPATH": str(tmp_path)})
    assert ended.code == 2
    assert f"needs {package}" in ended.err
    assert 'pip install "valuepulse[dashboard]"' in ended.err


def test_a_token_is_made_for_the_file_and_told_once() -> None:
    ended = valuepulse("dashboard", "token", "王芳", "--role", "manager", "--owner", "王芳")
    ((line),) = YAML(typ="safe").load(ended.out)
    assert line.keys() == {"name", "role", "owner", "sha256"}
    assert (line["name"], line["role"], line["owner"]) == ("王芳", "manager", "王芳")
    assert re.search(r"vp_[\w-]{43}", ended.err)
    assert "vp_" not in ended.out
