"""Agents: functions run inside them, one at a time, and what a failing one does."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl
from beamlike.behaviours.agent import Agent
from beamlike.behaviours.tasks.task import Task
from tests.support.local_nodes import down_reason, in_node, no_message


def add(state: int, number: int) -> int:
    return state + number


@in_node
async def test_the_state_is_what_the_function_gives_that_it_was_started_with() -> None:
    for agent in (await Agent.start(add, 1, 2), await Agent.start_link(add, 1, 2, name="agent"), "agent"):
        assert await Agent.get(agent, lambda state: state * 2) == 6
    assert await Agent.get("agent", add, 4) == 7


@in_node
async def test_update_cast_and_get_and_update_change_the_state() -> None:
    agent = await Agent.start_link(int)
    await Agent.update(agent, add, 3)
    Agent.cast(agent, add, 4)
    assert await Agent.get_and_update(agent, lambda state: (state, "new")) == 7
    assert await Agent.get(agent, str) == "new"


@in_node
async def test_functions_run_inside_the_agent_one_at_a_time() -> None:
    async def slowly_add_one(state: int) -> int:
        await asyncio.sleep(0)
        return state + 1

    async def ten_updates() -> None:
        for _ in range(10):
            await Agent.update(agent, slowly_add_one)

    agent = await Agent.start_link(int)
    assert await Agent.get(agent, lambda _: bl.self()) == agent
    await Task.await_many([Task.async_(ten_updates) for _ in range(10)])
    assert await Agent.get(agent, int) == 100


@in_node
async def test_a_function_that_raises_ends_the_agent_and_its_caller_gets_the_cause() -> None:
    for asks in (Agent.get, Agent.update, Agent.get_and_update):
        agent = await Agent.start(lambda: None)
        ref = bl.monitor(agent)
        with pytest.raises(bl.CallFailed, match="unsupported operand") as failed:
            await asks(agent, add, 1)
        assert isinstance(failed.value.__cause__, TypeError)
        assert (await down_reason(ref)).type == "TypeError"


@in_node
async def test_a_cast_that_raises_ends_the_agent_and_troubles_nobody() -> None:
    agent = await Agent.start(lambda: None)
    ref = bl.monitor(agent)
    Agent.cast(agent, add, 1)
    assert (await down_reason(ref)).type == "TypeError"
    Agent.cast(agent, add, 1)
    await no_message()


@in_node
async def test_a_function_that_takes_too_long_is_a_timeout_and_changes_the_state_all_the_same() -> None:
    async def slow(state: int) -> int:
        await asyncio.sleep(0.01)
        return 7

    agent = await Agent.start_link(int)
    with pytest.raises(bl.CallTimeout):
        await Agent.update(agent, slow, timeout=0)
    assert await Agent.get(agent, int) == 7
    await no_message()


@in_node
async def test_a_start_that_raises_raises_here_and_leaves_no_agent() -> None:
    with pytest.raises(ZeroDivisionError):
        await Agent.start_link(lambda: 1 // 0)
    await Agent.start(int, name="taken")
    with pytest.raises(bl.NameTaken):
        await Agent.start(int, name="taken")


@in_node
async def test_get_and_update_that_gives_no_pair_ends_the_agent_with_words_that_say_so() -> None:
    agent = await Agent.start(int)
    with pytest.raises(bl.CallFailed, match=r"expected \(value, new state\) of a function for get_and_update, got 3"):
        await Agent.get_and_update(agent, add, 3)


@in_node
async def test_stop_ends_it() -> None:
    agent = await Agent.start(int)
    ref = bl.monitor(agent)
    await Agent.stop(agent, "shutdown")
    assert await down_reason(ref) == "shutdown"
    with pytest.raises(bl.CallFailed, match="no such process"):
        await Agent.get(agent, int)


@in_node
async def test_what_is_no_function_and_what_an_agent_does_not_know_is_refused() -> None:
    agent = await Agent.start(int)
    with pytest.raises(TypeError, match="expected a function to run, got 7"):
        await Agent.get(agent, 7)  # type: ignore[arg-type]
    with pytest.raises(bl.CallFailed, match="an agent does not know the call 'state'"):
        await bl.GenServer.call(agent, "state")
    agent = await Agent.start(int)
    ref = bl.monitor(agent)
    bl.GenServer.cast(agent, "state")
    assert "does not know the cast 'state'" in (await down_reason(ref)).message
