"""Compiles everything that worker, replay and dashboard run, by running it on a few events."""

import time
from datetime import UTC, datetime

import numpy as np

from scoring.model import Model
from scoring.money import Rates
from scoring.scorer import Scorer
from streams.dashboard.board import Board
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.filters import Filter
from streams.dashboard.snapshots import QuickReader
from streams.decode import Decoder, records_of_lines
from streams.kafka.record_batches import parse
from streams.model_file import load_model
from streams.output.causes import cause_in
from streams.output.messages import Wording, to_json
from streams.packaged import PACKAGED
from streams.partitioning import Partitioning
from streams.shards.arrival import ArrivalOrder, Arrived
from streams.state import wire
from streams.state.cache import StateCache

_LINES = (
    b'{"type":"transaction","event_id":"1","customer_id":"a","occurred_at":1700000000000,"amount":"12.50","cost":"3"}\n'
    b'{"type":"payment","event_id":"2","customer_id":"a","occurred_at":"2024-01-01T00:00:00Z","amount":1,"due_at":"2024-01-02","invoice_id":"i"}\n'
    b'{"type":"complaint","event_id":"3","customer_id":"b","occurred_at":1700000000000,"severity":5}\n'
    b'{"type":"praise","event_id":"4","customer_id":"b","occurred_at":1700000000000,"rating":5}\n'
    b'{"type":"profile","event_id":"5","customer_id":"b","occurred_at":1700000000000,"region":"x"}\n'
)


def warm() -> float:
    """Compile, or load what was compiled before; return the seconds that it took."""
    began = time.perf_counter()
    model = load_model(PACKAGED / "scoring.yaml")
    decoder = Decoder(
        timezone=model.timezone,
        base_currency=model.currencies.base,
        rates=Rates(model.currencies.base, model.currencies.rates),
    )
    records = records_of_lines(_LINES, 1)
    now = int(datetime.now(UTC).timestamp() * 1000)
    decoded = decoder.decode(records, event_type=None, now_ms=now, keyed=False)
    cache = StateCache(100)
    arrivals = ArrivalOrder(["all"])
    arrivals.add(Arrived("all", records, decoded, 5, lambda: None))
    batch = arrivals.take(cache, lambda topic: True, 100, 100)
    if batch is None:
        raise RuntimeError("the sample gave no batch")
    scorer = Scorer(model, "event")
    scored = scorer.score([b""] * batch.positions.size, batch.events, -1)
    blobs, bounds = scorer.write(scored.arena)
    cache.put(batch.positions.tolist(), blobs, bounds)
    states = [state for state in cache.find(cache.customers) if state]
    scored = scorer.turn(states, scored.clock + 40)
    wording = Wording.of(scorer)
    list(wording.messages(scored.outcomes, cache.customers, lambda event: cause_in(decoded, event)))
    wire.packed(b"key:", *wire.spans_of(cache.customers))
    wire.packed(b"", blobs, bounds)
    Partitioning("murmur2", 4).of(b"key")
    _parse_a_record_set()
    _show(model, [to_json(said) for said in wording.snapshots(scored.arena, cache.customers)])
    return time.perf_counter() - began


def _show(model: Model, snapshots: list[bytes]) -> None:
    board = Board(Catalogue.of(model))
    reader = QuickReader(board.catalogue, board.customers.codes)
    ends = np.cumsum([0, *map(len, snapshots)])
    keys = [b"%d" % n for n in range(len(snapshots))]
    board.take(reader.read(keys, b"".join(snapshots), ends[:-1], ends[1:]), 0)
    shown = board.page(Filter(q="1"), None, "name")
    if shown.total != 1 or reader.plainly_read:
        raise RuntimeError("the sample snapshots were not found on the board")


def _parse_a_record_set() -> None:
    from aiokafka.record.default_records import DefaultRecordBatchBuilder

    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1000,
    )
    builder.append(0, 0, b"key", b"value", [])
    records = parse(bytes(builder.build()), 0).records
    if records.offset.tolist() != [0]:
        raise RuntimeError("the sample record set was not read back")
