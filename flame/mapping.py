"""Many calls of one function, a bounded number at a time, as an async generator.

What the user's iterable raises is raised once the values of the items before it are out: they are calls that were made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol, TypeAlias


class Begun(Protocol):
    """A call that has been begun."""

    def value(self) -> Any:
        """What it returned, or raises what it raised; once it has ended."""
        ...

    def call_off(self) -> None:
        """Nobody waits for it."""
        ...


Begin: TypeAlias = Callable[[Any, Callable[[Begun], None]], Begun]
"""Begins the call for an item, and has the function called with it once it has ended."""


class _Ended:
    """Those that have ended, in that order."""

    def __init__(self) -> None:
        self._ended: deque[Begun] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, call: Begun) -> None:
        self._ended.append(call)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self) -> Begun:
        while not self._ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._ended.popleft()


def _never() -> bool:
    return False


def _until_error(items: Iterable[Any], errors: list[Exception]) -> Iterator[Any]:
    try:
        yield from items
    except Exception as error:
        errors.append(error)


async def as_completed(
    begin: Begin, items: Iterable[Any], window: int, ahead: Callable[[], bool] = _never
) -> AsyncGenerator[Any, None]:
    """The values as they come. The first exception is raised, and ends the other calls. While `ahead` says so, there
    may be twice as many."""
    errors: list[Exception] = []
    arguments = _until_error(items, errors)
    ended = _Ended()
    begun: set[Begun] = set()
    try:
        for item in islice(arguments, window):
            begun.add(begin(item, ended.put))
        while begun:
            call = await ended.next()
            begun.remove(call)
            for item in islice(arguments, _more(len(begun), window, ahead)):
                begun.add(begin(item, ended.put))
            yield call.value()
        for error in errors:
            raise error
    finally:
        _call_off(begun)


async def in_order(
    begin: Begin, items: Iterable[Any], window: int, ahead: Callable[[], bool] = _never
) -> AsyncGenerator[Any, None]:
    """The values in the order of `items`. The first exception is raised in its turn, and ends the other calls. While
    `ahead` says so, there may be twice as many."""
    errors: list[Exception] = []
    arguments = _until_error(items, errors)
    ended = _Ended()
    line: deque[Begun] = deque()
    over: set[Begun] = set()
    try:
        for item in islice(arguments, window):
            line.append(begin(item, ended.put))
        while line:
            while line[0] not in over:
                over.add(await ended.next())
            call = line.popleft()
            over.remove(call)
            for item in islice(arguments, _more(len(line), window, ahead)):
                line.append(begin(item, ended.put))
            yield call.value()
        for error in errors:
            raise error
    finally:
        _call_off(line)


def _more(begun: int, window: int, ahead: Callable[[], bool]) -> int:
    """How many calls to begin when one has ended: another one, and one more until there are twice as many."""
    most = 2 * window if ahead() else window
    return max(0, min(2, most - begun))


def _call_off(calls: Iterable[Begun]) -> None:
    for call in calls:
        call.call_off()
