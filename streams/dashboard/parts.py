"""What the routes work with, put together by `serving`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from streams.dashboard import views
from streams.dashboard.board import Board
from streams.dashboard.event_stream import Hub
from streams.dashboard.explaining import Explanations


class Parts(NamedTuple):
    """All that answers: `act` puts what somebody did about an alert into Kafka."""

    board: Board
    hub: Hub
    explanations: Explanations
    act: Callable[[views.AlertAction], Awaitable[None]]
    health: Callable[[], views.Health]


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _board(request: Request) -> Board:
    return (await _parts(request)).board


TheParts = Annotated[Parts, Depends(_parts)]
TheBoard = Annotated[Board, Depends(_board)]
