"""A shard's meta: what is written is read, and no two commits write the same."""

from streams.state.meta import Meta, fingerprint


def test_a_meta_is_read_as_it_was_written() -> None:
    meta = Meta().next(
        offsets={"payments": 3, "transactions": 17}, day=20_454, turned=20_453, slots=(1, 2),
        layout="abc",
    )  # fmt: skip
    assert Meta.of(meta.to_bytes()) == meta
    assert meta.positions == {"payments": 3, "transactions": 17}


def test_a_shard_without_a_commit_is_empty_text() -> None:
    assert Meta().to_bytes() == b""
    assert Meta.of(b"") == Meta()
    assert Meta().positions == {}


def test_the_text_does_not_depend_on_the_order_of_the_topics() -> None:
    one = Meta(version=1, offsets={"a": 1, "b": 2}, nonce="n")
    other = Meta(version=1, offsets={"b": 2, "a": 1}, nonce="n")
    assert one.to_bytes() == other.to_bytes()


def test_two_commits_of_the_same_version_differ() -> None:
    """A Redis that lost its tail counts the same versions again: only the nonce tells."""
    before = Meta().next(offsets={"a": 1})
    texts = {before.next(offsets={"a": 2}).to_bytes() for _ in range(100)}
    assert len(texts) == 100
    assert {Meta.of(text).version for text in texts} == {2}


def test_a_fingerprint_is_short_and_tells_layouts_apart() -> None:
    assert fingerprint("one") == fingerprint("one")
    assert fingerprint("one") != fingerprint("two")
    assert len(fingerprint("x" * 10_000)) == 16
