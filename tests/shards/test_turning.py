"""A turn of the day: every customer is handed out, in portions, while they are still coming in."""

from streams.shards.turning import Turning


def test_customers_are_handed_out_in_portions() -> None:
    turning = Turning(20_454)
    turning.add([b"a", b"b", b"c"])
    turning.add([b"d"])
    assert [turning.portion(3), turning.portion(3), turning.portion(3)] == [
        [b"a", b"b", b"c"], [b"d"], [],
    ]  # fmt: skip


def test_a_customer_that_comes_twice_is_in_a_portion_once() -> None:
    turning = Turning(20_454)
    turning.add([b"a", b"b", b"a"])
    assert turning.portion(10) == [b"a", b"b"]


def test_a_turn_is_done_when_all_are_known_and_handed_out() -> None:
    turning = Turning(20_454)
    turning.add([b"a"])
    assert not turning.is_done
    turning.portion(1)
    assert not turning.is_done  # more may come
    turning.add([b"b"])
    turning.all_known()
    assert not turning.is_done
    turning.portion(1)
    assert turning.is_done
