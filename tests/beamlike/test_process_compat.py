"""What libraries do to tasks, and where it meets what the kernel does: a hand-over that a cancel crosses, tasks that
share a mailbox, generators at a kill, contexts, eager tasks."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import sys
from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
import uvloop

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually, forever, in_node, process_of, received, run_in_node, settled


def on_both_loops(test: Callable[..., Any]) -> Any:
    """Runs the test as a plain task of a node, once on each kind of loop."""

    @pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
    def run(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        run_in_node(test, new_loop)

    run.__doc__, run.__name__ = test.__doc__, test.__name__
    return run


def task_of(pid: bl.Pid) -> Any:
    """The process as others see it that take it for a task."""
    return process_of(pid)


# A cancel that crosses a hand-over.


async def collects(asker: bl.Pid, first: Callable[[], Any]) -> None:
    """Receives in the way given, survives one cancel, and tells all that it got."""
    got: list[Any] = []
    try:
        got.append(await first())
    except asyncio.CancelledError:
        task_of(bl.self()).uncancel()
        got.append("cancelled")
    while len(got) < 4:
        got.append(await bl.receive())
    bl.send(asker, got)


async def by_a_guard() -> Any:
    return await bl.receive(lambda message: True)


async def within_a_time() -> Any:
    return await bl.receive(timeout=PATIENCE)


@pytest.mark.parametrize("first", [bl.receive, by_a_guard, within_a_time])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_message_that_was_handed_over_when_a_cancel_came_is_the_next_one(first: Any, new_loop: Any) -> None:
    async def main() -> None:
        pid = bl.spawn(collects, bl.self(), first)
        await settled()
        for number in range(2):
            bl.send(pid, number)
        task_of(pid).cancel()
        bl.send(pid, 2)
        assert await received(1) == [["cancelled", 0, 1, 2]]

    run_in_node(main, new_loop)


def in_a_process(test: Callable[[], Any]) -> Any:
    async def main() -> None:
        await task_of(bl.spawn(test))

    main.__doc__, main.__name__ = test.__doc__, test.__name__
    return on_both_loops(main)


@in_a_process
async def test_a_message_that_was_handed_over_when_a_cancel_came_stays_while_a_child_task_selects() -> None:
    async def sends_and_selects() -> Any:
        bl.send(bl.self(), "first")
        return await bl.receive(lambda message: message == "second", timeout=PATIENCE)

    async def cancels() -> None:
        process.cancel()

    process = task_of(bl.self())
    # Both run before the process takes the step in which it would see the message.
    selecting, cancelling = asyncio.create_task(sends_and_selects()), asyncio.create_task(cancels())
    with pytest.raises(asyncio.CancelledError):
        await bl.receive()
    process.uncancel()
    bl.send(bl.self(), "second")
    assert await selecting == "second"
    assert await bl.receive(timeout=0) == "first"
    await cancelling


@in_a_process
async def test_a_child_task_that_selects_finds_what_was_handed_over_when_a_cancel_came() -> None:
    async def sends_and_selects() -> Any:
        bl.send(bl.self(), "first")
        return await bl.receive(lambda message: message == "first", timeout=PATIENCE)

    async def cancels() -> None:
        process.cancel()

    process = task_of(bl.self())
    selecting, cancelling = asyncio.create_task(sends_and_selects()), asyncio.create_task(cancels())
    with pytest.raises(asyncio.CancelledError):
        await bl.receive()
    process.uncancel()
    assert await selecting == "first"
    await cancelling


@in_a_process
async def test_what_a_child_task_waits_for_by_reference_is_not_handed_to_the_process_that_waited_before() -> None:
    async def asks() -> Any:
        ref = bl.make_ref()
        bl.spawn(bl.send, bl.self(), (ref, "the answer"))
        return await bl.receive(ref=ref, timeout=PATIENCE)

    asking = asyncio.create_task(asks())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bl.receive(), 0.01)
    _, answer = await asking
    assert answer == "the answer"


@in_a_process
async def test_a_process_that_waits_for_any_message_leaves_what_a_child_task_waits_for_by_reference() -> None:
    async def asks() -> None:
        ref = bl.make_ref()
        bl.spawn(bl.send, me, (ref, "the answer"))
        _, answer = await bl.receive(ref=ref, timeout=PATIENCE)
        bl.send(me, ("the task got", answer))

    me = bl.self()
    asking = asyncio.create_task(asks())
    assert await bl.receive() == ("the task got", "the answer")
    await asking


async def answers_nobody() -> None:
    while True:
        await bl.receive()


async def calls(server: bl.Pid) -> Any:
    return await bl.GenServer.call(server, "question")


@pytest.mark.parametrize(
    "waits", [bl.receive, lambda: calls(bl.spawn(answers_nobody)), lambda: asyncio.sleep(PATIENCE)]
)
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_cancel_that_ended_a_wait_is_seen_though_it_is_taken_back(waits: Callable[[], Any], new_loop: Any) -> None:
    """As in asyncio: the wait was cancelled, and there is nothing to go on with."""

    async def victim(asker: bl.Pid) -> None:
        try:
            bl.send(asker, await waits())
        except asyncio.CancelledError:
            bl.send(asker, "cancelled")

    async def main() -> None:
        pid = bl.spawn(victim, bl.self())
        await settled()
        task_of(pid).cancel()
        assert task_of(pid).uncancel() == 0
        assert await received(1) == ["cancelled"]

    run_in_node(main, new_loop)


# Generators at a kill.


async def yields_for_ever(log: list[str]) -> AsyncGenerator[int, None]:
    try:
        while True:
            yield 1
            await asyncio.sleep(PATIENCE)
    finally:
        log.append("the generator is closed")


async def killed_inside_the_generator(log: list[str]) -> None:
    async for _ in yields_for_ever(log):
        pass


async def killed_in_the_body(log: list[str]) -> None:
    async for _ in yields_for_ever(log):
        await forever()


async def killed_in_the_body_of_a_closing_block(log: list[str]) -> None:
    async with contextlib.aclosing(yields_for_ever(log)) as generator:
        async for _ in generator:
            await forever()


@pytest.mark.parametrize(
    "code", [killed_inside_the_generator, killed_in_the_body, killed_in_the_body_of_a_closing_block]
)
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_an_asynchronous_generator_is_closed_when_its_process_is_killed(code: Any, new_loop: Any) -> None:
    async def main() -> None:
        log: list[str] = []
        pid = bl.spawn(code, log)
        await settled()
        bl.exit(pid, "kill")
        await eventually(lambda: log == ["the generator is closed"])

    run_in_node(main, new_loop)


# Contexts.

colour: ContextVar[str] = ContextVar("colour", default="none")


@on_both_loops
async def test_a_process_begins_with_the_context_of_its_parent_and_changes_its_own_only() -> None:
    async def paints(mine: str) -> None:
        found = colour.get()
        colour.set(mine)
        await asyncio.sleep(0.001)
        await bl.receive()
        bl.send(me, (found, colour.get()))

    me = bl.self()
    colour.set("of the parent")
    pids = [bl.spawn(paints, mine) for mine in ("red", "blue")]
    await settled()
    colour.set("of the parent, later")
    for pid in pids:
        bl.send(pid, "go on")
    assert sorted(await received(2)) == [("of the parent", "blue"), ("of the parent", "red")]
    assert colour.get() == "of the parent, later"


# Kernel functions in tasks.


class Doubles(bl.GenServer):
    async def handle_call(self, request: Any, client: Any) -> Any:
        await asyncio.sleep(0)
        return 2 * request


async def calls_in_many_ways() -> None:
    server = await Doubles.start()
    ask = functools.partial(bl.GenServer.call, server)
    assert await asyncio.gather(*(ask(number) for number in range(10))) == [2 * number for number in range(10)]
    assert await asyncio.wait_for(ask(3), PATIENCE) == 6
    done, _ = await asyncio.wait([asyncio.create_task(ask(number)) for number in range(3)])
    assert sorted(task.result() for task in done) == [0, 2, 4]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(number)) for number in range(3)]
    assert [task.result() for task in tasks] == [0, 2, 4]
    assert await asyncio.to_thread(lambda: bl.self()) == bl.self()
    async with anyio.create_task_group() as nursery:
        nursery.start_soon(ask, 1)
        with anyio.fail_after(PATIENCE):
            assert await ask(5) == 10
    await bl.GenServer.stop(server)


@on_both_loops
async def test_calls_work_in_the_tasks_of_a_plain_program() -> None:
    await calls_in_many_ways()


@in_a_process
async def test_calls_work_in_the_child_tasks_of_a_process() -> None:
    await calls_in_many_ways()


@in_a_process
async def test_the_first_of_several_receives_wins_and_the_others_are_cancelled_without_losing_a_message() -> None:
    waits = [asyncio.create_task(bl.receive()) for _ in range(3)]
    await asyncio.sleep(0)
    bl.send(bl.self(), "first")
    done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == ["first"]
    bl.send(bl.self(), "second")
    for task in others:
        task.cancel()
    outcomes = await asyncio.gather(*others, return_exceptions=True)
    left = [outcome for outcome in outcomes if outcome == "second"]
    if not left:
        left.append(await bl.receive(timeout=0))
    assert left == ["second"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
@in_node
async def test_an_eager_task_runs_as_a_child_task_though_it_begins_inside_the_step_of_its_process() -> None:
    await task_of(bl.spawn(starts_an_eager_task))


async def starts_an_eager_task() -> None:
    async def asks() -> Any:
        assert bl.self() == me
        return await bl.receive(lambda message: message == "for the task", timeout=PATIENCE)

    me, loop = bl.self(), asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
    try:
        asking = asyncio.create_task(asks())
    finally:
        loop.set_task_factory(None)
    assert asyncio.current_task() is task_of(me)
    bl.send(me, "for the process")
    bl.send(me, "for the task")
    assert await bl.receive() == "for the process"
    assert await asking == "for the task"


@on_both_loops
async def test_the_error_of_a_future_whose_process_is_killed_before_it_sees_it_is_no_lost_error() -> None:
    """As with a task: whoever was woken has heard of it. A lost one would fail at the end of the node."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    pid = bl.spawn(waits_for, future)
    await settled()
    future.set_exception(ValueError())
    future.add_done_callback(lambda _: bl.exit(pid, "kill"))
    await settled()
    assert not bl.is_alive(pid)
    del future
    gc.collect()


async def waits_for(future: asyncio.Future[None]) -> None:
    await future
