"""Raw records as spans of one buffer: what a fetch or a file gives, before any decoding."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Records(NamedTuple):
    """One record set, or one chunk of a file: n records whose spans point into `buffer`.

    `offset` is the Kafka offset or the line number, `timestamp` the arrival in epoch
    milliseconds. A length of -1 stands for null. `headers_start` points at a record's raw header
    section (message format v2, after the count varint), `headers_count` says how many follow.
    """

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    key_start: NDArray[np.int64]
    key_length: NDArray[np.int32]
    value_start: NDArray[np.int64]
    value_length: NDArray[np.int32]
    headers_start: NDArray[np.int64]
    headers_count: NDArray[np.int32]
