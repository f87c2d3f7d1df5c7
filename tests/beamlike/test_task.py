"""Tasks: who gets the value, who hears of a crash, what happens when time is up, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import functools
import pickle
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest

import beamlike as bl
from beamlike.behaviours.tasks.task import Exited, Ok, Task, TaskFailed, TaskTimeout
from beamlike.kernel import current
from tests.support.jumping_loop import in_jumping_node
from tests.support.local_nodes import (
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    settled,
    waiting_messages,
)


async def after(seconds: float, value: Any = None) -> Any:
    await asyncio.sleep(seconds)
    return value


def ends(reason: Any) -> None:
    raise bl.ProcessExit(reason)


def fails() -> None:
    raise ZeroDivisionError("in a task")


async def spawned_reason(function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Why a process ended that ran this."""
    _, ref = bl.spawn_monitor(function, *args)
    return await down_reason(ref)


# The value.


@in_node
async def test_await_gives_the_value_of_a_plain_and_of_an_async_function() -> None:
    assert await Task.async_(pow, 2, 10) == 1024
    assert await Task.async_(after, 0, "late") == "late"
    assert await Task.async_nolink(functools.partial(int, "ff", base=16)).result() == 255
    await no_message()


@in_node
async def test_a_task_runs_in_a_process_of_its_own_linked_to_its_owner() -> None:
    linked, apart = Task.async_(forever), Task.async_nolink(forever)
    assert process_of(linked.pid).links == frozenset({bl.self()})
    assert process_of(apart.pid).links == frozenset()
    assert process_of(bl.self()).links == frozenset({linked.pid})
    for task in (linked, apart):
        await task.shutdown("brutal_kill")


@in_node
async def test_a_value_that_nobody_waits_for_is_a_reply_and_a_down_in_the_mailbox() -> None:
    task = Task.async_(pow, 2, 3)
    await settled()
    assert waiting_messages() == [bl.Reply(task.ref, 8), bl.Down(task.ref, task.pid, "normal")]
    assert await task == 8
    await no_message()


@in_node
async def test_only_the_owner_may_wait_shut_down_or_ignore() -> None:
    task = Task.async_(forever)
    for act in (task.result, task.yield_, task.shutdown, task.ignore, lambda: Task.await_many([task])):
        reason = await spawned_reason(act)
        assert "expected the owner" in reason.message
        assert reason.type == "ValueError"
    await task.shutdown("brutal_kill")


@in_node
async def test_a_child_task_of_the_owner_may_wait() -> None:
    tasks = [Task.async_(after, 0.001, number) for number in range(3)]
    assert await asyncio.gather(*(task.result() for task in tasks)) == [0, 1, 2]


@in_node
async def test_a_value_is_given_out_once() -> None:
    task = Task.async_(pow, 2, 3)
    await task
    with pytest.raises(ValueError, match="was waited for already"):
        await task
    with pytest.raises(ValueError, match="was waited for already"):
        await Task.yield_many([task])


@in_node
async def test_a_wait_that_is_cancelled_may_be_taken_up_again() -> None:
    task = Task.async_(after, 0.01, "value")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await task
    assert await task == "value"


@in_node
async def test_what_is_no_function_is_refused_before_anything_starts() -> None:
    processes = [bl.self()]
    starts: tuple[Callable[[Any], object], ...] = (Task.start, Task.start_link, Task.async_, Task.async_nolink)
    for start in starts:
        with pytest.raises(TypeError, match="expected a function to run, got 7"):
            start(7)
    assert bl.processes() == processes


# A crash.


@in_node
async def test_the_crash_of_a_linked_task_ends_its_owner_for_the_same_reason() -> None:
    async def awaits() -> None:
        await Task.async_(ends, "boom")

    assert await spawned_reason(awaits) == "boom"


@in_node
async def test_an_owner_that_traps_exits_gets_an_exit_and_its_await_fails() -> None:
    bl.trap_exit(True)
    task = Task.async_(ends, "boom")
    with pytest.raises(TaskFailed, match="task ends gave no result: it ended: boom") as failed:
        await task
    assert (failed.value.reason, failed.value.function) == ("boom", "ends")
    assert waiting_messages() == [bl.Exit(task.pid, "boom")]


@in_node
async def test_an_exception_is_the_cause_as_its_own_type() -> None:
    task = Task.async_nolink(fails)
    with pytest.raises(TaskFailed, match="ZeroDivisionError: in a task") as failed:
        await task
    cause = failed.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    assert "raise ZeroDivisionError" in str(cause.__cause__)
    await no_message()


@in_node
async def test_the_end_of_the_owner_ends_a_linked_task_and_no_other() -> None:
    tasks: list[Task[None]] = []

    async def starts() -> None:
        tasks.extend((Task.async_(forever), Task.async_nolink(forever)))
        ends("done")

    assert await spawned_reason(starts) == "done"
    await settled()
    assert [bl.is_alive(task.pid) for task in tasks] == [False, True]


@in_node
async def test_who_wants_to_leave_the_program_ends_a_task_only() -> None:
    leaves: Callable[[int], object] = sys.exit
    assert await Task.async_nolink(leaves, 3).yield_() == Exited("SystemExit: 3")


@in_node
async def test_an_unreachable_node_fails_the_task_with_words_that_say_so() -> None:
    task = Task.async_nolink(pow, 2, 3, node="gone@127.0.0.1")
    with pytest.raises(TaskFailed, match="its node cannot be reached"):
        await task


@in_node
async def test_a_task_that_cannot_travel_leaves_no_alias_behind() -> None:
    def refuses(signal: object) -> None:
        raise pickle.PicklingError("no")

    current.current_node().peer_up("other@127.0.0.1", refuses, hidden=False)
    with pytest.raises(pickle.PicklingError):
        Task.async_(pow, 2, 3, node="other@127.0.0.1")
    assert not process_of(bl.self()).aliases
    assert process_of(bl.self()).links == frozenset()


# Time.


@in_jumping_node
async def test_await_that_takes_too_long_raises_and_the_late_value_vanishes() -> None:
    task = Task.async_(after, 300, "late")
    with pytest.raises(TaskTimeout, match="task after gave no result within 5"):
        await task
    assert bl.is_alive(task.pid)
    await asyncio.sleep(400)
    assert not bl.is_alive(task.pid)
    await no_message()


@in_jumping_node
async def test_an_owner_that_does_not_catch_it_ends_and_with_it_the_task() -> None:
    started: list[Task[Any]] = []

    async def awaits() -> None:
        started.append(Task.async_(after, 300))
        await started[0].result(timeout=1)

    assert isinstance((await spawned_reason(awaits)).exception, TaskTimeout)
    await settled()
    assert not bl.is_alive(started[0].pid)


@in_jumping_node
async def test_no_limit_waits_for_as_long_as_it_takes() -> None:
    assert await Task.async_(after, 1e6, "late").result(timeout=None) == "late"


@in_jumping_node
async def test_yield_gives_nothing_for_a_task_that_needs_longer_and_may_be_asked_again() -> None:
    task = Task.async_(after, 60, "value")
    assert await task.yield_(10) is None
    assert await task.yield_(100) == Ok("value")
    await no_message()


@in_node
async def test_yield_gives_the_reason_of_a_task_that_ended_without_a_value() -> None:
    outcome = await Task.async_nolink(ends, "boom").yield_()
    assert outcome == Exited("boom")
    with pytest.raises(TaskFailed, match="task ends gave no result"):
        outcome.result()


# Shutdown and ignore.


@in_jumping_node
async def test_shutdown_ends_a_task_and_reaches_nobody_else() -> None:
    bl.trap_exit(True)
    ways: tuple[float | Literal["brutal_kill"] | None, ...] = (5.0, None, "brutal_kill")
    for way in ways:
        task = Task.async_(forever)
        assert await task.shutdown(way) is None
        assert not bl.is_alive(task.pid)
    await no_message()


@in_jumping_node
async def test_shutdown_kills_what_does_not_end_in_time() -> None:
    async def stubborn() -> None:
        bl.trap_exit(True)
        await forever()

    task = Task.async_(stubborn)
    await settled()
    start = asyncio.get_running_loop().time()
    assert await task.shutdown(2.0) is None
    assert not bl.is_alive(task.pid)
    assert asyncio.get_running_loop().time() == pytest.approx(start + 2)


@in_node
async def test_shutdown_gives_what_had_come_already() -> None:
    done, failed = Task.async_(pow, 2, 3), Task.async_nolink(ends, "boom")
    await settled()
    assert await done.shutdown() == Ok(8)
    assert await failed.shutdown() == Exited("boom")
    assert await failed.shutdown() is None
    await no_message()


@in_node
async def test_shutdown_gives_a_value_that_the_task_sends_while_it_ends() -> None:
    async def answers_when_asked_to_end() -> str:
        bl.trap_exit(True)
        await bl.receive()
        return "last word"

    task = Task.async_(answers_when_asked_to_end)
    await settled()
    assert await task.shutdown() == Ok("last word")


@in_node
async def test_shutdown_tells_a_task_that_ends_for_a_reason_of_its_own() -> None:
    async def fails_when_asked_to_end() -> None:
        bl.trap_exit(True)
        await bl.receive()
        ends("spite")

    task = Task.async_(fails_when_asked_to_end)
    await settled()
    assert await task.shutdown() == Exited("spite")


@in_jumping_node
async def test_after_a_timeout_the_task_can_still_be_shut_down() -> None:
    task = Task.async_(forever)
    with pytest.raises(TaskTimeout):
        await task.result(1)
    assert await task.shutdown() is None
    assert not bl.is_alive(task.pid)


@in_jumping_node
async def test_an_ignored_task_goes_on_and_its_end_and_its_value_reach_nobody() -> None:
    value, crash = Task.async_(after, 5, "value"), Task.async_(after, 10)
    assert await value.ignore() is None
    assert await crash.ignore() is None
    assert bl.is_alive(value.pid)
    bl.exit(crash.pid, "boom")
    await asyncio.sleep(20)
    await no_message()


@in_node
async def test_ignore_gives_what_had_come_already() -> None:
    done = Task.async_(pow, 2, 3)
    await settled()
    assert await done.ignore() == Ok(8)


# Several.


@in_jumping_node
async def test_await_many_gives_the_values_in_the_order_of_the_tasks() -> None:
    tasks = [Task.async_(after, seconds, seconds) for seconds in (3, 1, 2)]
    bl.send(bl.self(), "other")
    assert await Task.await_many(tasks) == [3, 1, 2]
    assert await Task.await_many([]) == []
    assert waiting_messages() == ["other"]


@in_jumping_node
async def test_await_many_has_one_time_limit_for_all_and_lets_no_value_through_afterwards() -> None:
    tasks = [Task.async_(after, seconds) for seconds in (1, 7, 4)]
    start = asyncio.get_running_loop().time()
    with pytest.raises(TaskTimeout, match="task after gave no result within 5 s"):
        await Task.await_many(tasks, timeout=5)
    assert asyncio.get_running_loop().time() == pytest.approx(start + 5)
    await asyncio.sleep(10)
    await no_message()


@in_jumping_node
async def test_of_many_late_tasks_the_error_names_a_few() -> None:
    tasks = [Task.async_(after, 60) for _ in range(10)]
    with pytest.raises(TaskTimeout, match="task after, after, after and 7 more gave no result within 5"):
        await Task.await_many(tasks)
    for task in tasks:
        await task.shutdown("brutal_kill")


@in_jumping_node
async def test_await_many_fails_at_the_first_crash() -> None:
    tasks = [Task.async_nolink(after, 3), Task.async_nolink(ends, "boom")]
    start = asyncio.get_running_loop().time()
    with pytest.raises(TaskFailed, match="task ends gave no result: it ended: boom"):
        await Task.await_many(tasks)
    assert asyncio.get_running_loop().time() == start
    await asyncio.sleep(10)
    await no_message()


@in_jumping_node
async def test_yield_many_gives_what_there_is_in_time() -> None:
    tasks: list[Task[Any]] = [
        Task.async_(after, 60, "slow"),
        Task.async_(after, 1, "quick"),
        Task.async_nolink(ends, "x"),
    ]
    slow, quick, crash = tasks
    assert await Task.yield_many(tasks, timeout=10) == [(slow, None), (quick, Ok("quick")), (crash, Exited("x"))]
    assert await Task.yield_many([slow], timeout=None) == [(slow, Ok("slow"))]
    await no_message()


# Without a value.


@in_node
async def test_a_task_that_is_started_runs_and_tells_nobody() -> None:
    pid = Task.start(bl.send, bl.self(), "done")
    assert await bl.receive(timeout=5) == "done"
    await eventually(lambda: not bl.is_alive(pid))
    await no_message()


@in_node
async def test_a_task_that_is_started_linked_ends_whoever_started_it_when_it_crashes() -> None:
    async def starts() -> None:
        Task.start_link(ends, "boom")
        await forever()

    assert await spawned_reason(starts) == "boom"
