"""Which partition a customer belongs to: all producers and the shards must agree on it.

Else a customer would be two, one in each shard, each with some of its events.
"""

import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from streams.settings import Partitioner

_SEED: Final = np.uint32(0x9747B28C)
_FACTOR: Final = np.uint32(0x5BD1E995)


class Partitioning(NamedTuple):
    """How keys are spread over so many partitions.

    `murmur2` is what Kafka's own clients do, `crc32` what librdkafka (kcat, and most clients that
    are not of the JVM) does by default. With `any` nothing is known: no record is misplaced, and
    what this project sends is put as with `murmur2`.

    >>> Partitioning("murmur2", 4).of(b"customer-17"), Partitioning("crc32", 4).of(b"customer-17")
    (0, 3)
    """

    partitioner: Partitioner
    partitions: int

    def of(self, key: bytes) -> int:
        """Return the partition that a key belongs to."""
        return int(self._each([key])[0])

    def misplaced(self, keys: Sequence[bytes], partition: int) -> NDArray[np.bool_]:
        """Tell which keys do not belong to a partition."""
        if self.partitioner == "any" or self.partitions == 1:
            return np.zeros(len(keys), np.bool_)
        return np.asarray(self._each(keys) != partition, np.bool_)

    def _each(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        if self.partitioner == "crc32":
            return np.array([zlib.crc32(key) for key in keys], np.int64) % self.partitions
        ends = np.cumsum([len(key) for key in keys], dtype=np.int64)
        hashes = np.empty(len(keys), np.int64)
        _murmur2(np.frombuffer(b"".join(keys), np.uint8), ends, hashes)
        return hashes % self.partitions

    def why(self, key: bytes, partition: int) -> str:
        """Return what is wrong with a misplaced record, and what to do."""
        others: tuple[Partitioner, ...] = ("murmur2", "crc32")
        fitting = [
            f"topics.partitioner: {other}, if all producers do as this one"
            for other in others
            if other != self.partitioner and self._replace(partitioner=other).of(key) == partition
        ]
        advice = fitting or [
            "let all producers use one partitioner, and keep the number of partitions"
        ]
        return (
            f"by {self.partitioner} the key belongs to partition {self.of(key)} of "
            f"{self.partitions}, not to {partition}, where it would be another customer of this "
            f"id: `valuepulse dlq redrive` puts it there; {advice[0]}"
        )


class KeyedPartitions(NamedTuple):
    """Chooses among a topic's partitions as `Partitioning` does."""

    partitioner: Partitioner

    def __call__(self, key: bytes | None, partitions: list[int], available: list[int]) -> int:
        """Return the partition of a key; one that is there for a record without a key."""
        if key is None:
            return (available or partitions)[0]
        return sorted(partitions)[Partitioning(self.partitioner, len(partitions)).of(key)]


@jit_borrowing
def _murmur2(texts: NDArray[np.uint8], ends: NDArray[np.int64], hashes: NDArray[np.int64]) -> None:
    """Put the hashes of texts, one behind the other: MurmurHash2 as Kafka seeds it, 31 bits."""
    start = 0
    for n in range(ends.size):
        end = ends[n]
        h = _SEED ^ np.uint32(end - start)
        while end - start >= 4:  # noqa: PLR2004  # bytes of 32 bits
            k = np.uint32(texts[start]) | np.uint32(texts[start + 1]) << np.uint32(8)
            k |= np.uint32(texts[start + 2]) << np.uint32(16)
            k |= np.uint32(texts[start + 3]) << np.uint32(24)
            k = np.uint32(k * _FACTOR)
            k = np.uint32(np.uint32(k ^ (k >> np.uint32(24))) * _FACTOR)
            h = np.uint32(np.uint32(h * _FACTOR) ^ k)
            start += 4
        rest = end - start
        if rest > 0:
            for byte in range(rest):
                h = np.uint32(h ^ (np.uint32(texts[start + byte]) << np.uint32(8 * byte)))
            h = np.uint32(h * _FACTOR)
        h = np.uint32(np.uint32(h ^ (h >> np.uint32(13))) * _FACTOR)
        h = np.uint32(h ^ (h >> np.uint32(15)))
        hashes[n] = np.int64(h) & np.int64(0x7FFFFFFF)
        start = end
