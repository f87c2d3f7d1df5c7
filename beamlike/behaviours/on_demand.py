"""Reads an async iterable only as far as somebody has asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from typing import TypeVar

from beamlike.kernel.callers import calls_users

T = TypeVar("T")


@calls_users
async def read_on_demand(
    items: AsyncIterable[T], permits: asyncio.Semaphore, take: Callable[[T], Awaitable[None]]
) -> None:
    """Gives each item to `take`; for each one, and to learn that there is none, it first needs a permit. However it
    ends, by an exception of `items` or `take` or a cancel, a generator is closed then."""
    iterator = aiter(items)
    try:
        await permits.acquire()
        async for item in iterator:
            await take(item)
            await permits.acquire()
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
