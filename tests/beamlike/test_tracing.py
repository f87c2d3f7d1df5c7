"""Tracing: what one process does, told to another, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.call import call, reply
from beamlike.kernel.inspection.tracing import trace, tracer_of, untrace
from beamlike.kernel.question import Call
from beamlike.kernel.states import ANY, REPLY
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.trace_events import (
    Exited,
    Linked,
    LinkedBy,
    Received,
    Registered,
    Sent,
    Spawned,
    TraceEvent,
    Unlinked,
    UnlinkedBy,
    Unregistered,
    WaitedInVain,
)
from tests.support.local_nodes import (
    PATIENCE,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    settled,
    waiting_messages,
)
from tests.support.second_scheduler import second_scheduler, spawn_at


async def obeys() -> None:
    """Calls what it is sent, and waits for what that returns if it can be waited for."""
    while True:
        told = await bl.receive()
        done = told()
        if asyncio.iscoroutine(done):
            await done


@asynccontextmanager
async def traced(*flags: str) -> AsyncIterator[bl.Pid]:
    """A process that obeys, traced by the current one."""
    pid = bl.spawn(obeys)
    trace(pid, *flags)
    yield pid
    untrace(pid)


async def events_of(act: Callable[[], Any], *flags: str) -> list[TraceEvent]:
    """What a traced process tells that is told to do this, without the telling."""
    async with traced(*flags) as pid:
        bl.send(pid, act)
        await settled()
        events = [event for event in waiting_messages() if isinstance(event, TraceEvent)]
    return [event for event in events if not (isinstance(event, Received) and event.message is act)]


@in_node
async def test_what_it_sends_to_pids_names_and_aliases_is_told() -> None:
    other, alias = bl.spawn(forever), bl.alias()
    bl.register("other", other)

    def sends() -> None:
        bl.send(other, 1)
        bl.send("other", 2)
        bl.send(alias, 3)

    events = await events_of(sends, "send")
    assert [(event.to, event.message) for event in events if isinstance(event, Sent)] == [
        (other, 1),
        (("other", "test@127.0.0.1"), 2),
        (alias, 3),
    ]


@in_node
async def test_what_its_child_tasks_and_threads_send_is_told_and_what_others_send_is_not() -> None:
    other, aside = bl.spawn(forever), bl.spawn(obeys)

    async def sends() -> None:
        await asyncio.create_task(sends_one())
        await blocking(bl.send, other, "thread")

    async def sends_one() -> None:
        bl.send(other, "task")

    async with traced("send") as pid:
        bl.send(pid, sends)
        bl.send(aside, sends)
        assert await received(2) == [Sent(pid, other, "task"), Sent(pid, other, "thread")]
        await no_message()


@in_node
async def test_a_message_is_told_as_it_comes_and_a_receive_in_vain_when_it_gives_up() -> None:
    async def in_vain() -> None:
        with pytest.raises(TimeoutError):
            await bl.receive(lambda message: message == "never", timeout=0.001)

    async with traced("receive") as pid:
        bl.send(pid, in_vain)
        assert await received(2) == [Received(pid, in_vain), WaitedInVain(pid)]


@in_node
async def test_who_waits_for_any_message_when_tracing_begins_is_traced_from_the_next_on() -> None:
    pid = bl.spawn(forever)
    await settled()
    assert process_of(pid).state is ANY
    trace(pid, "receive")
    bl.send(pid, "next")
    assert await received(1) == [Received(pid, "next")]


@in_node
async def test_links_spawns_and_names_are_told_from_both_ends() -> None:
    other = bl.spawn(obeys)
    children: list[bl.Pid] = []

    def ties() -> None:
        bl.register("traced", bl.self())
        bl.unregister("traced")
        children.append(bl.spawn(forever))
        bl.link(other)
        bl.unlink(other)

    async with traced("procs") as pid:
        bl.send(pid, ties)
        assert await received(5) == [
            Registered(pid, "traced"),
            Unregistered(pid, "traced"),
            Spawned(pid, children[0], forever),
            Linked(pid, other),
            Unlinked(pid, other),
        ]
        bl.send(other, lambda: bl.link(pid))
        bl.send(other, lambda: bl.unlink(pid))
        assert await received(2) == [LinkedBy(pid, other), UnlinkedBy(pid, other)]


@in_node
async def test_its_end_is_the_last_event_and_leaves_nothing_behind() -> None:
    pid = bl.spawn(obeys)
    scheduler = process_of(pid).scheduler
    trace(pid)
    assert scheduler.overheard == 1
    bl.exit(pid, "boom")
    assert await received(1) == [Exited(pid, "boom")]
    assert tracer_of(pid) is None
    assert scheduler.overheard == 0


@in_node
async def test_a_call_is_a_message_sent_and_a_reply_received() -> None:
    async def serves() -> None:
        reply(await bl.receive(), "pong")

    server = bl.spawn(serves)
    events = await events_of(lambda: call(server, "ping"), "send", "receive")
    assert [type(event) for event in events] == [Sent, Received]
    assert isinstance(events[0], Sent)
    assert isinstance(events[1], Received)
    assert events[0].to == server
    assert (type(events[0].message), events[0].message.request) == (Call, "ping")
    assert (events[1].message.ref, events[1].message.value) == (events[0].message.ref, "pong")


@in_node
async def test_who_waits_for_a_reply_when_tracing_begins_is_traced_from_the_reply_on() -> None:
    asked = asyncio.get_running_loop().create_future()
    other = bl.spawn(forever)

    async def serves() -> None:
        asked.set_result(await bl.receive())
        await forever()

    async def asks() -> None:
        bl.send(other, await call(server, "ping"))

    server = bl.spawn(serves)
    pid = bl.spawn(asks)
    client = await asked
    assert process_of(pid).state is REPLY
    trace(pid)
    reply(client, "pong")
    events = await received(3)
    assert [type(event) for event in events] == [Received, Sent, Exited]
    assert (events[0].message.value, events[1].message, events[2].reason) == ("pong", "pong", "normal")


@in_node
async def test_only_what_the_flags_say_is_told_and_they_are_taken_back_one_by_one() -> None:
    other = bl.spawn(forever)
    async with traced("send", "receive") as pid:
        untrace(pid, "send")
        bl.send(pid, act := lambda: bl.send(other, "x"))
        assert await received(1) == [Received(pid, act)]
        await no_message()
        trace(pid, "send")
        untrace(pid, "receive")
        bl.send(pid, act)
        assert await received(1) == [Sent(pid, other, "x")]
        untrace(pid)
        bl.send(pid, act)
        await no_message()
        assert process_of(pid).scheduler.overheard == 0


@in_node
async def test_a_process_that_is_traced_no_more_is_on_the_fast_path_again() -> None:
    pid = bl.spawn(forever)
    await settled()
    before = process_of(pid).state
    trace(pid)
    bl.send(pid, 1)
    await settled()
    assert process_of(pid).state is not before
    untrace(pid)
    for number in range(2):
        bl.send(pid, number)
        await settled()
    assert process_of(pid).state is before


@in_node
async def test_a_process_has_one_tracer() -> None:
    tracer, pid = bl.spawn(obeys), bl.spawn(forever)
    trace(pid, tracer=tracer)
    assert tracer_of(pid) == tracer
    with pytest.raises(ValueError, match=r"expected a process that nobody traces, got Pid.*untrace"):
        trace(pid)
    untrace(pid)
    trace(pid)
    assert tracer_of(pid) == bl.self()


@in_node
async def test_tracing_ends_with_the_tracer() -> None:
    tracer, pid = bl.spawn(obeys), bl.spawn(forever)
    trace(pid, tracer=tracer)
    bl.exit(tracer, "kill")
    assert tracer_of(pid) is None
    bl.send(pid, "anything")
    await settled()
    assert process_of(pid).scheduler.overheard == 0
    assert process_of(pid).tracing is None


@in_node
async def test_another_may_trace_after_a_tracer_that_ended() -> None:
    tracer, pid = bl.spawn(obeys), bl.spawn(forever)
    trace(pid, tracer=tracer)
    bl.exit(tracer, "kill")
    trace(pid, "receive")
    bl.send(pid, "anything")
    assert await received(1) == [Received(pid, "anything")]
    assert process_of(pid).scheduler.overheard == 0


@in_node
async def test_two_that_trace_each_other_do_not_tell_of_telling() -> None:
    one, other = bl.spawn(forever), bl.spawn(forever)
    trace(one, tracer=other)
    trace(other, tracer=one)
    bl.send(one, "x")
    await settled()
    assert process_of(one).message_queue_len == process_of(other).message_queue_len == 0


@in_node
async def test_an_asyncio_task_with_an_identity_is_traced_too() -> None:
    me, tracer = bl.self(), bl.spawn(kept := Kept())
    bl.spawn(forever)
    trace(me, tracer=tracer)
    await settled()
    bl.send(tracer, "from the task")
    bl.send(me, "to the task")
    assert await bl.receive(timeout=PATIENCE) == "to the task"
    await eventually(lambda: len(kept.messages) == 4)
    assert [message for message in kept.messages if isinstance(message, TraceEvent)] == [
        Sent(me, tracer, "from the task"),
        Sent(me, me, "to the task"),
        Received(me, "to the task"),
    ]


class Kept:
    """A process that keeps what it receives."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self) -> None:
        while True:
            self.messages.append(await bl.receive())


@in_node
async def test_events_reach_a_tracer_of_another_thread_in_order() -> None:
    async with second_scheduler() as scheduler:
        tracer = spawn_at(scheduler, kept := Kept())
        other, pid = bl.spawn(forever), bl.spawn(obeys)
        trace(pid, "send", tracer=tracer)
        bl.send(pid, lambda: [bl.send(other, number) for number in range(100)])
        await eventually(lambda: len(kept.messages) == 100)
        assert kept.messages == [Sent(pid, other, number) for number in range(100)]


@in_node
async def test_what_cannot_be_traced_is_refused() -> None:
    me, gone = bl.self(), bl.spawn(obeys)
    bl.exit(gone, "kill")
    with pytest.raises(ValueError, match="cannot trace itself"):
        trace(me)
    with pytest.raises(ValueError, match="expected 'send', 'receive', 'procs' to trace, got 'calls'"):
        trace(bl.spawn(forever), "calls")
    with pytest.raises(ValueError, match=r"expected a pid of test@127.0.0.1, got .*ask its own node to trace it"):
        trace(bl.Pid("far@127.0.0.1", 1))
    with pytest.raises(bl.NoProcess, match="expected a live process to trace, got"):
        trace(gone)
    untrace(gone)


@in_node
async def test_a_tracer_is_found_by_a_pid_that_came_from_another_node() -> None:
    pid, me = bl.spawn(forever), bl.self()
    trace(bl.Pid(pid.node, pid.id), "receive", tracer=bl.Pid(me.node, me.id))
    bl.send(pid, "hello")
    assert await received(1) == [Received(pid, "hello")]
