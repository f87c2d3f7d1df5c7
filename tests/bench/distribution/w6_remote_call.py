"""W6: a request of 16 bytes to a server on another node, one after the other and from a hundred callers at once; and
the same of a function that is called there."""

from __future__ import annotations

import asyncio
import os
import time
from array import array
from collections.abc import Awaitable, Callable, Sequence

import beamlike as bl
from tests.bench.distribution import bare
from tests.bench.distribution.other import ECHO, other, other_node
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure, emit, percentile

PAYLOAD = b"0123456789abcdef"
CALLERS = 100
WARM_UP = 500

Call = Callable[[], Awaitable[object]]


async def ours(figure: Figure, sizes: Sizes) -> None:
    with other_node() as (node, address):
        await bl.connect(node, address)
        echo = await bl.rpc.call(node, bl.whereis, ECHO)
        await measure(figure, sizes, lambda: bl.GenServer.call(echo, PAYLOAD), at_once_in_processes)
        # A function of Python's own that gives back bytes as they are. The names are those of Erlang's rows.
        await measure(
            figure, sizes, lambda: bl.rpc.call(node, os.path.normcase, PAYLOAD), at_once_in_processes, "_erpc"
        )


async def limit(figure: Figure, sizes: Sizes) -> None:
    for kind in ("bare", "batched"):
        with other(kind) as (port, _):
            caller = await bare.dial(port, batched=kind == "batched")
            system = figure if kind == "bare" else batched
            await measure(system, sizes, lambda caller=caller: caller.call(PAYLOAD), at_once_in_tasks)  # type: ignore[misc]


def batched(workload: str, metric: str, unit: str, value: float, **params: object) -> None:
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    emit(f"limit:{loop}-batch", workload, metric, unit, value, **params)


async def measure(
    figure: Figure, sizes: Sizes, call: Call, at_once: Callable[[Call, int], Awaitable[None]], suffix: str = ""
) -> None:
    await latencies(call, min(WARM_UP, sizes.remote_calls))
    tell_latencies(figure, f"seq_latency{suffix}", await latencies(call, sizes.remote_calls))
    each = max(1, sizes.remote_calls * 5 // CALLERS)
    with Stopwatch() as watch:
        await at_once(call, each)
    count = each * CALLERS
    figure("W6", f"conc100{suffix}", "call/s", count / watch.seconds, n=count)
    figure("W6", f"conc100{suffix}_cpu", "us", watch.cpu_seconds / count * 1e6, n=count)


async def latencies(call: Call, count: int) -> array[float]:
    samples, clock = array("d", [0.0]) * count, time.perf_counter
    for number in range(count):
        began = clock()
        await call()
        samples[number] = clock() - began
    return samples


async def in_turn(call: Call, count: int) -> None:
    for _ in range(count):
        await call()


async def at_once_in_processes(call: Call, each: int) -> None:
    refs = [bl.spawn_monitor(in_turn, call, each)[1] for _ in range(CALLERS)]
    for ref in refs:
        await bl.receive(ref=ref)


async def at_once_in_tasks(call: Call, each: int) -> None:
    await asyncio.gather(*[in_turn(call, each) for _ in range(CALLERS)])


def tell_latencies(figure: Figure, metric: str, samples: Sequence[float]) -> None:
    for q in (50, 99):
        figure("W6", f"{metric}_p{q}", "us", percentile(samples, q) * 1e6, n=len(samples))
