"""Where compiled functions are kept between runs.

Numba notices a change of a function's own file, but not of the functions that it calls in others.
`streams.compiled_code` therefore names a directory after all the sources that a file depends on:
changed code never meets stale machine code, and what did not change is not compiled again.
"""

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "NUMBA_CACHE_DIR"
LOCATORS: Final = "NUMBA_CACHE_LOCATOR_CLASSES"
_BY_IMPORTS: Final = "streams.compiled_code.ByImports,UserProvidedCacheLocator"


def choose() -> Path:
    """Set numba's directory unless the environment did; call before `numba` is imported."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "valuepulse"
    os.environ.setdefault(LOCATORS, _BY_IMPORTS)
    return Path(os.environ.setdefault(VARIABLE, str(home)))
