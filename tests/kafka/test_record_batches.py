from collections.abc import Sequence

import pytest
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.record_batches import CorruptBatchError, headers, key, parse, value
from streams.records import Records
from tests.kafka.batches import CODECS, Sent, batch, checked, rewritten

CONTROL, LOG_APPEND_TIME = 0x20, 0x08

Row = tuple[int, int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def rows(records: Records) -> list[Row]:
    return [
        (
            int(records.offset[i]),
            int(records.timestamp[i]),
            key(records, i),
            value(records, i),
            headers(records, i),
        )
        for i in range(len(records.offset))
    ]


def rows_by_aiokafka(raw: bytes) -> list[Row]:
    source, found = MemoryRecords(raw), []
    while (one := source.next_batch()) is not None:
        found += [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in one]
    return found


def sale(i: int) -> Sent:
    return Sent(1_700_000_000_000 + i, b"c%d" % i, b'{"amount":"%d"}' % i, [])


def sales(n: int) -> list[Sent]:
    return [sale(i) for i in range(n)]


bodies = st.none() | st.binary(max_size=300)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
records = st.builds(
    Sent,
    timestamp=st.integers(0, 2**41),
    key=bodies,
    value=bodies,
    headers=st.lists(st.tuples(names, bodies), max_size=3),
)
batches = st.lists(
    st.tuples(st.lists(records, min_size=1, max_size=8), st.sampled_from(sorted(CODECS))),
    min_size=1,
    max_size=4,
)


def log(parts: Sequence[tuple[Sequence[Sent], str]]) -> bytes:
    raw, offset = b"", 0
    for part, codec in parts:
        raw += batch(part, base_offset=offset, codec=codec)
        offset += len(part)
    return raw


@given(parts=batches)
@settings(max_examples=150, deadline=None)
def test_every_record_reads_as_aiokafka_reads_it(parts: list[tuple[list[Sent], str]]) -> None:
    raw = log(parts)
    found, next_offset, _ = parse(raw, 0)
    assert rows(found) == rows_by_aiokafka(raw)
    assert next_offset == sum(len(part) for part, _ in parts)


@given(raw=batches.map(log), cut=st.integers(0, 400), damage=st.binary(min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_damaged_bytes_are_read_right_or_refused_never_out_of_bounds(
    raw: bytes, cut: int, damage: bytes
) -> None:
    at = cut % len(raw)
    broken = raw[:at] + damage + raw[at + len(damage) :]
    try:
        found, _, _ = parse(broken, 0)
    except CorruptBatchError:
        return
    intact = rows_by_aiokafka(raw)
    assert all(row in intact or row[0] not in range(len(intact)) for row in rows(found))


@given(damage=st.binary(min_size=1, max_size=12), at=st.integers(61, 300))
@settings(max_examples=300, deadline=None)
def test_wrong_records_under_a_right_checksum_stay_within_their_section(
    damage: bytes, at: int
) -> None:
    raw = batch(sales(12))
    at = min(at, len(raw) - len(damage))
    forged = checked(raw[:at] + damage + raw[at + len(damage) :])
    try:
        found, _, _ = parse(forged, 0)
    except CorruptBatchError:
        return
    ends = found.value_start + found.value_length.clip(0)
    assert len(found.offset) <= 12
    assert (ends <= len(forged)).all()
    assert (found.value_start >= 61).all()


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_null_keys_values_and_headers_survive_each_codec(codec: str) -> None:
    sent = [
        Sent(5, None, None, []),
        Sent(6, b"", b"", [("", b""), ("名", None)]),
        Sent(7, b"k", b"v" * 9000, [("ce_id", b"1"), ("ce_type", b"t")]),
    ]
    found, _, _ = parse(batch(sent, codec=codec), 0)
    assert rows(found) == [(i, *one) for i, one in enumerate(sent)]


def test_compressed_and_plain_batches_share_one_buffer() -> None:
    raw = log([(sales(3), "none"), (sales(2), "lz4"), (sales(4), "none")])
    found, next_offset, _ = parse(raw, 0)
    assert rows(found) == rows_by_aiokafka(raw)
    assert next_offset == 9


def test_records_below_the_position_are_left_out() -> None:
    found, next_offset, _ = parse(log([(sales(10), "zstd"), (sales(10), "none")]), 7)
    assert found.offset.tolist() == list(range(7, 20))
    assert next_offset == 20


def test_a_batch_cut_off_by_the_fetch_size_is_left_for_the_next_fetch() -> None:
    whole = batch(sales(5))
    for tail in (1, 11, 12, 60, 61, len(whole) - 1):
        found, next_offset, _ = parse(whole + batch(sales(5), base_offset=5)[:tail], 0)
        assert (len(found.offset), next_offset) == (5, 5)


def test_nothing_fetched_leaves_the_position() -> None:
    found, next_offset, _ = parse(b"", 42)
    assert (len(found.offset), next_offset) == (0, 42)


def test_a_wrong_checksum_is_refused_and_names_the_offset() -> None:
    raw = bytearray(batch(sales(5), base_offset=1234))
    raw[-1] ^= 1
    with pytest.raises(CorruptBatchError, match="record batch at offset 1234: checksum"):
        parse(bytes(raw), 0)


def test_an_old_message_format_is_refused_by_name() -> None:
    raw = bytearray(batch(sales(1)))
    raw[16] = 1
    with pytest.raises(CorruptBatchError, match=r"message format v1; ValuePulse reads v2"):
        parse(bytes(raw), 0)


@pytest.mark.parametrize("promised", [-1, 0, 4, 6, 2**31 - 1])
def test_a_section_must_hold_the_promised_number_of_records(promised: int) -> None:
    broken = rewritten(batch(sales(5), base_offset=3), promised=promised)
    found = parse(batch(sales(3)) + broken + batch(sales(2), base_offset=8), 0)
    assert found.records.offset.tolist() == [0, 1, 2, 8, 9]
    assert found.next_offset == 10
    (unreadable,) = found.unreadable
    assert (unreadable.first, unreadable.last, unreadable.raw) == (3, 7, broken)
    assert unreadable.error == "CorruptBatch"
    assert "offsets 3 to 7: its records do not fit their section" in unreadable.message


def test_offsets_within_a_batch_must_rise() -> None:
    raw = bytearray(batch(sales(3)))
    delta = raw.index(b"c1") - 2  # of the second record's offset, in front of the key's length
    assert raw[delta] == 2, "1 as a zigzag varint"
    raw[delta] = 0
    found = parse(checked(bytes(raw)), 0)
    assert [each.error for each in found.unreadable] == ["CorruptBatch"]


@pytest.mark.parametrize("codec", [1, 2, 3, 4, 5, 7])
def test_a_section_that_its_codec_cannot_read_is_unreadable(codec: int) -> None:
    broken = rewritten(batch(sales(5)), set_attributes=codec)
    raw = broken + batch(sales(5), base_offset=5)
    found = parse(raw, 0)  # may have taken long, so the set ends
    assert parse(raw, found.next_offset).records.offset.tolist() == [5, 6, 7, 8, 9]
    (unreadable,) = found.unreadable
    assert (unreadable.first, unreadable.last, unreadable.raw) == (0, 4, broken)
    assert unreadable.error == "CorruptBatch"


@pytest.mark.parametrize("codec", sorted(CODECS.keys() - {"none"}))
@pytest.mark.parametrize("most", [2_000, 90_000])
def test_a_section_that_unpacks_to_more_than_the_limit_is_unreadable(codec: str, most: int) -> None:
    """Above and below what is tried first."""
    bomb = batch([Sent(77, b"k", b"0" * 100_000, [])], base_offset=1, codec=codec)
    whole = batch(sales(1)) + bomb + batch(sales(2), base_offset=2, codec=codec)
    found = parse(whole, 0, most_bytes=most)
    assert (found.records.offset.tolist(), found.next_offset) == ([0, 2, 3], 4)
    (unreadable,) = found.unreadable
    assert unreadable[:4] == (1, 1, 77, "BatchTooLarge")
    assert f"{codec} batch unpacks to more than kafka.batch_bytes, {most} bytes" in (
        unreadable.message
    )
    assert unreadable.raw == bomb
    assert parse(whole, 0, most_bytes=100_100).unreadable == ()


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_a_set_ends_when_it_is_large_and_is_read_on_from_there(codec: str) -> None:
    """Six megabytes a batch: two make a set too large, when they were compressed."""
    parts = [[Sent(i, b"k", b"0" * 6_000_000, [])] for i in range(3)]
    raw = log([(part, codec) for part in parts])
    first = parse(raw, 0)
    ends = {"none": 3, "zstd": 2}
    assert (len(first.records.offset), first.next_offset) == (ends[codec], ends[codec])
    assert parse(raw, ends[codec]).next_offset == 3


def test_more_records_than_a_set_takes_are_read_on_within_their_batch() -> None:
    many = [Sent(0, None, None, [])] * 150_000
    raw = batch(many, codec="zstd") + batch(sales(3), base_offset=150_000, codec="zstd")
    first = parse(raw, 0)
    assert (first.records.offset[-1], first.next_offset) == (99_999, 100_000)
    rest = parse(raw, first.next_offset)
    assert rest.records.offset.tolist() == list(range(100_000, 150_003))
    assert rest.next_offset == 150_003
    assert (first.unreadable, rest.unreadable) == ((), ())


def test_what_a_set_stops_in_front_of_is_told_with_the_next_one() -> None:
    many = [Sent(0, None, None, [])] * 150_000
    broken = rewritten(batch(sales(3), base_offset=150_000), promised=4)
    raw = batch(many, codec="zstd") + broken
    assert parse(raw, 0).unreadable == ()
    assert [each.first for each in parse(raw, 100_000).unreadable] == [150_000]


def test_the_brokers_stamp_wins_under_log_append_time() -> None:
    raw = rewritten(batch(sales(3)), set_attributes=LOG_APPEND_TIME, max_timestamp=99)
    assert parse(raw, 0)[0].timestamp.tolist() == [99, 99, 99]


def test_a_control_batch_moves_the_position_and_gives_no_record() -> None:
    marker = rewritten(batch([sale(0)], base_offset=3, producer=7), set_attributes=CONTROL)
    found, next_offset, _ = parse(batch(sales(3), producer=7) + marker, 0)
    assert (found.offset.tolist(), next_offset) == ([0, 1, 2], 4)


def test_a_compacted_batch_moves_the_position_behind_its_last_offset() -> None:
    raw = rewritten(batch(sales(2), base_offset=10), last_delta=89)
    found, next_offset, _ = parse(raw, 10)
    assert (found.offset.tolist(), next_offset) == ([10, 11], 100)
    assert parse(raw, 50)[1] == 100


def test_records_of_an_aborted_transaction_are_left_out() -> None:
    aborted = batch(sales(2), base_offset=0, producer=7)
    other = batch(sales(2), base_offset=2, producer=8)
    marker = rewritten(batch([sale(0)], base_offset=4, producer=7), set_attributes=CONTROL)
    committed = batch(sales(2), base_offset=5, producer=7)
    found, next_offset, _ = parse(aborted + other + marker + committed, 0, aborted=[(7, 0)])
    assert (found.offset.tolist(), next_offset) == ([2, 3, 5, 6], 7)
