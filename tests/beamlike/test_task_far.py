"""Tasks, streams, agents and timers whose other half is on another node, in another interpreter."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import aclosing
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.behaviours.agent import Agent
from beamlike.behaviours.tasks.task import Exited, Ok, Task, TaskFailed, TaskTimeout
from beamlike.behaviours.tasks.task_supervisor import TaskSupervisor
from beamlike.distribution.errors import UnencodableTerm
from beamlike.kernel.terms import CREATION_SHIFT
from beamlike.kernel.timers import send_after
from tests.support.child_node import NEAR, with_child_node
from tests.support.local_nodes import no_message

SECONDS = 10.0


class Odd(Exception):
    pass


def half(number: int) -> int:
    if number % 2:
        raise Odd(f"{number} is odd")
    return number // 2


async def forever(_: Any = None) -> None:
    await asyncio.sleep(3600)


def spawned_from_afar() -> int:
    """How many processes of this node have an id that the caller's node drew, the caller aside."""
    caller = bl.self()
    return sum(pid.id >> CREATION_SHIFT == caller.id >> CREATION_SHIFT for pid in bl.processes() if pid != caller)


async def no_task_is_left_on(node: str) -> None:
    async with asyncio.timeout(SECONDS):
        while await bl.rpc.call(node, spawned_from_afar, timeout=SECONDS):
            pass


@with_child_node
async def test_a_task_runs_there_and_its_value_or_exception_comes_here(child: nodes.Child) -> None:
    assert await Task.async_(os.getpid, node=child.node) != os.getpid()
    with pytest.raises(TaskFailed, match="7 is odd") as failed:
        await Task.async_nolink(half, 7, node=child.node)
    assert isinstance(failed.value.__cause__, Odd)
    assert child.node in str(failed.value.__cause__.__cause__)


@with_child_node
async def test_a_task_there_is_shut_down_and_its_late_value_vanishes(child: nodes.Child) -> None:
    task = Task.async_(forever, node=child.node)
    with pytest.raises(TaskTimeout):
        await task.result(0.01)
    assert await task.shutdown() is None
    await no_task_is_left_on(child.node)
    await no_message()


@with_child_node
async def test_a_value_that_cannot_travel_is_the_crash_of_its_task(child: nodes.Child) -> None:
    with pytest.raises(TaskFailed) as failed:
        await Task.async_nolink(threading.Lock, node=child.node)
    assert isinstance(failed.value.__cause__, UnencodableTerm)
    await no_message()


@with_child_node
async def test_a_lost_node_fails_its_tasks(child: nodes.Child) -> None:
    task = Task.async_nolink(forever, node=child.node)
    both = Task.async_stream_nolink([0, 1], forever, node=[child.node], timeout=None, max_concurrency=2)
    losing = asyncio.create_task(collected(both))
    await asyncio.sleep(0)
    await child.stop(grace=0)
    assert await task.yield_(SECONDS) == Exited("noconnection")
    assert await losing == [Exited("noconnection")] * 2


async def collected(stream: Any) -> list[Any]:
    return [outcome async for outcome in stream]


@with_child_node
async def test_the_tasks_of_a_stream_take_turns_on_nodes_and_none_is_left(child: nodes.Child) -> None:
    pids = [outcome.result() async for outcome in Task.async_stream(range(6), pid_for, node=[NEAR, child.node])]
    assert pids[::2] == [os.getpid()] * 3
    assert os.getpid() not in pids[1::2]
    slow = Task.async_stream([0, 3600, 3600], asyncio.sleep, node=child.node, max_concurrency=3, timeout=None)
    async with aclosing(slow):
        assert await anext(slow) == Ok(None)
    await no_task_is_left_on(child.node)


def pid_for(_: int) -> int:
    return os.getpid()


async def start_agent() -> bl.Pid:
    return await Agent.start(int, name="agent")


@with_child_node
async def test_functions_are_sent_to_an_agent_there(child: nodes.Child) -> None:
    agent = await bl.rpc.call(child.node, start_agent, timeout=SECONDS)
    await Agent.update(agent, lambda state: state + 20)
    Agent.cast(("agent", child.node), half)
    with pytest.raises(bl.CallFailed, match="5 is odd"):
        await Agent.get(agent, lambda state: half(state // 2))


async def passes_on(to: bl.Pid) -> None:
    bl.register("relay", bl.self())
    bl.send(to, "ready")
    bl.send(to, ("relayed", await bl.receive()))


async def start_supervisor() -> bl.Pid:
    return await TaskSupervisor.start(name="tasks")


@with_child_node
async def test_a_supervisor_there_runs_tasks_for_owners_here(child: nodes.Child) -> None:
    await bl.rpc.call(child.node, start_supervisor, timeout=SECONDS)
    supervisor = ("tasks", child.node)
    assert await (await TaskSupervisor.async_(supervisor, os.getpid)) != os.getpid()
    failing = await TaskSupervisor.async_nolink(supervisor, half, 7)
    with pytest.raises(TaskFailed, match="7 is odd"):
        await failing
    waiting = await TaskSupervisor.async_nolink(supervisor, forever)
    await bl.GenServer.stop(supervisor)
    assert await waiting.yield_(SECONDS) == Exited("shutdown")


@with_child_node
async def test_a_timer_here_sends_to_a_name_there(child: nodes.Child) -> None:
    bl.spawn(passes_on, bl.self(), node=child.node)
    assert await bl.receive(timeout=SECONDS) == "ready"
    send_after(("relay", child.node), "tick", 0.001)
    assert await bl.receive(timeout=SECONDS) == ("relayed", "tick")
