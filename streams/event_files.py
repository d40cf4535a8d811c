"""Files of events: lines of NDJSON, decoded as the stream decodes its records."""

import errno
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from streams.decode import Decoded, Decoder, records_of_lines
from streams.records import Records

CHUNK_BYTES: Final = 8 * 2**20


def decoded_chunks(
    path: Path, decoder: Decoder, now_ms: int
) -> Iterator[tuple[bytes, Records, Decoded]]:
    """Yield a file's pieces, each with its lines as records and what the decoder read in them.

    Raises `OSError` for a file that cannot be read.
    """
    line = 1
    for chunk in _chunks_of(path):
        records = records_of_lines(chunk, line)
        decoded = decoder.decode(records, event_type=None, now_ms=now_ms, keyed=False)
        yield chunk, records, decoded
        line += chunk.count(b"\n")


def _chunks_of(path: Path) -> Iterator[bytes]:
    try:
        with open_events(path) as file:
            yield from chunks(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise OSError(errno.EIO, f"cannot be unpacked: {error}", str(path)) from error


def chunks(file: IO[bytes], size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield pieces of a file that end with whole lines."""
    rest = b""
    while piece := file.read(size):
        cut = piece.rfind(b"\n") + 1
        if cut == 0:
            rest += piece
            continue
        yield rest + piece[:cut]
        rest = piece[cut:]
    if rest:
        yield rest


def open_events(path: Path) -> IO[bytes]:
    """Open a file of events, unpacked if its name ends with .gz."""
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]  # it reads like a file
    return path.open("rb")
