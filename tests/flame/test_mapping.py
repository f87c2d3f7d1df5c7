"""Many calls, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.mapping import Come, Hears, Item, as_completed, in_order
from flame.width import MOST, Width, may_share_slots
from tests.support.local_nodes import eventually

Gather = Callable[[Any, Iterable[int], Width], AsyncGenerator[Any, None]]
both = pytest.mark.parametrize("gather", [as_completed, in_order])


class One:
    """A call or a chunk that ends when the test says so, ten times its item, or not at all."""

    def __init__(self, items: Sequence[Item], hears: Hears, at_once: int | Exception | None) -> None:
        self.items = list(items)
        self.hears = hears
        self.at_once = at_once
        self.first = items[0].index
        self.outcome: int | Exception | None = None
        self.is_called_off = self.is_given_back = self.has_begun = False

    def start(self) -> None:
        if self.at_once is not None:  # as one that is refused
            self.end(self.at_once)

    def come(self, count: int) -> None:
        """The first of a chunk have their values."""
        self.has_begun = True
        come, self.items = self.items[:count], self.items[count:]
        self.hears.come(Come(self.first, [item.value * 10 for item in come]))
        self.first += count

    def give_back(self, count: int) -> None:
        given, self.items = self.items[-count:], self.items[:-count]
        self.is_given_back = not self.items
        self.hears.given_back(self, given)

    def end(self, outcome: int | Exception | None = None, seconds: float = 0.001) -> None:
        """The last that is left of it ends."""
        assert self.outcome is None
        if len(self.items) > 1 and outcome is None:
            self.come(len(self.items) - 1)
        self.outcome = self.items[-1].value * 10 if outcome is None else outcome
        self.hears.ended(self, seconds)

    def values(self) -> list[int]:
        assert self.outcome is not None, "asked for its value before it has ended"
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return [self.outcome]

    def call_off(self) -> None:
        self.is_called_off = True


class Calls:
    """Begins calls, and knows them all, by their first items."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.begun: dict[int, One] = {}
        self.most = self.largest = 0
        self.fails_at = fails_at

    def __call__(self, items: Sequence[Item], hears: Hears) -> One:
        first, at_once = items[0].value, None
        if self.fails_at is not None and first <= self.fails_at:
            at_once = KeyError(first) if first == self.fails_at else first * 10
        call = self.begun[first] = One(items, hears, at_once)
        self.most = max(self.most, len(self.running()))
        self.largest = max(self.largest, len(items))
        return call

    def running(self) -> list[One]:
        return [
            call
            for call in self.begun.values()
            if call.outcome is None and not (call.is_called_off or call.is_given_back)
        ]

    async def end(self, *items: int) -> None:
        for item in items:
            await eventually(lambda: item in self.begun)  # noqa: B023 - awaited before item changes
            self.begun[item].end()


async def gathered(gather: Gather, calls: Calls, items: Iterable[int], window: int) -> list[int]:
    return [value async for value in gather(calls, items, Width(window))]


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
        values = gather(calls, items(), Width(2))
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
        values = in_order(calls, range(6), Width(6))
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
        async with aclosing(gather(calls, range(9), Width(3))) as values:
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
        values = gather(calls, items(), Width(3))
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


# Chunks


def always() -> bool:
    return True


@both
@given(
    count=st.integers(0, 60),
    slots=st.integers(1, 4),
    heavy=st.sets(st.integers(0, 60)),
    seed=st.integers(0, 1000),
)
def test_whatever_chunks_do_each_value_comes_once(
    gather: Gather, count: int, slots: int, heavy: set[int], seed: int
) -> None:
    """They end soon or late, in parts, and give back what they hold up."""
    chance = Random(seed)

    async def main() -> list[int]:
        calls = Calls()
        over = 0

        async def go_on() -> None:
            while True:
                await asyncio.sleep(0)
                for call in chance.sample(calls.running(), k=chance.randint(0, len(calls.running()))):
                    if (left := len(call.items)) > 1 and chance.random() < 0.6:
                        chance.choice([call.come, call.give_back])(chance.randint(1, left - 1))
                    elif not call.has_begun and chance.random() < 0.1:
                        call.give_back(left)
                    else:
                        call.end(seconds=chance.choice([0.0, 0.01, 1.0]))

        going_on = asyncio.create_task(go_on())
        values = []
        async for value in gather(
            calls, range(count), Width(slots, ahead=lambda: chance.random() < 0.5, chunks=always)
        ):
            values.append(value)
            over += 1
        going_on.cancel()
        assert calls.most <= 2 * slots
        assert not calls.running()
        return values

    values = asyncio.run(main())
    assert (values if gather is in_order else sorted(values)) == [item * 10 for item in range(count)]


async def ended_as_they_begin(calls: Calls) -> None:
    while True:
        await asyncio.sleep(0)
        for call in calls.running():
            call.end()


@both
def test_of_short_calls_several_go_as_one_and_no_item_is_taken_much_earlier(gather: Gather) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    async def main() -> None:
        calls = Calls()
        ending = asyncio.create_task(ended_as_they_begin(calls))
        consumed = 0
        async for _ in gather(calls, items(), Width(2, chunks=always)):
            consumed += 1
            assert len(taken) - consumed <= 2 * calls.largest
        assert consumed == 1000
        assert calls.largest == MOST
        ending.cancel()

    asyncio.run(main())


@both
def test_an_item_that_is_not_small_goes_alone(gather: Gather) -> None:
    async def main() -> None:
        calls = Calls()
        ending = asyncio.create_task(ended_as_they_begin(calls))
        texts = [f"{number:03}" + "x" * (5000 if number % 5 == 4 else 1) for number in range(50)]
        values = [value async for value in gather(calls, texts, Width(2, chunks=always))]  # type: ignore[arg-type]
        assert calls.largest == 4
        assert len(calls.begun[texts[4]].items) == 1  # type: ignore[index]
        ending.cancel()
        assert sorted(map(str, values)) == [text * 10 for text in texts]

    asyncio.run(main())


def test_what_a_long_item_holds_up_is_begun_elsewhere_before_any_other_item() -> None:
    async def main() -> None:
        calls = Calls()
        values = in_order(calls, range(100), Width(2, chunks=always))
        ending = asyncio.create_task(calls.end(0, 1))
        assert [await anext(values), await anext(values)] == [0, 10]
        await ending
        waiting = asyncio.ensure_future(anext(values))
        await eventually(lambda: len(calls.running()) == 2)
        holds_up, other = calls.running()
        held_up = [item.value for item in holds_up.items[1:]]
        assert held_up
        holds_up.give_back(len(held_up))
        other.end()
        await eventually(lambda: held_up[0] in calls.begun)
        holds_up.end()
        assert await waiting == 20
        await values.aclose()

    asyncio.run(main())


def test_an_exception_in_a_chunk_is_raised_in_its_turn() -> None:
    async def main() -> None:
        calls = Calls()
        values = in_order(calls, range(100), Width(1, chunks=always))
        ending = asyncio.create_task(calls.end(0))
        assert await anext(values) == 0
        await ending
        waiting = asyncio.ensure_future(anext(values))
        await eventually(lambda: bool(calls.running()))
        (chunk,) = calls.running()
        chunk.come(1)
        chunk.end(KeyError("second"))
        assert await waiting == 10
        with pytest.raises(KeyError, match="second"):
            await anext(values)

    asyncio.run(main())


@both
def test_items_that_fail_in_the_middle_of_a_chunk_lose_none_before_them(gather: Gather) -> None:
    def items() -> Iterator[int]:
        yield from range(50)
        raise ValueError("no more items")

    async def main() -> None:
        calls = Calls()
        ending = asyncio.create_task(ended_as_they_begin(calls))
        values = gather(calls, items(), Width(2, chunks=always))
        assert sorted([await anext(values) for _ in range(50)]) == [item * 10 for item in range(50)]
        with pytest.raises(ValueError, match="no more items"):
            await anext(values)
        ending.cancel()
        assert calls.largest > 1

    asyncio.run(main())


def test_calls_with_a_short_time_limit_are_no_chunks() -> None:
    assert may_share_slots(None)
    assert may_share_slots(30.0)
    assert not may_share_slots(0.5)
