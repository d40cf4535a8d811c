"""Where streams.yaml and scoring.yaml are as they come with the package."""

from pathlib import Path
from typing import Final

import streams

_INSTALLED: Final = Path(streams.__file__).resolve().parent / "config"
PACKAGED: Final = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parents[1] / "config"
"""Where streams.yaml and scoring.yaml are: a wheel has them in streams/, a clone at its top."""
