"""Threads of a node: plain ones, those of asyncio.to_thread, and a second scheduler with processes of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current, signals
from beamlike.loop_thread import LoopThread
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    forever,
    in_node,
    process_of,
    received,
    run_in_node,
    trapping,
)
from tests.support.second_scheduler import own_scheduler, second_scheduler, spawn_at


async def in_plain_thread(function: Callable[[], Any]) -> Any:
    """Runs it in a thread that has nothing of this context."""
    return await asyncio.get_running_loop().run_in_executor(None, function)


@in_node
async def test_a_plain_thread_sends_in_order() -> None:
    me = bl.self()

    def sends() -> None:
        for number in range(1000):
            bl.send(me, number)

    thread = threading.Thread(target=sends)
    thread.start()
    assert await received(1000) == list(range(1000))
    thread.join()


@in_node
async def test_a_plain_thread_spawns_and_ends_processes() -> None:
    pid = await in_plain_thread(lambda: bl.spawn(answers))
    assert process_of(pid).scheduler is current.current_node().scheduler
    bl.send(pid, bl.self())
    assert await received(1) == ["answer"]
    ref = bl.monitor(pid)
    await in_plain_thread(lambda: bl.exit(pid, "boom"))
    assert await down_reason(ref) == "boom"


async def answers() -> None:
    bl.send(await bl.receive(), "answer")
    await forever()


def test_what_threads_do_is_safe_in_the_judgement_of_asyncios_debug_mode() -> None:
    async def main() -> None:
        target, me = bl.spawn(answers), bl.self()
        pids = await in_plain_thread(lambda: [bl.spawn(answers), bl.send(target, me)])
        assert await received(1) == ["answer"]
        bl.send(pids[0], me)
        assert await received(1) == ["answer"]

        def work() -> bl.Ref:
            bl.link(bl.spawn_link(forever))
            ref = bl.monitor(target)
            bl.exit(target, "boom")
            return ref

        assert await down_reason(await asyncio.to_thread(work)) == "boom"

    async def in_debug_mode() -> None:
        asyncio.get_running_loop().set_debug(True)
        await main()

    run_in_node(in_debug_mode)


@in_node
async def test_a_plain_thread_has_no_mailbox() -> None:
    for needs_one in (bl.self, lambda: bl.trap_exit(True), lambda: bl.spawn_link(forever)):
        with pytest.raises(bl.NoProcess, match="send, spawn and exit work here"):
            await in_plain_thread(needs_one)


@in_node
async def test_a_worker_thread_acts_as_the_process_that_waits_for_it() -> None:
    target = bl.spawn(trapping)
    me = bl.self()

    def work() -> tuple[bl.Pid, bl.Ref, bl.Pid]:
        bl.link(target)
        bl.trap_exit(True)
        ref = bl.monitor(target)
        return bl.self(), ref, bl.spawn_link(forever)

    worker, ref, child = await asyncio.to_thread(work)
    assert worker == me
    assert process_of(me).links == frozenset({target, child})
    bl.exit(target, "kill")
    bl.exit(child, "boom")
    messages = await received(3)
    assert {type(message): message.reason for message in messages if message.pid == target} == {
        bl.Down: "killed",
        bl.Exit: "killed",
    }
    assert bl.Exit(child, "boom") in messages
    assert bl.demonitor(ref) is False


@in_node
async def test_what_a_worker_thread_takes_back_is_gone() -> None:
    target = bl.spawn(forever)
    bl.link(target)
    ref, address = bl.monitor(target), bl.alias()

    def work() -> list[bool]:
        bl.unlink(target)
        return [bl.demonitor(ref, flush=True), bl.unalias(address)]

    assert await asyncio.to_thread(work) == [True, True]
    process = process_of(bl.self())
    assert (process.links, process.monitors) == (frozenset(), ())
    bl.send(address, "vanishes")
    bl.send(bl.self(), "arrives")
    assert await received(1) == ["arrives"]


@in_node
async def test_a_loop_of_its_own_in_a_worker_thread_has_an_identity_of_its_own() -> None:
    me = bl.self()

    async def elsewhere() -> object:
        assert bl.self() != me
        bl.send(me, bl.self())
        return await bl.receive(timeout=PATIENCE)

    waiting = asyncio.create_task(asyncio.to_thread(asyncio.run, elsewhere()))
    [other] = await received(1)
    bl.send(other, "to the other loop")
    assert await waiting == "to the other loop"


@in_node
async def test_processes_on_two_schedulers_of_one_node_exchange_messages_in_order() -> None:
    async with second_scheduler() as second:
        echo = spawn_at(second, echoes)
        for number in range(1000):
            bl.send(echo, (bl.self(), number))
        assert await received(1000) == list(range(1000))


async def echoes() -> None:
    while True:
        sender, message = await bl.receive()
        bl.send(sender, message)


@in_node
async def test_links_monitors_and_exit_signals_cross_between_schedulers() -> None:
    async with second_scheduler() as second:
        far = spawn_at(second, linked_to, bl.spawn(trapping))
        near = bl.spawn(linked_to, far)
        await eventually(lambda: len(process_of(far).links) == 2)
        refs = [bl.monitor(far), bl.monitor(near)]
        bl.exit(far, "boom")
        assert [await down_reason(ref) for ref in refs] == ["boom", "boom"]
        assert await down_reason(bl.monitor(far)) == "noproc"


async def linked_to(other: bl.Pid) -> None:
    bl.link(other)
    await forever()


@in_node
async def test_a_link_between_schedulers_that_is_taken_back_and_made_anew_counts_once() -> None:
    async with second_scheduler() as second:
        bl.trap_exit(True)
        for _ in range(100):
            far = spawn_at(second, forever)
            bl.link(far)
            bl.unlink(far)
            bl.link(far)
            bl.exit(far, "boom")
            assert await received(1) == [bl.Exit(far, "boom")]
        await asyncio.to_thread(lambda: None)
        assert process_of(bl.self()).links == frozenset()


@in_node
async def test_a_process_of_a_second_scheduler_awaits_what_belongs_to_its_own_loop() -> None:
    async with second_scheduler() as second:
        spawn_at(second, sleeps_and_tells, bl.self())
        assert await received(1) == [second.thread_id]


async def sleeps_and_tells(asker: bl.Pid) -> None:
    await asyncio.sleep(0.001)
    bl.send(asker, threading.get_ident())


@in_node
async def test_what_another_node_spawns_can_be_addressed_by_the_very_next_signal_from_its_thread() -> None:
    node = current.current_node()
    bl.trap_exit(True)
    me = bl.self()

    def arrive(number: int) -> None:
        pid, ref = bl.Pid(node.name, node.next_id()), node.make_ref()
        node.route(signals.Spawn(me, pid, tells, (me, number), link=False, monitor=None, group_leader=None))
        node.route(signals.Send(None, pid, "first"))
        node.route(signals.Monitor(me, pid, ref))

    for number in range(100):
        await in_plain_thread(lambda number=number: arrive(number))  # type: ignore[misc]
        assert await received(1) == [(number, "first")]


async def tells(to: bl.Pid, number: int) -> None:
    bl.send(to, (number, await bl.receive()))


@in_node
async def test_a_signal_from_a_thread_to_a_loop_that_was_closed_finds_nobody() -> None:
    thread = LoopThread("closed early")
    scheduler = await thread.run(own_scheduler())
    pid = spawn_at(scheduler, forever)
    thread.stop()
    bl.send(pid, "hello")
    bl.exit(pid, "boom")
    assert await down_reason(bl.monitor(pid)) == "noproc"
    assert current.current_node().process(pid) is None
