"""A real server in a thread of its own, and clients that ask it as browsers and programs do."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from streams.dashboard import views
from streams.dashboard.access import Access
from streams.dashboard.app import create_app
from streams.dashboard.event_stream import Hub
from streams.dashboard.explaining import Explanations
from streams.dashboard.parts import Parts
from streams.dashboard.serving import WebServer
from streams.dashboard.tokens import TokensFile, new_token
from tests.dashboard_web.shop import OWNERS, Shop
from tests.waiting import wait_until

PEOPLE = {"viewer": None, "manager": OWNERS[0], "admin": None}
"""Roles, and the owner of the one who has it."""

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Certificates, which each client would read anew, are of no use here."""


class Served:
    """A running dashboard over a shop; `tokens` are the texts by role."""

    def __init__(self, shop: Shop, web: WebServer, app: FastAPI) -> None:
        """Take what `served` has made; tokens come later."""
        self.shop, self.url, self._app = shop, web.url, app
        self.tokens: dict[str, str] = {}
        self.file = Path()
        self._web = web
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    @property
    def hub(self) -> Hub:
        """What event streams hear from."""
        hub: Hub = self._app.state.parts.hub
        return hub

    def refuse_writes(self, act: Callable[[object], Awaitable[None]]) -> None:
        """Let `act` stand where actions about alerts go."""
        self._app.state.parts = self._app.state.parts._replace(act=act)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._web.run()

    def start(self) -> None:
        """Start the server's thread."""
        self._thread.start()
        wait_until(lambda: self._loop, "the server's event loop")

    def stop(self) -> None:
        """End the server, which must not take long."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._web.stop)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server does not end"

    def client(self, role: str | None = None, **options: Any) -> httpx.Client:
        """Return a client that sends the token of a role, or none."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        headers |= options.pop("headers", {})
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=30, verify=_NO_TLS, **options
        )

    @contextmanager
    def logged_in(self, role: str) -> Iterator[httpx.Client]:
        """Yield a browser in which somebody of a role has logged in; it sends what writes need."""
        with self.client() as browser:
            answer = browser.post("/api/session", json={"token": self.tokens[role]})
            assert answer.status_code == 200, answer.text
            browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield browser


def people(directory: Path) -> tuple[dict[str, str], Path]:
    """Write a file of tokens with one of each role; return the texts by role, and the file."""
    made = {role: new_token(role, role, owner) for role, owner in PEOPLE.items()}
    file = directory / "tokens.yaml"
    file.write_text("\n".join(token.line() for _, token in made.values()), "utf-8")
    return {role: text for role, (text, _) in made.items()}, file


@contextmanager
def served(
    shop: Shop,
    directory: Path,
    *,
    auth: bool = True,
    hosts: Sequence[str] | None = None,
    session_s: float = 3600.0,
    explanations: Explanations | None = None,
    proxies: str = "",
) -> Iterator[Served]:
    """Run a server until the block ends, which must end the server within some seconds."""
    tokens, file = people(directory)
    access = Access(TokensFile(file) if auth else None, session_s)

    async def act(action: views.AlertAction) -> None:
        shop.board.take_action(action, 0)

    parts = Parts(
        shop.board,
        Hub(shop.board, lambda: 5.0),
        explanations or Explanations(None, None),
        act,
        lambda: health(shop),
    )
    app = create_app(parts, access, hosts)
    web = WebServer(app, "127.0.0.1", 0, proxies)
    running = Served(shop, web, app)
    running.tokens, running.file = tokens, file
    running.start()
    try:
        yield running
    finally:
        running.stop()


def health(shop: Shop) -> views.Health:
    """Return a view in which nothing is wrong."""
    customers, changes, alerts = shop.board.held()
    return views.Health(
        as_of=shop.board.as_of(),
        events_per_s=5.0,
        topics=[],
        lag=views.Lag(total=0, partitions=[]),
        dead_letters=views.DeadLetters(total=0, recent=[]),
        feed=views.FeedHealth(
            behind=0, customers=customers, changes=changes, alerts=alerts, memory_mib=1.0,
            started_at=None, loaded_after_s=None,
        ),
        kafka="ok",
    )  # fmt: skip
