"""W3: tokens that go round a ring; the first member counts their laps."""

from __future__ import annotations

import asyncio

import beamlike as bl
from tests.bench.kernel.bare_tasks import Box, Countdown
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure


async def ours(figure: Figure, sizes: Sizes) -> None:
    for tokens, laps in tokens_and_laps(sizes):
        members = await ring_of(sizes.ring)
        await passes(members, tokens, 1)
        with Stopwatch() as watch:
            await passes(members, tokens, laps)
        tell(figure, sizes, tokens, laps, watch.seconds)
        for pid in members:
            bl.exit(pid, "kill")


def tokens_and_laps(sizes: Sizes) -> tuple[tuple[int, int], ...]:
    return (1, sizes.laps_of_one), (sizes.tokens, sizes.laps_of_many)


async def ring_of(size: int) -> list[bl.Pid]:
    members = [bl.spawn(hands_on_and_counts, bl.self())]
    for _ in range(size - 1):
        members.append(bl.spawn(hands_on, members[-1]))
    bl.send(members[0], members[-1])
    return members


async def passes(members: list[bl.Pid], tokens: int, laps: int) -> None:
    for _ in range(tokens):
        bl.send(members[-1], ("token", laps))
    for _ in range(tokens):
        await bl.receive()


async def hands_on(following: bl.Pid) -> None:
    while True:
        bl.send(following, await bl.receive())


async def hands_on_and_counts(owner: bl.Pid) -> None:
    following = await bl.receive()
    while True:
        _, laps = await bl.receive()
        if laps == 1:
            bl.send(owner, "round")
        else:
            bl.send(following, ("token", laps - 1))


async def limit(figure: Figure, sizes: Sizes) -> None:
    for tokens, laps in tokens_and_laps(sizes):
        boxes: list[Box[int]] = [Box() for _ in range(sizes.ring)]
        countdown = Countdown(tokens)
        tasks = [asyncio.create_task(first(boxes[0], boxes[1], countdown))]
        tasks += [asyncio.create_task(member(boxes[i], boxes[(i + 1) % sizes.ring])) for i in range(1, sizes.ring)]
        await asyncio.sleep(0)
        with Stopwatch() as watch:
            for _ in range(tokens):
                boxes[1].put(laps)
            await countdown.done
        tell(figure, sizes, tokens, laps, watch.seconds)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)


async def member(mine: Box[int], following: Box[int]) -> None:
    while True:
        following.put(await mine.get())


async def first(mine: Box[int], following: Box[int], countdown: Countdown) -> None:
    while True:
        laps = await mine.get()
        if laps == 1:
            countdown.count()
        else:
            following.put(laps - 1)


def tell(figure: Figure, sizes: Sizes, tokens: int, laps: int, seconds: float) -> None:
    metric = "ring_1_tokens" if tokens == 1 else "ring_100_tokens"
    figure("W3", metric, "msg/s", sizes.ring * laps * tokens / seconds, procs=sizes.ring, laps=laps, tokens=tokens)
