"""Who asks, and what it may: by a bearer token, by a browser's session, or anyone on this machine.

A route takes `Asking` and hands its `owner` to the board, which limits every answer to it. One that
writes takes `Writing`.
"""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from math import ceil
from secrets import token_urlsafe
from typing import Annotated, Final, NamedTuple

import structlog
from fastapi import Depends, Header, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from streams.dashboard.answers import RefusedError
from streams.dashboard.attempts import Attempts
from streams.dashboard.sessions import Sessions
from streams.dashboard.tokens import Role, Token, hashed, known

LOG: Final = structlog.get_logger(__name__)
COOKIE: Final = "vp_session"
_LOCAL: Final = Token(name="local", role="admin", sha256="0" * 64)
_UNAUTHENTICATED: Final = {"WWW-Authenticate": "Bearer"}


class Asker(NamedTuple):
    """Who asks. `csrf` is what its writes must carry; None: a token needs none."""

    token: Token
    csrf: str | None

    @property
    def name(self) -> str:
        """Its name, as alerts show who acknowledged them."""
        return self.token.name

    @property
    def role(self) -> Role:
        """Its role."""
        return self.token.role

    @property
    def owner(self) -> str | None:
        """Whose customers it sees; None: all."""
        return self.token.owner


class Access:
    """Recognises who asks. Without tokens everyone is an admin: for the loopback address only."""

    def __init__(
        self, tokens: Callable[[], Sequence[Token]] | None, session_s: float = 43_200.0
    ) -> None:
        self._tokens = tokens
        self._sessions = Sessions(session_s)
        self._attempts = Attempts()
        self._local = Asker(_LOCAL, token_urlsafe(32))

    @property
    def asks_for_tokens(self) -> bool:
        """Whether one has to log in."""
        return self._tokens is not None

    @property
    def session_s(self) -> float:
        """How long a session lasts."""
        return self._sessions.seconds

    def asker(self, request: Request) -> Asker:
        """Return who sent a request.

        Raises:
            RefusedError: It says not who it is (401), or tries too often (429).
        """
        if self._tokens is None:
            return self._local
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return Asker(self._recognised(text.strip(), _address(request)), None)
        session = self._sessions.find(request.cookies.get(COOKIE, ""))
        token = session and self._token(session.token)
        if session is None or token is None:
            raise RefusedError(
                401, "unauthenticated", "nobody is logged in",
                "log in with a token, or send it: Authorization: Bearer vp_…", _UNAUTHENTICATED,
            )  # fmt: skip
        return Asker(token, session.csrf)

    def holds(self, asker: Asker) -> bool:
        """Tell whether somebody recognised before would still be: its token may be revoked."""
        return self._tokens is None or self._token(asker.token.sha256) == asker.token

    def log_in(self, text: str, request: Request) -> tuple[str, Asker]:
        """Open a session for a token: the cookie's value, and who it is.

        Raises:
            RefusedError: There is no such token (401), or it is tried too often (429).
        """
        token = self._recognised(text, _address(request))
        cookie, session = self._sessions.begin(token.sha256)
        LOG.info("logged in", name=token.name, role=token.role)
        return cookie, Asker(token, session.csrf)

    def log_out(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        self._sessions.end(request.cookies.get(COOKIE, ""))

    def _recognised(self, text: str, address: str) -> Token:
        if wait_s := self._attempts.wait_s(address):
            seconds = ceil(wait_s)
            raise RefusedError(
                429, "too_many_attempts", f"too many wrong tokens from {address}",
                f"wait {seconds} s", {"Retry-After": str(seconds)},
            )  # fmt: skip
        token = self._token(hashed(text))
        if token is None:
            self._attempts.failed(address)
            LOG.warning("a wrong token was refused", address=address)
            raise RefusedError(
                401, "wrong_token", "there is no such token, or it was revoked",
                "`valuepulse dashboard token` makes one", _UNAUTHENTICATED,
            )  # fmt: skip
        return token

    def _token(self, digest: str) -> Token | None:
        return known(self._tokens(), digest) if self._tokens is not None else None


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


# ------------------------------------------------------------------------------ what routes take

_BEARER: Final = HTTPBearer(auto_error=False, description="A token.")
_SESSION: Final = APIKeyCookie(
    name=COOKIE, auto_error=False, description="POST /api/session sets it."
)


async def _asking(
    request: Request,
    _bearer: Annotated[object, Depends(_BEARER)],  # for OpenAPI alone
    _session: Annotated[object, Depends(_SESSION)],
) -> Asker:
    access: Access = request.app.state.access
    return access.asker(request)


Asking = Annotated[Asker, Depends(_asking)]


async def _writing(
    asker: Asking, x_csrf_token: Annotated[str | None, Header(max_length=100)] = None
) -> Asker:
    if asker.role == "viewer":
        raise RefusedError(
            403, "forbidden", f"{asker.name} is a viewer, who only looks",
            "a manager or an admin may do that",
        )  # fmt: skip
    given = (x_csrf_token or "").encode()
    if asker.csrf is not None and not compare_digest(asker.csrf.encode(), given):
        raise RefusedError(
            403, "csrf", "the header X-CSRF-Token is missing or not that of the session",
            "send the value of `csrf` in GET /api/session",
        )  # fmt: skip
    return asker


Writing = Annotated[Asker, Depends(_writing)]
