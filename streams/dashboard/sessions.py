"""Sessions of browsers: a random cookie stands for a token, until it expires or is ended.

They are kept in memory, and only by their hash. A restart ends all.
"""

import time
from collections import OrderedDict
from secrets import token_urlsafe
from typing import Final, NamedTuple

from streams.dashboard.tokens import hashed

_BYTES: Final = 32
_MOST: Final = 10_000


class Session(NamedTuple):
    """A browser that has logged in: with which token, what its writes must carry, until when."""

    token: str
    csrf: str
    ends_at: float


class Sessions:
    """All sessions; beyond ten thousand the oldest are ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self, token: str) -> tuple[str, Session]:
        """Open one for the token of this hash: the cookie's value, and the session."""
        cookie = token_urlsafe(_BYTES)
        session = Session(token, token_urlsafe(_BYTES), time.monotonic() + self.seconds)
        self._open[hashed(cookie)] = session
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return cookie, session

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, if it is still open."""
        key = hashed(cookie)
        session = self._open.get(key)
        if session is not None and session.ends_at <= time.monotonic():
            del self._open[key]
            return None
        return session

    def end(self, cookie: str) -> None:
        """End the session of a cookie, if there is one."""
        self._open.pop(hashed(cookie), None)
