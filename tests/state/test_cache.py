"""The states at hand: positions, what is known of each, and forgetting all at once."""

import numpy as np

from streams.state.cache import BESIDE_STATE, USUAL_BYTES, StateCache


def kept(cache: StateCache, states: dict[bytes, bytes]) -> None:
    positions = cache.positions(list(states)).tolist()
    bounds = np.cumsum([0, *map(len, states.values())]).astype(np.int64)
    cache.put(positions, np.frombuffer(b"".join(states.values()), np.uint8), bounds)


def test_a_customer_keeps_its_position() -> None:
    cache = StateCache(10)
    assert cache.positions([b"a", b"b", b"a"]).tolist() == [0, 1, 0]
    assert cache.positions([b"c", b"b"]).tolist() == [2, 1]
    assert cache.customers == [b"a", b"b", b"c"]
    assert len(cache) == 3


def test_a_state_is_at_hand_once_it_was_committed() -> None:
    cache = StateCache(10)
    cache.positions([b"a", b"b"])
    assert cache.find([b"a", b"x"]) == [None, None]
    kept(cache, {b"b": b"of b", b"a": b"A"})
    assert cache.find([b"a", b"b", b"x"]) == [b"A", b"of b", None]
    kept(cache, {b"b": b""})
    assert cache.find([b"a", b"b"]) == [b"A", b""]


def test_a_refresh_gives_nobody_a_position() -> None:
    """A turn of the day walks all customers: they must not push out the busy ones."""
    cache = StateCache(10)
    kept(cache, {b"a": b"old"})
    blobs, bounds = np.frombuffer(b"newother", np.uint8), np.array([0, 3, 8])
    cache.refresh([b"a", b"b"], blobs, bounds)
    assert cache.find([b"a", b"b"]) == [b"new", None]
    assert len(cache) == 1


def test_a_cache_is_full_of_few_large_states_too() -> None:
    """What the cache takes for a customer beside its state counts too."""
    cache = StateCache(2)
    most = 2 * (USUAL_BYTES - BESIDE_STATE)
    kept(cache, {b"a": b"A" * (most + BESIDE_STATE)})
    fullness = [cache.is_full]
    kept(cache, {b"a": b"A", b"b": b"B" * most})
    fullness.append(cache.is_full)
    blobs, bounds = np.frombuffer(b"A" * most, np.uint8), np.array([0, most])
    cache.refresh([b"a"], blobs, bounds)
    fullness.append(cache.is_full)
    cache.clear()
    assert [*fullness, cache.is_full] == [False, True, True, False]


def test_a_full_cache_forgets_everything_and_tells_by_its_generation() -> None:
    cache = StateCache(2)
    kept(cache, {b"a": b"A", b"b": b"B"})
    fullness = [cache.is_full]
    cache.positions([b"c"])
    fullness.append(cache.is_full)
    assert fullness == [False, True]
    before = cache.generation
    cache.clear()
    assert cache.generation == before + 1
    assert (len(cache), cache.is_full, cache.find([b"a"])) == (0, False, [None])
    assert cache.positions([b"c"]).tolist() == [0]
