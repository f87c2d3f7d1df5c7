"""Tasks under a supervisor: who gets their value, who hears of a crash, and how they end with their supervisor."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.supervision.child_errors import MaxChildren
from beamlike.behaviours.tasks.task import Exited, Ok
from beamlike.behaviours.tasks.task_supervisor import TaskSupervisor
from tests.support.local_nodes import down_reason, eventually, forever, in_node, no_message, process_of, received


def ends(reason: Any) -> None:
    raise bl.ProcessExit(reason)


async def passes_on(to: bl.Pid) -> None:
    bl.send(to, await bl.receive())


async def tasks_of(supervisor: bl.Pid) -> list[bl.Pid | None]:
    return [info.pid for info in await TaskSupervisor.which_children(supervisor)]


@in_node
async def test_the_owner_gets_the_value_of_a_child_of_the_supervisor() -> None:
    supervisor = await TaskSupervisor.start_link()
    for starts in (TaskSupervisor.async_, TaskSupervisor.async_nolink):
        task = await starts(supervisor, pow, 2, 10)
        assert await tasks_of(supervisor) == [task.pid]
        assert await task == 1024
        while await tasks_of(supervisor):
            pass
    await no_message()


@in_node
async def test_a_crash_is_told_to_the_owner_and_ends_it_only_if_it_is_linked() -> None:
    supervisor = await TaskSupervisor.start_link(intensity=0)

    async def awaits_a_linked_one() -> None:
        await (await TaskSupervisor.async_(supervisor, ends, "boom"))

    task = await TaskSupervisor.async_nolink(supervisor, ends, "boom")
    assert await task.yield_() == Exited("boom")
    _, ref = bl.spawn_monitor(awaits_a_linked_one)
    assert await down_reason(ref) == "boom"
    assert bl.is_alive(supervisor)


@in_node
async def test_the_end_of_the_owner_ends_a_linked_task_and_leaves_the_other_to_the_supervisor() -> None:
    supervisor = await TaskSupervisor.start_link()

    async def starts(to: bl.Pid) -> None:
        linked = await TaskSupervisor.async_(supervisor, forever)
        apart = await TaskSupervisor.async_nolink(supervisor, passes_on, to)
        bl.send(to, (linked.pid, apart.pid))
        ends("done")

    bl.spawn(starts, bl.self())
    [(linked, apart)] = await received(1)
    await eventually(lambda: not bl.is_alive(linked))
    assert await tasks_of(supervisor) == [apart]
    await no_message()
    bl.send(apart, "the first that came")
    assert await received(1) == ["the first that came"]


@in_node
async def test_the_end_of_the_supervisor_ends_its_tasks_in_order_and_their_owners_hear_of_it() -> None:
    async def finishes_when_asked() -> str:
        bl.trap_exit(True)
        bl.send(me, "ready")
        await bl.receive()
        return "finished"

    me = bl.self()
    supervisor = await TaskSupervisor.start()
    patient = await TaskSupervisor.async_nolink(supervisor, finishes_when_asked)
    assert await received(1) == ["ready"]
    plain = await TaskSupervisor.async_nolink(supervisor, forever)
    await bl.GenServer.stop(supervisor)
    assert await patient.yield_() == Ok("finished")
    assert await plain.yield_() == Exited("shutdown")


@in_node
async def test_a_task_whose_owner_ended_before_it_was_told_to_begin_does_nothing() -> None:
    supervisor = await TaskSupervisor.start_link()
    me = bl.self()

    async def asks_and_is_gone() -> None:
        asking = asyncio.ensure_future(TaskSupervisor.async_nolink(supervisor, bl.send, me, "done"))
        await asyncio.sleep(0)
        asking.cancel()

    _, ref = bl.spawn_monitor(asks_and_is_gone)
    assert await down_reason(ref) == "normal"
    while await tasks_of(supervisor):
        pass
    await no_message()


@in_node
async def test_a_task_that_is_started_for_its_effect_runs_again_if_it_is_to() -> None:
    supervisor = await TaskSupervisor.start_link()
    runs: list[bl.Pid] = []

    async def crashes_once() -> None:
        runs.append(bl.self())
        if len(runs) == 1:
            ends("boom")
        await forever()

    first = await TaskSupervisor.start_task(supervisor, crashes_once, restart="transient")
    await eventually(lambda: len(runs) == 2)
    assert runs[0] == first
    assert await tasks_of(supervisor) == [runs[1]]
    assert process_of(runs[1]).links == frozenset({supervisor})


@in_node
async def test_there_may_be_a_limit_and_what_is_no_function_is_refused() -> None:
    supervisor = await TaskSupervisor.start_link(max_children=1)
    task = await TaskSupervisor.async_nolink(supervisor, forever)
    with pytest.raises(MaxChildren):
        await TaskSupervisor.async_nolink(supervisor, forever)
    assert await task.shutdown("brutal_kill") is None
    with pytest.raises(TypeError, match="expected a function to run, got 7"):
        await TaskSupervisor.start_task(supervisor, 7)  # type: ignore[arg-type]
