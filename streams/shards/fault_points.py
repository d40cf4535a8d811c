"""Named places where a test can make the process die, as a crash would.

`VALUEPULSE_FAULT=before-commit:3` ends the process at the third passage of that place, without any
clean-up. Unset, a passage costs one comparison.
"""

import os
from typing import Final

BEFORE_COMMIT: Final = "before-commit"
AFTER_COMMIT: Final = "after-commit"
AFTER_PUBLISH: Final = "after-publish"
EXIT_CODE: Final = 70

_place, _, _passage = os.environ.get("VALUEPULSE_FAULT", "").partition(":")
_left = int(_passage or 1)


def passing(place: str) -> None:
    """End the process here if the environment says so."""
    global _left  # noqa: PLW0603  # one fault a process
    if place == _place:
        _left -= 1
        if _left == 0:
            os._exit(EXIT_CODE)
