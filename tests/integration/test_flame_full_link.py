"""A runner whose caller takes less than it has to tell: what it tells waits, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import time

from tests.support.pools import PoolsNode, on_pools_node

CALLS = 200
BLOCKED_SECONDS = 2.5


def large() -> bytes:
    return bytes(60_000_000)


def light_later() -> list[str]:
    time.sleep(BLOCKED_SECONDS / 2)
    return ["x" * 1000] * 16


@on_pools_node
async def test_small_answers_wait_for_room_where_large_ones_have_filled_the_way_back(ground: PoolsNode) -> None:
    cpu = await ground.start(max_concurrency=CALLS + 6, lease=60.0)
    await cpu.warm(1)
    light = [asyncio.create_task(cpu.call(light_later, timeout=None)) for _ in range(CALLS)]
    heavy = [asyncio.create_task(cpu.call(large, timeout=None)) for _ in range(6)]
    await asyncio.sleep(0.3)
    time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251 - as user code does, and so nothing is taken from the link
    assert [len(value) for value in await asyncio.gather(*light)] == [16] * CALLS
    assert [len(value) for value in await asyncio.gather(*heavy)] == [60_000_000] * 6
