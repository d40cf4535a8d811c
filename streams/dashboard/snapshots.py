"""Snapshots of customers, as bytes → as columns, with the positions of one model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.program import Names
from streams.dashboard.catalogue import ATTRIBUTES, NAME, Catalogue
from streams.dashboard.scanning import scan, shape_of
from streams.dashboard.texts import NONE, Dictionary

_EPOCH: Final = date(1970, 1, 1).toordinal()


class Snapshots(NamedTuple):
    """n snapshots: S scores, T terms of all scores, I indicators and G segments of one model.

    What a snapshot does not have is NaN or `NONE`: it may be one of another version of the model.
    """

    keys: Sequence[bytes]
    day: NDArray[np.int32]
    """n, from 1970-01-01."""
    model: NDArray[np.int32]
    """n codes of the model's name and version."""
    scores: NDArray[np.float64]
    """S × n."""
    tiers: NDArray[np.int8]
    """S × n positions."""
    indicators: NDArray[np.float64]
    """I × n."""
    contributions: NDArray[np.float32]
    """n × T."""
    classes: NDArray[np.int8]
    """G × n positions."""
    attributes: NDArray[np.int32]
    """Codes, n of each of `ATTRIBUTES`."""
    customer_names: Sequence[str | None]
    profiles: Sequence[bytes]
    """JSON of all attributes."""


class Codes(NamedTuple):
    """Codes that grow with what is read."""

    models: Dictionary
    attributes: tuple[Dictionary, ...]

    @classmethod
    def empty(cls) -> "Codes":
        """Return codes of nothing yet."""
        return cls(Dictionary(), tuple(Dictionary() for _ in ATTRIBUTES))


def empty(names: Names, keys: Sequence[bytes]) -> Snapshots:
    """Return room for a snapshot of each key; nothing is known yet."""
    n, terms = len(keys), sum(map(len, names.terms))
    return Snapshots(
        keys,
        np.zeros(n, np.int32),
        np.full(n, NONE, np.int32),
        np.full((len(names.scores), n), np.nan),
        np.full((len(names.scores), n), NONE, np.int8),
        np.full((len(names.indicators), n), np.nan),
        np.full((n, terms), np.nan, np.float32),
        np.full((len(names.segments), n), NONE, np.int8),
        np.full((len(ATTRIBUTES), n), NONE, np.int32),
        [None] * n,
        [b"{}"] * n,
    )


class PlainReader:
    """Reads any snapshot of any model: what the names of this one do not know is left out."""

    def __init__(self, names: Names, codes: Codes) -> None:
        self._names, self._codes = names, codes
        self._tiers = [_positions(tiers) for tiers in names.tiers]
        self._classes = [_positions(classes) for classes in names.classes]
        self._bounds = np.cumsum([0, *map(len, names.terms)]).tolist()

    def read(self, records: Iterable[tuple[bytes, bytes]]) -> Snapshots:
        """Read keys and values.

        Raises:
            ValueError: A value is not what `customer-scores` holds; says nothing of what it holds.
        """
        records = list(records)
        found = empty(self._names, [key for key, _ in records])
        for n, (_, value) in enumerate(records):
            self.read_one(found, n, value)
        return found

    def read_one(self, into: Snapshots, n: int, value: bytes) -> None:
        """Read one value into row n; raises `ValueError` as `read` does."""
        try:
            self._row(into, n, orjson.loads(value))
        except KeyError as error:
            raise ValueError(f"it is no snapshot of a customer: {error} is missing") from None
        except (TypeError, AttributeError, ValueError):
            raise ValueError("it is no snapshot of a customer") from None

    def _row(self, into: Snapshots, n: int, said: Mapping[str, Any]) -> None:
        names = self._names
        into.day[n] = day_number(said["as_of"])
        into.model[n] = self._codes.models.code(said["model"])
        for s, name in enumerate(names.scores):
            standing = said["scores"].get(name)
            if standing is None:
                continue
            into.scores[s, n] = standing["score"]
            into.tiers[s, n] = self._tiers[s].get(standing["tier"], NONE)
            points, first = standing["contributions"], self._bounds[s]
            for t, term in enumerate(names.terms[s], first):
                into.contributions[n, t] = points.get(term, np.nan)
        for i, name in enumerate(names.indicators):
            value = said["indicators"].get(name)
            into.indicators[i, n] = np.nan if value is None else value
        for g, name in enumerate(names.segments):
            into.classes[g, n] = self._classes[g].get(said["segments"].get(name), NONE)
        self.read_profile(into, n, said["profile"], orjson.dumps(said["profile"]))

    def read_profile(
        self, into: Snapshots, n: int, profile: Mapping[str, Any], text: bytes
    ) -> None:
        """Read the attributes of row n, whose JSON is `text`."""
        get = profile.get
        for a, name in enumerate(ATTRIBUTES):
            into.attributes[a, n] = self._codes.attributes[a].code(text_of(get(name)))
        into.customer_names[n] = text_of(profile.get(NAME))  # type: ignore[index]  # a list, here
        into.profiles[n] = text  # type: ignore[index]


_MODEL: Final = 1
_PROFILE: Final = 2
"""Places among the texts of a snapshot."""


class QuickReader:
    """Reads the snapshots of one model compiled, and any other as `PlainReader` does."""

    def __init__(self, catalogue: Catalogue, codes: Codes) -> None:
        names, scores = catalogue.names, catalogue.model.scores.values()
        limits = [score.limit is not None for score in scores]
        self._names, self._codes = names, codes
        self._plain = PlainReader(names, codes)
        self._shape = shape_of(names, limits)
        self._models = _Coded(lambda text: codes.models.code(orjson.loads(text) if text else None))
        self._coded = {name: _Coded(_coder(codes, a)) for a, name in enumerate(ATTRIBUTES)}
        number = 1  # behind the sequence
        self._scores: list[int] = []
        self._terms: list[int] = []
        for s, terms in enumerate(names.terms):
            self._scores.append(number)
            self._terms += range(number + 1, number + 1 + len(terms))
            number += 1 + len(terms) + limits[s]
        self._indicators = range(number, number + len(names.indicators))
        self.plainly_read = 0
        """How many snapshots had another shape."""

    def read(
        self,
        keys: Sequence[bytes],
        buffer: bytes,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> Snapshots:
        """Read the values of keys, spans of a buffer.

        Raises:
            ValueError: A value is not what `customer-scores` holds; says nothing of what it holds.
        """
        found = scan(self._shape, np.frombuffer(buffer, np.uint8), start, end)
        found.texts[~found.read], found.numbers[~found.read] = 0, np.nan
        scores, segments = len(self._names.scores), len(self._names.segments)
        said = _Said([], [], [])
        self._read_profiles(buffer, found.texts[:, _PROFILE], said)
        snapshots = Snapshots(
            keys,
            found.day,
            self._coded_models(buffer, found.texts[:, _MODEL]),
            found.numbers[:, self._scores].T.copy(),
            found.words[:, :scores].T.copy(),
            found.numbers[:, self._indicators].T.copy(),
            found.numbers[:, self._terms].astype(np.float32),
            found.words[:, scores : scores + segments].T.copy(),
            np.array(said.codes, np.int32).reshape(-1, len(ATTRIBUTES)).T.copy(),
            said.names,
            said.profiles,
        )
        for row in np.flatnonzero(~found.read).tolist():
            self.plainly_read += 1
            _empty_row(snapshots, row)
            self._plain.read_one(snapshots, row, buffer[start[row] : end[row]])
        return snapshots

    def _coded_models(self, buffer: bytes, spans: NDArray[np.int64]) -> NDArray[np.int32]:
        pairs = zip(spans[:, 0].tolist(), spans[:, 1].tolist(), strict=True)
        return np.array([self._models[buffer[start:end]] for start, end in pairs], np.int32)

    def _read_profiles(self, buffer: bytes, spans: NDArray[np.int64], said: "_Said") -> None:
        """Read profiles one by one: many objects that live at once would be looked through often.

        (Python's collector of cycles looks at lists and dictionaries: 5 µs a snapshot.)
        """
        coded = tuple(self._coded.items())
        for start, end in zip(spans[:, 0].tolist(), spans[:, 1].tolist(), strict=True):
            text = buffer[start:end] or b"{}"
            try:
                get = orjson.loads(text).get
                said.codes.extend(codes[get(name)] for name, codes in coded)
            except (AttributeError, TypeError):
                raise ValueError("its profile is no JSON object of plain values") from None
            said.names.append(text_of(get(NAME)))
            said.profiles.append(text)


class _Said(NamedTuple):
    """What profiles say: codes of `ATTRIBUTES` one after the other, names, and all as JSON."""

    codes: list[int]
    names: list[str | None]
    profiles: list[bytes]


class _Coded(dict[Any, int]):
    """Codes by what JSON says, filled as they are asked for."""

    def __init__(self, code: Callable[[Any], int]) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, said: Any) -> int:
        code = self._code(said)
        if said is None or isinstance(said, str | bytes):  # True and 1.0 would be the same key
            self[said] = code
        return code


def _coder(codes: Codes, attribute: int) -> Callable[[Any], int]:
    return lambda said: codes.attributes[attribute].code(text_of(said))


def _empty_row(snapshots: Snapshots, row: int) -> None:
    snapshots.scores[:, row], snapshots.tiers[:, row] = np.nan, NONE
    snapshots.indicators[:, row], snapshots.classes[:, row] = np.nan, NONE
    snapshots.contributions[row] = np.nan


def text_of(value: Any) -> str | None:
    """Return the value of an attribute as text; None for none, and for an empty one.

    >>> text_of("华东"), text_of(3.0), text_of(True), text_of(""), text_of(None)
    ('华东', '3', 'true', None, None)
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return orjson.dumps(value).decode()


def day_number(text: str) -> int:
    """Return a day counted from 1970-01-01.

    >>> day_number("1970-01-03")
    2
    """
    return date.fromisoformat(text).toordinal() - _EPOCH


def _positions(names: Sequence[str]) -> dict[str, int]:
    return {name: n for n, name in enumerate(names)}
