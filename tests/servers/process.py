"""One server process: started, stopped, killed and started again with what it has stored."""

from __future__ import annotations

import atexit
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import WaitedTooLongError, wait_until

START_S = 60.0
STOP_S = 20.0
LOG_LINES = 20  # quoted in an error


class ServerError(RuntimeError):
    """A server could not be started or ended; the message has the end of its log."""


class Server(ABC):
    """One server process that can be stopped, killed and started again with what it has stored."""

    name: str

    def __init__(self, directory: Path) -> None:
        """Take `directory` for everything the server writes; it is made if it is not there."""
        self.directory = directory
        self.log = directory / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        """Process id of the running server.

        Raises:
            ServerError: It does not run, or is not ours.
        """
        if self._process is None:
            raise ServerError(f"{self.name} in {self.directory} does not run as a child of ours")
        return self._process.pid

    def start(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            ServerError: It runs already, ended instead, or did not answer within a minute.
        """
        if self._process is not None:
            raise ServerError(f"{self.name} in {self.directory} runs already, as {self.pid}")
        with self.log.open("ab") as log:
            # Its own session: Ctrl-C reaches pytest, which then ends the servers in order.
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # SIGXFSZ stays ignored: a disk that is full (RLIMIT_FSIZE) fails a write, and does
                # not kill the server.
                restore_signals=False,
            )
        try:
            wait_until(self._started, f"{self.name} to answer", START_S)
        except WaitedTooLongError as error:
            self.kill()
            raise ServerError(f"{error}; {self.log} ends:\n{self._log_end()}") from error
        return self

    def stop(self) -> None:
        """End the server as an operator would (SIGTERM), or by SIGKILL if it takes too long."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Start again on the same port with the stored records or keys; stop first if it runs."""
        self.stop()
        self.start()

    def _started(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            code, self._process = self._process.returncode, None
            raise ServerError(f"{self.name} ended with {code}; {self.log} ends:\n{self._log_end()}")
        return self.answers()

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether the server serves requests now."""

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    def __enter__(self) -> Self:
        """Return the running server; the block's end stops it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop the server, whatever happened in the block."""
        self.stop()
        atexit.unregister(self.kill)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
