"""Many calls, a bounded number at a time."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from flame.mapping import as_completed, in_order
from tests.support.local_nodes import eventually


class Calls:
    """Calls that end when the test says so."""

    def __init__(self) -> None:
        self.running: dict[int, asyncio.Future[int]] = {}
        self.most = 0

    async def __call__(self, item: int) -> int:
        self.running[item] = asyncio.get_running_loop().create_future()
        self.most = max(self.most, len(self.running))
        try:
            return await self.running[item]
        finally:
            del self.running[item]

    def runs(self, item: int) -> bool:
        return item in self.running

    async def end(self, *items: int) -> None:
        for item in items:
            await eventually(functools.partial(self.runs, item))
            self.running[item].set_result(item * 10)
            await eventually(lambda: not self.runs(item))  # noqa: B023 - awaited before item changes


def test_as_completed_yields_in_the_order_of_completion() -> None:
    async def main() -> list[int]:
        calls = Calls()
        ending = asyncio.create_task(calls.end(2, 0, 1))
        values = [value async for value in as_completed(calls, range(3), window=3)]
        await ending
        return values

    assert asyncio.run(main()) == [20, 0, 10]


def test_in_order_yields_in_the_order_of_the_items() -> None:
    async def main() -> list[int]:
        calls = Calls()
        ending = asyncio.create_task(calls.end(2, 0, 1))
        values = [value async for value in in_order(calls, range(3), window=3)]
        await ending
        return values

    assert asyncio.run(main()) == [0, 10, 20]


@pytest.mark.parametrize("gather", [as_completed, in_order])
def test_never_more_calls_than_the_window_and_no_item_is_taken_early(gather: object) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    async def main() -> None:
        calls = Calls()
        values = as_completed(calls, items(), window=2) if gather is as_completed else in_order(calls, items(), 2)
        for item in range(10):
            ending = asyncio.create_task(calls.end(item))
            assert await anext(values) == item * 10
            await ending
            assert len(taken) <= item + 3
        assert [value async for value in values] == []
        assert calls.most == 2

    asyncio.run(main())


async def fail_at_two(item: int) -> int:
    if item == 2:
        raise KeyError("two")
    if item > 2:
        await asyncio.get_running_loop().create_future()
    return item


def test_the_first_exception_is_raised_in_its_turn_and_ends_the_other_calls() -> None:
    async def main() -> list[int]:
        values = in_order(fail_at_two, range(6), window=6)
        first = [await anext(values), await anext(values)]
        with pytest.raises(KeyError, match="two"):
            await anext(values)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return first

    assert asyncio.run(main()) == [0, 1]


def test_an_exception_ends_the_calls_that_were_to_complete_later() -> None:
    async def main() -> None:
        with pytest.raises(KeyError, match="two"):
            async for _ in as_completed(fail_at_two, range(6), window=6):
                pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_closing_ends_the_calls() -> None:
    async def main() -> None:
        calls = Calls()
        async with aclosing(as_completed(calls, range(9), window=3)) as values:
            ending = asyncio.create_task(calls.end(1))
            assert await anext(values) == 10
            await ending
        assert calls.running == {}
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_no_items_are_no_calls() -> None:
    async def main() -> list[int]:
        return [value async for value in as_completed(fail_at_two, [], window=3)]

    assert asyncio.run(main()) == []


@pytest.mark.parametrize("mapping", [as_completed, in_order])
def test_items_that_fail_in_the_middle_end_the_calls_that_were_started(mapping: object) -> None:
    def items() -> Iterator[int]:
        yield 0
        yield 1
        raise ValueError("no more items")

    async def main() -> None:
        assert callable(mapping)
        calls = Calls()
        with pytest.raises(ValueError, match="no more items"):
            async for _ in mapping(calls, items(), window=3):
                pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
