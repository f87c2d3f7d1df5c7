"""`spawn_request` on one node: a message tells when the process began. What needs another node is in
tests/scenarios/test_remote_spawn_scenarios.py and tests/integration/test_spawn_requests_far.py."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, Literal

import pytest

import beamlike as bl
from tests.support.local_nodes import (
    PATIENCE,
    eventually,
    forever,
    in_node,
    local_node,
    no_message,
    process_of,
    received,
)

NOWHERE = "nowhere@127.0.0.1"


async def ends_with(reason: Any) -> None:
    raise bl.ProcessExit(reason)


async def answer(ref: bl.Ref) -> bl.SpawnReply:
    reply = await bl.receive(ref=ref, timeout=PATIENCE)
    assert isinstance(reply, bl.SpawnReply)
    return reply


@in_node
async def test_the_answer_tells_the_pid_of_a_process_that_runs() -> None:
    ref = bl.spawn_request(forever)
    reply = await answer(ref)
    assert (reply.tag, reply.ref, reply.ok) == ("spawn_reply", ref, True)
    for pid in (reply.pid_or_reason, bl.self()):
        process = process_of(pid)
        assert (process.links, process.monitors, process.monitored_by) == (frozenset(), (), ())


@in_node
async def test_the_answer_comes_before_anything_else_of_the_process() -> None:
    def speaks(to: bl.Pid) -> None:
        bl.send(to, "first words")
        raise bl.ProcessExit("boom")

    bl.trap_exit(True)
    ref = bl.spawn_request(speaks, bl.self(), link=True, monitor=True, tag=("mine", 1))
    reply, *others = await received(4)
    pid = reply.pid_or_reason
    assert reply == bl.SpawnReply(("mine", 1), ref, True, pid)
    assert others[0] == "first words"
    assert set(others[1:]) == {bl.Exit(pid, "boom"), bl.Down(ref, pid, "boom")}


@in_node
async def test_a_process_that_is_linked_shares_the_end_of_who_asked_for_it() -> None:
    async def asks(to: bl.Pid) -> None:
        bl.spawn_request(tells_of_itself, to, link=True)
        await forever()

    async def tells_of_itself(to: bl.Pid) -> None:
        bl.send(to, bl.self())
        await forever()

    parent = bl.spawn(asks, bl.self())
    child = await bl.receive(timeout=PATIENCE)
    down = bl.monitor(child)
    bl.exit(parent, "boom")
    assert (await bl.receive(ref=down, timeout=PATIENCE)).reason == "boom"


@in_node
async def test_who_ends_before_the_answer_takes_what_is_linked_along() -> None:
    def asks_and_ends() -> None:
        bl.spawn_request(forever, link=True)
        raise bl.ProcessExit("hasty")

    bl.spawn(asks_and_ends)
    await eventually(lambda: bl.processes() == [bl.self()])


@in_node
async def test_a_node_that_cannot_be_reached_is_the_reason_and_no_tie_fires() -> None:
    ref = bl.spawn_request(forever, node=NOWHERE, link=True, monitor=True)
    assert await answer(ref) == bl.SpawnReply("spawn_reply", ref, False, "noconnection")
    me = process_of(bl.self())
    assert (me.links, me.monitors) == (frozenset(), ())
    await no_message()


@pytest.mark.parametrize(
    ("reply", "near", "nowhere"),
    [("yes", 1, 1), ("no", 0, 0), ("success_only", 1, 0), ("error_only", 0, 1)],
)
def test_only_the_answers_that_are_wanted_become_messages(
    reply: Literal["yes", "no", "success_only", "error_only"], near: int, nowhere: int
) -> None:
    async def main() -> None:
        async with local_node():
            bl.spawn_request(str, reply=reply)
            await eventually(lambda: bl.processes() == [bl.self()])
            assert [one.ok for one in await received(near)] == [True] * near
            bl.spawn_request(str, node=NOWHERE, reply=reply)
            assert [one.ok for one in await received(nowhere)] == [False] * nowhere
            await no_message()

    asyncio.run(main())


@in_node
async def test_ties_are_made_even_if_no_answer_is_wanted() -> None:
    bl.trap_exit(True)
    ref = bl.spawn_request(ends_with, "boom", link=True, monitor=True, reply="no")
    exit, down = sorted(await received(2), key=lambda message: type(message).__name__, reverse=True)
    assert (exit.reason, down.ref, down.reason) == ("boom", ref, "boom")


@in_node
async def test_a_request_is_abandoned_only_until_it_is_answered() -> None:
    ref = bl.spawn_request(forever)
    await answer(ref)
    assert not bl.abandon_spawn_request(ref)
    assert not bl.abandon_spawn_request(bl.make_ref())


@in_node
async def test_what_was_to_be_linked_ends_when_its_request_is_abandoned_and_others_run_on() -> None:
    linked = bl.spawn_request(named, "linked", link=True)
    monitored = bl.spawn_request(named, "monitored", monitor=True)
    plain = bl.spawn_request(named, "plain")
    assert [bl.abandon_spawn_request(ref) for ref in (linked, monitored, plain)] == [True] * 3
    await eventually(lambda: bl.registered() == ["monitored", "plain"])
    me = process_of(bl.self())
    assert (me.links, me.monitors, me.monitored_by) == (frozenset(), (), ())
    bl.exit(bl.whereis("monitored"), "boom")  # type: ignore[arg-type]
    await no_message()


async def named(name: str) -> None:
    bl.register(name, bl.self())
    await forever()


@in_node
async def test_a_monitor_may_be_taken_back_before_it_is_made() -> None:
    ref = bl.spawn_request(str, monitor=True)
    assert bl.demonitor(ref)
    assert not bl.demonitor(ref)
    assert (await answer(ref)).ok
    await no_message()


@in_node
async def test_a_worker_thread_may_ask_on_behalf_of_its_process() -> None:
    bl.self()  # the test is a process from here on
    refs = await asyncio.to_thread(lambda: [bl.spawn_request(ends_with, n, monitor=True) for n in range(50)])
    for number, ref in enumerate(refs):
        assert (await answer(ref)).ok
        assert (await bl.receive(ref=ref, timeout=PATIENCE)).reason == number


@in_node
async def test_what_cannot_be_asked_for_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="expected a function to spawn, got 'no function'"):
        bl.spawn_request("no function")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="spawn_request has no keyword 'priority'"):
        bl.spawn_request(forever, priority="high")
    with pytest.raises(ValueError, match="expected one of yes, no, error_only, success_only as `reply`, got 'maybe'"):
        bl.spawn_request(forever, reply="maybe")  # type: ignore[arg-type]
    assert bl.processes() == []


def test_the_context_of_who_asks_is_copied() -> None:
    colour: ContextVar[str] = ContextVar("colour", default="none")

    async def main() -> None:
        async with local_node():
            colour.set("red")
            to = bl.self()
            bl.spawn_request(lambda: bl.send(to, colour.get()), reply="no")
            colour.set("blue")
            assert await bl.receive(timeout=PATIENCE) == "red"

    asyncio.run(main())
