"""W1: processes started, run and ended per second: all alive at once, and never more than some at a time.

Those who start them wait for none in between, so that all of a batch are alive when the first ends. In Erlang a
second core runs them meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import beamlike as bl
from tests.bench.kernel.bare_tasks import Countdown
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure


async def counts(countdown: Countdown) -> None:
    countdown.count()


def spawn_process(countdown: Countdown) -> None:
    bl.spawn(counts, countdown)


async def ours(figure: Figure, sizes: Sizes) -> None:
    await spawns(figure, sizes, spawn_process)


async def limit(figure: Figure, sizes: Sizes) -> None:
    create_task = asyncio.get_running_loop().create_task
    await spawns(figure, sizes, lambda countdown: create_task(counts(countdown)))


async def spawns(figure: Figure, sizes: Sizes, start: Callable[[Countdown], object]) -> None:
    await batch(start, sizes.churn)
    with Stopwatch() as watch:
        await batch(start, sizes.spawns)
    figure("W1", "spawn", "proc/s", sizes.spawns / watch.seconds, n=sizes.spawns)
    with Stopwatch() as watch:
        for _ in range(sizes.spawns // sizes.churn):
            await batch(start, sizes.churn)
    figure("W1", "spawn_churn", "proc/s", sizes.spawns / watch.seconds, n=sizes.spawns, alive=sizes.churn)


async def batch(start: Callable[[Countdown], object], count: int) -> None:
    countdown = Countdown(count)
    for _ in range(count):
        start(countdown)
    await countdown.done
