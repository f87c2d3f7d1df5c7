"""How `map` begins its calls: on the pool's own loop as calls, from elsewhere as tasks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, cast

from flame.calls import Call, Request
from flame.mapping import Begun
from flame.traffic import Traffic


class BegunCall(Call):
    """A call on the pool's own loop."""

    __slots__ = ("_traffic",)

    def __init__(self, traffic: Traffic, request: Request, item: Any, ended: Callable[[Begun], None]) -> None:
        super().__init__(request, (item,), bulk=True)
        self._traffic = traffic
        self.then = cast("Callable[[Call], None]", ended)  # it is told of this very call
        traffic.submit(self)

    def call_off(self) -> None:
        self._traffic.abandon(self)


class BegunTask:
    """A call that takes more than one step: it may be made again, or goes by messages."""

    __slots__ = ("_task",)

    def __init__(self, call: Callable[[], Awaitable[Any]], ended: Callable[[Begun], None]) -> None:
        self._task = asyncio.ensure_future(_awaited(call))
        self._task.add_done_callback(functools.partial(self._tell, ended))

    def _tell(self, ended: Callable[[Begun], None], task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # it counts as seen, also if the loop over the values is left first
        ended(self)

    def value(self) -> Any:
        return self._task.result()

    def call_off(self) -> None:
        self._task.cancel()


async def _awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
