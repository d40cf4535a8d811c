"""The dashboard as a whole: its feed, its board, and the server that shows them."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from streams.dashboard.access import Access
from streams.dashboard.app import create_app
from streams.dashboard.board import Board
from streams.dashboard.border import loopback_names
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.event_stream import MOST_LISTENERS, Hub
from streams.dashboard.explaining import Explanations
from streams.dashboard.feed import Feed
from streams.dashboard.health import HealthWatch
from streams.dashboard.parts import Parts
from streams.errors import DependencyError
from streams.model_file import load_model
from streams.settings import Settings

LOG: Final = structlog.get_logger(__name__)
_KEEP_ALIVE_S: Final = 30
_LEAVE_S: Final = 5
_BACKLOG: Final = 1024
_MOST_CONNECTIONS: Final = MOST_LISTENERS + 1_000
"""Beyond them the answer is 503."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: who runs the server says when it ends."""
        yield


class WebServer:
    """Serves an application until told to stop; `url` is where it listens."""

    def __init__(self, app: FastAPI, host: str, port: int, proxies: str = "") -> None:
        """Listen at once, so that `url` is known; `run` answers.

        Raises:
            DependencyError: The address is taken, or not of this machine.
        """
        self._app = app
        self._socket = _listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # addresses name customers
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies or None,
                ws="none",
                limit_concurrency=_MOST_CONNECTIONS,
                lifespan="on",
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_LEAVE_S,
            )
        )

    async def run(self) -> None:
        """Answer until `stop` is called."""
        await self._server.serve([self._socket])

    def stop(self) -> None:
        """Say goodbye to those who listen, finish what is being answered, and end."""
        self._app.state.parts.hub.close()
        self._server.should_exit = True


class Dashboard:
    """All of `valuepulse dashboard`: `run` reads Kafka and shows it until `stop` is called."""

    def __init__(self, settings: Settings, access: Access) -> None:
        """Put the parts together, and listen; nothing is read yet.

        Raises:
            SettingsError: The scoring model cannot be read.
            scoring.errors.ModelError: It cannot be used.
            DependencyError: The address is taken, or not of this machine.
        """
        own = settings.dashboard
        board = Board(Catalogue.of(load_model(settings.model)))
        self._feed = Feed(settings, board)
        self._health = HealthWatch(settings, board)
        token = own.worker_token
        parts = Parts(
            board,
            Hub(board, lambda: self._health.events_per_s),
            Explanations(own.worker_url, None if token is None else token.get_secret_value()),
            self._feed.act,
            self._health.latest,
        )
        hosts = None if access.asks_for_tokens else loopback_names(own.host)
        self._web = WebServer(create_app(parts, access, hosts), own.host, own.port, own.proxies)
        self.url = self._web.url

    async def run(self) -> None:
        """Read and answer until `stop` is called."""
        self._feed.start()
        self._health.start()
        try:
            await self._web.run()
        finally:
            await asyncio.to_thread(self._health.stop)
            await asyncio.to_thread(self._feed.stop)

    def stop(self) -> None:
        """Ask `run` to end."""
        self._web.stop()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With TCP named asyncio sends at once; else answers wait 40 ms for delayed acknowledgements.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.set_inheritable(False)
    except OSError as error:
        listener.close()
        raise DependencyError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; set dashboard.host and "
            "dashboard.port (VALUEPULSE_DASHBOARD__PORT, --port) to a free address, port 0 for any"
        ) from None
    return listener
