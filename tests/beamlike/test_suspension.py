"""A suspended process runs no code until it is resumed as often, and ends all the same."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.kernel.call import call, reply
from beamlike.kernel.inspection.suspension import resume_process, suspend_process
from beamlike.kernel.inspection.tracing import trace, untrace
from tests.support.jumping_loop import in_jumping_node
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    run_in_node,
    settled,
    trapping,
)
from tests.support.second_scheduler import second_scheduler, spawn_at


async def echoes() -> None:
    while True:
        match await bl.receive():
            case (asker, word):
                bl.send(asker, word)
            case question:
                reply(question, question.request)


@pytest.mark.parametrize("waits", [False, True])
@in_node
async def test_messages_wait_until_it_is_resumed_as_often_as_it_was_suspended(waits: bool) -> None:
    pid = bl.spawn(echoes)
    if waits:
        await settled()
    suspend_process(pid)
    suspend_process(pid)
    bl.send(pid, (bl.self(), 1))
    bl.send(pid, (bl.self(), 2))
    resume_process(pid)
    await no_message()
    assert process_of(pid).message_queue_len == 2
    resume_process(pid)
    assert await received(2) == [1, 2]


@pytest.mark.parametrize("turns", [0, 5])
@in_node
async def test_one_that_has_not_begun_or_was_handed_a_message_stops_where_it_is(turns: int) -> None:
    pid = bl.spawn(echoes)
    for _ in range(turns):
        await asyncio.sleep(0)
    bl.send(pid, (bl.self(), 1))
    suspend_process(pid)
    await no_message()
    resume_process(pid)
    assert await received(1) == [1]


@in_node
async def test_one_that_waits_for_a_reply_or_a_future_stops_when_that_comes() -> None:
    async def asks(server: bl.Pid, to: bl.Pid) -> None:
        bl.send(to, await call(server, "x"))
        await future
        bl.send(to, "future")

    future = asyncio.get_running_loop().create_future()
    server = bl.spawn(echoes)
    suspend_process(server)
    pid = bl.spawn(asks, server, bl.self())
    await settled()
    suspend_process(pid)
    resume_process(server)
    await no_message()
    resume_process(pid)
    assert await received(1) == ["x"]
    suspend_process(pid)
    future.set_result(None)
    await no_message()
    resume_process(pid)
    assert await received(1) == ["future"]


@in_jumping_node
async def test_time_limits_pass_meanwhile_and_a_message_that_came_wins() -> None:
    async def waits(to: bl.Pid) -> None:
        for _ in range(2):
            try:
                bl.send(to, await bl.receive(timeout=0.2))
            except TimeoutError:
                bl.send(to, "in vain")

    pid = bl.spawn(waits, bl.self())
    await settled()
    suspend_process(pid)
    await asyncio.sleep(0.3)
    bl.send(pid, "late")
    resume_process(pid)
    assert await received(2) == ["late", "in vain"]


@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("function", [echoes, forever, trapping])
@in_node
async def test_an_exit_signal_ends_it_all_the_same(function: object, aside: bool) -> None:
    pid, ref = bl.spawn_monitor(function)  # type: ignore[arg-type]
    if not aside:
        await settled()
    suspend_process(pid)
    await settled()
    process = process_of(pid)
    bl.exit(pid, "kill")
    assert await down_reason(ref) == "killed"
    await settled()
    assert process.state == "over"


@in_node
async def test_who_has_ended_suspends_nobody() -> None:
    async def suspends(pid: bl.Pid) -> None:
        suspend_process(pid)
        suspend_process(pid)

    pid = bl.spawn(echoes)
    bl.send(pid, (bl.self(), 1))
    _, ref = bl.spawn_monitor(suspends, pid)
    assert await down_reason(ref) == "normal"
    assert await received(1) == [1]


@pytest.mark.parametrize("resumed", [0, 1])
@in_node
async def test_who_suspends_by_a_pid_that_came_from_another_node_suspends_no_longer_than_it_lives(resumed: int) -> None:
    def suspends(pid: bl.Pid) -> None:
        for _ in range(2):
            suspend_process(pid)
        for _ in range(resumed):
            resume_process(pid)

    pid = bl.spawn(echoes)
    as_it_arrives = bl.Pid(pid.node, pid.id)
    _, ref = bl.spawn_monitor(suspends, as_it_arrives)
    await down_reason(ref)
    bl.send(pid, (bl.self(), 1))
    assert await received(1) == [1]


@in_node
async def test_each_that_suspends_it_resumes_it() -> None:
    async def suspends(pid: bl.Pid) -> None:
        suspend_process(pid)
        await bl.receive()
        resume_process(pid)
        await forever()

    pid = bl.spawn(echoes)
    other = bl.spawn(suspends, pid)
    suspend_process(pid)
    await settled()
    bl.send(pid, (bl.self(), 1))
    resume_process(pid)
    await no_message()
    bl.send(other, "resume")
    assert await received(1) == [1]


@in_node
async def test_one_of_another_thread_is_suspended_too() -> None:
    async with second_scheduler() as scheduler:
        pid = spawn_at(scheduler, echoes)
        suspend_process(pid)
        bl.send(pid, (bl.self(), 1))
        bl.send(pid, (bl.self(), 2))
        with pytest.raises(TimeoutError):
            await bl.receive(timeout=0.02)
        resume_process(pid)
        assert await received(2) == [1, 2]


@in_node
async def test_what_cannot_be_suspended_or_resumed_is_refused() -> None:
    pid, gone = bl.spawn(forever), bl.spawn(forever)
    bl.exit(gone, "kill")
    with pytest.raises(ValueError, match=r"expected a process that Pid.* has suspended, got"):
        resume_process(pid)
    with pytest.raises(ValueError, match="expected another process to suspend"):
        suspend_process(bl.self())
    with pytest.raises(bl.NoProcess, match="expected a live process to suspend"):
        suspend_process(gone)


@in_node
async def test_an_asyncio_task_is_not_suspended_since_only_its_loop_steps_it() -> None:
    async def suspends(task: bl.Pid) -> None:
        with pytest.raises(ValueError, match="which is an asyncio task"):
            suspend_process(task)

    _, ref = bl.spawn_monitor(suspends, bl.self())
    assert await down_reason(ref) == "normal"


COMMANDS = st.lists(st.sampled_from(("send", "call", "trace", "untrace", "suspend", "resume", "turn")), max_size=40)


@given(COMMANDS)
@settings(max_examples=100, deadline=None)
def test_whatever_is_looked_at_meanwhile_each_message_is_answered_once_and_in_order(commands: list[str]) -> None:
    run_in_node(lambda: answers(commands))


async def answers(commands: list[str]) -> None:
    """Messages and calls of a server that is looked at and stopped in between; each call by a process of its own."""
    server, tracer, me, suspended = bl.spawn(echoes), bl.spawn(forever), bl.self(), 0
    answered = bl.spawn(gathers, numbers_of("call", commands), me)
    for number, command in enumerate(commands):
        match command:
            case "send":
                bl.send(server, (me, number))
            case "call":
                bl.spawn(calls, server, number, answered)
            case "trace":
                trace(server, tracer=tracer)
            case "untrace":
                untrace(server)
            case "suspend":
                suspend_process(server)
                suspended += 1
            case "resume" if suspended:
                resume_process(server)
                suspended -= 1
            case "turn":
                await asyncio.sleep(0)
    for _ in range(suspended):
        resume_process(server)
    sent = numbers_of("send", commands)
    messages = await received(len(sent) + 1)
    assert [message for message in messages if message != "all calls"] == sent
    assert "all calls" in messages


def numbers_of(wanted: str, commands: list[str]) -> list[int]:
    return [number for number, command in enumerate(commands) if command == wanted]


async def calls(server: bl.Pid, number: int, to: bl.Pid) -> None:
    bl.send(to, await call(server, number, timeout=PATIENCE))


async def gathers(expected: list[int], to: bl.Pid) -> None:
    assert sorted([await bl.receive() for _ in expected]) == expected
    bl.send(to, "all calls")
