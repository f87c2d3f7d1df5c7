"""Many calls of one function, a bounded number at a time, as an async generator.

    items ──fill──► begun, alone or as chunks ──come, ended──► come ──► the values, to whoever consumes them
                        ▲             │
                        └── again ◄───┘ given back: what a chunk holds up

Of items whose calls are short several go as one, a chunk: see `width`, which says how many. What the user's iterable
raises is raised once the values of the items before it are out: they are calls that were made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from itertools import islice, starmap
from typing import Any, Final, Protocol, TypeAlias

from beamlike.kernel.callers import calls_users
from beamlike.kernel.record import record
from flame.width import Width
from flame.work import is_light

NEVER: Final = -1


@record
class Item:
    index: int
    value: Any


@record
class Come:
    """The values of some items that follow one another."""

    first: int
    """The index of the first."""
    of: list[Any]

    def values(self) -> list[Any]:
        return self.of


class Begun(Protocol):
    """A call that has been begun, or a chunk of them."""

    first: int
    """The index of the item that has no value yet."""

    def start(self) -> None: ...

    def values(self) -> list[Any]:
        """What the last call of it returned, or raises what it raised; once it has ended."""
        ...

    def call_off(self) -> None:
        """Nobody waits for it."""
        ...


class Hears(Protocol):
    """Who is told what becomes of calls."""

    def come(self, come: Come) -> None:
        """The next items of a chunk have their values."""
        ...

    def given_back(self, begun: Begun, items: Sequence[Item]) -> None:
        """These will not run in that chunk; if it has no others, that is the end of it."""
        ...

    def ended(self, begun: Begun, seconds: float) -> None:
        """It took so long. Called once for each that was neither called off nor given back."""
        ...


Begin: TypeAlias = Callable[[Sequence[Item], Hears], Begun]
"""The call for an item, or the calls for several, one after the other; to be started."""


async def as_completed(begin: Begin, items: Iterable[Any], width: Width) -> AsyncGenerator[Any, None]:
    """The values as they come. The first exception is raised, and ends the other calls."""
    run = _Run(begin, items, width)
    try:
        run.fill()
        while run.taken:
            values = (await run.next()).values()
            values.reverse()
            while values:
                run.consumes()
                yield values.pop()
        run.raise_error()
    finally:
        run.call_off()


async def in_order(begin: Begin, items: Iterable[Any], width: Width) -> AsyncGenerator[Any, None]:
    """The values in the order of `items`. The first exception is raised in its turn, and ends the other calls."""
    run = _Run(begin, items, width)
    early: dict[int, Come | Begun] = {}
    wanted = 0
    try:
        run.fill()
        while run.taken:
            while wanted not in early:
                come = await run.next()
                early[come.first] = come
            values = early.pop(wanted).values()
            wanted += len(values)
            values.reverse()
            while values:
                run.consumes()
                yield values.pop()
        run.raise_error()
    finally:
        run.call_off(early.values())


class _Run:
    """What is under way of one map."""

    def __init__(self, begin: Begin, items: Iterable[Any], width: Width) -> None:
        self._begin = begin
        self._width = width
        self._items: Iterator[Item] = starmap(Item, enumerate(self._until_error(items)))
        self._error: Exception | None = None
        self._aside: list[Item] = []
        """An item that was taken and could not go with the others."""
        self._again: deque[Item] = deque()
        """Those that were given back."""
        self._begun: dict[Begun, int] = {}
        """With how many calls it is."""
        self._come: deque[Come | Begun] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.taken = 0
        """How many items were taken whose values were not consumed yet."""
        self._enough = 0
        """Until so many are left there is no room for more."""

    # What is taken.

    @calls_users
    def _until_error(self, items: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from items
        except Exception as error:
            self._error = error

    def raise_error(self) -> None:
        """What the items raised, if they did."""
        if self._error is not None:
            raise self._error

    # What is begun.

    def consumes(self) -> None:
        """A value is about to be consumed, and so there is room for another item."""
        self.taken -= 1
        if self.taken <= self._enough:
            self.fill()

    def fill(self) -> None:
        """Begins as many calls as may be under way."""
        self._begin_again()
        size, calls = self._width.size(), self._width.calls()
        while len(self._begun) < calls and self.taken + size <= calls * size:
            items = self._next(size)
            if not items:
                self._enough = NEVER
                return
            self.taken += len(items)
            self._start(items)
        self._enough = self.taken - 1 if len(self._begun) >= calls else (calls - 1) * size

    def _begin_again(self) -> None:
        while self._again and len(self._begun) < self._width.calls():
            self._start([self._again.popleft()])

    def _next(self, size: int) -> list[Item]:
        """The next items, at most `size`; one that is not small goes alone."""
        items, self._aside = self._aside, []
        if items or size == 1:
            return items or list(islice(self._items, 1))
        for item in islice(self._items, size):
            if not is_light(item.value):
                if items:
                    self._aside.append(item)
                    return items
                return [item]
            items.append(item)
        return items

    def _start(self, items: list[Item]) -> None:
        begun = self._begin(items, self)
        self._begun[begun] = len(items)
        begun.start()

    def call_off(self, early: Iterable[Come | Begun] = ()) -> None:
        """Nobody waits for what is under way, nor for what came and was not taken."""
        for each in (*self._begun, *self._come, *early):
            if not isinstance(each, Come):
                each.call_off()
        self._come.clear()

    # What is heard.

    async def next(self) -> Come | Begun:
        """What came next."""
        while not self._come:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._come.popleft()

    def come(self, come: Come | Begun) -> None:
        self._come.append(come)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def given_back(self, begun: Begun, items: Sequence[Item]) -> None:
        self._width.held_up()
        self._begun[begun] -= len(items)
        if not self._begun[begun]:
            del self._begun[begun]
        self._again.extend(items)
        self._begin_again()

    def ended(self, begun: Begun, seconds: float) -> None:
        self._width.ended(self._begun.pop(begun), seconds)
        self.come(begun)
        self._begin_again()
