"""Blocking work of the user's, in the threads of his loop, does not hold up what a pool does to its runners."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import nodes
from tests.support.pools import SECONDS, PoolsNode, on_pools_node


@on_pools_node
async def test_runners_are_booted_and_stopped_while_all_threads_of_the_executor_are_taken(ground: PoolsNode) -> None:
    over = threading.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    blocked = asyncio.create_task(asyncio.to_thread(over.wait, 2 * SECONDS))
    try:
        for number, zygote in enumerate((None, False)):
            cpu = await ground.start(f"test{number}", backend=nodes.Local(zygote=zygote))
            async with asyncio.timeout(SECONDS):
                assert await cpu.call(abs, -1) == 1
                await cpu.stop()
    finally:
        over.set()
        await blocked
