"""Screenshots of every view, from the demo: `python -m tests.browser.screenshots`.

They go to docs/images/dashboard-*.png: docs/dashboard.md and the READMEs show them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Browser, expect

from streams.shop import CAST
from tests.browser.chromium import VARIABLE, chromium, executable
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.servers.process import free_port
from tests.waiting import wait_until

ROOT: Final = Path(__file__).resolve().parents[2]
IMAGES: Final = ROOT / "docs" / "images"
COLOURS: Final = 256
"""Of a picture: enough for flat surfaces and letters, a third of the bytes."""
VIP: Final = CAST[1].customer_id
TALL: Final = {"width": 1280, "height": 960}


class Shot(NamedTuple):
    """A picture: its name, the view's route, a part that is there when the view is, the window."""

    name: str
    route: str
    part: str
    size: dict[str, int] = DESKTOP
    language: str = "en"
    theme: Any = "light"


SHOTS: Final = (
    Shot("pyramid", "/pyramid", "pyramid-tier-VIP"),
    Shot("pyramid-zh", "/pyramid", "pyramid-tier-VIP", language="zh"),
    Shot("pyramid-dark", "/pyramid", "pyramid-tier-VIP", theme="dark"),
    Shot("pyramid-phone", "/pyramid", "pyramid-tier-VIP", size=PHONE),
    Shot("customers", "/customers?score=value&tier=VIP", "customers-table"),
    Shot("distribution", "/customers?score=value&tier=VIP&view=distribution", "distribution-stats"),
    Shot("composition", "/customers?score=value&tier=VIP&view=composition", "composition-table"),
    Shot("customer", f"/customer/{VIP}", "indicator-table", size=TALL),
    Shot("customer-zh", f"/customer/{VIP}", "indicator-table", size=TALL, language="zh"),
    Shot("movements", "/movements?days=30", "movements-matrix"),
    Shot("alerts", "/alerts", "alerts-list"),
    Shot("rfm", "/rfm", "rfm-grid"),
    Shot("model", "/model", "model-indicators"),
    Shot("health", "/health", "health-lag"),
)


def main() -> None:
    """Run the demo until its story is told, then take all pictures."""
    path = executable()
    if path is None:
        sys.exit(f"no chromium on the PATH: `make browser` installs one, or set {VARIABLE}")
    with demo() as url:
        _wait_for_the_story(url)
        with chromium(path) as browser:
            for shot in SHOTS:
                size = _take(browser, url, shot)
                print(f"docs/images/dashboard-{shot.name}.png: {size / 1024:.0f} KB")


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo with all its customers and few events; yields its dashboard's address."""
    port = free_port()
    command = [sys.executable, "-m", "streams.cli", "demo", "--no-browser"]
    options = ["--port", str(port), "--rate", "2"]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, env=os.environ
    ) as running:
        yield f"http://127.0.0.1:{port}"
        running.terminate()


def _wait_for_the_story(url: str) -> None:
    def has_gone_sour() -> bool:
        try:
            told = httpx.get(f"{url}/api/customers/{VIP}", timeout=10)
        except httpx.HTTPError:
            return False
        return told.status_code == httpx.codes.OK and any(
            alert["state"] == "open" for alert in told.json()["alerts"]
        )

    wait_until(has_gone_sour, "the VIP of the story to go sour", 300)


def _take(browser: Browser, url: str, shot: Shot) -> int:
    """Save a picture; return its bytes."""
    window = Visitor(browser, url, language=shot.language, theme=shot.theme, size=shot.size)
    window.go(shot.route)
    expect(window.at(shot.part).first).to_be_visible()
    window.page.wait_for_timeout(1_500)  # charts draw themselves
    if shot.name != "pyramid":
        window.page.get_by_test_id("toast").evaluate_all("all => all.forEach(e => e.remove())")
    picture = Image.open(BytesIO(window.page.screenshot())).convert("RGB")
    window.close()
    few = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    path = IMAGES / f"dashboard-{shot.name}.png"
    few.save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    main()
