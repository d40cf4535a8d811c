"""What only a worker can tell of a customer: forecast, what was filled or clipped, why.

The dashboard never reads the states in Redis. It asks a worker's HTTP server, which reads them and
changes nothing; without one, the page does without.
"""

from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import BaseModel
from yarl import URL

_LARGEST: Final = 1 << 20
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=2)


class Explanation(BaseModel):
    """What a worker says, as `valuepulse explain --json` does, or why it says nothing."""

    available: bool
    explanation: dict[str, Any] | None = None
    reason: str | None = None


class Explanations:
    """Asks the worker at `url`; `token` is `dashboard.worker_token`, if the worker has one."""

    def __init__(self, url: str | None, token: str | None) -> None:
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def of(self, customer: str, score: str | None) -> Explanation:
        """Return what the worker says of a customer, of one score or of all."""
        if self._url is None:
            return _none("no worker is asked: dashboard.worker_url is empty")
        query = "" if score is None else f"?score={quote(score, safe='')}"
        url = URL(f"{self._url}/explanation/{quote(customer, safe='')}{query}", encoded=True)
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, headers=self._headers) as client,
                client.get(url, allow_redirects=False) as answer,
            ):
                body = await answer.content.read(_LARGEST + 1)
                while not answer.content.at_eof() and len(body) <= _LARGEST:
                    body += await answer.content.read(_LARGEST + 1)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _none(f"the worker at {self._url} does not answer ({type(error).__name__})")
        return _understood(status, body, self._url)


def _understood(status: int, body: bytes, url: str) -> Explanation:
    try:
        said = orjson.loads(body) if len(body) <= _LARGEST else None
    except orjson.JSONDecodeError:
        said = None
    match status, said:
        case 200, {"customer_id": _}:
            return Explanation(available=True, explanation=said)
        case _, {"error": str(reason)}:
            return _none(reason)
    return _none(f"{url} answers with {status} and no explanation: is it a worker of this version?")


def _none(reason: str) -> Explanation:
    return Explanation(available=False, reason=reason)
