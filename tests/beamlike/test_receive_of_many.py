"""Many tasks of one process, each of which waits for a message by its own reference: it is woken by that alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import in_node, process_of, received, settled

MANY = 100


class Waiting:
    """A task that receives, and how often the loop has gone on with it."""

    def __init__(self, receive: Awaitable[Any]) -> None:
        self.steps = 0
        self._receive = receive
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> Any:
        return await self

    def __await__(self) -> Generator[Any, Any, Any]:
        wait = self._receive.__await__()
        try:
            while True:
                self.steps += 1
                yield wait.send(None)
        except StopIteration as end:
            return end.value


async def waiting_for(refs: list[bl.Ref]) -> list[Waiting]:
    waiting = [Waiting(bl.receive(ref=ref)) for ref in refs]
    await settled()
    assert [each.steps for each in waiting] == [1] * len(refs)
    return waiting


def left_behind(pid: bl.Pid) -> dict[Any, Any] | None:
    return process_of(pid).own_rare().waiters


@in_node
async def test_a_message_wakes_just_the_task_that_waits_for_its_reference() -> None:
    me, refs = bl.self(), [bl.make_ref() for _ in range(MANY)]
    waiting = await waiting_for(refs)
    plain = Waiting(bl.receive())
    for number in reversed(range(MANY)):
        bl.send(me, (refs[number], number))
        await settled()
        assert [each.task.done() for each in waiting] == [False] * number + [True] * (MANY - number)
    assert [each.task.result() for each in waiting] == list(zip(refs, range(MANY), strict=True))
    assert [each.steps for each in waiting] == [2] * MANY
    assert plain.steps == 1
    bl.send(me, "the last")
    await settled()
    assert plain.task.done()
    assert not left_behind(me)


@in_node
async def test_messages_that_come_at_once_reach_each_its_task() -> None:
    me, refs = bl.self(), [bl.make_ref() for _ in range(MANY)]
    waiting = await waiting_for(refs)
    for number in range(MANY):
        bl.send(me, (refs[number], number))
    await settled()
    assert all(each.task.done() for each in waiting)
    assert [each.task.result()[1] for each in waiting] == list(range(MANY))
    assert [each.steps for each in waiting] == [2] * MANY


@in_node
async def test_of_several_tasks_that_wait_for_one_reference_each_gets_a_message() -> None:
    me, ref = bl.self(), bl.make_ref()
    waiting = await waiting_for([ref, ref, ref])
    for number in range(3):
        bl.send(me, (ref, number))
        await settled()
        assert sum(each.task.done() for each in waiting) == number + 1
    assert sorted(each.task.result()[1] for each in waiting) == [0, 1, 2]
    assert not left_behind(me)


@in_node
async def test_a_message_by_a_reference_that_nobody_waits_for_wakes_who_takes_any() -> None:
    me = bl.self()
    waiting = await waiting_for([bl.make_ref() for _ in range(MANY)])
    plain, choosing = Waiting(bl.receive()), Waiting(bl.receive(lambda message: message == "chosen"))
    await settled()
    other = bl.make_ref()
    bl.send(me, (other, "whose?"))
    await settled()
    assert (plain.task.done(), choosing.task.done()) == (True, False)
    bl.send(me, "chosen")
    await settled()
    assert choosing.task.done()
    assert (plain.task.result(), choosing.task.result()) == ((other, "whose?"), "chosen")
    assert [each.steps for each in waiting] == [1] * MANY
    assert not any(each.task.done() for each in waiting)


@in_node
async def test_waits_that_ran_out_or_were_cancelled_leave_nothing_behind() -> None:
    me, refs = bl.self(), [bl.make_ref() for _ in range(MANY)]
    cancelled = [
        asyncio.create_task(bl.receive(ref=ref, timeout=3600 if number % 2 else None))
        for number, ref in enumerate(refs[MANY // 2 :])
    ]
    await settled()
    waiters = left_behind(me)
    assert waiters is not None
    assert len(waiters) == MANY // 2
    impatient = [asyncio.create_task(bl.receive(ref=ref, timeout=0.01)) for ref in refs[: MANY // 2]]
    await settled()
    for task in cancelled:
        task.cancel()
    ends = await asyncio.gather(*impatient, *cancelled, return_exceptions=True)
    assert [type(end) for end in ends] == [TimeoutError] * (MANY // 2) + [asyncio.CancelledError] * (MANY // 2)
    assert not left_behind(me)
    for ref in refs:
        bl.send(me, (ref, "nobody's"))
    assert await received(MANY) == [(ref, "nobody's") for ref in refs]


@in_node
async def test_a_message_that_came_for_a_task_which_is_cancelled_before_it_has_looked_wakes_who_takes_any() -> None:
    me, ref = bl.self(), bl.make_ref()
    child = asyncio.create_task(bl.receive(ref=ref))
    plain = asyncio.create_task(bl.receive())
    await settled()
    bl.send(me, (ref, "too late"))
    child.cancel()
    with pytest.raises(asyncio.CancelledError):
        await child
    await settled()
    assert plain.done()
    assert plain.result() == (ref, "too late")
    assert not left_behind(me)
