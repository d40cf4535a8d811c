"""Tasks are ended for sure, whatever a library does with the first cancellation."""

import asyncio

import pytest

from streams import tasks


async def stubborn(cancellations: int) -> None:
    """Swallow so many cancellations, as `asyncio.wait_for` of Python 3.11 may swallow one."""
    for _ in range(cancellations):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def begun(cancellations: int) -> asyncio.Task[None]:
    task = asyncio.create_task(stubborn(cancellations))
    await asyncio.sleep(0)
    return task


async def test_a_task_that_swallowed_a_cancellation_is_cancelled_again() -> None:
    willing, other = await begun(0), await begun(1)
    await tasks.end([willing, other])
    assert willing.cancelled()
    assert other.cancelled()


async def test_who_is_cancelled_while_ending_tasks_ends_them_before_it_ends() -> None:
    task = await begun(1)
    ending = asyncio.create_task(tasks.end([task]))
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.cancelled()


async def test_a_task_that_never_ends_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_AGAIN_S", 0.01)
    monkeypatch.setattr(tasks, "_MOST_S", 0.05)
    task = await begun(100)
    with pytest.raises(RuntimeError, match=r"does not end, which is a bug: .*stubborn"):
        await tasks.end([task])
    monkeypatch.setattr(tasks, "_MOST_S", 10.0)
    await tasks.end([task])


async def test_when_one_of_several_fails_the_others_are_ended_and_its_error_is_raised() -> None:
    ended = asyncio.Event()

    async def failing() -> None:
        raise ValueError("the first to fail")

    async def enduring() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ValueError, match="the first to fail"):
        await tasks.together(one=enduring(), two=failing())
    assert ended.is_set()


async def test_it_is_told_at_which_line_each_task_waits() -> None:
    task = asyncio.create_task(stubborn(1), name="shard-7")
    await asyncio.sleep(0)
    (line,) = [told for told in tasks.whereabouts() if told.startswith("shard-7 at ")]
    assert line.endswith(" in wait")  # of asyncio.Event, in which `stubborn` is
    await tasks.end([task])
