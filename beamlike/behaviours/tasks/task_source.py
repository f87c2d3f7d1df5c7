"""Where a stream of tasks takes its items: an iterable, or an async one, which a child task of the owner reads.

Items       `take(room)` gives what there is room for at once
AsyncItems  `take(room)` lets the reader go on until it has read so many; each item comes as a Reply(ref, Arrived),
            is handed back by `arrived`, and is given at the next `take`
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Iterable, Iterator
from itertools import islice
from typing import Any

from beamlike.behaviours.on_demand import read_on_demand
from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, Reply


@record
class Arrived:
    item: Any


@record
class SourceEnded:
    """The async iterable is at its end, or raised `error`."""

    error: BaseException | None


class Items:
    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self.exhausted = False

    @calls_users
    def take(self, room: int) -> list[Any]:
        """As many items as there are, up to `room`."""
        taken = list(islice(self._items, room)) if not self.exhausted else []
        self.exhausted = self.exhausted or len(taken) < room
        return taken

    async def close(self) -> None:
        """Nothing to do: an iterator is left where it is."""


class AsyncItems:
    def __init__(self, items: AsyncIterable[Any], answer_to: Alias) -> None:
        self._answer_to = answer_to
        self._permits = asyncio.Semaphore(0)
        self._asked = 0
        self._arrived: deque[Any] = deque()
        self.exhausted = False
        self._reader = asyncio.ensure_future(self._read(items))

    def take(self, room: int) -> list[Any]:
        taken = [self._arrived.popleft() for _ in range(min(room, len(self._arrived)))]
        for _ in range(room - len(taken) - len(self._arrived) - self._asked):
            self._asked += 1
            self._permits.release()
        return taken

    def arrived(self, news: Arrived | SourceEnded) -> None:
        """Takes what the reader sent; raises what the iterable raised."""
        if isinstance(news, Arrived):
            self._asked -= 1
            self._arrived.append(news.item)
        else:
            self.exhausted = True
            if news.error is not None:
                raise news.error

    async def close(self) -> None:
        """Ends the reader where it waits, and the iterable with it."""
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def _read(self, items: AsyncIterable[Any]) -> None:
        try:
            await read_on_demand(items, self._permits, self._take)
        except Exception as error:
            self._tell(SourceEnded(error))
        except BaseException as error:
            self._tell(SourceEnded(error))
            raise
        else:
            self._tell(SourceEnded(None))

    async def _take(self, item: Any) -> None:
        self._tell(Arrived(item))

    def _tell(self, news: Arrived | SourceEnded) -> None:
        kernel.send(self._answer_to, Reply(self._answer_to.ref, news))


def begun(items: Iterable[Any] | AsyncIterable[Any]) -> Iterator[Any] | AsyncIterable[Any]:
    """What to read; TypeError for what gives no items."""
    if isinstance(items, AsyncIterable):
        return items
    try:
        return iter(items)
    except TypeError:
        raise TypeError(
            f"expected the items of a stream, an iterable or an async one, and then the function; got {items!r} first"
        ) from None


def source_of(items: Iterator[Any] | AsyncIterable[Any], answer_to: Alias) -> Items | AsyncItems:
    """Reads `items`, of either kind."""
    return AsyncItems(items, answer_to) if isinstance(items, AsyncIterable) else Items(items)
