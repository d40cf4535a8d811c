"""One scoring worker as a process of its own: started, watched from outside, ended."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import redis

from benchmarks.lab import PARTITIONS, Lab
from benchmarks.machine import REPOSITORY
from streams import topics
from streams.settings import Settings
from tests.servers import ServerError, free_port

MODEL: Final = Path(__file__).parent / "p1.yaml"
PREFIX: Final = "vp"
"""Of all keys, as in production: their length counts. The store is emptied between runs."""
DRAIN_S: Final = 60.0


class Progress(NamedTuple):
    """How far a worker has committed: events, and outbox slots that may not be published yet."""

    applied: int
    slots: tuple[str, ...]


class Watched:
    """A running worker, seen through what it has committed to the store."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        store: redis.Redis,
        run: str,
        port: int,
        sampled: bool,
    ) -> None:
        self._process = process
        self._store = store
        self._run = run
        self._port = port
        self._sampled = sampled
        self._metas = [f"{PREFIX}:{{{p}}}:meta" for p in range(PARTITIONS)]

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def progress(self) -> Progress:
        """Return what the shards' metas say: every commit writes the next offsets into them.

        Raises `ServerError` when the worker has ended.
        """
        if self._process.poll() is not None:
            raise ServerError(f"the worker of {self._run} ended with {self._process.returncode}")
        applied, slots = 0, []
        for number, stored in enumerate(self._store.mget(self._metas)):
            if stored:
                meta = orjson.loads(stored)
                applied += sum(meta["offsets"].values())
                slots += [f"{PREFIX}:{{{number}}}:out:{v}" for v in meta["slots"]]
        return Progress(applied, tuple(slots))

    def is_published(self, progress: Progress) -> bool:
        """Tell whether Kafka has all outcomes: the outbox slots are gone."""
        return not progress.slots or self._store.exists(*progress.slots) == 0

    def begin_sampling(self) -> None:
        """Forget what was sampled of the start; does nothing for a worker that is not sampled."""
        if self._sampled:
            self._process.send_signal(signal.SIGUSR1)

    def metrics(self) -> str:
        """Return the worker's metrics as Prometheus reads them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def stop(self) -> None:
        """End it as an operator would; it drains first."""
        self._process.terminate()
        self._process.wait(DRAIN_S)


@contextmanager
def working(
    lab: Lab, run: str, options: dict[str, object], *, profile: Path | None = None
) -> Iterator[Watched]:
    """Start a worker; `run` is its consumer group, `options` are settings by path.

    Its log goes to a file of the lab; the block's end stops it.
    """
    port = free_port()
    settings = _settings(lab, run, port) | options
    asyncio.run(topics.ensure(Settings.load(None, settings)))
    directory = lab.directory / run
    directory.mkdir()
    log = lab.directory / f"{run}.log"
    with log.open("wb") as output, lab.store() as store:
        process = subprocess.Popen(
            [sys.executable, "-m", *_program(profile)],
            cwd=directory,  # Faust makes a directory where it is started
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Watched(process, store, run, port, sampled=profile is not None)
        except BaseException:
            sys.stderr.write(log.read_text("utf-8", "replace")[-4_000:])
            raise
        finally:
            _end(process)


def _settings(lab: Lab, run: str, port: int) -> dict[str, object]:
    return {
        "kafka.bootstrap_servers": lab.kafka.bootstrap,
        "kafka.group": run,
        "redis.url": lab.valkey.url,
        "redis.prefix": PREFIX,
        "model": MODEL,
        "http_port": port,
        "log.level": "WARNING",
    }


def _program(profile: Path | None) -> list[str]:
    """Return the worker as every user starts it, or the same under the sampler."""
    command = ["streams.cli"] if profile is None else ["benchmarks.sampling", str(profile)]
    return [*command, "worker"]


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    given = {
        f"VALUEPULSE_{path.upper().replace('.', '__')}": str(v) for path, v in settings.items()
    }
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **given}


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
