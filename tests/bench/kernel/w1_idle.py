"""W1: memory that one more waiting process takes, as the resident size of the interpreter tells it.

In a fresh interpreter each: memory that was used and freed before would hide what is used now.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sized

import psutil

from tests.bench.kernel.bare_tasks import waits_for_a_future
from tests.bench.kernel.idle import idle_processes
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure


async def ours_100k(figure: Figure, sizes: Sizes) -> None:
    await ours(figure, "idle_bytes_100k", sizes.idle)


async def ours_1m(figure: Figure, sizes: Sizes) -> None:
    await ours(figure, "idle_bytes_1M", sizes.idle_many)


async def limit_100k(figure: Figure, sizes: Sizes) -> None:
    await limit(figure, "idle_bytes_100k", sizes.idle)


async def limit_1m(figure: Figure, sizes: Sizes) -> None:
    await limit(figure, "idle_bytes_1M", sizes.idle_many)


async def ours(figure: Figure, metric: str, count: int) -> None:
    before = resident_bytes()
    with Stopwatch() as watch:
        alive = await idle_processes(count)
    tell(figure, metric, before, alive, watch.seconds)


async def limit(figure: Figure, metric: str, count: int) -> None:
    create_task = asyncio.get_running_loop().create_task
    before = resident_bytes()
    with Stopwatch() as watch:
        alive = [create_task(waits_for_a_future()) for _ in range(count)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    tell(figure, metric, before, alive, watch.seconds)


def tell(figure: Figure, metric: str, before: int, alive: Sized, seconds: float) -> None:
    each = (resident_bytes() - before) / len(alive)
    figure("W1", metric, "B", each, n=len(alive), spawn_s=round(seconds, 3))


def resident_bytes() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss
