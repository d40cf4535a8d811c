"""The worker's HTTP server: /metrics, /livez, /readyz, /explanation; loopback unless set otherwise.

The first three show no customer and ask for nothing. An explanation does: with a token it is for
those who send it, without for programs on this machine.
"""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from prometheus_client import generate_latest

from streams.errors import DependencyError, UsageError
from streams.metrics import Metrics

_NO_CONTENT: Final = 204
_UNAVAILABLE: Final = 503
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_OF_PROXIES: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class Explaining(NamedTuple):
    """How a customer, and one of its scores or all, is explained, and with which token one asks."""

    explain: Callable[[str, str | None], Awaitable[dict[str, Any]]]
    token: str | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Return the explanation, or why there is none: `{"error": …}`."""
        if not self._may_ask(request):
            who = "with another token" if self.token else "on another machine"
            return _json(403, {"error": f"the worker explains nothing to a program {who}"})
        try:
            said = await self.explain(request.match_info["customer"], request.query.get("score"))
        except UsageError as error:
            return _json(404, {"error": str(error)})
        except DependencyError as error:
            return _json(503, {"error": str(error)})
        return _json(200, said)

    def _may_ask(self, request: web.Request) -> bool:
        if self.token is not None:
            given = request.headers.get("Authorization", "")
            return compare_digest(f"Bearer {self.token}".encode(), given.encode())
        # A page in a browser on this machine may have its own name lead here: so the name counts.
        # A proxy on this machine asks under such a name, too, but for somebody else.
        is_proxied = any(name in request.headers for name in _OF_PROXIES)
        is_local = _is_loopback(request.remote) and _name(request.host) in _LOCAL_NAMES
        return is_local and not is_proxied


async def serve(
    host: str,
    port: int,
    metrics: Metrics,
    alive: Callable[[], str | None],
    ready: Callable[[], str | None],
    explaining: Explaining | None = None,
) -> web.AppRunner:
    """Start the server; `alive` and `ready` return None, or what is wrong.

    Without `explaining` there is no /explanation. Raises `OSError` when the address is taken.
    """

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(metrics.registry), content_type="text/plain", charset="utf-8"
        )

    async def livez(_: web.Request) -> web.Response:
        return _answer(alive())

    async def readyz(_: web.Request) -> web.Response:
        return _answer(ready())

    app = web.Application()
    app.add_routes(
        [web.get("/metrics", show_metrics), web.get("/livez", livez), web.get("/readyz", readyz)]
    )
    if explaining is not None:
        app.add_routes([web.get("/explanation/{customer}", explaining.answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def _answer(problem: str | None) -> web.Response:
    if problem is None:
        return web.Response(status=_NO_CONTENT)
    return web.Response(status=_UNAVAILABLE, text=problem + "\n")


def _json(status: int, body: dict[str, Any]) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    content = "application/json"
    return web.Response(
        status=status, body=orjson.dumps(body), content_type=content, headers=headers
    )


def _name(host: str) -> str | None:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:  # a socket of the file system has no address
        return False
