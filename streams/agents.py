"""The one Faust agent: record sets of all input topics go to their shards."""

from collections.abc import Sequence
from typing import cast

import faust
from faust.types import StreamT

from streams.kafka.record_sets import RecordSet
from streams.shards.assignment import Assignment


def register(app: faust.App, topics: Sequence[str], assignment: Assignment) -> None:
    """Read the topics with one agent; shards keep positions, what Faust acknowledges is void."""

    @app.agent(app.topic(*topics), concurrency=1, name="score")
    async def score(stream: StreamT[list[RecordSet]]) -> None:
        # take() would acknowledge a batch whose processing failed, noack_take() would strand it.
        async for event in cast("faust.Stream[list[RecordSet]]", stream).noack().events():
            assignment.offer(event.value)
            event.ack()
