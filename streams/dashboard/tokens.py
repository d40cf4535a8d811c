"""Who may look: tokens, of which only the hash is kept, in a file that may change at any time.

    - {name: 王芳, role: manager, owner: 王芳, sha256: 9f86d081884c7d65…}
    - {name: intranet, role: viewer, sha256: 2c26b46b68ffc68f…}

A viewer looks, a manager also deals with alerts, an admin does both for all customers. Who has an
owner sees that owner's customers only; a manager must have one.
"""

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Any, Final, Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from scoring.plain_yaml import PlainYamlError, load
from streams.errors import Misfit, SettingsError, UsageError
from streams.settings_sources import short

LOG: Final = structlog.get_logger(__name__)
LONGEST_TOKEN: Final = 200
_BYTES: Final = 32

Role = Literal["viewer", "manager", "admin"]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class Token(BaseModel):
    """One who may look, known by the SHA-256 of a token: its text is nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Word
    role: Role
    owner: Word | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _owner_fits_the_role(self) -> Self:
        if self.role == "manager" and self.owner is None:
            raise ValueError("a manager needs an owner: it sees only the customers of that one")
        if self.role == "admin" and self.owner is not None:
            raise ValueError("an admin sees all customers: take its owner out, or make a manager")
        return self

    def line(self) -> str:
        """Return it as a line of the file of tokens.

        >>> Token(name="Li", role="viewer", sha256="0" * 64).line()[:44]
        '- {"name": "Li", "role": "viewer", "sha256":'
        """
        import json

        return f"- {json.dumps(self.model_dump(exclude_none=True), ensure_ascii=False)}"


_TOKENS: Final = TypeAdapter(list[Token])


def new_token(name: str, role: str, owner: str | None) -> tuple[str, Token]:
    """Make a token of 256 random bits: its text, to be given away, and what is kept of it.

    Raises:
        UsageError: There is no such role, or the owner does not fit it.
    """
    text = f"vp_{token_urlsafe(_BYTES)}"
    made = {"name": name, "role": role, "owner": owner, "sha256": hashed(text)}
    try:
        return text, Token.model_validate(made)
    except ValidationError as error:
        raise UsageError("; ".join(_told(each) for each in error.errors())) from None


def hashed(text: str) -> str:
    """Return what is kept of a token."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def known(tokens: Sequence[Token], digest: str) -> Token | None:
    """Return the token of this hash; the time taken does not tell how close a wrong one is."""
    found = None
    for token in tokens:
        if compare_digest(token.sha256, digest):
            found = token
    return found


class TokensFile:
    """The tokens of a file, read again when it has changed: to revoke one, take its line out."""

    def __init__(self, path: Path) -> None:
        """Read it for the first time.

        Raises:
            SettingsError: It cannot be read or used; every problem with its line.
        """
        self._path = path
        self._seen = _signature(path)
        self._tokens = read(path)

    def __call__(self) -> Sequence[Token]:
        """Return the tokens that hold now; those before, while the file cannot be used."""
        signature = _signature(self._path)
        if signature != self._seen:
            self._seen = signature
            try:
                self._tokens = read(self._path)
            except SettingsError as error:
                LOG.warning("the tokens that were read before go on to hold", error=str(error))
            else:
                LOG.info("tokens read again", tokens=len(self._tokens))
        return self._tokens


def read(path: Path) -> list[Token]:
    """Return the tokens of a file.

    Raises:
        SettingsError: It cannot be read or used; every problem with its line, no value quoted.
    """
    shown = short(path)
    try:
        tree = load(path.read_text("utf-8"))
    except OSError as error:
        raise _unusable(shown, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _unusable(shown, f"is not UTF-8: byte {error.start} is {error.reason}") from None
    except PlainYamlError as error:
        raise _unusable(f"{shown}:{error.line}", error.message) from None
    if tree is not None and not isinstance(tree, list):
        raise _unusable(f"{shown}:1", "is no list; `valuepulse dashboard token` makes its lines")
    rows = [_plain(row) for row in tree or []]
    try:
        tokens = _TOKENS.validate_python(rows)
    except ValidationError as error:
        raise SettingsError([_misfit(shown, tree, each) for each in error.errors()]) from None
    for n, token in enumerate(tokens):
        if any(token.name == other.name for other in tokens[:n]):
            raise _unusable(f"{shown}:{_line(tree, n)}", f"{token.name!r} stands here twice")
    return tokens


def _plain(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    return {str(name): value if value is None else str(value) for name, value in row.items()}


def _misfit(shown: str, tree: Any, error: Any) -> Misfit:
    row, *field = error["loc"]
    name = ".".join(["tokens_file", *map(str, field)])
    return Misfit(f"{shown}:{_line(tree, row)}", name, _told(error))


def _told(error: Any) -> str:
    field = ".".join(str(part) for part in error["loc"] if isinstance(part, str))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {message}" if field else message


def _line(tree: Any, row: int) -> int:
    return int(tree.lc.item(row)[0]) + 1


def _unusable(where: str, message: str) -> SettingsError:
    return SettingsError([Misfit(where, "dashboard.tokens_file", message)])


def _signature(path: Path) -> tuple[int, ...]:
    """Return what differs when a file was written or replaced."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
