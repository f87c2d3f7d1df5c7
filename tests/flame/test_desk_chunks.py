"""Chunks at a desk: many items in one message, through one thread, and what becomes of those that are not begun."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from random import Random

import pytest

import beamlike as bl
from flame import desk
from flame.chunk_job import ChunkJob
from flame.desk import Desk
from flame.outcome import Outcome
from flame.work import (
    ENDED,
    RAISED,
    RETURNED,
)
from tests.support.desks import At, Pool, thread_id
from tests.support.local_nodes import PATIENCE, in_node
from tests.support.soak import count


@pytest.fixture
def no_item_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is."""
    monkeypatch.setattr(desk, "HELD_UP_SECONDS", 10 * PATIENCE)


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_a_chunk_goes_through_one_thread_one_item_after_the_other() -> None:
    pool = Pool()
    threads, seen = set(), []

    def double(item: int) -> int:
        threads.add(threading.get_ident())
        seen.append(item)
        return item * 2

    assert await pool.chunk(pool.asks_many(double, *range(50))) == ([*range(0, 98, 2)], 0, RETURNED, 98)
    assert seen == [*range(50)]
    assert len(threads) == 1


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_a_chunk_takes_one_slot() -> None:
    pool, running, most = Pool(slots=2), [0], [0]

    def counted(_item: int) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.0001)  # two that ran at once would meet here
        running[0] -= 1

    for number in [pool.asks_many(counted, *range(20)) for _ in range(8)]:
        assert await pool.chunk(number) == ([None] * 19, 0, RETURNED, None)
    assert most[0] <= 2


@pytest.mark.usefixtures("no_item_is_long")
@in_node
@pytest.mark.parametrize("value", ["x" * 5000, object(), {"a": 1}])
async def test_what_is_not_small_is_the_end_of_a_chunk_and_the_rest_is_given_back(value: object) -> None:
    pool, seen = Pool(), []

    def third(item: int) -> object:
        seen.append(item)
        return value if item == 2 else item

    values, left, kind, end = await pool.chunk(pool.asks_many(third, *range(6)))
    assert (values, left, kind) == ([0, 1], 3, RETURNED)
    assert end is value
    assert seen == [0, 1, 2]


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_what_a_chunk_returns_is_awaited_in_the_loop() -> None:
    pool = Pool()
    end = await pool.chunk(pool.asks_many(lambda _item: thread_id(), 1, 2))
    assert end == ([], 1, RETURNED, threading.get_ident())


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_an_exception_is_the_end_of_a_chunk_also_one_that_ends_loops() -> None:
    pool = Pool()
    for error in (KeyError, IndexError, StopIteration):

        def fails(item: int) -> int:
            if item == 2:
                raise error(item)  # noqa: B023
            return item

        values, left, kind, info = await pool.chunk(pool.asks_many(fails, *range(6)))
        assert (values, left, kind) == ([0, 1], 3, RAISED)
        assert type(info.exception) is error
        assert info.traceback.count("  File ") == 1


@in_node
async def test_a_long_item_gives_back_those_behind_it_and_has_those_before_it_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, gate, seen = Pool(), At(), []
    look = Desk._look

    def look_once_it_is_there(self: Desk) -> None:
        """On a busy machine a thread may come late to the first item, too."""
        if gate.begun.is_set():
            look(self)
        else:
            self._look_later()

    monkeypatch.setattr(Desk, "_look", look_once_it_is_there)

    def waits(item: int) -> int:
        seen.append(item)
        if item == 2:
            gate()
        return item

    number = pool.asks_many(waits, *range(6))
    while number not in pool.given_back or number not in pool.values:
        await pool.call(abs, -1)
    assert pool.values[number] == [0, 1]
    gate.set()
    assert await pool.chunk(number) == ([0, 1], 3, RETURNED, 2)
    assert seen == [0, 1, 2]


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_a_chunk_that_is_cancelled_begins_no_further_item() -> None:
    pool, gate, seen = Pool(), At(), []

    def waits(item: int) -> None:
        seen.append(item)
        gate()

    number = pool.asks_many(waits, *range(6))
    await gate.has_begun()
    pool.cancels(number)
    await pool.call(abs, -1)  # it has been heard of then
    gate.set()
    assert (await pool.chunk(number))[2:] == (ENDED, "called off")
    assert seen == [0]


@pytest.mark.usefixtures("no_item_is_long")
@in_node
async def test_a_variable_that_an_item_sets_is_not_set_for_the_next() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=-1)

    def sets(item: int) -> int:
        found = variable.get()
        variable.set(item)
        return found

    pool = Pool()
    assert await pool.chunk(pool.asks_many(sets, *range(5))) == ([-1] * 4, 0, RETURNED, -1)


@pytest.mark.soak
@in_node
async def test_whenever_a_chunk_gives_back_each_item_runs_once_or_not_at_all() -> None:
    """The thread takes from one end of the line while the loop takes from the other."""
    chance = Random(1)
    for _ in range(count(200, 3000)):
        ran: list[int] = []

        def take(item: int) -> int:
            ran.append(item)  # noqa: B023
            return item

        ended: list[Outcome] = []
        job = ChunkJob(take, list(range(200)), contextvars.copy_context(), None, bl.self(), ended.append)
        thread = threading.Thread(target=job.run)
        thread.start()
        await asyncio.sleep(chance.random() * 100e-6)
        values, left = [], job.give_back()
        values += job.taken()
        thread.join()
        job.ended()
        values += job.taken()
        assert ran == [*range(200 - left)]
        assert [*values, ended[0].value] == ran  # type: ignore[union-attr]
