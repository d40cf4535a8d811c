"""Which compiled code is still that of the sources: numba asks this for each function's directory.

Its name is a hash of the function's file and of all files of this project that it imports, directly
or through others: machine code holds what it calls and the constants that it reads, wherever these
stand. The same sources at another path (another clone) find the same code.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

import numba.core.caching
import numba.core.config

import scoring

ROOT: Final = Path(str(scoring.__file__)).resolve().parent.parent
"""Where the packages lie: of a clone its top, of an installed wheel where all others lie, too."""
PACKAGES: Final = ("scoring", "streams", "tests", "benchmarks")
"""Those of this project. What others hold is pinned; to read all of it would delay each start."""
_IMPORT: Final = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)


_CONFIG: Final[Any] = numba.core.config
"""Numba fills it from the environment, which its types do not know."""


class ByImports(numba.core.caching.UserProvidedCacheLocator):
    """Numba's locator of the code of one function (`NUMBA_CACHE_LOCATOR_CLASSES`)."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]  # numba's
        path = Path(py_file).resolve()
        place = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        self._cache_path = str(Path(_CONFIG.CACHE_DIR) / f"{place}-{fingerprint(path)}")

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Self | None:
        """Return a locator; None for a function of another project."""
        folders = Path(py_file).resolve().parents
        if not _CONFIG.CACHE_DIR or not any(ROOT / package in folders for package in PACKAGES):
            return None
        found: Self | None = super().from_function(py_func, py_file)  # type: ignore[no-untyped-call]
        return found


@cache
def fingerprint(path: Path) -> str:
    """Return a hash of a file and of all that it imports, as hexadecimal digits."""
    digest = sha256()
    for source in sorted(_imported_by(path)):
        digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + _content(source))
    return digest.hexdigest()[:16]


def _imported_by(path: Path) -> set[Path]:
    """Return a file and all files of the project that it imports, directly or not."""
    found, waiting = {path}, [path]
    while waiting:
        new = _imports(waiting.pop()) - found
        found |= new
        waiting += new
    return found


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Return the files of the project that a file imports itself; names may be modules."""
    names: set[str] = set()
    for module, members, plain in _IMPORT.findall(_content(path).decode()):
        names.update(re.findall(r"[\w.]+", plain))
        if module:
            names.add(module)
            names.update(f"{module}.{member}" for member in re.findall(r"\w+", members))
    return frozenset(file for name in names for file in _files_of(name))


@cache
def _files_of(name: str) -> tuple[Path, ...]:
    """Return the files that importing a name runs: the module, and the packages that it lies in."""
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        return ()
    files = [ROOT.joinpath(*parts[:n], "__init__.py") for n in range(1, len(parts) + 1)]
    files.append(ROOT.joinpath(*parts).with_suffix(".py"))
    return tuple(file for file in files if file.is_file())
