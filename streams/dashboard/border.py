"""What every request meets before anything reads it, and what every answer carries."""

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.dashboard.answers import log_fault, refused

LONGEST_QUERY: Final = 8_192
"""Bytes of a query string; the page's longest has some hundreds."""

LARGEST_BODY: Final = 16_384
"""Bytes of a request's body; the largest, a note, has some hundreds."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "::1")
_TLS_ONLY: Final = "max-age=31536000"
_OF_PROXIES: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
"""A proxy on this machine asks under its name, too; these say that it asks for somebody else."""

_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")


class Border:
    """Lets requests in that belong here, and puts the headers on that keep a page from harm.

    `hosts` are the names under which this server may be asked (None: any). Without tokens they
    must be checked: a page of others could otherwise have its own name lead to this machine.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] | None = None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _TLS_ONLY
            await send(message)

        answer = self._app
        try:
            if (turned_away := self._turned_away(scope)) is not None:
                answer = turned_away
            await answer(scope, receive, send_with_headers)
        except Exception as error:  # told without what it says of customers
            log_fault("a request", error)
            if not begun:
                sorry = refused(
                    500, "fault", "a bug: the server's log says where, please report it"
                )
                await sorry(scope, receive, send_with_headers)

    def _turned_away(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        return (
            self._of_elsewhere(headers) or _too_large(scope, headers) or _of_others(scope, headers)
        )

    def _of_elsewhere(self, headers: Headers) -> ASGIApp | None:
        if self._hosts is None:
            return None
        host = headers.get("Host", "")
        if _name(host) not in self._hosts:
            return refused(
                421, "wrong_host", f"this server is not {host[:200]!r}",
                f"ask for {self._hosts[0]}, or run it with tokens",
            )  # fmt: skip
        if any(name in headers for name in _OF_PROXIES):
            return refused(
                403, "proxied", "this server asks for no tokens: it is for this machine alone",
                "run it with tokens behind a proxy",
            )  # fmt: skip
        return None


def _too_large(scope: Scope, headers: Headers) -> ASGIApp | None:
    if len(scope["query_string"]) > LONGEST_QUERY:
        return refused(414, "too_long", f"the query is longer than {LONGEST_QUERY} bytes")
    if "Transfer-Encoding" in headers:  # of unknown length; no browser sends it
        return refused(411, "length_required", "say by Content-Length how long the body is")
    announced = headers.get("Content-Length", "0")
    is_short = announced.isdecimal() and len(announced) <= len(str(LARGEST_BODY))
    if not is_short or int(announced) > LARGEST_BODY:
        return refused(413, "too_large", f"the body is larger than {LARGEST_BODY} bytes")
    return None


def _of_others(scope: Scope, headers: Headers) -> ASGIApp | None:
    """Turn away what a browser sends for a page of another origin; other programs don't say so."""
    if scope["method"] in _SAFE_METHODS:
        return None
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if site is not None:
        is_foreign = site not in ("same-origin", "none")
    else:
        is_foreign = origin is not None and origin.partition("://")[2] != headers.get("Host")
    if is_foreign:
        return refused(403, "cross_origin", "a page of another origin may not write here")
    return None


def _name(host: str) -> str:
    """Return the name in a Host header, without its port.

    >>> _name("localhost:8090"), _name("[::1]:8090"), _name("::::")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def loopback_names(host: str) -> tuple[str, ...] | None:
    """Return the names of this machine if a host is its loopback address; None: others reach it.

    >>> loopback_names("127.0.0.2")
    ('127.0.0.1', 'localhost', '::1', '127.0.0.2')
    >>> loopback_names("0.0.0.0"), loopback_names("example.org")
    (None, None)
    """
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    return (*_LOCAL_NAMES, host) if is_loopback else None
