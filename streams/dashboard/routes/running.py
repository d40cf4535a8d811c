"""Whether it runs: /api/health, /api/stream, /livez and /readyz."""

from fastapi import APIRouter, Request, Response

from streams.dashboard import views
from streams.dashboard.access import Access, Asking
from streams.dashboard.answers import RefusedError
from streams.dashboard.event_stream import EventStream
from streams.dashboard.parts import TheBoard, TheParts

router = APIRouter(tags=["running"])

_EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}


@router.get("/api/health")
def health(parts: TheParts, _: Asking) -> views.Health:
    """Return events a second, lag, dead letters, and what the dashboard holds."""
    return parts.health()


@router.get(
    "/api/stream",
    response_class=Response,
    responses={200: {"content": _EVENTS, "description": "state, tier-change, alert, missed"}},
)
async def stream(request: Request, parts: TheParts, asker: Asking) -> EventStream:
    """Tell what happens, as server-sent events."""
    access: Access = request.app.state.access

    def may_go_on() -> bool:
        try:
            return access.asker(request) == asker
        except RefusedError:  # logged out, expired or revoked
            return False

    return EventStream(parts.hub, parts.hub.open(asker.owner), may_go_on)


@router.get("/livez", status_code=204, response_class=Response)
async def livez() -> None:
    """Answer, if anything does."""


@router.get("/readyz", status_code=204, response_class=Response)
def readyz(board: TheBoard) -> None:
    """Answer once all customers have been read."""
    if board.as_of().loading:
        raise RefusedError(503, "loading", "customers are being read", None, {"Retry-After": "5"})
