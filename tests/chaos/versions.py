"""Another version of ValuePulse: its sources, out of this repository's history."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.integration.processes import REPOSITORY, run_to_end
from tests.servers import ServerError

VARIABLE = "VALUEPULSE_TEST_OLD_VERSION"
"""Names the commit of the older version; it must know the same version of the state."""
VERSIONS = REPOSITORY / ".cache" / "versions"
COMPILES_S = 600.0
PRODUCT = ("scoring", "streams", "config")


def older_version() -> dict[str, str]:
    """Return the environment of processes of an older version; its kernel is compiled.

    By default it is the one before the newest change of the product: whoever upgrades from commit
    to commit has those two at work together.

    Raises:
        ServerError: History has no such commit, as in a shallow clone.
    """
    wanted = os.environ.get(VARIABLE) or f"{_git('log', '-1', '--format=%H', '--', *PRODUCT)}^"
    commit = _git("rev-parse", "--verify", f"{wanted}^{{commit}}")
    directory = VERSIONS / commit
    if not directory.exists():
        _write(commit, directory)
    # Ours would be found in the environment, and hold nothing of the other version.
    environment = {
        "PYTHONPATH": str(directory),
        "NUMBA_CACHE_DIR": str(directory.with_suffix(".kernel")),
    }
    _compile_kernel(environment)
    return environment


def _write(commit: str, directory: Path) -> None:
    """Write the sources, all or none."""
    command = ["git", "-C", str(REPOSITORY), "archive", commit, *PRODUCT]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    unfinished = directory.with_suffix(f".{os.getpid()}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as sources:
        sources.extractall(unfinished, filter="data")
    unfinished.rename(directory)


def _compile_kernel(environment: Mapping[str, str]) -> None:
    """Compile it as an operator does before the upgrade: a worker would start a minute late."""
    # -P: not out of the directory that the harness was started in, which is ours.
    command = ("-P", "-m", "streams.cli", "doctor", "--warm")
    code, told = run_to_end(command, environment, COMPILES_S)
    if code != 0:
        raise ServerError(
            f"the version in {environment['PYTHONPATH']} does not compile its kernel: {told}"
        )


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), *words], capture_output=True, check=False, text=True
    )
    if done.returncode != 0:
        raise ServerError(
            f"git {' '.join(words)}: {done.stderr.strip()}; the older version comes from the "
            f"history of {REPOSITORY}: fetch it whole, or name a commit of it in {VARIABLE}"
        )
    return done.stdout.strip()
