"""A process that lives for one of its monitors: whatever ends that ends the process, and nothing else of it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current, signals
from beamlike.kernel.spawn import spawn_tied
from beamlike.kernel.watched_life import last_word, live_for
from tests.support.local_nodes import PATIENCE, down_reason, forever, in_node, no_message, process_of, settled

FAR = "far@127.0.0.1"


async def lives_for(ref: bl.Ref) -> None:
    live_for(ref)
    await forever()


async def serves_and_waits(witness: bl.Pid) -> None:
    ref = bl.make_ref()
    bl.send(witness, (ref, spawn_tied(lives_for, (ref,), monitor=ref)))
    await forever()


async def begun() -> tuple[bl.Pid, bl.Ref, bl.Ref]:
    """A process that lives for a monitor, that monitor, and another one."""
    ref = bl.make_ref()
    pid = spawn_tied(lives_for, (ref,), monitor=ref)
    other = bl.monitor(pid)
    await settled()
    return pid, ref, other


@in_node
async def test_it_ends_when_the_monitor_is_taken_back() -> None:
    _, ref, other = await begun()
    bl.demonitor(ref)
    assert await down_reason(other) == "killed"
    await no_message()


@in_node
async def test_it_goes_on_when_another_monitor_is_taken_back() -> None:
    pid, _, other = await begun()
    bl.demonitor(other)
    await settled()
    assert bl.is_alive(pid)


@pytest.mark.parametrize("reason", ["shutdown", "kill", "boom"])
@in_node
async def test_it_ends_with_the_owner_of_the_monitor(reason: str) -> None:
    owner = bl.spawn(serves_and_waits, bl.self())
    _, pid = await bl.receive()
    ref = bl.monitor(pid)
    await settled()
    bl.exit(owner, reason)
    assert await down_reason(ref) == "killed"


@in_node
async def test_it_does_not_begin_where_the_monitor_is_gone_already() -> None:
    ref = bl.make_ref()
    pid = spawn_tied(lives_for, (ref,), monitor=ref)
    other = bl.monitor(pid)
    bl.demonitor(ref)
    assert await down_reason(other) == ("shutdown", "unwatched")


@in_node
async def test_its_end_is_told_as_that_of_any_other() -> None:
    pid, ref, _ = await begun()
    bl.exit(pid, "boom")
    assert await down_reason(ref) == "boom"


@in_node
async def test_it_ends_with_the_node_of_the_owner_of_the_monitor() -> None:
    node = current.current_node()
    node.peer_up(FAR, lambda _signal: None, hidden=False)
    owner, ref = bl.Pid(FAR, 1), bl.Ref(FAR, 2)
    pid = bl.Pid(node.name, node.next_id())
    node.route(signals.Spawn(owner, pid, lives_for, (ref,), False, ref, None))
    other = bl.monitor(pid)
    await settled()
    node.peer_down("else@127.0.0.1", "noconnection")
    await settled()
    assert process_of(pid)
    node.peer_down(FAR, "connection_closed")
    assert await down_reason(other) == "killed"


@in_node
async def test_its_code_is_unwound() -> None:
    unwound = asyncio.Event()

    async def cleans_up(ref: bl.Ref) -> None:
        live_for(ref)
        try:
            await asyncio.sleep(3600)
        finally:
            unwound.set()

    ref = bl.make_ref()
    spawn_tied(cleans_up, (ref,), monitor=ref)
    await settled()
    bl.demonitor(ref)
    async with asyncio.timeout(PATIENCE):
        await unwound.wait()


# The last word.


def work_for(owner: bl.Pid, function: Callable[..., Any]) -> tuple[bl.Pid, list[signals.Signal]]:
    """A process that a process of FAR has asked for, and what it has sent there so far."""
    node, sent = current.current_node(), list[signals.Signal]()
    node.peer_up(FAR, sent.append, hidden=False)
    pid, ref = bl.Pid(node.name, node.next_id()), bl.Ref(FAR, 2)
    node.route(signals.Spawn(owner, pid, function, (bl.Alias(owner, ref.id),), False, ref, None))
    return pid, sent


async def answers_and_goes_on(to: bl.Alias) -> None:
    live_for(to.ref)
    last_word(to, "answer")
    await bl.receive()


async def answers_when_it_is_dead(to: bl.Alias) -> None:
    live_for(to.ref)
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    last_word(to, "answer")


@in_node
async def test_with_its_last_word_it_is_free() -> None:
    pid, sent = work_for(bl.Pid(FAR, 1), answers_and_goes_on)
    await settled()
    assert [type(signal) for signal in sent] == [signals.Answer]
    current.current_node().peer_down(FAR, "connection_closed")
    await settled()
    assert bl.is_alive(pid)
    ref = bl.monitor(pid)
    bl.send(pid, "end")
    assert await down_reason(ref) == "normal"
    assert len(sent) == 1


@in_node
async def test_who_is_dead_has_no_last_word() -> None:
    pid, sent = work_for(bl.Pid(FAR, 1), answers_when_it_is_dead)
    await settled()
    bl.exit(pid, "boom")
    await settled()
    assert [type(signal) for signal in sent] == [signals.Down]
