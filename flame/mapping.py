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
    tasks: deque[asyncio.Task[Any]] = deque()
    try:
        _start(call, islice(arguments, window), tasks.append)
        while tasks:
            value = await tasks[0]
            tasks.popleft()
            _start(call, islice(arguments, 1), tasks.append)
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

    def keep(task: asyncio.Task[Any]) -> None:
        tasks.add(task)
        task.add_done_callback(finished.put_nowait)

    try:
        _start(call, islice(arguments, window), keep)
        while tasks:
            task = await finished.get()
            value = task.result()
            tasks.remove(task)
            _start(call, islice(arguments, 1), keep)
            yield value
    finally:
        await _end(tasks)


def _start(
    call: Callable[[Any], Awaitable[Any]], items: Iterable[Any], keep: Callable[[asyncio.Task[Any]], object]
) -> None:
    """One at a time: where the items fail in the middle, the calls that were started are kept and can be ended."""
    for item in items:
        keep(asyncio.create_task(_called(call, item)))


async def _called(call: Callable[[Any], Awaitable[Any]], item: Any) -> Any:
    return await call(item)


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Also looks at the exceptions of those that failed beside the first, which asyncio would complain about."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
