"""Order of arrival: the topics of a shard advance together (design promise P1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.record_batches import Unreadable
from streams.shards.arrival import ArrivalOrder, Arrived, Batch
from streams.state.cache import StateCache
from tests.shards.sets import Row, Taken, a_set, rejected_by, taken_by

TOPICS = ("pay", "sell", "talk")


class Shelf:
    """An order of arrival with its cache; commits each batch as a shard does."""

    def __init__(self, drained: set[str], events: int = 1000, customers: int = 1000) -> None:
        self.cache = StateCache(1000)
        self.order = ArrivalOrder(TOPICS)
        self.drained = drained
        self.limits = events, customers
        self.batches: list[Batch] = []
        self.taken: list[Taken] = []
        self.rejected: list[tuple[str, int]] = []
        self.offsets: dict[str, int] = {}

    def add(self, *sets: Arrived) -> None:
        """Let sets arrive."""
        for arrived in sets:
            self.order.add(arrived)

    def take(self) -> list[Taken] | None:
        """Take a batch and commit it; returns its events."""
        batch = self.order.take(self.cache, self.drained.__contains__, *self.limits)
        if batch is None:
            return None
        self.batches.append(batch)
        taken = taken_by(batch, self.cache)
        self.taken += taken
        self.rejected += rejected_by(batch)
        self.offsets |= batch.offsets
        for part in batch.parts:
            if part.arrived.is_used_up:
                part.arrived.release()
        self.order.done(batch)
        return taken

    def take_all(self) -> list[Taken]:
        """Take batches until something must be waited for."""
        while self.take() is not None:
            assert len(self.batches) < 1000, "batches without end"
        return self.taken


def times(taken: list[Taken] | None) -> list[tuple[str, int]]:
    assert taken is not None
    return [(event.topic, event.time) for event in taken]


def test_events_are_taken_by_time_then_by_topic() -> None:
    shelf = Shelf(drained=set(TOPICS))
    shelf.add(
        a_set("talk", [Row(1), Row(5), Row(5)]),
        a_set("sell", [Row(3), Row(5)]),
        a_set("pay", [Row(5), Row(9)]),
    )
    assert times(shelf.take()) == [
        ("talk", 1), ("sell", 3), ("pay", 5), ("sell", 5), ("talk", 5), ("talk", 5), ("pay", 9),
    ]  # fmt: skip
    assert shelf.batches[0].newest == 9


def test_the_offsets_of_a_topic_stay_in_order_though_its_times_do_not() -> None:
    shelf = Shelf(drained=set(TOPICS))
    shelf.add(a_set("pay", [Row(7), Row(2), Row(8)]), a_set("sell", [Row(5), Row(6)]))
    assert times(shelf.take()) == [("sell", 5), ("sell", 6), ("pay", 7), ("pay", 2), ("pay", 8)]


def test_a_topic_ahead_waits_for_one_whose_records_are_on_their_way() -> None:
    shelf = Shelf(drained={"talk"})
    shelf.add(a_set("pay", [Row(1), Row(100)]))
    assert shelf.take() is None  # of sell nothing has come
    shelf.add(a_set("sell", [Row(2)]))
    assert times(shelf.take()) == [("pay", 1), ("sell", 2)]
    assert shelf.take() is None  # the next of sell may be of 3
    shelf.drained.add("sell")
    assert times(shelf.take()) == [("pay", 100)]


def test_a_drained_topic_holds_nothing_back() -> None:
    shelf = Shelf(drained={"sell", "talk"})
    shelf.add(a_set("pay", [Row(1), Row(2)]))
    assert times(shelf.take()) == [("pay", 1), ("pay", 2)]


def test_a_topic_with_a_further_set_waits_for_that_and_not_for_kafka() -> None:
    shelf = Shelf(drained={"sell", "talk", "pay"})
    shelf.add(a_set("pay", [Row(1), Row(4)]), a_set("pay", [Row(5), Row(9)], 2))
    shelf.add(a_set("sell", [Row(3), Row(7)]))
    assert times(shelf.take_all()) == [
        ("pay", 1),
        ("sell", 3),
        ("pay", 4),
        ("pay", 5),
        ("sell", 7),
        ("pay", 9),
    ]


def test_a_batch_is_cut_at_its_most_events() -> None:
    shelf = Shelf(drained=set(TOPICS), events=3)
    shelf.add(a_set("pay", [Row(n) for n in range(7)], 40))
    assert [len(shelf.take() or []) for _ in range(3)] == [3, 3, 1]
    assert [batch.offsets["pay"] for batch in shelf.batches] == [43, 46, 47]
    assert shelf.take() is None


def test_a_batch_is_cut_before_one_customer_too_many() -> None:
    shelf = Shelf(drained=set(TOPICS), customers=2)
    shelf.add(a_set("pay", [Row(1, "a"), Row(2, "b"), Row(3, "a"), Row(4, "c"), Row(5, "a")]))
    first, second = shelf.take(), shelf.take()
    assert [event.customer for event in first or []] == ["a", "b", "a"]
    assert [event.customer for event in second or []] == ["c", "a"]


def test_a_set_of_rejected_records_alone_moves_its_topic_on() -> None:
    shelf = Shelf(drained=set())
    released: list[str] = []
    shelf.add(a_set("pay", [Row(1, good=False), Row(2, good=False)], 5, released))
    assert shelf.take() == []
    assert (shelf.rejected, shelf.offsets) == ([("pay", 5), ("pay", 6)], {"pay": 7})
    assert released == ["pay"]
    assert shelf.take() is None


def test_an_empty_set_moves_its_topic_on() -> None:
    """Compacted or aborted records: offsets without anything to score."""
    shelf = Shelf(drained=set())
    shelf.add(a_set("pay", [], 5))
    assert shelf.take() == []
    assert shelf.offsets == {"pay": 5}


def test_rejected_records_go_with_the_events_around_them() -> None:
    shelf = Shelf(drained=set(TOPICS), events=1)
    rows = [Row(0, good=False), Row(1), Row(2, good=False), Row(3), Row(4, good=False)]
    shelf.add(a_set("pay", rows))
    shelf.take()
    assert (shelf.rejected, shelf.offsets) == ([("pay", 0), ("pay", 2)], {"pay": 3})
    shelf.take()
    assert (shelf.rejected[2:], shelf.offsets) == ([("pay", 4)], {"pay": 5})


def test_a_set_is_released_when_all_of_it_is_committed_and_not_before() -> None:
    shelf, released = Shelf(drained=set(TOPICS), events=2), list[str]()
    shelf.add(a_set("pay", [Row(1), Row(2), Row(3)], 0, released))
    shelf.take()
    assert (released, shelf.order.waiting("pay"), shelf.order.sets("pay")) == ([], 1, 1)
    shelf.take()
    assert (released, shelf.order.waiting("pay"), shelf.order.sets("pay")) == (["pay"], 0, 0)


def test_what_waits_is_released_when_the_shard_starts_again() -> None:
    shelf, released = Shelf(drained=set()), list[str]()
    shelf.add(a_set("pay", [Row(1)], 0, released), a_set("talk", [Row(1)], 0, released))
    shelf.order.clear()
    assert sorted(released) == ["pay", "talk"]
    assert [shelf.order.waiting(topic) for topic in TOPICS] == [0, 0, 0]


def test_customers_keep_their_names_when_the_cache_forgets_between_two_batches() -> None:
    shelf = Shelf(drained=set(TOPICS), events=2)
    shelf.add(a_set("pay", [Row(1, "a"), Row(2, "b"), Row(3, "b"), Row(4, "c")]))
    shelf.take()
    shelf.cache.clear()
    assert [event.customer for event in shelf.take() or []] == ["b", "c"]


def test_an_event_behind_the_batch_has_no_source() -> None:
    shelf = Shelf(drained=set(TOPICS))
    shelf.add(a_set("pay", [Row(1)]))
    shelf.take()
    with pytest.raises(IndexError):
        shelf.batches[0].source(1)


rows = st.builds(
    Row, st.integers(0, 12), st.sampled_from("abcd"), st.sampled_from([True] * 4 + [False])
)
arrivals = st.lists(
    st.tuples(st.sampled_from(TOPICS), st.lists(rows, max_size=5)), max_size=8
)  # fmt: skip


def merged(sets: list[tuple[str, list[Row]]], drained: set[str]) -> list[tuple[str, int, int, str]]:
    """Plainly: always the event with the least time and topic, until one must be waited for."""
    queues: dict[str, list[tuple[int, Row]]] = {topic: [] for topic in TOPICS}
    offsets = dict.fromkeys(TOPICS, 0)
    for topic, members in sets:
        for row in members:
            if row.good:
                queues[topic].append((offsets[topic], row))
            offsets[topic] += 1
    order = []
    while all(queues[topic] or topic in drained for topic in TOPICS) and any(queues.values()):
        topic = min((t for t in TOPICS if queues[t]), key=lambda t: (queues[t][0][1].time, t))
        offset, row = queues[topic].pop(0)
        order.append((topic, offset, row.time, row.customer))
    return order


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    sets=arrivals,
    drained=st.sets(st.sampled_from(TOPICS)) | st.just(set(TOPICS)),
    events=st.sampled_from([1, 3, 1000]),
    customers=st.sampled_from([1, 2, 1000]),
    forget=st.booleans(),
)
def test_batches_cut_anyhow_give_the_plain_order_and_account_for_every_record(
    sets: list[tuple[str, list[Row]]], drained: set[str], events: int, customers: int, forget: bool
) -> None:
    shelf, ends = Shelf(drained, events, customers), dict.fromkeys(TOPICS, 0)
    for topic, members in sets:
        shelf.add(a_set(topic, members, ends[topic]))
        ends[topic] += len(members)
    while (taken := shelf.take()) is not None:
        assert len(taken) <= events
        assert len({event.customer for event in taken}) <= customers
        told = [(e.topic, e.offset) for e in shelf.taken] + shelf.rejected
        assert sorted(told) == [
            (topic, n) for topic in TOPICS for n in range(shelf.offsets.get(topic, 0))
        ]
        if forget:
            shelf.cache.clear()
    assert [(e.topic, e.offset, e.time, e.customer) for e in shelf.taken] == merged(sets, drained)
    assert all(event.event_id == f"{event.topic}{event.offset}" for event in shelf.taken)
    if drained == set(TOPICS):
        assert shelf.offsets == {topic: ends[topic] for topic in dict(sets)}


def test_an_unreadable_batch_is_told_once_with_what_passes_it() -> None:
    """Its offsets lie between those of the events: 0 to 2, 6 and 7."""
    shelf = Shelf(drained=set(TOPICS), events=2)
    arrived = a_set("pay", [Row(1), Row(2), Row(3), Row(4), Row(5)])
    arrived.records.offset[3:] += 3
    arrived.next_offset = 10
    broken, last = (Unreadable(n, n, 0, "CorruptBatch", "", b"") for n in (3, 8))
    arrived.unreadable = (broken, last)
    shelf.add(arrived)
    shelf.take_all()
    told = [[b for part in batch.parts for b in part.unreadable] for batch in shelf.batches]
    assert [batch.offsets["pay"] for batch in shelf.batches] == [2, 7, 10]
    assert told == [[], [broken], [last]]


def test_a_set_of_nothing_but_an_unreadable_batch_is_told_and_passed() -> None:
    shelf = Shelf(drained=set(TOPICS))
    arrived = a_set("pay", [])
    broken = Unreadable(0, 4, 0, "BatchTooLarge", "", b"")
    arrived.unreadable, arrived.next_offset = (broken,), 5
    shelf.add(arrived)
    shelf.take_all()
    assert [part.unreadable for part in shelf.batches[0].parts] == [[broken]]
    assert shelf.offsets == {"pay": 5}
