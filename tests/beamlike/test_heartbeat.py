"""The heartbeat of nodes of one interpreter: its thread, its lanes, and what is asked over them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.distribution.doorway import LANE
from beamlike.distribution.heartbeat.heartbeat import Heartbeat
from beamlike.distribution.home import Home
from tests.support.local_nodes import PATIENCE, eventually, in_node, until_nobody_blocks
from tests.support.proxy import proxy_to

A, B = "a@127.0.0.1", "b@127.0.0.1"


def node(name: str, **options: bool) -> bl.Node:
    return bl.Node(name, secret="swordfish", **options)  # type: ignore[arg-type]


def heartbeat_threads() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("beamlike heartbeat"))


def open_files() -> list[str]:
    return os.listdir("/proc/self/fd") if Path("/proc/self/fd").exists() else []


@pytest.mark.parametrize("own_thread", [False, True])
def test_each_node_has_one_thread_and_leaves_neither_it_nor_a_socket_behind(own_thread: bool) -> None:
    async def main() -> None:
        before = len(open_files())
        async with node(A, own_thread=own_thread) as a, node(B) as b:
            await a.connect(B)
            assert heartbeat_threads() == [f"beamlike heartbeat {A}", f"beamlike heartbeat {B}"]
            for asker, name in ((a, B), (b, A)):
                await until_nobody_blocks(partial(asker.who_is_blocking, name))
        assert heartbeat_threads() == []
        await eventually(lambda: len(open_files()) <= before)

    asyncio.run(main())


def test_many_nodes_of_one_interpreter_hear_each_other() -> None:
    names = [f"n{number}@127.0.0.1" for number in range(6)]

    async def main() -> None:
        nodes = [await node(name).start() for name in names]
        try:
            for one in nodes:
                for other in nodes:
                    await one.connect(other.name)
            states = {one.node_state(name) for one in nodes for name in names}
            assert states <= {"up", "stalled"}, "a busy machine may stall a healthy loop"
            asked = [one.who_is_blocking(name) for one in nodes for name in names]
            assert len(await asyncio.gather(*asked)) == len(asked)
        finally:
            for one in nodes:
                await one.stop()

    asyncio.run(main())


def test_the_thread_ends_by_itself_when_the_loop_was_closed_without_a_stop() -> None:
    async def main() -> threading.Thread:
        Heartbeat(A, Home.here(), 0.01, lambda guest: None)
        [thread] = [one for one in threading.enumerate() if one.name == f"beamlike heartbeat {A}"]
        return thread

    thread = asyncio.run(main())
    thread.join(PATIENCE)
    assert not thread.is_alive()


def busy_while_asked(asker: bl.Node, name: str) -> bl.Stall:
    """Keeps this thread's loop busy until another thread has learned of it."""
    found: list[bl.Stall] = []
    begun = threading.Event()

    def ask() -> None:
        begun.wait()  # what keeps the loop busy before that is not what is looked for
        while not found:
            stall = asyncio.run(asker.who_is_blocking(name))
            found.extend([stall] if stall is not None else [])

    asking = threading.Thread(target=ask)
    asking.start()
    keep_busy_until(lambda: begun.set() or bool(found))  # type: ignore[func-returns-value]
    asking.join(PATIENCE)
    return found[0]


def keep_busy_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        pass


def test_a_standalone_runtime_says_what_keeps_its_own_code_busy() -> None:
    async def main() -> bl.Stall:
        async with node(A, own_thread=True) as a:
            return busy_while_asked(a, A)

    stall = asyncio.run(main())
    assert stall.thread == threading.current_thread().name
    assert "keep_busy_until" in [place.function for place in stall.stack]


def test_nobody_can_be_asked_who_is_not_connected_and_a_link_that_is_lost_ends_the_question() -> None:
    async def main() -> None:
        async with node(A) as a, node(B) as b:
            with pytest.raises(bl.NotConnected, match=f"expected {B} to be connected"):
                await a.who_is_blocking(B)
            assert b.address is not None
            async with proxy_to(b.address) as proxy:
                proxy.hold(LANE)
                await a.connect(B, proxy.address)
                with pytest.raises(TimeoutError, match=f"expected an answer of {B} within 0.05 s"):
                    await a.who_is_blocking(B, timeout=0.05)
                asking = asyncio.create_task(a.who_is_blocking(B, timeout=PATIENCE))
                await asyncio.sleep(0)
                await a.disconnect(B)
                with pytest.raises(bl.NotConnected, match=f"expected {B} to be connected"):
                    await asking
                assert a.node_state(B) == "down"

    asyncio.run(main())


def test_a_question_waits_for_the_lane() -> None:
    async def main() -> None:
        async with node(A) as a, node(B) as b:
            assert b.address is not None
            async with proxy_to(b.address) as proxy:
                proxy.hold(LANE)
                await a.connect(B, proxy.address)
                asking = asyncio.create_task(a.who_is_blocking(B, timeout=PATIENCE))
                await proxy.until_opened(LANE, 1)
                assert not asking.done()
                proxy.resume()
                assert await asking is None

    asyncio.run(main())


@in_node
async def test_a_node_without_distribution_has_no_heartbeat() -> None:
    with pytest.raises(TypeError, match=r"start it with bl\.Node"):
        bl.node_state(B)


def test_to_interrupt_a_node_whose_loop_turns_does_nothing() -> None:
    async def main() -> None:
        async with node(A) as a, node(B):
            await a.connect(B)
            assert await a.interrupt(B) is None

    asyncio.run(main())


def test_a_quiet_node_says_nothing_of_its_stalls_and_is_asked_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with (
            bl.Node(A, secret="s", own_thread=True) as a,
            bl.Node(B, secret="s", stall_threshold=None) as b,
        ):
            await a.connect(B)
            assert busy_while_asked(a, B).thread == threading.current_thread().name
            assert b.nodes() == [A]

    asyncio.run(main())
    told = [record for record in caplog.records if record.name == "beamlike.watchdog"]
    # The other node is none, and may tell of its own thread, if a busy machine has that wait.
    assert [record for record in told if vars(record)["stall"].thread == threading.current_thread().name] == []
