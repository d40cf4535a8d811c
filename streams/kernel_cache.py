"""Where compiled functions are kept between runs.

Numba notices a change of a function's own file, but not of the functions that it calls in others.
So the directory is named after a hash of all sources: changed code never meets stale machine code.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

import scoring
import streams

VARIABLE: Final = "NUMBA_CACHE_DIR"


def choose() -> Path:
    """Set numba's directory unless the environment did; call before `numba` is imported."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    digest = sha256()
    for package in (scoring, streams):
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            digest.update(path.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "valuepulse"
    chosen = home / digest.hexdigest()[:16]
    os.environ[VARIABLE] = str(chosen)
    return chosen
