"""/api: what the board is asked about customers. Each runs in a thread: the loop stays free."""

from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from streams.dashboard import views
from streams.dashboard.access import Asking
from streams.dashboard.csv_export import written
from streams.dashboard.parameters import (
    DEFAULT_DAYS,
    Columns,
    Days,
    PageNumber,
    PerPage,
    Sort,
    Wanted,
    names,
)
from streams.dashboard.parts import TheBoard

LOG: Final = structlog.get_logger(__name__)
router = APIRouter(prefix="/api", tags=["customers"])

Name = Annotated[str, Query(min_length=1, max_length=200)]


@router.get("/model")
def model(board: TheBoard, _: Asking) -> views.ModelView:
    """Return what there is to choose from: scores, tiers, indicators, segments."""
    return board.model()


@router.get("/pyramid")
def pyramid(board: TheBoard, asker: Asking, wanted: Wanted) -> views.Pyramid:
    """Return customers and profit by tier of a score."""
    return board.pyramid(wanted, asker.owner)


@router.get("/customers")
def page(
    board: TheBoard,
    asker: Asking,
    wanted: Wanted,
    sort: Sort = "-score",
    page: PageNumber = 1,
    per_page: PerPage = 50,
    columns: Columns = "",
) -> views.Page:
    """Return a page of the table of customers."""
    return board.page(wanted, asker.owner, sort, page, per_page, names(columns))


@router.get(
    "/customers.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export(
    board: TheBoard, asker: Asking, wanted: Wanted, sort: Sort = "-score", columns: Columns = ""
) -> StreamingResponse:
    """Return the whole table of customers as CSV."""
    table = board.export(wanted, asker.owner, sort, names(columns))
    LOG.info("customers are exported", name=asker.name, role=asker.role)
    day = board.as_of().day or "empty"
    name = f"valuepulse-customers-{day}.csv"
    return StreamingResponse(
        written(table.header, table.rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/distribution")
def distribution(
    board: TheBoard, asker: Asking, wanted: Wanted, indicator: Name
) -> views.Distribution:
    """Return how an indicator is distributed."""
    return board.distribution(wanted, asker.owner, indicator)


@router.get("/composition")
def composition(
    board: TheBoard, asker: Asking, wanted: Wanted, by: Name = "industry"
) -> views.Composition:
    """Return customers by owner, region, industry, size, `segment:NAME` or `tier:SCORE`."""
    return board.composition(wanted, asker.owner, by)


@router.get("/movements")
def movements(
    board: TheBoard, asker: Asking, wanted: Wanted, days: Days = DEFAULT_DAYS
) -> views.Movements:
    """Return who moved between tiers, as a matrix: then by now."""
    return board.movements(wanted, asker.owner, days)


@router.get("/movements/recent")
def recent_changes(
    board: TheBoard,
    asker: Asking,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> views.RecentChanges:
    """Return the newest tier changes."""
    return board.recent_changes(wanted, asker.owner, limit)


@router.get("/rfm")
def rfm(board: TheBoard, asker: Asking, wanted: Wanted) -> views.RfmGrid:
    """Return customers by recency and frequency."""
    return board.rfm(wanted, asker.owner)
