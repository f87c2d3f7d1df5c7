"""Acceptance cases 1 to 12: growth, queueing and placement, on real child processes.

Case 11, the model of the line of calls, is in `tests/flame/test_dispatch.py`.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
from array import array
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
import flame
from flame.policies import spare
from flame.pool_server import POOLS
from flame.pool_state import FIRST_PAUSE
from flame.shared_caps import SharedCaps
from tests.support.counted_backend import CountedBackend
from tests.support.local_nodes import eventually
from tests.support.pools import (
    SECONDS,
    PoolsNode,
    at_work,
    on_pools_node,
    released,
    until_explained,
    wait_for_word,
    word_from_work,
)
from tests.support.processes import child_nodes, is_alive
from tests.support.virtual_clock import VirtualClock


def own_node() -> str:
    return bl.self().node


# 1. The minimum, and growth on demand


@on_pools_node
async def test_case_01_min_runners_are_up_when_start_returns_and_more_come_with_demand(ground: PoolsNode) -> None:
    cpu = await ground.start(min=1, max=2, max_concurrency=2)
    assert len(child_nodes()) == 1
    one, first = await at_work(cpu)
    assert await cpu.call(own_node) == first.node
    two, second = await at_work(cpu)
    assert second.node == first.node
    three, third = await at_work(cpu)
    assert third.node != first.node
    four, fourth = await at_work(cpu)
    assert fourth.node == third.node
    assert len(child_nodes()) == 2
    assert await released({first: one, second: two, third: three, fourth: four}) == ["the end"] * 4


@on_pools_node
async def test_case_01_a_call_beyond_all_slots_fails_when_its_time_is_up_or_gets_the_next_that_falls_free(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start(min=1, max=2, max_concurrency=2)
    busy = {worker: calling for calling, worker in [await at_work(cpu) for _ in range(4)]}
    began = asyncio.get_running_loop().time()
    with pytest.raises(flame.QueueTimeout, match="4 of 4 slots taken"):
        await cpu.call(abs, -1, timeout=0.1)
    assert 0.09 < asyncio.get_running_loop().time() - began < SECONDS
    assert len(child_nodes()) == 2

    waiting = asyncio.create_task(cpu.call(own_node, timeout=None))
    await until_explained(cpu, "1 call waits")
    worker, calling = busy.popitem()
    bl.send(worker, "the end")
    assert await waiting == worker.node
    assert await calling == "the end"
    assert not any(calling.done() for calling in busy.values())
    await released(busy)


# 2. Two at once


@on_pools_node
async def test_case_02_calls_at_the_same_instant_that_fit_one_runner_bring_one_boot(ground: PoolsNode) -> None:
    backend = CountedBackend()
    cpu = await ground.start(backend=backend, max_concurrency=2)
    calls = [asyncio.create_task(cpu.call(wait_for_word, bl.self(), timeout=None)) for _ in range(2)]
    workers = [await word_from_work() for _ in calls]
    assert workers[0].node == workers[1].node
    assert backend.asked == 1
    assert bl.whereis("test") == cpu.pid
    for calling in calls:
        calling.cancel()
    assert await cpu.call(own_node) == workers[0].node


# 3. Casts


@on_pools_node
async def test_case_03_casts_make_a_pool_grow_to_max_and_use_its_runners_again(ground: PoolsNode) -> None:
    backend = CountedBackend()
    cpu = await ground.start(backend=backend, max=2)
    for _ in range(3):
        cpu.cast(wait_for_word, bl.self())
    first, second = await word_from_work(), await word_from_work()
    assert first.node != second.node
    await until_explained(cpu, "1 call waits")
    bl.send(first, "the end")
    third = await word_from_work()
    assert third.node == first.node
    assert backend.asked == 2
    for worker in (second, third):
        bl.send(worker, "the end")


# 4. Bursts


async def burst(cpu: flame.Pool, calls: int) -> list[asyncio.Task[Any]]:
    """So many calls in one turn of the loop."""
    return [asyncio.create_task(cpu.call(abs, -1, timeout=None)) for _ in range(calls)]


@pytest.mark.parametrize(
    ("slots", "boots", "rule"),
    [
        (1, 30, "30 runners are wanted: 30 calls wait and 1 fits a runner: 30 runners"),
        (10, 3, "3 runners are wanted: 30 calls wait and 10 fit a runner: 3 runners"),
        (100, 1, "1 runner is wanted: 30 calls wait and 100 fit a runner: 1 runner"),
    ],
)
@on_pools_node
async def test_case_04_a_burst_on_an_empty_pool_boots_what_it_fills_and_says_by_which_rule(
    ground: PoolsNode, slots: int, boots: int, rule: str
) -> None:
    backend = CountedBackend(free=0)
    cpu = await ground.start(backend=backend, max=50, max_concurrency=slots)
    calls = await burst(cpu, 30)
    await eventually(lambda: backend.asked >= boots)
    await until_explained(cpu, f"runners: {boots} booting (min 0, max 50), 0 of 0 slots taken, 30 calls wait")
    assert rule in await cpu.explain()
    assert backend.asked == boots
    for calling in calls:
        calling.cancel()


@on_pools_node
async def test_case_04_a_burst_is_performed_by_the_runners_that_it_fills(ground: PoolsNode) -> None:
    backend = CountedBackend()
    cpu = await ground.start(backend=backend, max=50, max_concurrency=10)
    assert await asyncio.gather(*await burst(cpu, 30)) == [1] * 30
    assert backend.most == 3


# 5., 6. Boots that fail


@on_pools_node
async def test_case_05_a_call_outlives_a_boot_that_failed_and_the_pool_tries_again_after_a_pause(
    ground: PoolsNode,
) -> None:
    clock, backend = VirtualClock(), CountedBackend(fail={2})
    cpu = await ground.start(backend=backend, clock=clock, min=1, max=2, idle_shutdown_after=None)
    busy, first = await at_work(cpu, timeout=None)
    cpu.cast(wait_for_word, bl.self())
    await until_explained(cpu, "1 boot failed in a row, the last because")
    explained = await cpu.explain()
    assert "quota exceeded" in explained
    assert "1 call waits" in explained
    clock.advance(0.9 * FIRST_PAUSE)
    await until_explained(cpu, "the next boot is tried in 0.1 s")
    assert backend.asked == 2
    clock.advance(0.1 * FIRST_PAUSE + 0.001)
    second = await word_from_work()
    assert backend.asked == 3
    assert second.node != first.node
    bl.send(second, "the end")
    await released({first: busy})


@on_pools_node
async def test_case_06_after_the_pause_boots_are_asked_for_the_whole_backlog(ground: PoolsNode) -> None:
    clock, backend = VirtualClock(), CountedBackend(fail={1}, free=1)
    cpu = await ground.start(backend=backend, clock=clock, max=20, idle_shutdown_after=None)
    calls = await burst(cpu, 1)
    await until_explained(cpu, "1 boot failed in a row")
    calls += await burst(cpu, 20)
    await until_explained(cpu, "21 calls wait")
    assert backend.asked == 1
    clock.advance(FIRST_PAUSE)
    await until_explained(cpu, "runners: 20 booting")
    await eventually(lambda: backend.asked == 21)
    for calling in calls:
        calling.cancel()


# 7., 8. Runners that go


@on_pools_node
async def test_case_07_calls_that_wait_for_a_lost_runner_get_another_without_a_new_arrival(ground: PoolsNode) -> None:
    cpu = await ground.start()
    pid = await cpu.call(os.getpid)
    running, worker = await at_work(cpu, timeout=None)
    waiting = [asyncio.create_task(cpu.call(own_node, timeout=None)) for _ in range(2)]
    await until_explained(cpu, "2 calls wait")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(flame.RunnerLost):
        await running
    nodes = await asyncio.gather(*waiting)
    assert nodes[0] == nodes[1] != worker.node


@on_pools_node
async def test_case_08_a_minimum_runner_that_has_served_its_one_call_is_replaced_without_traffic(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start(min=2, max=4, single_use=True)
    pid = await cpu.call(os.getpid)
    await eventually(lambda: not is_alive(pid))
    await until_explained(cpu, "runners: 2 up (")


@on_pools_node
async def test_case_08_a_minimum_runner_that_crashes_is_replaced_without_traffic(ground: PoolsNode) -> None:
    cpu = await ground.start(min=2, max=4)
    pid = await cpu.call(os.getpid)
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: pid not in (there := child_nodes()) and len(there) == 2)
    await until_explained(cpu, "runners: 2 up (")


@on_pools_node
async def test_case_08_a_minimum_runner_that_dies_unused_is_replaced_after_a_pause(ground: PoolsNode) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock, min=2, max=4, idle_shutdown_after=None)
    os.kill(child_nodes()[0], signal.SIGKILL)
    await until_explained(cpu, "1 boot failed in a row")
    clock.advance(FIRST_PAUSE)
    await until_explained(cpu, "runners: 2 up (")


# 9. A spare


@on_pools_node
async def test_case_09_a_spare_runner_is_booted_when_the_last_is_taken_so_that_the_next_call_need_not_wait(
    ground: PoolsNode,
) -> None:
    clock, backend = VirtualClock(), CountedBackend(free=2)
    cpu = await ground.start(backend=backend, clock=clock, max=5, policy=spare(1), idle_shutdown_after=3.0)
    await until_explained(cpu, "runners: 1 up (")
    assert backend.asked == 1
    one, first = await at_work(cpu, timeout=None)
    await until_explained(cpu, "runners: 2 up (")

    two, second = await at_work(cpu, timeout=None)  # while the boot of a third is held back
    assert second.node != first.node
    await until_explained(cpu, "runners: 2 up, 1 booting (")
    await released({first: one, second: two})
    backend.boots.set()
    await until_explained(cpu, "runners: 3 up (")
    clock.advance(3.0)
    await until_explained(cpu, "runners: 1 up (")
    assert "1 to spare" in await cpu.explain()
    assert backend.asked == 3


# 10. A cap that pools share


@on_pools_node
async def test_case_10_pools_never_have_more_runners_than_they_share_and_grow_as_others_shrink(
    ground: PoolsNode,
) -> None:
    clock, backend, caps = VirtualClock(), CountedBackend(), SharedCaps(runners=4)
    options: dict[str, Any] = {"max": 2, "shared_caps": caps, "idle_shutdown_after": 3.0, "timeout": None}
    a, b, c = [await ground.start(name, backend=backend, clock=clock, **options) for name in "abc"]
    of_a = {worker: calling for calling, worker in [await at_work(a), await at_work(a)]}
    of_b = {worker: calling for calling, worker in [await at_work(b), await at_work(b)]}
    of_c = [asyncio.create_task(c.call(wait_for_word, bl.self())) for _ in range(2)]
    await until_explained(c, "but 4 of the 4 runners that the pools share are taken")
    assert "2 calls wait" in await c.explain()
    assert len(backend.there) == 4

    await released(of_a)
    clock.advance(3.0)
    workers = [await word_from_work() for _ in of_c]
    assert workers[0].node != workers[1].node
    assert backend.asked == 6
    assert backend.most == 4
    await released(of_b | dict(zip(workers, of_c, strict=True)))


@on_pools_node
async def test_case_10_a_pool_gets_the_places_of_others_one_by_one_as_they_fall_free(ground: PoolsNode) -> None:
    clock, caps = VirtualClock(), SharedCaps(runners=2)
    options: dict[str, Any] = {"max": 2, "shared_caps": caps, "idle_shutdown_after": 3.0, "timeout": None}
    a, c = [await ground.start(name, clock=clock, **options) for name in "ac"]
    busy = [await at_work(a), await at_work(a)]
    waiting = [asyncio.create_task(c.call(wait_for_word, bl.self())) for _ in range(2)]
    await until_explained(c, "2 of the 2 runners that the pools share are taken")
    workers = []
    for calling, worker in busy:
        await released({worker: calling})
        clock.advance(3.0)
        workers.append(await word_from_work())
    await released(dict(zip(workers, waiting, strict=True)))


@pytest.mark.parametrize("after", [None, 3600.0])
@on_pools_node
async def test_case_10_a_runner_that_idles_gives_way_at_once_to_a_pool_that_waits_for_its_place(
    ground: PoolsNode, after: float | None
) -> None:
    caps = SharedCaps(runners=1)
    options: dict[str, Any] = {"shared_caps": caps, "idle_shutdown_after": after, "timeout": None}
    a, c = [await ground.start(name, **options) for name in "ac"]
    assert (await a.call(own_node)).startswith("a-")
    assert (await c.call(own_node)).startswith("c-"), "it idled before"
    busy, worker = await at_work(c)
    waiting = asyncio.create_task(a.call(own_node))
    await until_explained(a, "but 1 of the 1 runners that the pools share are taken")
    await released({worker: busy})
    assert (await waiting).startswith("a-"), "it idles since then"


@on_pools_node
async def test_case_10_a_pool_that_waits_for_a_place_and_loses_a_runner_boots_another_in_its_place(
    ground: PoolsNode,
) -> None:
    caps = SharedCaps(runners=2)
    a, c = [await ground.start(name, max=2, shared_caps=caps, timeout=None) for name in "ac"]
    busy, worker = await at_work(a)
    pid = await c.call(os.getpid)
    lost, _ = await at_work(c)
    waiting = asyncio.create_task(c.call(own_node))
    await until_explained(c, "2 of the 2 runners that the pools share are taken")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(flame.RunnerLost):
        await lost
    assert (await waiting).startswith("c-")
    await released({worker: busy})


# 12. Keys


@on_pools_node
async def test_case_12_calls_of_a_key_go_to_one_runner_where_its_value_is_made_once(ground: PoolsNode) -> None:
    home, languages = bl.self(), ["de", "en", "fr"]

    def load(language: str) -> tuple[str, int]:
        bl.send(home, ("word", (language, os.getpid())))
        return language, os.getpid()

    def translate(model: tuple[str, int], language: str) -> tuple[str, int]:
        assert model == (language, os.getpid())
        return model

    cpu = await ground.start(max=3, max_concurrency=4, timeout=None)
    served = set()
    for _ in range(2):
        calls = [cpu.call(translate, key, key=key, init=load) for key in languages * 10]
        served |= set(await asyncio.gather(*calls))
    loaded = [await word_from_work() for _ in languages]
    assert sorted(loaded) == sorted(served)
    assert [language for language, _ in sorted(served)] == languages

    def crash(model: tuple[str, int]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(flame.RunnerLost):
        await cpu.call(crash, key="de", init=load)
    again = await cpu.call(translate, "de", key="de", init=load)
    assert again not in served
    assert await word_from_work() == again  # and that is all: nothing was made twice before
    assert cpu.pid in POOLS


@on_pools_node
async def test_case_12_calls_of_a_key_that_come_before_any_runner_is_up_bring_one(ground: PoolsNode) -> None:
    backend = CountedBackend(free=0)
    cpu = await ground.start(backend=backend, max=4, timeout=None)
    calls = [asyncio.create_task(cpu.call(own_node, key="de")) for _ in range(8)]
    await until_explained(cpu, "1 booting")
    backend.boots.set()
    assert len(set(await asyncio.gather(*calls))) == 1
    assert backend.asked == 1


@on_pools_node
async def test_case_12_an_init_that_is_made_anew_for_each_call_runs_once_for_what_it_brings_along(
    ground: PoolsNode,
) -> None:
    home = bl.self()

    def loading(weights: array[float]) -> Callable[[str], array[float]]:
        def load(language: str) -> array[float]:
            bl.send(home, ("word", (language, list(weights))))
            return weights

        return load

    def told(weights: array[float], language: str) -> array[float]:
        bl.send(home, ("word", (language, list(weights))))
        return weights

    cpu = await ground.start(max_concurrency=4)
    for weights in ([1.0], [1.0], [2.0], [2.0]):
        made = await cpu.call(list, key="closure", init=loading(array("d", weights)))
        again = await cpu.call(list, key="partial", init=functools.partial(told, array("d", weights)))
        assert made == again == weights
    words = [await word_from_work() for _ in range(4)]
    assert words == [(key, weights) for weights in ([1.0], [2.0]) for key in ("closure", "partial")]
    with pytest.raises(TimeoutError):
        await bl.receive(lambda message: message[0] == "word", timeout=0)
