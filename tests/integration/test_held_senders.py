"""A sender on a link that is full, whose node reads nothing any more: it is held wherever it next asks the kernel."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

import beamlike as bl
import nodes
from beamlike.distribution.congestion import BOUND
from tests.support.child_node import with_child_node

MESSAGE = bytes(2 << 20)


async def idle() -> None:
    await bl.receive()


def beside_a_stopped_child(test: Callable[[str, bl.Pid, Callable[[], None]], Awaitable[None]]) -> Callable[[], None]:
    """Runs the test with a child that has been stopped, a process there, and what lets it go on."""

    async def run(child: nodes.Child) -> None:
        pid = await bl.rpc.call(child.node, os.getpid)
        process = bl.spawn(idle, node=child.node)
        await bl.rpc.call(child.node, bl.is_alive, process)
        os.kill(pid, signal.SIGSTOP)
        try:
            await test(child.node, process, lambda: os.kill(pid, signal.SIGCONT))
        finally:
            os.kill(pid, signal.SIGCONT)

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return with_child_node(run)


async def flood(target: bl.Pid, told: list[int], pause: Callable[[], Awaitable[object]]) -> None:
    for number in range(2 * BOUND // len(MESSAGE)):
        bl.send(bl.self(), "go on")
        bl.send(target, MESSAGE)
        told.append(number)
        await pause()
        await bl.receive()


async def nothing() -> None: ...


@pytest.mark.parametrize("pause", [nothing, lambda: asyncio.sleep(0)], ids=["at once", "after a pause of asyncio's"])
def test_a_sender_is_held_at_its_next_receive_however_it_comes_there(pause: Callable[[], Awaitable[object]]) -> None:
    @beside_a_stopped_child
    async def test(node: str, target: bl.Pid, go_on: Callable[[], None]) -> None:
        told: list[int] = []
        _, ref = bl.spawn_monitor(flood, target, told, pause)
        with pytest.raises(TimeoutError):
            await bl.receive(ref=ref, timeout=0.5)
        assert len(told) * len(MESSAGE) <= BOUND + 4 * len(MESSAGE)
        go_on()
        assert (await bl.receive(ref=ref, timeout=20)).reason == "normal"

    test()


@beside_a_stopped_child
async def test_spawns_are_bounded_as_messages_are(node: str, target: bl.Pid, go_on: Callable[[], None]) -> None:
    spawned = 0
    try:
        while spawned < 4 * BOUND // len(MESSAGE):
            bl.spawn(len, MESSAGE, node=node)
            spawned += 1
    except bl.LinkBusy:
        pass
    assert BOUND < spawned * len(MESSAGE) <= 2 * BOUND + 4 * len(MESSAGE)
