"""Many calls on items that come one by one, from an async iterable."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from flame.arrivals import values_of
from flame.mapping import as_completed, in_order

Gather = Callable[..., AsyncGenerator[Any, None]]
both = pytest.mark.parametrize("gather", [as_completed, in_order])


async def tenfold(item: int) -> int:
    await asyncio.sleep(0)
    return item * 10


async def counted(most: int) -> AsyncIterator[int]:
    for item in range(most):
        await asyncio.sleep(0)
        yield item


async def gathered(gather: Gather, items: Any, window: int, call: Callable[[int], Any] = tenfold) -> list[int]:
    return [value async for value in values_of(gather, call, items, window)]


@both
@pytest.mark.parametrize("window", [1, 3, 20])
def test_each_item_has_its_value_once(gather: Gather, window: int) -> None:
    assert sorted(asyncio.run(gathered(gather, counted(10), window))) == [item * 10 for item in range(10)]


@both
def test_no_items_are_no_values(gather: Gather) -> None:
    assert asyncio.run(gathered(gather, counted(0), 3)) == []


def test_values_keep_the_order_of_the_items_if_asked() -> None:
    async def main() -> None:
        first_may_end = asyncio.Event()

        async def call(item: int) -> int:
            if item == 0:
                await first_may_end.wait()
            elif item == 2:
                first_may_end.set()
            return item

        assert await gathered(in_order, counted(4), 3, call) == [0, 1, 2, 3]

    asyncio.run(main())


@both
def test_a_value_comes_while_the_next_item_is_waited_for_and_none_is_taken_early(gather: Gather) -> None:
    async def main() -> None:
        taken: list[int] = []
        more = asyncio.Event()

        async def items() -> AsyncIterator[int]:
            for item in range(6):
                if item == 1:
                    await more.wait()
                taken.append(item)
                yield item

        values = values_of(gather, tenfold, items(), 2)
        assert await anext(values) == 0
        assert taken == [0]
        more.set()
        assert await anext(values) == 10
        assert len(taken) <= 4
        assert [value async for value in values] == [20, 30, 40, 50]

    asyncio.run(main())


@both
def test_items_that_fail_in_the_middle_lose_no_value_and_raise_after_them(gather: Gather) -> None:
    async def items() -> AsyncIterator[int]:
        yield 0
        yield 1
        raise ValueError("no more items")

    async def main() -> None:
        values = values_of(gather, tenfold, items(), 5)
        assert sorted([await anext(values), await anext(values)]) == [0, 10]
        with pytest.raises(ValueError, match="no more items"):
            await anext(values)

    asyncio.run(main())


@both
def test_leaving_ends_the_calls_and_the_reading_in_the_task_that_read(gather: Gather) -> None:
    async def main() -> None:
        readers: list[Any] = []
        ended: list[str] = []
        waits = asyncio.Event()

        async def items() -> AsyncIterator[int]:
            readers.append(asyncio.current_task())
            try:
                yield 0
                yield 1
                await asyncio.Event().wait()
            finally:
                readers.append(asyncio.current_task())

        async def call(item: int) -> int:
            if item:
                waits.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                ended.append("cancelled")
            return item

        async with aclosing(values_of(gather, call, items(), 3)) as values:
            assert await anext(values) == 0
            await waits.wait()
        await asyncio.sleep(0)
        assert ended == ["cancelled"]
        assert readers[0] is readers[1]
        assert readers[0] is not asyncio.current_task()

    asyncio.run(main())
