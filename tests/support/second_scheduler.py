"""A second scheduler of the current node: an event loop in a thread of its own, with processes of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.loop_thread import LoopThread
from tests.support.local_nodes import eventually


@asynccontextmanager
async def second_scheduler() -> AsyncIterator[Scheduler]:
    """All processes of the node are ended when the block is left, and with them the thread."""
    thread = LoopThread("second scheduler")
    try:
        yield await thread.run(own_scheduler())
        node = current.current_node()
        node.halt()
        await eventually(lambda: not node.processes())
    finally:
        thread.stop()


async def own_scheduler() -> Scheduler:
    return scheduler_of(asyncio.get_running_loop())


def spawn_at(scheduler: Scheduler, function: Callable[..., Any], *args: Any) -> bl.Pid:
    """As `bl.spawn`, on that scheduler."""
    process = current.current_node().start_process(function, args, scheduler=scheduler)
    scheduler.call(scheduler.ready, process)
    return process.pid
