"""What a pool is told may cross with what it has just decided: no call is lost by that, no slot, and no pool."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

import beamlike as bl
import flame
import flame.runner
from flame.pool_server import POOLS
from flame.shared_caps import SharedCaps
from tests.support.local_nodes import eventually
from tests.support.pools import SECONDS, PoolsNode, on_pools_node, until_explained, wait_for_word, word_from_work
from tests.support.processes import child_nodes


def large(_item: int) -> bytes:
    return bytes(100_000)


async def large_when_told(home: bl.Pid) -> bytes:
    await wait_for_word(home)
    return large(0)


@on_pools_node
async def test_a_map_that_is_left_lets_go_of_results_that_stay_and_were_not_taken(ground: PoolsNode) -> None:
    cpu = await ground.start(max_concurrency=4, track_resources=True, largest_result=1000)
    async with aclosing(cpu.map(large, range(4))) as values:
        first = await anext(values)
        await until_explained(cpu, "4 of 4 slots taken (4 by results that stay there)")
    del first, values
    gc.collect()
    await until_explained(cpu, "0 of 4 slots taken")


@pytest.mark.parametrize("link", [True, False])
@on_pools_node
async def test_who_is_cancelled_as_a_result_comes_that_stays_lets_go_of_it(ground: PoolsNode, link: bool) -> None:
    cpu = await ground.start(track_resources=True, largest_result=1000)
    calling = asyncio.create_task(cpu.call(large_when_told, bl.self(), link=link))
    worker = await word_from_work()
    [call] = POOLS[cpu.pid].traffic.desks[1].calls.values()
    then = call.then
    assert then is not None

    def then_cancel(settled: Any) -> None:
        then(settled)
        calling.cancel()

    call.then = then_cancel
    bl.send(worker, "now")
    with pytest.raises(asyncio.CancelledError):
        await calling
    del call
    await until_explained(cpu, "0 of 1 slots taken")


@on_pools_node
async def test_a_runner_that_is_lost_before_the_pool_reads_that_it_is_up_is_lent_to_nobody(
    ground: PoolsNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = flame.runner._open_desk
    killed: list[str] = []

    async def open_and_lose(owner: Any, child: Any) -> bl.Pid:
        desk = await opened(owner, child)
        if not killed:
            killed.append(child.node)
            os.kill(child.machine.pid, signal.SIGKILL)
            await eventually(lambda: child.node not in bl.nodes(hidden=True))
        return desk

    monkeypatch.setattr(flame.runner, "_open_desk", open_and_lose)
    cpu = await ground.start()
    async with asyncio.timeout(SECONDS):
        assert await cpu.call(abs, -1, timeout=None) == 1
    assert killed


@on_pools_node
async def test_a_pool_whose_runner_is_withheld_may_be_stopped_in_that_very_turn(ground: PoolsNode) -> None:
    caps = SharedCaps(runners=1)
    await ground.start("first", shared_caps=caps, min=1)
    second = await ground.start("second", shared_caps=caps)
    calling = asyncio.create_task(second.call(abs, -1))
    stopping = asyncio.create_task(second.stop())
    with pytest.raises(flame.PoolStopped):
        await calling
    await stopping


def test_calls_at_work_and_in_line_are_told_when_the_node_of_their_pool_stops() -> None:
    async def main() -> None:
        async with bl.Node("pools@127.0.0.1", secret=b"a secret of the test"):
            cpu = await flame.Pool.start(name="test")
            at_work = asyncio.create_task(cpu.call(time.sleep, SECONDS, timeout=None))
            await until_explained(cpu, "1 of 1 slots taken")
            detached = asyncio.create_task(cpu.call(time.sleep, SECONDS, timeout=None, link=False))
            await until_explained(cpu, "1 call waits")
        async with asyncio.timeout(SECONDS):
            with pytest.raises(flame.RunnerLost, match="its node has stopped"):
                await at_work
            with pytest.raises(flame.PoolStopped, match="its node has stopped"):
                await detached
        await eventually(lambda: not child_nodes())  # or the next test would find the runner

    asyncio.run(main())


async def numbers() -> AsyncIterator[int]:
    for number in itertools.count():
        yield number
        await asyncio.sleep(0.01)


@on_pools_node
async def test_a_stream_of_a_pool_that_is_killed_ends_with_a_lost_runner(ground: PoolsNode) -> None:
    cpu = await ground.start()
    async with aclosing(cpu.stream(numbers)) as items:
        assert await anext(items) == 0
        bl.exit(cpu.pid, "kill")
        with pytest.raises(flame.RunnerLost, match="was lost with it"):
            await to_the_end(items)
    await eventually(lambda: not child_nodes())


async def to_the_end(items: AsyncIterator[int]) -> None:
    async for _item in items:
        pass


async def start_slowly() -> None:
    await asyncio.sleep(SECONDS)


@on_pools_node
async def test_a_process_that_is_not_started_in_time_is_told_as_a_call_is(ground: PoolsNode) -> None:
    cpu = await ground.start(min=1)
    with pytest.raises(flame.ExecTimeout, match="start_slowly did not start a process in time"):
        await cpu.place_child(start_slowly, timeout=0.5)


class Value:
    def __init__(self, _key: object) -> None:
        vars(sys)["alive"] = vars(sys).get("alive", 0) + 1

    def __del__(self) -> None:
        vars(sys)["alive"] -= 1


async def use(_value: Value) -> None:
    await asyncio.sleep(0)


def alive() -> int:
    gc.collect()
    return int(vars(sys)["alive"])


@on_pools_node
async def test_keys_that_are_used_in_one_turn_leave_no_more_values_than_a_runner_may_hold(ground: PoolsNode) -> None:
    cpu = await ground.start(keys_per_runner=1, max_concurrency=4)
    await cpu.warm(1)
    for turn in range(3):
        await asyncio.gather(*(cpu.call(use, key=(turn, number), init=Value) for number in range(4)))
    async with asyncio.timeout(SECONDS):
        while await cpu.call(alive) != 1:  # a thread that made one may still be about to rest, with it at hand
            pass
