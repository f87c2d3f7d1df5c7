"""Many calls of one function, a bounded number at a time, as an async generator."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice
from typing import Any


async def in_order(
    call: Callable[[Any], Awaitable[Any]], items: Iterable[Any], window: int
) -> AsyncGenerator[Any, None]:
    """The values in the order of `items`. The first exception is raised in its turn, and ends the other calls."""
    arguments = iter(items)
    tasks = deque(_started(call, islice(arguments, window)))
    try:
        while tasks:
            value = await tasks[0]
            tasks.popleft()
            tasks.extend(_started(call, islice(arguments, 1)))
            yield value
    finally:
        await _end(tasks)


async def as_completed(
    call: Callable[[Any], Awaitable[Any]], items: Iterable[Any], window: int
) -> AsyncGenerator[Any, None]:
    """The values as they come. The first exception is raised, and ends the other calls."""
    arguments = iter(items)
    finished: asyncio.Queue[asyncio.Task[Any]] = asyncio.Queue()
    tasks: set[asyncio.Task[Any]] = set()

    def start(count: int) -> None:
        for task in _started(call, islice(arguments, count)):
            tasks.add(task)
            task.add_done_callback(finished.put_nowait)

    try:
        start(window)
        while tasks:
            task = await finished.get()
            value = task.result()
            tasks.remove(task)
            start(1)
            yield value
    finally:
        await _end(tasks)


def _started(call: Callable[[Any], Awaitable[Any]], items: Iterable[Any]) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(_called(call, item)) for item in items]


async def _called(call: Callable[[Any], Awaitable[Any]], item: Any) -> Any:
    return await call(item)


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Also looks at the exceptions of those that failed beside the first, which asyncio would complain about."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
