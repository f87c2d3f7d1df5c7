"""W5: a request to a server and its reply. Rates are taken without a clock inside; latencies in a loop of their own."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from typing import Any

import beamlike as bl
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure, percentile

clock = time.perf_counter


class Echo(bl.GenServer):
    def init(self) -> None:
        self.answered = 0

    def handle_call(self, request: Any, client: Any) -> Any:
        _, value = request
        self.answered += 1
        return value

    @bl.call
    def echo(self, value: int) -> int:
        self.answered += 1
        return value


async def ours(figure: Figure, sizes: Sizes) -> None:
    server = await Echo.start()
    await calls(server, min(1000, sizes.calls))
    with Stopwatch() as watch:
        await calls(server, sizes.calls)
    tell(figure, "call", sizes.calls, watch.seconds)
    tell_latencies(figure, await latencies(server, sizes.latencies))
    with Stopwatch() as watch:
        await typed_calls(Echo.at(server), sizes.calls)
    tell(figure, "typed_call", sizes.calls, watch.seconds)


async def calls(server: bl.Pid, count: int) -> None:
    for number in range(count):
        await bl.GenServer.call(server, ("echo", number))


async def typed_calls(server: Echo, count: int) -> None:
    for number in range(count):
        await server.echo(number)


async def latencies(server: bl.Pid, count: int) -> array[float]:
    samples = room_for(count)
    for number in range(count):
        began = clock()
        await bl.GenServer.call(server, ("echo", number))
        samples[number] = clock() - began
    return samples


def room_for(count: int) -> array[float]:
    """All of it touched before: the page faults of a list that grows would be one latency in a hundred."""
    return array("d", [0.0]) * count


async def limit(figure: Figure, sizes: Sizes) -> None:
    new = asyncio.get_running_loop().create_future
    wake = new()

    async def server() -> None:
        nonlocal wake
        while True:
            reply, number = await wake
            wake = new()
            reply.set_result(number)

    serving = asyncio.create_task(server())
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for number in range(sizes.calls):
            reply = new()
            wake.set_result((reply, number))
            await reply
    samples = room_for(sizes.latencies)
    for number in range(sizes.latencies):
        began = clock()
        reply = new()
        wake.set_result((reply, number))
        await reply
        samples[number] = clock() - began
    serving.cancel()
    tell(figure, "call", sizes.calls, watch.seconds)
    tell(figure, "typed_call", sizes.calls, watch.seconds)
    tell_latencies(figure, samples)


def tell(figure: Figure, metric: str, count: int, seconds: float) -> None:
    figure("W5", metric, "call/s", count / seconds, n=count)


def tell_latencies(figure: Figure, samples: Sequence[float]) -> None:
    for q in (50, 99):
        figure("W5", f"latency_p{q}", "us", percentile(samples, q) * 1e6, n=len(samples))
