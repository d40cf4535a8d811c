"""What the driver hands over for a partition: a fetched record set, or that its place is lost."""

from dataclasses import dataclass

from faust.types import TP

from streams.kafka.record_batches import Unreadable
from streams.records import Records


@dataclass(frozen=True, slots=True, repr=False)
class RecordSet:
    """The records that one fetch brought for one partition, in log order; `value` of a Faust event.

    `position` is the offset that was asked for and `next_offset` the one that follows the set:
    sets of a partition join without a gap, though the offsets of their records may have gaps. A set
    may be empty: its position moved over compacted or aborted records, or it only tells that the
    partition is drained. `high_watermark` is the end of what could be read when the broker
    answered, at `answered_at` (epoch milliseconds, this machine's clock). `placement` tells since
    which of the driver's placements the partition was read without a gap up to this set.
    `unreadable` are the batches between its records that could not be unpacked.
    """

    partition: TP
    records: Records
    position: int
    next_offset: int
    high_watermark: int
    answered_at: int
    placement: int = 0
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def drained(self) -> bool:
        """Whether nothing followed this set when the broker answered."""
        return self.next_offset >= self.high_watermark

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.records.offset)

    def __repr__(self) -> str:
        """Name the set without its contents: it ends up in Faust's logs."""
        topic, partition = self.partition
        return f"<RecordSet {topic}[{partition}] {self.position}..{self.next_offset} n={len(self)}>"


class PositionLostError(Exception):
    """A partition cannot be read from where it must go on; it stands still until that is mended."""

    def __init__(self, partition: TP, position: int | None, problem: str, remedy: str) -> None:
        """Say where reading must go on, why it cannot, and what to do."""
        self.partition = partition
        self.position = position
        topic, number = partition
        super().__init__(f"{topic}[{number}] at offset {position}: {problem}; {remedy}")


def past_retention(partition: TP, position: int, start: int) -> PositionLostError:
    """The log begins after `position`: retention deleted records that were never applied."""
    return PositionLostError(
        partition,
        position,
        f"Kafka's log starts at {start}, {start - position} records were deleted before they were "
        "applied",
        "restore a newer state, or reset this shard and replay from an archive",
    )


def past_end(partition: TP, position: int, end: int) -> PositionLostError:
    """The log ends before `position`: it lost its tail, or the topic was made anew."""
    return PositionLostError(
        partition,
        position,
        f"Kafka's log ends at {end}",
        "the topic was recreated or lost its tail: restore it, or reset this shard's state",
    )
