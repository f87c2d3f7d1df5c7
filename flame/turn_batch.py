"""Small things that are sent in one turn of the loop go as one message.

To wait for the end of the turn costs whoever is alone some of his time: where there was one at a time lately, the first
of a turn is sent at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class TurnBatch(Generic[T]):
    """`send` gets what was added. For the loop that runs when it is made."""

    __slots__ = ("_alone", "_context", "_count", "_due", "_items", "_loop", "_send")

    def __init__(self, send: Callable[[list[T]], None]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        # Not that of who adds something, who may be gone at the end of the turn.
        self._context = Context()
        self._items: list[T] = []
        self._count = 0
        self._due = False
        self._alone = True

    def add(self, item: T) -> None:
        self._count += 1
        if self._due:
            self._items.append(item)
            return
        self._due = True
        self._loop.call_soon(self._end, context=self._context)
        if self._alone:
            self._send([item])
        else:
            self._items.append(item)

    def flush(self) -> None:
        """Sends what was added, now."""
        items, self._items = self._items, []
        if items:
            self._send(items)

    def _end(self) -> None:
        self._due = False
        self._alone = self._count == 1
        self._count = 0
        self.flush()
