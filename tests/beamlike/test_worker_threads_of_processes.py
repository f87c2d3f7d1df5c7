"""A worker thread has the context of the process that started it, and acts for it without touching its state."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.process import Process
from tests.support.local_nodes import eventually, forever, in_node, process_of
from tests.support.second_scheduler import second_scheduler, spawn_at
from tests.support.soak import count

pytestmark = pytest.mark.soak


@contextmanager
def threads_that_change_hands_all_the_time() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("way", ["exit", "spawn"])
@in_node
async def test_what_a_worker_thread_does_while_its_process_runs_happens_in_the_loops_thread(way: str) -> None:
    rounds, threads, own = count(300, 20_000), set[int](), threading.get_ident()

    def act() -> None:
        for _ in range(rounds):
            if way == "spawn":
                bl.spawn(lambda: threads.add(threading.get_ident()))
            else:
                bl.exit(bl.spawn(forever), "kill")

    async def runs_on_meanwhile() -> None:
        working = asyncio.create_task(asyncio.to_thread(act))
        while not working.done():
            bl.send(bl.self(), 1)
            await bl.receive()
        await working

    with threads_that_change_hands_all_the_time():
        _, ref = bl.spawn_monitor(runs_on_meanwhile)
        assert (await bl.receive(ref=ref)).reason == "normal"
    await eventually(lambda: len(bl.processes()) == 1)
    assert threads <= {own}


def register_again_and_again(pids: list[bl.Pid], names: Callable[[int], str]) -> None:
    for number, pid in enumerate(pids):
        with suppress(bl.NameTaken):
            current.running_nodes()[0].register(names(number), pid)


@in_node
async def test_a_process_that_two_threads_name_at_once_has_one_name() -> None:
    pids = [bl.spawn(forever) for _ in range(count(500, 20_000))]
    with threads_that_change_hands_all_the_time():
        await asyncio.gather(
            asyncio.to_thread(register_again_and_again, pids, lambda number: f"a{number}"),
            asyncio.to_thread(register_again_and_again, pids, lambda number: f"b{number}"),
        )
    assert len(current.current_node().registered()) == len(pids)
    for pid in pids:
        bl.exit(pid, "kill")
    assert current.current_node().registered() == []


@in_node
async def test_a_name_from_a_thread_and_a_flag_from_the_process_are_both_kept() -> None:
    async def traps() -> None:
        bl.trap_exit(True)
        await forever()

    for number in range(count(200, 5000)):
        pid = bl.spawn(traps)
        with threads_that_change_hands_all_the_time():
            await asyncio.to_thread(current.current_node().register, f"name {number}", pid)
        process: Process | Any = process_of(pid)
        await eventually(lambda process=process: process.trap_exit)  # type: ignore[misc]
        assert process.name == f"name {number}"
        bl.exit(pid, "kill")


@in_node
async def test_a_process_whose_loop_was_closed_has_ended_for_whoever_sends_it_a_signal() -> None:
    async with second_scheduler() as scheduler:
        pid = spawn_at(scheduler, forever)
        bl.register("left behind", pid)
    ref = bl.monitor(pid)
    assert (await bl.receive(ref=ref, timeout=10)).reason == "noproc"
    assert bl.whereis("left behind") is None


@in_node
async def test_a_loop_in_a_worker_thread_receives_as_itself_while_the_process_runs() -> None:
    rounds = count(200, 5000)

    async def receives_elsewhere() -> None:
        with pytest.raises(TimeoutError):
            await bl.receive(timeout=0.0001)
        bl.send(bl.self(), "mine")
        assert await bl.receive() == "mine"

    async def serves_meanwhile() -> None:
        work = asyncio.to_thread(lambda: [asyncio.run(receives_elsewhere()) for _ in range(rounds)])
        working = asyncio.create_task(work)
        while not working.done():
            bl.send(bl.self(), 1)
            assert await bl.receive() == 1
        await working

    with threads_that_change_hands_all_the_time():
        _, ref = bl.spawn_monitor(serves_meanwhile)
        assert (await bl.receive(ref=ref)).reason == "normal"
