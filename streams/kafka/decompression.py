"""Decompressing a record batch into bounded memory: what it unpacks to is its producer's word.

A few hundred kilobytes can unpack to hundreds of megabytes, so nothing is unpacked without a limit.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import cramjam
import numpy as np

_XERIAL: Final = b"\x82SNAPPY\x00"
"""How snappy begins as Java clients write it: then come two versions of 4 bytes, and blocks."""
_XERIAL_HEADER: Final = 16
_GZIP: Final = 31  # zlib's window bits: the largest window, in gzip's format
_USUAL_RATIO: Final = 64
"""Room is made for this ratio first: zeroing all that the limit allows takes longer than most
batches."""
_FULL: Final = "failed to write whole buffer"


class TooLargeError(Exception):
    """It unpacks to more than the limit."""


class Codec(NamedTuple):
    """A compression of Kafka's; `unpack` takes what is compressed and the most bytes to return.

    Besides `TooLargeError`, it raises errors of its library for what it cannot read.
    """

    name: str
    unpack: Callable[[bytes, int], bytes]


def _gzip(packed: bytes, most: int) -> bytes:
    parts, left = [], most
    while packed:  # one member behind the other, as gzip allows
        member = zlib.decompressobj(_GZIP)
        parts.append(member.decompress(packed, left + 1))
        left -= len(parts[-1])
        if left < 0:
            raise TooLargeError
        if not member.eof:
            raise EOFError("it is cut off")
        packed = member.unused_data
    return b"".join(parts)


def _snappy(packed: bytes, most: int) -> bytes:
    parts, left = [], most
    for block in _snappy_blocks(packed):
        left -= cramjam.snappy.decompress_raw_len(block)
        if left < 0:
            raise TooLargeError
        parts.append(bytes(cramjam.snappy.decompress_raw(block)))
    return b"".join(parts)


def _snappy_blocks(packed: bytes) -> list[bytes]:
    if not packed.startswith(_XERIAL):
        return [packed]
    blocks, at = [], _XERIAL_HEADER
    while at < len(packed):
        start = at + 4
        at = start + int.from_bytes(packed[at:start])
        if at > len(packed):
            raise EOFError("a block is cut off")
        blocks.append(packed[start:at])
    return blocks


def _into_room(
    decompress_into: Callable[[bytes, Any], int],
) -> Callable[[bytes, int], bytes]:
    def unpack(packed: bytes, most: int) -> bytes:
        for size in (min(_USUAL_RATIO * len(packed), most), most):
            room = np.empty(size, np.uint8)
            try:
                return room[: decompress_into(packed, room)].tobytes()
            except cramjam.DecompressionError as error:
                if _FULL not in str(error):
                    raise
        raise TooLargeError

    return unpack


CODECS: Final[Mapping[int, Codec]] = {
    1: Codec("gzip", _gzip),
    2: Codec("snappy", _snappy),
    3: Codec("lz4", _into_room(cramjam.lz4.decompress_into)),
    4: Codec("zstd", _into_room(cramjam.zstd.decompress_into)),
}
"""By their number in a batch's attributes."""
