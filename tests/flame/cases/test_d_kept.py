"""Results that stay on their runner: case 30."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

import flame
from tests.support.pools import PoolsNode, on_pools_node, until_explained
from tests.support.virtual_clock import VirtualClock

IDLE = 0.1


def two_that_stay() -> dict[str, Any]:
    return {"first": flame.keep([1, 2, 3]), "deeper": ["text", threading.Lock()]}


def kind_and_size(value: Any) -> tuple[str, int]:
    return type(value).__name__, len(value)


@on_pools_node
async def test_case_30_what_stays_holds_its_slot_and_its_runner_until_the_last_reference_is_gone(
    ground: PoolsNode,
) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock, idle_shutdown_after=IDLE, track_resources=True)
    result = await cpu.call(two_that_stay)
    first, lock = result["first"], result["deeper"][1]
    assert isinstance(first, flame.RemoteRef)
    assert isinstance(lock, flame.RemoteRef)
    assert await first.fetch() == [1, 2, 3]
    assert await first.call("index", 2) == 1
    assert await lock.call("locked") is False

    for _ in range(10):
        clock.advance(IDLE)
        await until_explained(cpu, "1 of 1 slots taken (1 by results that stay there)")

    del result, lock
    gc.collect()
    waiting = asyncio.create_task(cpu.call(abs, -1, timeout=1.0))
    await until_explained(cpu, "1 call waits")
    clock.advance(1.0)
    with pytest.raises(flame.QueueTimeout):
        await waiting

    del first
    gc.collect()
    assert await cpu.call(abs, -1) == 1
    await until_explained(cpu, "0 of 1 slots taken")
    while "no runner" not in await cpu.explain():
        clock.advance(IDLE)
        await asyncio.sleep(0.01)


@on_pools_node
async def test_case_30_a_call_on_what_stays_runs_there_in_its_slot_and_gets_the_value_itself(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start(max=2, track_resources=True, largest_result=1000)
    kept = await cpu.call(bytes, 10_000)
    assert await cpu.call(kind_and_size, kept) == ("bytes", 10_000)
    assert await cpu.call(lambda pair: pair[0] is pair[1], (kept, kept))
    assert "runners: 1 up" in await cpu.explain()


@on_pools_node
async def test_case_30_without_tracking_nothing_stays_but_what_the_function_keeps(ground: PoolsNode) -> None:
    cpu = await ground.start(largest_result=1000)
    assert await cpu.call(bytes, 10_000) == bytes(10_000)
    await until_explained(cpu, "0 of 1 slots taken")


@on_pools_node
async def test_case_30_who_uses_what_stays_on_a_runner_that_is_drained_comes_to_an_end_with_it(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start(track_resources=True, largest_result=1000, timeout=None, shutdown_timeout=3600.0)
    kept = await cpu.call(bytes, 10_000)
    drained = asyncio.create_task(cpu.drain(kept.node))
    await until_explained(cpu, "1 draining")
    assert await cpu.call(kind_and_size, kept) == ("bytes", 10_000)
    assert not drained.done()
    del kept
    gc.collect()
    await drained


@on_pools_node
async def test_case_30_what_stays_on_a_runner_for_one_call_is_of_use(ground: PoolsNode) -> None:
    cpu = await ground.start(track_resources=True, largest_result=1000, single_use=True)
    kept = await cpu.call(bytes, 10_000)
    assert await cpu.call(kind_and_size, kept) == ("bytes", 10_000)
    assert await cpu.call(kind_and_size, kept) == ("bytes", 10_000)
    del kept
    gc.collect()
