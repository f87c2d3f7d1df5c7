"""Many calls, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.mapping import Begun, as_completed, in_order
from tests.support.local_nodes import eventually

Gather = Callable[[Any, Iterable[int], int], AsyncGenerator[Any, None]]
both = pytest.mark.parametrize("gather", [as_completed, in_order])


class One:
    """A call that ends when the test says so, ten times its item, or not at all."""

    def __init__(self, item: int, ended: Callable[[Begun], None]) -> None:
        self.item = item
        self.ended = ended
        self.outcome: int | Exception | None = None
        self.is_called_off = False

    def end(self, outcome: int | Exception | None = None) -> None:
        self.outcome = self.item * 10 if outcome is None else outcome
        self.ended(self)

    def value(self) -> int:
        assert self.outcome is not None, "asked for its value before it has ended"
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def call_off(self) -> None:
        self.is_called_off = True


class Calls:
    """Begins calls, and knows them all."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.begun: dict[int, One] = {}
        self.most = 0
        self.fails_at = fails_at

    def __call__(self, item: int, ended: Callable[[Begun], None]) -> One:
        call = self.begun[item] = One(item, ended)
        self.most = max(self.most, len(self.running()))
        if self.fails_at is not None and item <= self.fails_at:  # at once, as one that is refused
            call.end(KeyError(item) if item == self.fails_at else None)
        return call

    def running(self) -> list[One]:
        return [call for call in self.begun.values() if call.outcome is None and not call.is_called_off]

    async def end(self, *items: int) -> None:
        for item in items:
            await eventually(lambda: item in self.begun)  # noqa: B023 - awaited before item changes
            self.begun[item].end()


async def gathered(gather: Gather, calls: Calls, items: Iterable[int], window: int) -> list[int]:
    return [value async for value in gather(calls, items, window)]


def test_as_completed_yields_in_the_order_of_completion() -> None:
    async def main() -> list[int]:
        calls = Calls()
        ending = asyncio.create_task(calls.end(2, 0, 1))
        values = await gathered(as_completed, calls, range(3), 3)
        await ending
        return values

    assert asyncio.run(main()) == [20, 0, 10]


def test_in_order_yields_in_the_order_of_the_items() -> None:
    async def main() -> list[int]:
        calls = Calls()
        ending = asyncio.create_task(calls.end(2, 0, 1))
        values = await gathered(in_order, calls, range(3), 3)
        await ending
        return values

    assert asyncio.run(main()) == [0, 10, 20]


@both
def test_never_more_calls_than_the_window_and_no_item_is_taken_early(gather: Gather) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    async def main() -> None:
        calls = Calls()
        values = gather(calls, items(), 2)
        for item in range(10):
            ending = asyncio.create_task(calls.end(item))
            assert await anext(values) == item * 10
            await ending
            assert len(taken) <= item + 3
        assert [value async for value in values] == []
        assert calls.most == 2

    asyncio.run(main())


def test_the_first_exception_is_raised_in_its_turn_and_ends_the_other_calls() -> None:
    async def main() -> None:
        calls = Calls(fails_at=2)
        values = in_order(calls, range(6), 6)
        assert [await anext(values), await anext(values)] == [0, 10]
        with pytest.raises(KeyError, match="2"):
            await anext(values)
        assert calls.running() == []
        assert [calls.begun[item].is_called_off for item in (3, 4, 5)] == [True] * 3

    asyncio.run(main())


def test_an_exception_ends_the_calls_that_were_to_complete_later() -> None:
    async def main() -> None:
        calls = Calls(fails_at=2)
        with pytest.raises(KeyError, match="2"):
            await gathered(as_completed, calls, range(6), 6)
        assert calls.running() == []

    asyncio.run(main())


@both
def test_closing_ends_the_calls(gather: Gather) -> None:
    async def main() -> None:
        calls = Calls()
        async with aclosing(gather(calls, range(9), 3)) as values:
            ending = asyncio.create_task(calls.end(0))
            assert await anext(values) == 0
            await ending
        assert calls.running() == []
        assert sorted(calls.begun) == [0, 1, 2, 3]

    asyncio.run(main())


@both
def test_no_items_are_no_calls(gather: Gather) -> None:
    assert asyncio.run(gathered(gather, Calls(), [], 3)) == []


@both
def test_items_that_fail_in_the_middle_lose_no_value_and_raise_after_them(gather: Gather) -> None:
    def items() -> Iterator[int]:
        yield 0
        yield 1
        raise ValueError("no more items")

    async def main() -> None:
        calls = Calls()
        values = gather(calls, items(), 3)
        ending = asyncio.create_task(calls.end(0, 1))
        assert [await anext(values), await anext(values)] == [0, 10]
        with pytest.raises(ValueError, match="no more items"):
            await anext(values)
        await ending
        assert sorted(calls.begun) == [0, 1]
        assert calls.running() == []

    asyncio.run(main())


@both
@given(count=st.integers(0, 12), window=st.integers(1, 5), seed=st.integers(0, 1000))
def test_whatever_the_order_of_ends_each_value_comes_once(gather: Gather, count: int, window: int, seed: int) -> None:
    chance = Random(seed)

    async def main() -> list[int]:
        calls = Calls()

        async def end_all() -> None:
            while sum(call.outcome is not None for call in calls.begun.values()) < count:
                await asyncio.sleep(0)
                for call in chance.sample(calls.running(), k=chance.randint(0, len(calls.running()))):
                    call.end()

        ending = asyncio.create_task(end_all())
        values = await gathered(gather, calls, range(count), window)
        await ending
        assert calls.most <= window
        return values

    values = asyncio.run(main())
    assert (values if gather is in_order else sorted(values)) == [item * 10 for item in range(count)]
