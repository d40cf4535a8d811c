"""/api/session: logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from streams.dashboard.access import COOKIE, Access, Asker, Asking
from streams.dashboard.tokens import LONGEST_TOKEN, Role

router = APIRouter(prefix="/api/session", tags=["session"])


class Credentials(BaseModel):
    """What one logs in with."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: Annotated[str, Field(min_length=1, max_length=LONGEST_TOKEN)]


class SessionView(BaseModel):
    """Who is logged in. `csrf` goes into the header X-CSRF-Token of writes; null: none is needed.

    `auth` is false where nobody has to log in.
    """

    name: str
    role: Role
    owner: str | None
    csrf: str | None
    auth: bool


@router.get("")
async def who_am_i(request: Request, asker: Asking) -> SessionView:
    """Return who is logged in."""
    return _view(_access(request), asker)


@router.post("")
async def log_in(request: Request, response: Response, given: Credentials) -> SessionView:
    """Log in with a token: sets the session's cookie."""
    access = _access(request)
    if not access.asks_for_tokens:
        return _view(access, access.asker(request))
    cookie, asker = access.log_in(given.token, request)
    response.set_cookie(
        COOKIE, cookie, max_age=int(access.session_s), path="/",
        secure=request.url.scheme == "https", httponly=True, samesite="strict",
    )  # fmt: skip
    return _view(access, asker)


@router.delete("", status_code=204)
async def log_out(request: Request, response: Response) -> None:
    """Log out: ends the session, and takes its cookie away."""
    _access(request).log_out(request)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


def _view(access: Access, asker: Asker) -> SessionView:
    return SessionView(
        name=asker.name,
        role=asker.role,
        owner=asker.owner,
        csrf=asker.csrf,
        auth=access.asks_for_tokens,
    )
