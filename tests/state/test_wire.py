"""Redis commands packed by compiled code: the very bytes that the client would send."""

from hypothesis import given, settings
from hypothesis import strategies as st
from redis.connection import Connection

from streams.state import wire

quick = settings(deadline=None, max_examples=100, derandomize=True)
texts = st.lists(st.binary(max_size=12) | st.sampled_from([b"x" * 9, b"x" * 10, b"x" * 1000]))


def packed_by_the_client(*words: bytes) -> bytes:
    return b"".join(Connection().pack_command(*words))  # type: ignore[no-untyped-call]  # redis-py's


@quick
@given(prefix=st.binary(max_size=12), arguments=texts)
def test_a_command_has_the_bytes_that_the_client_packs(
    prefix: bytes, arguments: list[bytes]
) -> None:
    content, bounds = wire.spans_of(arguments)
    packed = wire.command(
        len(arguments) + 2,
        wire.argument(b"MGET"),
        wire.argument(prefix),
        wire.packed(prefix, content, bounds),
    )
    expected = packed_by_the_client(b"MGET", prefix, *(prefix + each for each in arguments))
    assert packed == expected


@quick
@given(arguments=texts, data=st.data())
def test_some_of_the_texts_of_a_buffer_are_packed_alone(
    arguments: list[bytes], data: st.DataObject
) -> None:
    content, bounds = wire.spans_of(arguments)
    first = data.draw(st.integers(0, len(arguments)))
    packed = wire.packed(b"p:", content, bounds[first:])
    assert wire.command(0, packed) == b"*0\r\n" + b"".join(
        b"$%d\r\np:%s\r\n" % (len(each) + 2, each) for each in arguments[first:]
    )
