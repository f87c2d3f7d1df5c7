"""Items of `map` that come one by one, from an async iterable.

Each call that `map` begins waits for an item of its own and then runs, so an item is read only when there is room for
its call, and what has ended is yielded meanwhile. One task reads them all, in order: an async generator may hold what
belongs to a task, such as a time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, TypeAlias

from beamlike.kernel.callers import calls_users
from flame.bulk import BegunTask
from flame.mapping import Begin, Begun, Hears, Item
from flame.width import Width

Call: TypeAlias = Callable[[Any], Awaitable[Any]]
Gather: TypeAlias = Callable[[Begin, Iterator[None], Width], AsyncGenerator[Any, None]]

_NO_MORE: Final = object()
"""In place of an item, or of the value of one that never came."""


async def values_of(gather: Gather, call: Call, items: AsyncIterable[Any], window: int) -> AsyncGenerator[Any, None]:
    """The values of `call(item)`, as `gather` gives those of other items. What `items` raises is raised once the values
    of the items before it are out."""
    arrivals = _Arrivals(items)

    async def performed() -> Any:
        item = await arrivals.next()
        return _NO_MORE if item is _NO_MORE else await call(item)

    def begin(places: Sequence[Item], hears: Hears) -> Begun:
        (place,) = places
        return BegunTask(performed, place, hears)

    try:
        async with aclosing(gather(begin, arrivals.places(), Width(window))) as values:
            async for value in values:
                if value is not _NO_MORE:
                    yield value
    finally:
        await arrivals.close()
    if arrivals.error is not None:
        raise arrivals.error


class _Arrivals:
    def __init__(self, items: AsyncIterable[Any]) -> None:
        self.error: Exception | None = None
        self._items = items
        self._are_over = False
        self._line: asyncio.Queue[asyncio.Future[Any]] = asyncio.Queue()
        """Who waits for an item."""
        self._reader = asyncio.ensure_future(self._read())

    def places(self) -> Iterator[None]:
        """One for each item that there may be."""
        while not self._are_over:
            yield None

    async def next(self) -> Any:
        """The next item, or the word that there is none."""
        if self._are_over:
            return _NO_MORE
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._line.put_nowait(waiter)
        return await waiter

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def _read(self) -> None:
        try:
            items = aiter(self._items)
            while True:
                waiter = await self._line.get()
                item = await self._one(items)
                _give(waiter, item)
                if item is _NO_MORE:
                    return
        finally:
            self._are_over = True
            while not self._line.empty():
                _give(self._line.get_nowait(), _NO_MORE)

    @calls_users
    async def _one(self, items: Any) -> Any:
        try:
            return await anext(items)
        except StopAsyncIteration:
            return _NO_MORE
        except Exception as error:
            self.error = error
            return _NO_MORE


def _give(waiter: asyncio.Future[Any], item: Any) -> None:
    if not waiter.done():
        waiter.set_result(item)
