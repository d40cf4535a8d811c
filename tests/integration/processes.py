"""Worker processes: started as an operator starts them, and ended in every way there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.process import Server
from tests.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
WORKER = ("-m", "streams.cli", "worker")


class Process(Server):
    """A Python process with an environment of its own; its output goes to a log."""

    name = "process"

    def __init__(
        self, directory: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Take what follows `python` on the command line; nothing is started yet."""
        super().__init__(directory)
        self._arguments = arguments
        self._environment = {"PYTHONPATH": str(REPOSITORY)} | dict(environment)
        self._further: dict[str, str] = {}

    def start_with(self, **environment: str) -> None:
        """Start with further variables, for this one time and for `restart_after`."""
        self._further = environment
        usual, self._environment = self._environment, self._environment | environment
        try:
            self.start()
        finally:
            self._environment = usual

    def signal_to_stop(self) -> None:
        """Send SIGTERM and return at once; `wait` tells how it ended."""
        os.kill(self.pid, signal.SIGTERM)

    def pause(self) -> None:
        """Make it stand still (SIGSTOP), as a starved machine does."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End the pause."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, reason: str, seconds: float = 60.0) -> int:
        """Return the exit code once the process has ended by itself."""
        process = self._process
        assert process is not None
        wait_until(lambda: process.poll() is not None, f"{reason}\n{self._log_end()}", seconds)
        self._process = None
        assert process.returncode is not None
        return process.returncode

    def restart_after(self, exit_code: int) -> None:
        """Start again, as a supervisor does, if it has ended with this code."""
        if self._process is not None and self._process.poll() == exit_code:
            self._process = None
            self.start_with(**self._further)

    def must_run(self) -> None:
        """Raise `ServerError` with the end of the log if the process has ended unasked."""
        if self._process is not None:
            self._started()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Need not be waited for: what a worker does shows in Redis and Kafka."""
        return True

    def _command(self) -> Sequence[str]:
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        return ["env", *variables, sys.executable, *self._arguments]


def run_to_end(
    arguments: Sequence[str], environment: Mapping[str, str], seconds: float = 60.0
) -> tuple[int, str]:
    """Run a Python process to its end; return its exit code and what it wrote to stderr."""
    variables = [f"PYTHONPATH={REPOSITORY}", *(f"{n}={v}" for n, v in environment.items())]
    ran = subprocess.run(
        ["env", *variables, sys.executable, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=seconds,
    )
    return ran.returncode, ran.stderr
