"""More schedulers of one node: processes in other threads are like any others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import beamlike as bl
from beamlike.scheduler_thread import SchedulerThread
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever


@asynccontextmanager
async def node_with_another_scheduler() -> AsyncIterator[tuple[bl.Node, SchedulerThread]]:
    async with (
        bl.Node("test@127.0.0.1", secret="secret", listen=False) as node,
        await node.start_scheduler("other") as other,
    ):
        yield node, other


def test_a_process_that_blocks_its_scheduler_holds_up_nobody_on_another() -> None:
    async def main() -> None:
        async with node_with_another_scheduler() as (_, other):
            go_on = threading.Event()
            other.spawn(go_on.wait, PATIENCE)
            echo = bl.spawn(echoes)
            bl.send(echo, (bl.self(), "here"))
            assert await bl.receive(timeout=PATIENCE) == "here"
            go_on.set()

    asyncio.run(main())


async def echoes() -> None:
    while True:
        to, message = await bl.receive()
        bl.send(to, message)


class Threads(bl.GenServer):
    def handle_call(self, request: object, client: bl.Alias) -> str:
        return threading.current_thread().name


def test_calls_links_monitors_and_names_reach_between_schedulers() -> None:
    async def main() -> None:
        async with node_with_another_scheduler() as (_, other):
            bl.trap_exit(True)
            starter = other.spawn_link(starts_a_server)
            await eventually(lambda: bl.whereis("threads") is not None)
            assert await bl.GenServer.call("threads", "which") == "other"
            ref = bl.monitor("threads")
            bl.exit(starter, "boom")
            assert await bl.receive(lambda message: isinstance(message, bl.Exit)) == bl.Exit(starter, "boom")
            assert await down_reason(ref) == "boom"

    asyncio.run(main())


async def starts_a_server() -> None:
    await Threads.start_link(name="threads")
    await forever()


def test_at_its_end_its_processes_have_unwound_and_its_thread_is_gone() -> None:
    begun: list[str] = []
    ends: list[str] = []

    async def cleans_up() -> None:
        begun.append("here")
        try:
            await forever()
        finally:
            await asyncio.sleep(0.01)
            ends.append(threading.current_thread().name)

    async def main() -> None:
        async with node_with_another_scheduler() as (node, other):
            pids = [other.spawn(cleans_up) for _ in range(3)]
            bl.spawn(forever)
            await eventually(lambda: len(begun) == 3)
            assert sorted(map(str, other.processes())) == sorted(map(str, pids))
        assert not any(node.process(pid) for pid in pids)

    asyncio.run(main())
    assert ends == ["other"] * 3
    assert "other" not in [thread.name for thread in threading.enumerate()]


def test_what_is_stopped_starts_nothing_more() -> None:
    async def main() -> None:
        async with bl.Node("test@127.0.0.1", secret="secret", listen=False) as node:
            other = await node.start_scheduler("other")
            await other.stop()
            await other.stop()
            with pytest.raises(RuntimeError, match=r"<SchedulerThread 'other' of .*, 0 processes> was stopped"):
                other.spawn(time.sleep, 0)

    asyncio.run(main())
