"""/api/alerts: the inbox of value drops, and what is done about them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import structlog
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from streams.dashboard import views
from streams.dashboard.access import Asker, Asking, Writing
from streams.dashboard.answers import RefusedError
from streams.dashboard.parameters import PageNumber, PerPage, Wanted
from streams.dashboard.parts import Parts, TheBoard, TheParts
from streams.errors import DependencyError

router = APIRouter(prefix="/api/alerts", tags=["alerts"])

_LONGEST_SNOOZE: Final = timedelta(days=366)
LOG: Final = structlog.get_logger(__name__)
_WRITTEN_S: Final = 10.0
_SEEN_S: Final = 3.0
_PAUSE_S: Final = 0.02

AlertId = Annotated[str, Path(min_length=1, max_length=100)]
State = Annotated[views.AlertState | Literal["all"], Query()]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Acknowledgement(_Body):
    """An alert was seen."""

    note: Annotated[str | None, Field(max_length=500)] = None


class Snooze(_Body):
    """An alert is put off until a time, at most a year from now."""

    until: AwareDatetime


class Reopening(_Body):
    """An alert is open again."""


@router.get("")
def alerts(
    board: TheBoard,
    asker: Asking,
    wanted: Wanted,
    state: State = "open",
    page: PageNumber = 1,
    per_page: PerPage = 50,
) -> views.Alerts:
    """Return alerts, the newest first."""
    of_state = None if state == "all" else state
    return board.alerts(wanted, asker.owner, of_state, page, per_page)


@router.post("/{alert_id}/acknowledge")
async def acknowledge(
    parts: TheParts, asker: Writing, alert_id: AlertId, given: Acknowledgement
) -> views.Alert:
    """Say that an alert was seen."""
    return await _done(parts, asker, alert_id, "acknowledge", note=given.note)


@router.post("/{alert_id}/snooze")
async def snooze(parts: TheParts, asker: Writing, alert_id: AlertId, given: Snooze) -> views.Alert:
    """Put an alert off."""
    now = datetime.now(UTC)
    if not now < given.until <= now + _LONGEST_SNOOZE:
        raise RefusedError(
            422, "unusable", f"until {given.until.isoformat()} is not ahead, or not within a year",
            "name a time from now on",
        )  # fmt: skip
    return await _done(parts, asker, alert_id, "snooze", until=_text(given.until))


@router.post("/{alert_id}/reopen")
async def reopen(parts: TheParts, asker: Writing, alert_id: AlertId, _: Reopening) -> views.Alert:
    """Take back what was done about an alert."""
    return await _done(parts, asker, alert_id, "reopen")


async def _done(
    parts: Parts,
    asker: Asker,
    alert_id: str,
    action: Literal["acknowledge", "snooze", "reopen"],
    note: str | None = None,
    until: str | None = None,
) -> views.Alert:
    """Put an action into Kafka; return the alert as it is once the action has come back."""
    before = await asyncio.to_thread(parts.board.alert, alert_id, asker.owner)
    if before.state == "resolved":
        raise RefusedError(
            409, "resolved", "the score has recovered, there is nothing to do about it"
        )
    if action == "reopen" and before.state == "open":
        return before
    at = _text(datetime.now(UTC))
    await _written(
        parts,
        views.AlertAction(
            alert=alert_id, customer_id=before.customer_id, action=action, by=asker.name, at=at,
            note=note, until=until,
        ),
    )  # fmt: skip
    deadline = time.monotonic() + _SEEN_S
    after = before
    while after == before and time.monotonic() < deadline:
        await asyncio.sleep(_PAUSE_S)
        after = await asyncio.to_thread(parts.board.alert, alert_id, asker.owner)
    return after


async def _written(parts: Parts, action: views.AlertAction) -> None:
    """Put an action into Kafka; says so when that does not take it."""
    try:
        async with asyncio.timeout(_WRITTEN_S):
            await parts.act(action)
    except (DependencyError, TimeoutError) as error:
        LOG.warning("an action about an alert could not be written", problem=repr(error))
        raise RefusedError(
            503, "unavailable", "Kafka does not take it now", "try again in a moment",
            {"Retry-After": "10"},
        ) from None  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
