"""Files of events: lines of NDJSON, packed or in UTF-16, told by their bytes.

One reader for all commands, so that they judge a file alike: a file that cannot be read, or not to
its end, is a `UsageError` that names it; one that is no text at all a `CheckError`.
"""

import codecs
import gzip
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from streams.errors import CheckError, UsageError
from streams.file_kinds import binary_kind, seems

CHUNK_BYTES: Final = 8 * 2**20
STANDARD_INPUT: Final = Path("-")
HEAD_BYTES: Final = 4_096
"""The beginning of a file, by which one tells what it is."""
_GZIP: Final = b"\x1f\x8b"
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED: Final = (
    (b"{\0\0\0", "utf-32-le"),
    (b"\0\0\0{", "utf-32-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)


class Readable(Protocol):
    """What gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""


class EventFile:
    """One file that is being read: UTF-8 bytes, whatever they are packed in."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        """Look at its first bytes.

        Raises:
            UsageError: It cannot be unpacked.
            CheckError: It is of a kind that holds no lines.
        """
        self.path = path
        self._raw = raw
        packed = self._peeked(raw)
        self.is_packed = packed.startswith(_GZIP)
        if not self.is_packed and path.suffix == ".gz":
            raise UsageError(f"{path}: cannot be read: it is named .gz, but is not gzip")
        self._bytes: Readable = raw
        if self.is_packed:
            self._bytes = gzip.GzipFile(fileobj=raw)
        self._begun = self._unpacked(HEAD_BYTES)
        if kind := binary_kind(self._begun):
            raise CheckError(f"{path}: is {kind}: events are NDJSON, one object a line")
        self._decoder = self._decoder_for(self._begun)
        self.head = self._as_utf8(self._begun)
        """How the text begins."""
        self._rest = self.head
        self._position = 0

    def read(self, size: int) -> bytes:
        """Return some bytes more of the text, in UTF-8; none at the end.

        Raises `UsageError` if the file is cut or broken.
        """
        while not self._rest:
            piece = self._unpacked(size)
            self._rest = self._as_utf8(piece)
            if not piece:
                break
        found, self._rest = self._rest, b""
        return found

    def position(self) -> int:
        """Return how many bytes of the file, as it lies there, have been read; 0 of a pipe."""
        if not self._raw.closed and self._raw.seekable():
            self._position = self._raw.tell()
        return self._position

    def _peeked(self, raw: IO[bytes]) -> bytes:
        try:
            return raw.peek(HEAD_BYTES)  # type: ignore[attr-defined,no-any-return]  # it is buffered
        except OSError as error:
            raise unreadable(self.path, error.strerror or str(error)) from error

    def _unpacked(self, size: int) -> bytes:
        try:
            return self._bytes.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise unreadable(self.path, f"cannot be unpacked: {error}") from error
        except OSError as error:
            raise unreadable(self.path, error.strerror or str(error)) from error

    def _decoder_for(self, head: bytes) -> codecs.IncrementalDecoder | None:
        """Return what makes text of other bytes than UTF-8; None where there is nothing to do."""
        for mark, name in _MARKS:
            if head.startswith(mark):
                self._begun = head[len(mark) :]
                return None if name == "utf-8" else codecs.getincrementaldecoder(name)()
        for beginning, name in _UNMARKED:
            if head.startswith(beginning):
                return codecs.getincrementaldecoder(name)()
        return None

    def _as_utf8(self, piece: bytes) -> bytes:
        if self._decoder is None:
            return piece
        try:
            text = self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise unreadable(self.path, f"is not {error.encoding} to its end") from error
        return text.encode("utf-8", "surrogatepass")


def unreadable(path: Path, why: str) -> UsageError:
    """Return the error of a file that cannot be read to its end."""
    return UsageError(f"{path}: cannot be read: {why}")


@contextmanager
def open_events(path: Path) -> Iterator[EventFile]:
    """Open a file of events; `STANDARD_INPUT` is what comes in.

    Raises:
        UsageError: It cannot be read.
        CheckError: It is of a kind that holds no lines.
    """
    if path == STANDARD_INPUT:
        yield EventFile(path, sys.stdin.buffer)
        return
    check_readable(path)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    with raw:
        yield EventFile(path, raw)


def check_readable(path: Path) -> None:
    """Raise `UsageError` for a path that is no file, or none that may be read."""
    if path == STANDARD_INPUT:
        return
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name the files in it ({path}/*.ndjson)")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{path}: there is no such file, or it cannot be read")


def size_of(files: Sequence[Path]) -> int | None:
    """Return how many bytes files have, as they lie there; None where one has no end.

    Raises `UsageError` for a path that is no file, or none that may be read.
    """
    for path in files:
        check_readable(path)
    if STANDARD_INPUT in files:
        return None
    return sum(path.stat().st_size for path in files)


def chunks(file: Readable, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield pieces of a file that end with whole lines."""
    rest: list[bytes] = []
    while piece := file.read(size):
        cut = piece.rfind(b"\n") + 1
        if cut == 0:
            rest.append(piece)
            continue
        yield b"".join(rest) + piece[:cut]
        rest = [piece[cut:]] if cut < len(piece) else []
    if rest:
        yield b"".join(rest)


def lines(file: Readable) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that hold something, with their numbers from 1."""
    number = 0
    for chunk in chunks(file, 2**20):
        for line in chunk.split(b"\n")[: chunk.count(b"\n") + (not chunk.endswith(b"\n"))]:
            number += 1
            if stripped := line.strip():
                yield number, stripped


def no_events(path: Path, head: bytes, rejected: str = "") -> CheckError:
    """Return the error of a run that took no event at all; `rejected` says why lines were not."""
    why = f"; lines were rejected, {rejected}" if rejected else ""
    return CheckError(f"{path}: no line is an event that can be taken: {seems(head)}{why}")
