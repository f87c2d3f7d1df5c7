"""W10: ten thousand die at once, and one hears of each: killed one after the other; or all linked to one that fails."""

from __future__ import annotations

import asyncio

import beamlike as bl
from tests.bench.kernel.bare_tasks import Countdown, waits_for_a_future
from tests.bench.kernel.idle import idle_processes, waits
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure


async def ours(figure: Figure, sizes: Sizes) -> None:
    await downs(sizes.deaths)
    for _ in range(sizes.repeats):
        figure("W10", "down_10k", "ms", (await downs(sizes.deaths)).seconds * 1e3, n=sizes.deaths)
    for _ in range(sizes.repeats):
        figure("W10", "link_exit_10k", "ms", (await link_exits(sizes.deaths)).seconds * 1e3, n=sizes.deaths)


async def downs(count: int) -> Stopwatch:
    pids = await idle_processes(count)
    refs = [bl.monitor(pid) for pid in pids]
    with Stopwatch() as watch:
        for pid in pids:
            bl.exit(pid, "kill")
        for ref in refs:
            await bl.receive(ref=ref)
    return watch


async def link_exits(count: int) -> Stopwatch:
    hub = bl.spawn(fails_when_told, count, bl.self())
    refs = [bl.monitor(pid) for pid in await bl.receive()]
    await idle_processes(1)
    with Stopwatch() as watch:
        bl.send(hub, "boom")
        for ref in refs:
            await bl.receive(ref=ref)
    return watch


async def fails_when_told(count: int, owner: bl.Pid) -> None:
    bl.send(owner, [bl.spawn_link(waits) for _ in range(count)])
    raise bl.ProcessExit(await bl.receive())


async def limit(figure: Figure, sizes: Sizes) -> None:
    for _ in range(sizes.repeats):
        countdown = Countdown(sizes.deaths)
        tasks = [asyncio.create_task(waits_for_a_future()) for _ in range(sizes.deaths)]
        for task in tasks:
            task.add_done_callback(lambda _, countdown=countdown: countdown.count())  # type: ignore[misc]
        await asyncio.sleep(0)
        with Stopwatch() as watch:
            for task in tasks:
                task.cancel()
            await countdown.done
        figure("W10", "down_10k", "ms", watch.seconds * 1e3, n=sizes.deaths)
