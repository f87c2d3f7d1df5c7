"""What a desk tells the pool about the calls that it gets, on one node: no wire, no other interpreter."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.group_leader import Output, Router
from flame import desk
from flame.desk import Desk
from flame.output_sink import Sink
from flame.work import (
    DONE,
    ENDED,
    NOT_BEGUN,
    RAISED,
    RETURNED,
    WORKS,
    AskIdle,
    Cancel,
    Idle,
    Keyed,
)
from tests.support.desks import At, Pool, both, opened, thread_id
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever, in_node, no_message, settled

OUT = Router(sys.stdout, "stdout")


# Outcomes


@in_node
async def test_a_plain_function_runs_in_a_thread_and_an_async_one_in_a_process_of_its_own() -> None:
    pool = Pool()
    kind, where = await pool.call(threading.get_ident)
    assert kind == RETURNED
    assert where != threading.get_ident()
    assert await pool.call(thread_id) == (RETURNED, threading.get_ident())
    kind, pid = await pool.call(own_pid)
    assert pid not in (pool.desk, bl.self())


async def own_pid() -> bl.Pid:
    return bl.self()


@in_node
async def test_what_a_plain_function_returns_is_awaited_in_the_loop() -> None:
    assert await Pool().call(lambda: thread_id()) == (RETURNED, threading.get_ident())


@in_node
@pytest.mark.parametrize("value", [None, 3, "text", [1, (2, "x")], {"a": 1}, "x" * 100_000, list(range(1000))])
async def test_values_small_and_large_come_as_they_are(value: object) -> None:
    assert await Pool().call(lambda: value) == (RETURNED, value)


@in_node
async def test_a_value_that_contains_itself_comes_too() -> None:
    def endless() -> list[Any]:
        value: list[Any] = []
        value.append(value)
        return value

    kind, value = await Pool().call(endless)
    assert kind == RETURNED
    assert value[0] is value


@in_node
async def test_an_exception_is_told_with_the_users_frames_only() -> None:
    def plain() -> None:
        raise KeyError("plain")

    async def in_loop() -> None:
        raise KeyError("in loop")

    pool = Pool()
    for function in (plain, in_loop):
        kind, info = await pool.call(function)
        assert kind == RAISED
        assert isinstance(info.exception, KeyError)
        assert info.traceback.count("  File ") == 1
        assert f"in {function.__name__}" in info.traceback


@in_node
async def test_a_function_that_wants_to_exit_ends_nothing_but_itself() -> None:
    def leave() -> None:
        raise SystemExit(3)

    async def leave_too() -> None:
        raise SystemExit(3)

    pool = Pool()
    assert await pool.call(leave) == (ENDED, "SystemExit(3)")
    assert await pool.call(leave_too) == (ENDED, "SystemExit(3)")
    assert await pool.call(abs, -3) == (RETURNED, 3)


@in_node
async def test_a_stop_iteration_is_an_exception_like_any_other() -> None:
    kind, info = await Pool().call(lambda: next(iter(())))
    assert (kind, info.type) == (RAISED, "StopIteration")


@in_node
async def test_calls_that_came_together_are_answered_together_and_each_once() -> None:
    pool = Pool(slots=100)
    asked = [(number, (number,)) for number in range(1, 51)]
    bl.send(pool.desk, (WORKS, abs, None, asked, None))
    assert [await pool.answer(number) for number, _ in asked] == [(RETURNED, number) for number, _ in asked]
    await no_message()


@in_node
async def test_a_function_that_kills_its_own_process_harms_no_other_call() -> None:
    def kill() -> None:
        bl.exit(bl.self(), "kill")

    async def kill_too() -> None:
        bl.exit(bl.self(), "kill")
        await bl.receive()

    pool = Pool()
    await pool.call(kill)
    assert await pool.call(kill_too) == (ENDED, "killed")
    kind, pid = await pool.call(bl.self)
    assert (kind, pid) == (RETURNED, pid)


# Slots


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Desks that give nothing back."""
    monkeypatch.setattr(desk, "HELD_UP_SECONDS", 10 * PATIENCE)


@pytest.mark.usefixtures("patient")
@in_node
async def test_what_was_sent_ahead_of_the_slots_begins_as_they_fall_free() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second)]
    await first.has_begun()
    await no_message()
    assert not second.begun.is_set()
    first.set()
    await second.has_begun()
    second.set()
    assert [await pool.answer(number) for number in numbers] == [(RETURNED, ()), (RETURNED, ())]


@pytest.mark.usefixtures("patient")
@in_node
async def test_a_call_that_is_cancelled_while_it_waits_for_a_slot_never_begins() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second)]
    await first.has_begun()
    pool.cancels(numbers[1])
    assert (await pool.answer(numbers[1]))[0] == ENDED
    first.set()
    assert await pool.answer(numbers[0]) == (RETURNED, ())
    assert not second.begun.is_set()


@in_node
async def test_what_was_sent_ahead_and_is_held_up_is_given_back_and_never_begins() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second), pool.asks(own_pid), pool.asks_many(second, 1, 2)]
    assert [await pool.answer(number) for number in numbers[1:]] == [(NOT_BEGUN, None)] * 3
    first.set()
    assert await pool.answer(numbers[0]) == (RETURNED, ())
    assert not second.begun.is_set()


# Cancelling


@in_node
async def test_a_cancelled_async_function_is_cancelled_and_its_end_is_told_when_it_has_cleaned_up() -> None:
    home = bl.self()
    cleaned = asyncio.Event()

    async def tidy() -> None:
        try:
            bl.send(home, "begun")
            await bl.receive()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            cleaned.set()

    pool = Pool()
    number = pool.asks(tidy)
    assert await bl.receive(timeout=PATIENCE) == "begun"
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED
    assert cleaned.is_set()


@in_node
async def test_a_cancelled_thread_that_spins_is_interrupted() -> None:
    turns = [0]

    def spin() -> None:
        while True:
            turns[0] += 1

    pool = Pool()
    number = pool.asks(spin)
    await eventually(lambda: turns[0] > 0)
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED


@in_node
async def test_a_cancelled_thread_that_cannot_be_interrupted_is_told_when_it_ends_and_not_before() -> None:
    pool, work = Pool(), At()
    number = pool.asks(work)
    await work.has_begun()
    pool.cancels(number)
    pool.cancels(number)
    await no_message()
    work.set()
    assert (await pool.answer(number))[0] == ENDED


@in_node
async def test_a_call_that_is_cancelled_with_its_arrival_ends_as_well() -> None:
    pool, work = Pool(), At()
    numbers = [pool.asks(asyncio.sleep, 600), pool.asks(work)]
    for number in numbers:
        pool.cancels(number)
    await settled()
    work.set()  # nothing ends a thread from outside
    assert [(await pool.answer(number))[0] for number in numbers] == [ENDED, ENDED]


@in_node
async def test_a_cancelled_call_that_returned_a_coroutine_leaves_none_that_nobody_awaits() -> None:
    """Else Python would warn of it, and a warning is an error here."""
    pool, work = Pool(), At()

    def late() -> Any:
        work()
        return thread_id()

    number = pool.asks(late)
    await work.has_begun()
    pool.cancels(number)
    await settled()
    work.set()
    assert (await pool.answer(number))[0] == ENDED
    gc.collect()


@in_node
async def test_a_cancel_that_crosses_the_end_of_its_call_changes_nothing() -> None:
    pool = Pool()
    number = pool.asks(abs, -1)
    assert await pool.answer(number) == (RETURNED, 1)
    pool.cancels(number)
    assert await pool.call(abs, -2) == (RETURNED, 2)
    await no_message()


# Checks


@in_node
@pytest.mark.parametrize(("check", "idle"), [(lambda: True, True), (lambda: 0, False), (lambda: thread_id(), True)])
async def test_the_idle_check_is_answered(check: Callable[[], Any], idle: bool) -> None:
    pool = Pool()
    bl.send(pool.desk, AskIdle(check))
    assert await bl.receive(timeout=PATIENCE) == Idle(idle, "")


@in_node
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_check_does_not_wait_for_calls_nor_calls_for_a_check(is_async: bool) -> None:
    pool, work, checked = Pool(slots=1), At(), At()

    async def check() -> object:
        return await asyncio.to_thread(checked)

    number = pool.asks(work)
    await work.has_begun()
    bl.send(pool.desk, AskIdle(check if is_async else checked))
    await checked.has_begun()
    work.set()
    await pool.answer(number)
    assert await pool.call(abs, -1) == (RETURNED, 1)
    checked.set()
    assert isinstance(await bl.receive(timeout=PATIENCE), Idle)


@in_node
async def test_a_check_that_fails_counts_as_busy_and_says_why() -> None:
    def fail() -> bool:
        raise OSError("no such gpu")

    pool = Pool()
    bl.send(pool.desk, AskIdle(fail))
    answer = await bl.receive(timeout=PATIENCE)
    assert not answer.runner_is_idle
    assert "no such gpu" in answer.problem


# Output


@in_node
async def test_what_a_function_prints_is_there_before_its_outcome() -> None:
    async def talk() -> None:
        OUT.write("in a process\n")

    pool, sink = Pool(), Sink(bl.self(), False)
    for number, function in enumerate([lambda: OUT.write("in a thread\n"), talk], start=1):
        pool.asks(function, sink=sink)
        said = await bl.receive(timeout=PATIENCE)
        assert isinstance(said, Output)
        assert said.text.endswith("in a thread\n" if number == 1 else "in a process\n")
        assert opened(await bl.receive(timeout=PATIENCE))[0] == DONE


# The end


@in_node
async def test_the_desk_ends_with_its_home_and_so_does_all_that_it_has_at_work() -> None:
    began, ended = [0], [0]

    async def work(*args: object) -> None:
        began[0] += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended[0] += 1

    def spin() -> None:
        began[0] += 1
        try:
            while True:
                pass
        finally:
            ended[0] += 1

    home = bl.spawn(forever)
    pool = Pool(home=home)
    ref = bl.monitor(pool.desk)
    pool.asks(work), pool.asks(spin), pool.asks(both, keyed=Keyed("a", work))
    bl.send(pool.desk, AskIdle(work))
    await eventually(lambda: began[0] == 4)
    bl.exit(home, "kill")
    assert await down_reason(ref) == "normal"
    await eventually(lambda: ended[0] == 4)
    await eventually(lambda: not any(t.name == f"call of {home}" for t in threading.enumerate()))
    await eventually(lambda: len(current.current_node().processes()) == 1)


@in_node
async def test_a_thousand_calls_and_cancels_leave_nothing_at_the_desk() -> None:
    desk = Desk(bl.self(), slots=16)
    number = 0

    def hear(message: object) -> None:
        desk.hear(message)

    async def next_answers() -> int:
        message = opened(await bl.receive(timeout=PATIENCE))
        if isinstance(message, bl.Down):
            hear(message)
            return 0
        assert message[0] == DONE
        return len(message[1])

    over = 0
    for _ in range(250):
        for function, args, keyed in (
            (abs, (-1,), None),
            (asyncio.sleep, (600,), None),
            (own_pid, (), None),
            (both, (), Keyed("a", len_of)),
        ):
            number += 1
            hear((WORKS, function, None, [(number, args)], keyed))
            if number % 4 == 2 or number % 3 == 0:
                hear(Cancel(number))
        while over < number - 8:
            over += await next_answers()
        hear(Cancel(over))
    while over < number:
        over += await next_answers()
    await settled()
    for left in (desk._at_work, desk._line, desk._called_off, desk._errands, desk._beside):
        assert not left
    assert [key.value for key in desk._keyed._values] == ["a"]
    desk.close()


def len_of(key: str) -> int:
    return len(key)
