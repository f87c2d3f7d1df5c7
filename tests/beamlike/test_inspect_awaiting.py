"""What a task waits for, in words, and whose end it awaits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from beamlike.inspect.looking.awaiting import Chain, awaited_tasks, chain_of, task_name, words
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.threads.own_thread import own_thread
from tests.support.local_nodes import eventually


async def forever() -> None:
    await asyncio.Event().wait()


async def generator() -> AsyncIterator[int]:
    await asyncio.sleep(9)
    yield 1


async def over_a_generator() -> None:
    async for _ in generator():
        pass


async def in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(forever(), name="inner")


async def in_a_full_lock() -> None:
    lock = asyncio.Lock()
    await lock.acquire()
    await lock.acquire()


async def of_a_task() -> None:
    await asyncio.create_task(forever(), name="inner")


async def of_several() -> None:
    await asyncio.wait([asyncio.create_task(forever(), name="inner")])


async def gathered() -> None:
    await asyncio.gather(asyncio.create_task(forever(), name="inner"), asyncio.Event().wait())


def until_it_is_stopped() -> None:
    while True:
        time.sleep(0.001)


async def in_a_thread_of_its_own() -> None:
    with own_thread("of a test") as in_thread:
        await in_thread(until_it_is_stopped)


WAITS: list[tuple[Callable[[], Awaitable[Any]], str, bool]] = [
    (lambda: asyncio.sleep(9), "a timer", False),
    (over_a_generator, "a timer", False),
    (forever, "an event", False),
    (lambda: asyncio.Queue[int]().get(), "an item of a queue", False),
    (in_a_full_lock, "a lock", False),
    (in_a_group, "the tasks of a group", True),
    (of_a_task, "task 'inner'", True),
    (of_several, "several tasks", True),
    (gathered, "2 tasks", True),
    (lambda: blocking(until_it_is_stopped), "a thread", False),
    (in_a_thread_of_its_own, "a thread", False),
]


@pytest.mark.parametrize(("wait", "expected", "has_inner"), WAITS, ids=[it[1] for it in WAITS])
def test_what_a_task_waits_for_is_told_in_words(
    wait: Callable[[], Awaitable[Any]], expected: str, has_inner: bool
) -> None:
    asyncio.run(told_in_words(wait, expected, has_inner))


async def told_in_words(wait: Callable[[], Awaitable[Any]], expected: str, has_inner: bool) -> None:
    async def outer() -> None:
        await wait()

    task = asyncio.create_task(outer())
    try:
        await eventually(lambda: chain_of(task).leaf is not None)
        chain = chain_of(task)
        assert words(chain) == expected
        assert chain.frames[-1].f_code is outer.__code__
        assert ("inner" in map(task_name, awaited_tasks(chain))) == has_inner
    finally:
        task.cancel()
        for it in asyncio.all_tasks() - {asyncio.current_task()}:
            it.cancel()
            await asyncio.wait([it])


def test_an_awaitable_of_the_users_is_not_looked_into() -> None:
    class Hostile:
        def __await__(self) -> Any:
            return self

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return None

        def close(self) -> None:
            pass

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    async def outer() -> None:
        await Hostile()

    coroutine = outer()
    coroutine.send(None)
    chain = Chain(coroutine)
    assert [frame.f_code for frame in chain.frames] == [outer.__code__]
    coroutine.close()
