"""The URL of a store, and the credentials that it may carry."""

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_SCHEMES: Final = ("redis://", "rediss://", "unix://")
_CREDENTIALS: Final = {
    "username": "username", "password": "password", "ssl_password": "ssl_key_password",
}  # fmt: skip
"""What a query may carry that has a setting of its own."""

_TLS_OPTIONS: Final = (
    "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname",
)  # fmt: skip


class PartedUrl(NamedTuple):
    """A Redis URL without credentials, and these by the name of the setting that is theirs."""

    url: str
    credentials: dict[str, str]


def parted_url(text: str) -> PartedUrl:
    """Take the credentials out of a Redis URL; one that cannot be understood stays as it is."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return PartedUrl(text, {})
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    given = {"username": unquote(name), "password": unquote(password)}
    kept = []
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        if option in _CREDENTIALS:
            given[_CREDENTIALS[option]] = value
        else:
            kept.append((option, value))
    credentials = {name: value for name, value in given.items() if value}
    if not credentials:
        return PartedUrl(text, {})
    query = f"?{urlencode(kept)}" if kept else ""
    return PartedUrl(f"{parts.scheme}://{host}{parts.path}{query}", credentials)


def plain_redis_url(text: str) -> str:
    """Check what is left without credentials. No part is quoted: it may be of a password."""
    if not text.startswith(_SCHEMES):
        raise ValueError("is no Redis URL; write it like redis://host:6379/0, or rediss:// for TLS")
    try:
        parts = urlsplit(text)
        odd = parts.port == 0
    except ValueError:
        odd = True
    if odd or "@" in text or parts.fragment:
        raise ValueError(
            "cannot be understood; keep the password out of it, in redis.password "
            "(or write its signs / ? # @ : as %2F %3F %23 %40 %3A)"
        )
    if parts.scheme != "unix" and not (parts.path in ("", "/") or parts.path[1:].isdecimal()):
        raise ValueError("must end with the number of a database, like redis://host:6379/0")
    allowed = ("db", *(_TLS_OPTIONS if parts.scheme == "rediss" else ()))
    if any(option not in allowed for option, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError(f"takes no other options than {', '.join(allowed)}")
    return text
