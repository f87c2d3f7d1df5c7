"""A serving against a hand-written loop over ready batches of 32, with the same function: the price of batching.

The function waits, as for a device, or multiplies matrices on all cores, so that the loop takes time from it, or does
nothing, which shows what a request costs by itself. Requests come from 128 callers, each of which waits for its output
before it asks again.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import beamlike as bl
from tests.bench.lines import emit

BATCH, CALLERS, PAIRS = 32, 128, 5
DEVICE_SECONDS = 0.007
"""For a batch; the matrices take about as long on two cores."""
WIDTH = 768

Function = Callable[[list[Any]], list[Any]]


def main(inputs: int = 4_096) -> None:
    asyncio.run(_measure(inputs))


async def _measure(inputs: int) -> None:
    weights = np.random.default_rng(1).standard_normal((WIDTH, 4 * WIDTH), dtype=np.float32)

    def model(batch: list[Any]) -> list[Any]:
        hidden = np.maximum(np.stack(batch) @ weights, 0) @ weights.T
        return list(np.tanh(hidden @ weights) @ weights.T)

    def device(batch: list[Any]) -> list[Any]:
        time.sleep(DEVICE_SECONDS)
        return batch

    values = [np.full(WIDTH, number % 7, dtype=np.float32) for number in range(inputs)]
    async with bl.Node("bench@127.0.0.1", secret=b"bench", listen=False):
        await _pair("device", device, values)
        await _pair("transformer_layer", model, values)
        await _pair("nothing", lambda batch: batch, list(range(inputs)))


async def _pair(name: str, function: Function, values: list[Any]) -> None:
    """Both, in turns; the share of the loop's rate is the median over the pairs."""
    serving = bl.Serving(function, batch_size=BATCH, batch_timeout=0.05, max_waiting=2 * CALLERS)
    pid = await serving.start_link()
    rates: list[tuple[float, float]] = []
    for _ in range(PAIRS):
        by_hand = await bl.blocking(_by_hand, function, values)
        rates.append((by_hand, await _served(pid, values)))
    [seen] = await bl.Serving.statistics(pid)
    loop, ours = (statistics.median(each) for each in zip(*rates, strict=True))
    share = statistics.median(served / by_hand for by_hand, served in rates)
    emit("limit:loop", "serving", f"{name}_rate", "inputs/s", loop, batch=BATCH)
    emit("beamlike", "serving", f"{name}_rate", "inputs/s", ours, batch=BATCH, callers=CALLERS, fill=seen.batch_fill)
    if name != "nothing":  # a loop that does nothing takes no time
        emit("beamlike", "serving", f"{name}_share_of_loop", "1/s/(1/s)", share, pairs=PAIRS)


def _by_hand(function: Function, values: list[Any]) -> float:
    since = time.perf_counter()
    for start in range(0, len(values), BATCH):
        function(values[start : start + BATCH])
    return len(values) / (time.perf_counter() - since)


async def _served(pid: bl.Pid, values: list[Any]) -> float:
    waiting = iter(values)

    async def caller() -> None:
        for value in waiting:
            await bl.Serving.call(pid, value)

    since = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return len(values) / (time.perf_counter() - since)


if __name__ == "__main__":
    main()
