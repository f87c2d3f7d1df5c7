"""How `map` begins its calls: on the pool's own loop as calls, alone or as chunks, from elsewhere as tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from flame.calls import Call, Request, Timeout
from flame.desk import is_async
from flame.mapping import Come, Hears, Item
from flame.options import PoolOptions
from flame.traffic import Traffic
from flame.width import Width, may_share_slots, never


def width_of(request: Request, options: PoolOptions, traffic: Traffic) -> Width:
    """How wide a map on the pool's own loop is, of calls that are made once and of which nobody has said how many."""
    limit = options.timeout if isinstance(request.timeout, Timeout) else request.timeout
    may_chunk = may_share_slots(limit) and not is_async(request.function)
    return Width(
        options.max * options.max_concurrency,
        ahead=traffic.calls_are_quick,
        chunks=traffic.may_chunk if may_chunk else never,
    )


class BegunCall(Call):
    """A call on the pool's own loop, or a chunk of them."""

    __slots__ = ("_hears", "_items", "_traffic", "first")

    def __init__(self, traffic: Traffic, request: Request, items: Sequence[Item], hears: Hears) -> None:
        values = [item.value for item in items]
        super().__init__(request, values if len(values) > 1 else tuple(values), bulk=True)
        self._traffic = traffic
        self._items = items
        self._hears = hears
        self.first = items[0].index
        self.then = self._over

    def start(self) -> None:
        self._traffic.submit(self)

    def come(self, values: list[Any]) -> None:
        self._hears.come(Come(self.first, values))
        self.first += len(values)
        super().come(values)

    def give_back(self, count: int) -> None:
        given, self._items = self._items[-count:], self._items[:-count]
        super().give_back(count)
        self._hears.given_back(self, given)

    def _over(self, _call: Call) -> None:
        self._hears.ended(self, self._traffic.now() - self.began)

    def values(self) -> list[Any]:
        return [self.value()]

    def call_off(self) -> None:
        self._traffic.abandon(self)


class BegunTask:
    """A call that takes more than one step: it may be made again, or goes by messages."""

    __slots__ = ("_call", "_hears", "_task", "first")

    def __init__(self, call: Callable[[], Awaitable[Any]], item: Item, hears: Hears) -> None:
        self.first = item.index
        self._call = call
        self._hears = hears
        self._task: asyncio.Task[Any]

    def start(self) -> None:
        self._task = asyncio.ensure_future(_awaited(self._call))
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # it counts as seen, also if the loop over the values is left first
        self._hears.ended(self, 0.0)

    def values(self) -> list[Any]:
        return [self._task.result()]

    def call_off(self) -> None:
        self._task.cancel()


async def _awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
