"""What libraries do to tasks, and where it meets what the kernel does: a hand-over that a cancel crosses, tasks that
share a mailbox, generators at a kill, contexts, eager tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

import beamlike as bl
from tests.support.local_nodes import PATIENCE, process_of, received, run_in_node, settled


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


async def answers_late() -> None:
    request = await bl.receive()
    await asyncio.sleep(0.001)
    bl.GenServer.reply(request.client, "answer")


async def calls(server: bl.Pid) -> Any:
    return await bl.GenServer.call(server, "question")


@pytest.mark.parametrize("waits", [bl.receive, lambda: calls(bl.spawn(answers_late)), lambda: asyncio.sleep(PATIENCE)])
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
