"""/api/customers/{id}: one customer."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from streams.dashboard import views
from streams.dashboard.access import Asking
from streams.dashboard.explaining import Explanation
from streams.dashboard.parts import TheBoard, TheParts

router = APIRouter(prefix="/api/customers", tags=["customers"])

CustomerId = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/{customer_id:path}/explanation")
async def explanation(
    parts: TheParts,
    asker: Asking,
    customer_id: CustomerId,
    score: Annotated[str | None, Query(max_length=100)] = None,
) -> Explanation:
    """Return what a worker says of it: forecast, what was filled or clipped, why."""
    await asyncio.to_thread(parts.board.customer, customer_id, asker.owner)  # is it the asker's?
    return await parts.explanations.of(customer_id, score)


@router.get("/{customer_id:path}")
def customer(board: TheBoard, asker: Asking, customer_id: CustomerId) -> views.Customer:
    """Return all about a customer."""
    return board.customer(customer_id, asker.owner)
