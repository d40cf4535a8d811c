"""Events of files in order of time: each file is read as it is, several are merged.

A file's place is the time of the newest event read of it so far, so that its own order stays; the
file that is furthest behind gives its events first. Of each file one chunk is in memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.columns import Events
from streams.decode import Decoded, Decoder, Rejected, records_of_lines
from streams.event_files import CHUNK_BYTES, EventFile, chunks, open_events
from streams.identities import Origin
from streams.records import Records

_MEMORY_BYTES: Final = 64 * 2**20
_SMALLEST_CHUNK: Final = 64 * 2**10
_BEFORE_ALL: Final = -(2**62)


class Chunk(NamedTuple):
    """Some lines of a file, and what the decoder made of them."""

    path: Path
    content: bytes
    records: Records
    decoded: Decoded

    def where(self, record: int) -> str:
        """Return where a record stands, as `file:line`."""
        return f"{self.path.name}:{int(self.records.offset[record])}"

    def value(self, record: int) -> bytes:
        """Return a record as it stands there."""
        start = int(self.records.value_start[record])
        return self.content[start : start + int(self.records.value_length[record])]


class Merged(NamedTuple):
    """Events in order of time, as one batch of the decoder's, and the lines they come from."""

    decoded: Decoded
    chunks: Sequence[Chunk]
    chunk: NDArray[np.int64]
    """Of each event: a position in `chunks`."""
    record: NDArray[np.int64]
    """Of each event: a position in that chunk's records."""

    def line(self, event: int) -> tuple[Chunk, int]:
        """Return the chunk of an event and its record there."""
        return self.chunks[int(self.chunk[event])], int(self.record[event])

    def origin(self) -> Origin:
        """Return where all events come from."""
        line = np.zeros(self.record.size, np.int64)
        for n, chunk in enumerate(self.chunks):
            own = self.chunk == n
            line[own] = chunk.records.offset[self.record[own]]
        return Origin([chunk.path.name for chunk in self.chunks], self.chunk, line)


class _Source:
    """One file on its way: the chunk at hand, and how far it was taken."""

    def __init__(self, file: EventFile, size: int) -> None:
        self.file = file
        self.pieces = chunks(file, size)
        self.line = 1
        self.newest = _BEFORE_ALL
        self.cursor = 0
        self.chunk: Chunk | None = None
        self.places: NDArray[np.int64] = np.zeros(0, np.int64)


class MergedFiles:
    """Reads files of events; `told` hears of each chunk as it is read, before its events come.

    `late` counts events that are older than one before them in their own file, `rejected` lines by
    the rule that they break, with the first of each.
    """

    def __init__(
        self,
        files: Sequence[Path],
        decoder: Decoder,
        now_ms: int,
        told: Callable[[Chunk], None] = lambda chunk: None,
    ) -> None:
        self._files = files
        self._decoder = decoder
        self._now_ms = now_ms
        self._told = told
        self.accepted = 0
        self.late = 0
        self.rejected: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.heads: dict[Path, bytes] = {}
        self._sources: list[_Source] = []

    def position(self) -> int:
        """Return how many bytes of the files, as they lie there, have been read."""
        return sum(source.file.position() for source in self._sources)

    def __iter__(self) -> Iterator[Merged]:
        """Yield all events.

        Raises:
            UsageError: A file cannot be read to its end.
            CheckError: A file is of a kind that holds no lines.
        """
        size = max(_SMALLEST_CHUNK, min(CHUNK_BYTES, _MEMORY_BYTES // max(1, len(self._files))))
        with ExitStack() as stack:
            for path in self._files:
                file = stack.enter_context(open_events(path))
                self.heads[path] = file.head
                self._sources.append(_Source(file, size))
            waiting = [source for source in self._sources if self._reads_on(source)]
            while waiting:
                border = min(int(source.places[-1]) for source in waiting)
                yield _taken(waiting, border)
                waiting = [s for s in waiting if s.cursor < s.places.size or self._reads_on(s)]

    def _reads_on(self, source: _Source) -> bool:
        """Read the next chunk that has events; False at the end of the file."""
        for content in source.pieces:
            records = records_of_lines(content, source.line)
            decoded = self._decoder.decode(
                records, event_type=None, now_ms=self._now_ms, keyed=False
            )
            source.line += content.count(b"\n")
            source.chunk = Chunk(source.file.path, content, records, decoded)
            self._note(source.chunk)
            self._told(source.chunk)
            if decoded.record.size:
                self._place(source, decoded.events.at)
                return True
        return False

    def _place(self, source: _Source, at: NDArray[np.int64]) -> None:
        newest = np.maximum.accumulate(np.concatenate([[source.newest], at]))
        self.late += int((at < newest[:-1]).sum())
        self.accepted += at.size
        source.places, source.newest, source.cursor = newest[1:], int(newest[-1]), 0

    def _note(self, chunk: Chunk) -> None:
        for refusal in chunk.decoded.rejected:
            self.note_rejected(refusal, chunk)

    def note_rejected(self, refusal: Rejected, chunk: Chunk) -> None:
        """Count a line that was not taken."""
        self.rejected[refusal.error] += 1
        if refusal.error not in self.examples:
            self.examples[refusal.error] = f"{chunk.where(refusal.record)}: {refusal.message}"


def _taken(sources: Sequence[_Source], border: int) -> Merged:
    """Return the events up to a time, of all files; those of one instant in order of the files."""
    parts: list[tuple[Chunk, int, int]] = []
    places: list[NDArray[np.int64]] = []
    for source in sources:
        end = int(np.searchsorted(source.places, border, side="right"))
        if source.chunk is not None and end > source.cursor:
            parts.append((source.chunk, source.cursor, end))
            places.append(source.places[source.cursor : end])
            source.cursor = end
    chunk = np.repeat(np.arange(len(parts)), [end - first for _, first, end in parts])
    decoded = joined(parts) if len(parts) > 1 else _cut(*parts[0])
    records = np.concatenate([each.decoded.record[first:end] for each, first, end in parts])
    if len(parts) > 1:
        order = np.argsort(np.concatenate(places), kind="stable")
        decoded = reordered(decoded, order)
        chunk, records = chunk[order], records[order]
    return Merged(decoded, [each for each, _, _ in parts], chunk, records.astype(np.int64))


def _cut(chunk: Chunk, first: int, end: int) -> Decoded:
    """Return some events of a chunk; all of them cost nothing."""
    decoded = chunk.decoded
    if first == 0 and end == decoded.record.size:
        return decoded
    return reordered(decoded, np.arange(first, end))


def joined(parts: Sequence[tuple[Chunk, int, int]]) -> Decoded:
    """Return some events of several chunks as those of one; nothing is rejected in it."""
    cut = [_cut(*part) for part in parts]
    customers: dict[bytes, int] = {}
    columns: list[Events] = []
    starts, texts = [], []
    commands: dict[int, Any] = {}
    details: dict[int, Any] = {}
    before, position = 0, 0
    for decoded in cut:
        known = [customers.setdefault(name, len(customers)) for name in decoded.customers]
        customer = np.array(known, np.int32)[decoded.events.customer]
        columns.append(decoded.events._replace(customer=customer))
        starts.append(decoded.event_id_start + before)
        texts.append(decoded.texts)
        commands |= {position + n: command for n, command in decoded.commands.items()}
        details |= {position + n: detail for n, detail in decoded.details.items()}
        before += decoded.texts.size
        position += decoded.record.size
    buffer = np.concatenate(texts)
    buffer.flags.writeable = False
    return Decoded(
        record=np.arange(position, dtype=np.int32),
        customers=list(customers),
        events=Events.join(columns),
        event_id_start=np.concatenate(starts),
        event_id_length=np.concatenate([decoded.event_id_length for decoded in cut]),
        texts=buffer,
        rejected=[],
        commands=commands,
        details=details,
    )


def reordered(decoded: Decoded, order: NDArray[np.int64]) -> Decoded:
    """Return the events at some positions, in that order; nothing is rejected in it."""
    places = {int(n): place for place, n in enumerate(order)} if _says_more(decoded) else {}
    return decoded._replace(
        record=decoded.record[order],
        events=decoded.events.select(order),
        event_id_start=decoded.event_id_start[order],
        event_id_length=decoded.event_id_length[order],
        rejected=[],
        commands={places[n]: said for n, said in decoded.commands.items() if n in places},
        details={places[n]: said for n, said in decoded.details.items() if n in places},
    )


def _says_more(decoded: Decoded) -> bool:
    return bool(decoded.commands or decoded.details)


def most_rejected(reasons: Mapping[str, int], examples: Mapping[str, str]) -> str:
    """Return why most lines were rejected, with the first of these; empty if none was.

    >>> most_rejected({"NotJson": 2, "TooLarge": 1}, {"NotJson": "a.ndjson:3: the value is …"})
    'most (2) NotJson, the first one a.ndjson:3: the value is …'
    """
    if not reasons:
        return ""
    error = max(reasons, key=lambda name: reasons[name])
    which = f"most ({reasons[error]:,}) {error}" if len(reasons) > 1 else f"as {error}"
    return f"{which}, the first one {examples[error]}"
