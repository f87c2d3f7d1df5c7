"""Children of one parent that talk to each other: found by name, on links of their own, by nothing but a first use."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import beamlike as bl
import flame
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.pools import PoolsNode, pools_node

PAYLOAD = 4 << 20
"""Bytes; many times what else passes in a test."""


def weigh(batch: list[bytes]) -> list[tuple[int, int]]:
    return [(len(each), os.getpid()) for each in batch]


async def extract(size: int) -> tuple[int, int]:
    """What an extractor does: it makes something large, and has it described by whoever serves."""
    weight: tuple[int, int] = await bl.Serving.call("describe", bytes(size), timeout=PATIENCE)
    return weight


async def extract_from_whoever_comes() -> tuple[int, int]:
    """As `extract`; the news of who serves now may be on its way."""
    while True:
        try:
            return await extract(1)
        except (bl.NoServing, bl.ServingLost):
            await asyncio.sleep(0.01)


async def describe_on(pool: flame.Pool) -> bl.Pid:
    serving = bl.Serving(weigh, batch_timeout=0)
    return await pool.place_child(serving.child_spec(name="describe"), link=False)


@asynccontextmanager
async def two_pools() -> AsyncIterator[tuple[PoolsNode, flame.Pool, flame.Pool]]:
    async with pools_node() as ground:
        cpu = await ground.start("cpu", max=2)
        gpu = await ground.start("gpu", max=2)
        yield ground, cpu, gpu


async def passed_here() -> int:
    """Bytes on all links of this node, in both directions."""
    return sum(link.bytes_in + link.bytes_out for link in await bl.inspect.links())


def test_a_child_calls_a_serving_of_another_pool_by_its_name_and_nothing_of_it_passes_the_parent() -> None:
    async def main() -> None:
        async with two_pools() as (_, cpu, gpu):
            serving = await describe_on(gpu)
            before = await passed_here()
            answers = [await cpu.call(extract, PAYLOAD) for _ in range(3)]
            assert {size for size, _ in answers} == {PAYLOAD}
            assert await passed_here() - before < PAYLOAD / 2
            assert {pid for _, pid in answers} == {await bl.rpc.call(serving.node, os.getpid)}
            assert bl.nodes() == []  # all children are hidden still
            assert await cpu.call(bl.nodes) == [bl.self().node]
            assert serving.node in await cpu.call(lambda: bl.nodes(hidden=True))
            bl.exit(serving, "kill")

    asyncio.run(main())


def test_a_lost_serving_is_told_and_its_successor_is_found_on_another_child() -> None:
    async def main() -> None:
        async with two_pools() as (_, cpu, gpu):
            first = await describe_on(gpu)
            _, pid = await cpu.call(extract, 1)
            os.kill(pid, signal.SIGKILL)
            await eventually(lambda: first.node not in bl.nodes(hidden=True))
            with pytest.raises((bl.NoServing, bl.ServingLost), match="describe") as lost:
                await cpu.call(extract, 1)
            assert "found none" in str(lost.value) or "cannot be reached, or was lost" in str(lost.value)
            second = await describe_on(gpu)
            _, other = await cpu.call(extract_from_whoever_comes)
            assert other == await bl.rpc.call(second.node, os.getpid) != pid
            bl.exit(second, "kill")

    asyncio.run(main())


def test_replicas_on_several_children_are_all_found() -> None:
    async def main() -> None:
        async with two_pools() as (_, cpu, gpu):
            servings = [await describe_on(gpu), await describe_on(gpu)]
            assert len({it.node for it in servings}) == 2
            seen = await cpu.call(_replicas)
            assert set(seen) == set(servings)
            bl.exit(servings[0], "kill")
            assert await cpu.call(_until_replicas, servings[1:]) == servings[1:]
            bl.exit(servings[1], "kill")

    asyncio.run(main())


async def _replicas() -> list[bl.Pid]:
    return await bl.pg.find_members(("beamlike.serving", "describe"))


async def _until_replicas(expected: list[bl.Pid]) -> list[bl.Pid]:
    await eventually(lambda: bl.Serving.replicas("describe") == expected)
    return bl.Serving.replicas("describe")


def test_children_that_use_each_other_at_once_come_together_by_one_link() -> None:
    async def main() -> None:
        async with two_pools() as (_, cpu, gpu):
            one, two = [await pool.place_child(bl.ChildSpec("echo", start_echo), link=False) for pool in (cpu, gpu)]
            home = bl.self()
            for _ in range(5):
                bl.send(one, ("say to", two, home))
                bl.send(two, ("say to", one, home))
            said = [await bl.receive(lambda it: it[0] == "heard", timeout=PATIENCE) for _ in range(10)]
            assert sorted(said) == sorted([("heard", one.node, two.node), ("heard", two.node, one.node)] * 5)
            assert await bl.rpc.call(one.node, others) == sorted([two.node, home.node])
            for pid in (one, two):
                bl.exit(pid, "kill")

    asyncio.run(main())


async def start_echo() -> bl.Pid:
    return bl.spawn_link(echo)


async def echo() -> None:
    while True:
        match await bl.receive():
            case ("say to", bl.Pid() as other, bl.Pid() as home):
                bl.send(other, ("said by", bl.self().node, home))
            case ("said by", str() as who, bl.Pid() as home):
                bl.send(home, ("heard", who, bl.self().node))


def others() -> list[str]:
    return bl.nodes(hidden=True)
