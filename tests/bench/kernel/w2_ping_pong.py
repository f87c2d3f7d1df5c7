"""W2: two that answer each other."""

from __future__ import annotations

import asyncio

import beamlike as bl
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure


async def ours(figure: Figure, sizes: Sizes) -> None:
    pong = bl.spawn(pongs)
    await pings(pong, 1000)
    with Stopwatch() as watch:
        await pings(pong, sizes.round_trips)
    tell(figure, sizes, watch.seconds)


async def pings(pong: bl.Pid, round_trips: int) -> None:
    me = bl.self()
    for _ in range(round_trips):
        bl.send(pong, ("ping", me))
        await bl.receive()


async def pongs() -> None:
    while True:
        _, sender = await bl.receive()
        bl.send(sender, "pong")


async def limit(figure: Figure, sizes: Sizes) -> None:
    new = asyncio.get_running_loop().create_future
    to_pong, to_ping = new(), new()

    async def ping(round_trips: int) -> None:
        nonlocal to_ping
        for _ in range(round_trips):
            to_ping = new()
            to_pong.set_result("ping")
            await to_ping

    async def pong() -> None:
        nonlocal to_pong
        while True:
            await to_pong
            to_pong = new()
            to_ping.set_result("pong")

    answering = asyncio.create_task(pong())
    await asyncio.create_task(ping(min(1000, sizes.round_trips)))
    with Stopwatch() as watch:
        await asyncio.create_task(ping(sizes.round_trips))
    answering.cancel()
    tell(figure, sizes, watch.seconds)


def tell(figure: Figure, sizes: Sizes, seconds: float) -> None:
    figure("W2", "pingpong", "msg/s", 2 * sizes.round_trips / seconds, round_trips=sizes.round_trips)
