"""Somebody at the page: what it asks for, and what goes wrong, is written down."""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

Theme = Literal["light", "dark"]
DESKTOP: Final = {"width": 1280, "height": 720}
PHONE: Final = {"width": 390, "height": 844}
_ABORTED: Final = "net::ERR_ABORTED"


class Visitor:
    """A window of its own: no cookies of others, no memory of before.

    `strangers` are requests that left the page's origin, `troubles` what the console complained of
    and requests that failed. `refusals_are_fine` says that an answer of 401 is no trouble.
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        language: str = "en",
        theme: Theme = "light",
        size: dict[str, int] | None = None,
        scale: float = 1.0,
    ) -> None:
        """Open the window; nothing is loaded yet."""
        self.url = url
        self.strangers: list[str] = []
        self.troubles: list[str] = []
        self.refusals_are_fine = False
        locale = {"en": "en-GB", "zh": "zh-CN"}[language]
        self._context = browser.new_context(
            locale=locale,
            color_scheme=theme,
            viewport=size or DESKTOP,  # type: ignore[arg-type]  # a TypedDict of the same keys
            device_scale_factor=scale,
            reduced_motion="reduce",
            accept_downloads=True,
            timezone_id="Asia/Shanghai",
        )
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        self.page.on("console", self._complained)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def go(self, route: str = "/pyramid") -> None:
        """Open a view by its route."""
        self.page.goto(f"{self.url}/#{route}")

    def log_in(self, token: str, route: str = "/pyramid") -> None:
        """Open a view, and give the token that the page asks for."""
        self.refusals_are_fine = True
        self.go(route)
        self.at("login-token").fill(token)
        self.at("login-submit").click()
        self.at("as-of").wait_for()
        self.refusals_are_fine = False

    def at(self, name: str) -> Locator:
        """Return the part of the page with a test id."""
        return self.page.get_by_test_id(name)

    def count(self, name: str) -> int:
        """Return the exact number that a part shows, however it is written."""
        return int(self.at(name).get_attribute("data-count") or "-1")

    def header(self) -> dict[str, Any]:
        """Return what the page's language is."""
        return {"lang": self.page.locator("html").get_attribute("lang")}

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob"):
            return
        if f"{parts.scheme}://{parts.netloc}" != self.url:
            self.strangers.append(request.url)

    def _failed(self, request: Request) -> None:
        # A page that is left aborts its event stream and what it was loading.
        if request.failure != _ABORTED:
            self.troubles.append(f"{request.method} {request.url}: {request.failure}")

    def _complained(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if self.refusals_are_fine and "401" in message.text:
            return
        self.troubles.append(f"{message.type}: {message.text}")
