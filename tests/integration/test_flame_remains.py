"""Pools under many calls and cancels, and pools that share runners: nothing is left, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import os
from random import Random

import pytest

import flame
from tests.support.pools import SECONDS, at_work, pool, pools_node, until_explained

LARGE = "x" * 300_000


async def rest(seconds: float, *_args: object) -> float:
    await asyncio.sleep(seconds)
    return seconds


@pytest.mark.timeout(120)
def test_a_thousand_calls_and_cancels_leave_nothing_that_a_pool_counts() -> None:
    """`pool` looks at the end for slots, calls, time limits, monitors and timers."""

    async def main() -> None:
        chance = Random(6)
        async with pool(max_concurrency=32) as cpu:
            assert await cpu.call(os.getpid) != os.getpid()
            for number in range(20):
                calls = [
                    asyncio.create_task(
                        chance.choice(
                            [
                                lambda: cpu.call(abs, -1, timeout=SECONDS),
                                lambda: cpu.call(rest, 600.0, timeout=None),
                                lambda: cpu.call(rest, 0.001, LARGE),
                                lambda: cpu.call(len, LARGE, key="k", init=len),
                                lambda: cpu.call(rest, 600.0, LARGE, timeout=0.05),
                            ]
                        )()
                    )
                    for _ in range(50)
                ]
                await asyncio.sleep(chance.choice([0.0, 0.01, 0.1]))
                if number % 5 == 4:
                    assert await cpu.call(abs, -2, timeout=SECONDS) == 2
                for call in calls:
                    call.cancel()
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                allowed = (asyncio.CancelledError, TimeoutError, TypeError)
                assert all(isinstance(it, allowed) for it in outcomes if isinstance(it, BaseException)), outcomes
            assert await cpu.call(abs, -3, timeout=SECONDS) == 3

    asyncio.run(main())


def test_a_pool_that_waits_for_a_shared_runner_gets_the_place_of_its_own_that_has_gone() -> None:
    async def main() -> None:
        async with pools_node() as ground:
            shared = flame.SharedCaps(runners=2)
            await ground.start("other", min=1, shared_caps=shared)
            here = await ground.start("here", max=2, shared_caps=shared)
            calling, worker = await at_work(here)
            waiting = asyncio.create_task(here.call(os.getpid, timeout=SECONDS))
            await until_explained(here, "the 2 runners that the pools share are taken")
            await here.drain(worker.node, within=0.01)
            with pytest.raises(flame.RunnerLost):
                await calling
            assert await waiting != os.getpid()

    asyncio.run(main())


def test_three_pools_that_share_runners_are_all_served() -> None:
    async def main() -> None:
        async with pools_node() as ground:
            shared = flame.SharedCaps(runners=2)
            pools = [
                await ground.start(name, max=2, shared_caps=shared, idle_shutdown_after=0.05, timeout=None)
                for name in "abc"
            ]
            calls = [each.call(rest, 0.02) for each in pools for _ in range(3)]
            assert await asyncio.gather(*calls) == [0.02] * 9

    asyncio.run(main())


def test_warming_returns_when_caps_allow_no_more() -> None:
    async def main() -> None:
        async with pool(max=3, caps=flame.Caps(runners=1)) as cpu:
            async with asyncio.timeout(SECONDS):
                await cpu.warm(3)
            await until_explained(cpu, "1 up")

    asyncio.run(main())


def test_a_pool_that_is_made_smaller_while_it_is_warmed_up_keeps_nobody_waiting() -> None:
    async def main() -> None:
        async with pool(max=2) as cpu:
            warming = asyncio.create_task(cpu.warm(2))
            await asyncio.sleep(0)
            await cpu.resize(max=1)
            async with asyncio.timeout(SECONDS):
                await warming

    asyncio.run(main())


def test_a_call_with_a_value_that_contains_itself_comes_back() -> None:
    async def main() -> None:
        endless: list[object] = []
        endless.append(endless)
        async with pool() as cpu:
            assert await cpu.call(len, endless) == 1

    asyncio.run(main())
