"""Named places where a test can make the process die, as a crash would, or stand still.

`VALUEPULSE_FAULT=before-commit:3` ends the process at the third passage of that place, without any
clean-up; `VALUEPULSE_FAULT=before-commit:3:30` blocks the event loop there for 30 s instead, once,
while the other threads go on. Unset, a passage costs one comparison.
"""

import os
import time
from typing import Final

BEFORE_COMMIT: Final = "before-commit"
AFTER_COMMIT: Final = "after-commit"
AFTER_PUBLISH: Final = "after-publish"
EXIT_CODE: Final = 70

_place, _passage, _seconds, *_ = (*os.environ.get("VALUEPULSE_FAULT", "").split(":"), "", "")
_left = int(_passage or 1)


def passing(place: str) -> None:
    """End the process or block it here if the environment says so."""
    global _left  # noqa: PLW0603  # one fault a process
    if place == _place:
        _left -= 1
        if _left == 0:
            if not _seconds:
                os._exit(EXIT_CODE)
            time.sleep(float(_seconds))
