"""Running `valuepulse` as a process of its own, as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# A command that leaves a connection open, or uses what will be taken away, must not pass.
COMMAND = [sys.executable, "-W", "error", "-m", "streams.cli"]
ENDS_IN_S = 110


class Ended(NamedTuple):
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return its output, one JSON document."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """Return its output, a JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def valuepulse(
    *arguments: object, variables: Mapping[str, str] | None = None, stdin: bytes = b""
) -> Ended:
    """Run a command with these variables, and none of this machine's for ValuePulse."""
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("VALUEPULSE_")}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=inherited | dict(variables or {}),
        timeout=ENDS_IN_S,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
