"""The worker's HTTP server: /metrics, /livez, /readyz; loopback unless set otherwise."""

from collections.abc import Callable
from typing import Final

from aiohttp import web
from prometheus_client import generate_latest

from streams.metrics import Metrics

_NO_CONTENT: Final = 204
_UNAVAILABLE: Final = 503


async def serve(
    host: str,
    port: int,
    metrics: Metrics,
    alive: Callable[[], str | None],
    ready: Callable[[], str | None],
) -> web.AppRunner:
    """Start the server; `alive` and `ready` return None, or what is wrong.

    Raises `OSError` when the address is taken.
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
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def _answer(problem: str | None) -> web.Response:
    if problem is None:
        return web.Response(status=_NO_CONTENT)
    return web.Response(status=_UNAVAILABLE, text=problem + "\n")
