"""What the limit is built of: the cheapest that asyncio's own tasks can wait on."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Box(Generic[T]):
    """The cheapest mailbox on a future."""

    __slots__ = ("queue", "waiter")

    def __init__(self) -> None:
        self.queue: deque[T] = deque()
        self.waiter: asyncio.Future[None] | None = None

    def put(self, item: T) -> None:
        self.queue.append(item)
        if self.waiter is not None:
            self.waiter.set_result(None)
            self.waiter = None

    async def get(self) -> T:
        if not self.queue:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        return self.queue.popleft()


class Countdown:
    """Done when it has been counted down to zero."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def count(self) -> None:
        self.left -= 1
        if not self.left:
            self.done.set_result(None)


async def waits_for_a_future() -> None:
    await asyncio.get_running_loop().create_future()
