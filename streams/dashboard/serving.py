"""The dashboard as a whole: its feed, its board, and the server that shows them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from streams.errors import DependencyError

LOG: Final = structlog.get_logger(__name__)
_KEEP_ALIVE_S: Final = 30
_LEAVE_S: Final = 5


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


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.set_inheritable(False)
    except OSError as error:
        listener.close()
        raise DependencyError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; set dashboard.host and "
            "dashboard.port (VALUEPULSE_DASHBOARD__PORT, --port) to a free address, port 0 for any"
        ) from None
    return listener
