"""Calls of a pool: how many a second, what one takes, and how well the slots are filled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import beamlike as bl
import flame
from tests.bench.flame.tasks import MILLISECOND, SHORT, SLEEPY, double, doubled, nap
from tests.bench.lines import emit, percentile

RUNNERS, SLOTS = 4, 10
CALLERS = RUNNERS * SLOTS
ROUNDS = 3
TRIPS = 2000


async def main() -> None:
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    async with bl.Node("bench@127.0.0.1", secret=b"of the benchmarks alone"):
        pool = await flame.Pool.start(name="bench", min=RUNNERS, max=RUNNERS, max_concurrency=SLOTS, timeout=None)
        await many(pool, loop)
        await trips(pool, loop)
        await pool.stop()
        pool = await flame.Pool.start(name="bench", min=4, max=4, max_concurrency=4, timeout=None)
        await packing(pool, loop)
        await pool.stop()


async def many(pool: flame.Pool, loop: str) -> None:
    """10,000 trivial calls, by 40 callers and by `map`."""
    for function in (double, doubled):
        kind = "thread" if function is double else "process"
        for how, run in (("call", by_callers), ("map", by_map)):
            await run(pool, function)
            rates = [SHORT / await timed(run, pool, function) for _ in range(ROUNDS)]
            emit(f"flame.{how}", "W12", "pool_tasks", "task/s", median(rates), n=SHORT, each=kind, loop=loop)


async def timed(run: Callable[..., Awaitable[None]], *args: Any) -> float:
    began = time.perf_counter()
    await run(*args)
    return time.perf_counter() - began


async def by_callers(pool: flame.Pool, function: Callable[[int], Any]) -> None:
    async def caller() -> None:
        for item in range(SHORT // CALLERS):
            await pool.call(function, item)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


async def by_map(pool: flame.Pool, function: Callable[[int], Any]) -> None:
    async for _ in pool.map(function, range(SHORT)):
        pass


async def trips(pool: flame.Pool, loop: str) -> None:
    """One call after the other, beside calls of the same node by `rpc`."""
    node = await pool.call(node_name)
    one = {
        "flame.call": lambda: pool.call(doubled, 1),
        "flame.call in a thread": lambda: pool.call(double, 1),
        "rpc.call": lambda: bl.rpc.call(node, double, 1),
    }
    times: dict[str, list[float]] = {name: [] for name in one}
    for _ in range(TRIPS):  # in turns, so that all see the same machine
        for name, call in one.items():
            began = time.perf_counter()
            await call()
            times[name].append(time.perf_counter() - began)
    for name, samples in times.items():
        emit(name, "W12", "round_trip_p50", "us", percentile(samples, 50) * 1e6, n=TRIPS, loop=loop)


async def node_name() -> str:
    return bl.self().node


async def packing(pool: flame.Pool, loop: str) -> None:
    """10,000 calls of a millisecond on 16 slots: the part of the time that the slots are filled."""
    slots = 16
    async for _ in pool.map(nap, range(400)):
        pass
    began = time.perf_counter()
    async for _ in pool.map(nap, range(SLEEPY)):
        pass
    spent = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(100):
        nap(0)
    really = (time.perf_counter() - began) / 100
    ideal = SLEEPY * MILLISECOND / slots
    emit("flame.map", "W12", "packing", "ratio/s", ideal / spent, n=SLEEPY, slots=slots, nap_ms=really * 1e3, loop=loop)
