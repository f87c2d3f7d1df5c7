"""Keyed values at a desk: each is made once, when the first call on it comes, and kept for the others."""

from __future__ import annotations

import functools
import threading

import pytest

import beamlike as bl
from flame.work import (
    ENDED,
    RAISED,
    RETURNED,
    Evict,
    Keyed,
)
from tests.support.desks import At, Pool, both
from tests.support.local_nodes import eventually, forever, in_node


class Making:
    """An init that counts, and may be held up or fail."""

    def __init__(self, fails: int = 0) -> None:
        self.made: list[object] = []
        self.fails = fails

    def __call__(self, key: object) -> object:
        self.made.append(key)
        if len(self.made) <= self.fails:
            raise OSError("no such model")
        return key, len(self.made)


@in_node
async def test_init_is_called_once_for_each_key_however_many_calls_come_together() -> None:
    pool, init = Pool(), Making()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(4)]
    assert [await pool.answer(number) for number in numbers] == [(RETURNED, (("a", 1), (n,))) for n in range(4)]
    assert await pool.call(both, keyed=Keyed("b", init)) == (RETURNED, (("b", 2), ()))
    assert init.made == ["a", "b"]


@in_node
async def test_an_init_may_be_async_in_both_ways() -> None:
    async def init(key: str) -> str:
        return key + "!"

    pool = Pool()
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, ("a!", ()))
    assert await pool.call(both, keyed=Keyed("b", lambda key: init(key))) == (RETURNED, ("b!", ()))


@in_node
async def test_an_init_that_fails_fails_its_calls_and_is_called_again_for_the_next() -> None:
    pool, init = Pool(), Making(fails=1)
    numbers = [pool.asks(both, keyed=Keyed("a", init)) for _ in range(2)]
    for number in numbers:
        kind, info = await pool.answer(number)
        assert (kind, info.type) == (RAISED, "OSError")
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, (("a", 2), ()))


@in_node
async def test_a_value_that_is_evicted_is_made_anew_and_one_that_is_not_stays() -> None:
    pool, init = Pool(), Making()
    for key in "ab":
        await pool.call(both, keyed=Keyed(key, init))
    bl.send(pool.desk, Evict("a"))
    bl.send(pool.desk, Evict("unknown"))
    assert await pool.call(both, keyed=Keyed("b", init)) == (RETURNED, (("b", 2), ()))
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, (("a", 3), ()))


@in_node
async def test_an_init_that_was_edited_makes_the_value_anew() -> None:
    def first(key: str) -> str:
        return "first"

    def second(key: str) -> str:
        return "second"

    pool = Pool()
    assert await pool.call(both, keyed=Keyed("a", first)) == (RETURNED, ("first", ()))
    assert await pool.call(both, keyed=Keyed("a", second)) == (RETURNED, ("second", ()))
    again = functools.partial(both, "a partial")
    assert await pool.call(both, keyed=Keyed("a", again)) == (RETURNED, (("a partial", ("a",)), ()))


@in_node
async def test_a_call_that_is_cancelled_while_its_value_is_made_ends_and_the_others_get_the_value() -> None:
    pool, init = Pool(), At()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(2)]
    await init.has_begun()
    pool.cancels(numbers[0])
    init.set()
    assert (await pool.answer(numbers[0]))[0] == ENDED
    assert await pool.answer(numbers[1]) == (RETURNED, (("a",), (1,)))


@in_node
async def test_a_call_that_is_cancelled_while_its_value_is_made_ends_at_once_if_others_wait_for_it() -> None:
    pool, init = Pool(), At()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(2)]
    await init.has_begun()
    pool.cancels(numbers[0])
    assert (await pool.answer(numbers[0]))[0] == ENDED
    init.set()
    assert await pool.answer(numbers[1]) == (RETURNED, (("a",), (1,)))


@in_node
@pytest.mark.parametrize("is_async", [False, True])
async def test_what_is_made_for_a_call_that_is_cancelled_is_called_off_and_made_anew_for_the_next(
    is_async: bool,
) -> None:
    begun: list[int] = []
    may_end = threading.Event()

    def spin(key: str) -> str:
        begun.append(1)
        while not may_end.is_set():
            pass
        return key

    async def wait(key: str) -> str:
        begun.append(1)
        if len(begun) == 1:
            await forever()
        return key

    pool, init = Pool(), wait if is_async else spin
    number = pool.asks(both, keyed=Keyed("a", init))
    await eventually(lambda: bool(begun))
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED
    may_end.set()
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, ("a", ()))
    assert len(begun) == 2


@in_node
async def test_what_was_used_longest_ago_is_forgotten_when_there_are_too_many_values() -> None:
    pool, init = Pool(most_values=2), Making()
    for key in "abaca":
        await pool.call(both, keyed=Keyed(key, init))
    assert init.made == ["a", "b", "c"]
    await pool.call(both, keyed=Keyed("b", init))
    assert init.made == ["a", "b", "c", "b"]


@in_node
async def test_calls_of_many_keys_on_one_slot_are_performed_one_after_the_other() -> None:
    pool, init = Pool(slots=1), Making()
    numbers = [pool.asks(both, keyed=Keyed(key, init)) for key in "abcab"]
    assert [(await pool.answer(number))[0] for number in numbers] == [RETURNED] * 5
    assert init.made == ["a", "b", "c"]
