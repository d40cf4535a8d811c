"""The web application: routes, who may use them, and the page."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from streams.dashboard.access import Access, Asking
from streams.dashboard.answers import Refused, explain_refusals
from streams.dashboard.border import Border
from streams.dashboard.parts import Parts
from streams.dashboard.routes import alerts, customers, questions, running, sessions
from streams.tasks import end

STATIC: Final = Path(__file__).resolve().parent / "static"
_QUESTIONS_AT_ONCE: Final = 8
"""Threads for questions: more would only take memory, as they take turns at the processor."""

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refused} for status in (400, 401, 403, 404, 409, 413, 414, 422, 429, 503)
}


def create_app(parts: Parts, access: Access, hosts: Sequence[str] | None = None) -> FastAPI:
    """Return the application. `hosts`: the only names under which it answers (None: any)."""

    @asynccontextmanager
    async def telling(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _QUESTIONS_AT_ONCE
        hub = asyncio.create_task(parts.hub.run())
        try:
            yield
        finally:
            await end([hub])

    app = FastAPI(
        title="ValuePulse dashboard",
        description=__doc__,
        lifespan=telling,
        openapi_url=None,  # shown to those who may ask, below
        redirect_slashes=False,
        responses=_REFUSALS,
    )
    app.state.parts, app.state.access = parts, access
    explain_refusals(app)
    for subject in (sessions, questions, customers, alerts, running):
        app.include_router(subject.router)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(_: Asking) -> JSONResponse:
        return JSONResponse(app.openapi())

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=_REVALIDATED)

    app.mount("/static", GZipMiddleware(_Static(directory=STATIC, check_dir=False)))
    app.add_middleware(Border, hosts=hosts)
    return app


_REVALIDATED: Final = {"Cache-Control": "no-cache"}


class _Static(StaticFiles):
    """Files of the page: kept by browsers, asked for again each time whether they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, as Starlette asks."""
        response = await super().get_response(path, scope)
        response.headers.update(_REVALIDATED)
        return response
