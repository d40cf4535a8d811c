"""The machine's own Chromium, driven by Playwright: it downloads none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

VARIABLE: Final = "VALUEPULSE_TEST_CHROMIUM"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """Return where a Chromium is: the one that the environment names, or one on the PATH."""
    found = os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, NAMES)), None)
    return found or None


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Run it headless until the block ends."""
    # Chromium refuses its sandbox to root; the pages are our own.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()
