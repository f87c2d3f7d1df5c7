"""W11: functions of a cell, called one after the other on a warm node: one with a megabyte of captured bytes, a small
one, and as a measure one that the node has always had."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import Any

import beamlike as bl
from tests.bench.code.cell import cell
from tests.bench.distribution.other import other_node
from tests.bench.kernel.sizes import Sizes
from tests.bench.lines import Figure, percentile

ROUNDS = 10
"""In each of which every function has its turn, so that all of them see the same machine."""


async def ours(figure: Figure, sizes: Sizes) -> None:
    with other_node() as (node, address), cell() as names:
        await bl.connect(node, address)
        functions = {"ship_1MB_closure": names["large"], "ship_small_closure": names["small"]}
        for name, function in functions.items():
            await timed(node, function, 3, max(3, sizes.shipped // 10))
            samples = await timed(node, function, 3, sizes.shipped)
            figure("W11", name, "call/s", len(samples) / sum(samples), n=len(samples))
        await compare(figure, node, names["constant"], sizes)


async def compare(figure: Figure, node: str, of_the_cell: Callable[..., Any], sizes: Sizes) -> None:
    """The same call by a name that the node has always had, and of a function that came from here."""
    by_name: list[float] = []
    by_value: list[float] = []
    for _ in range(ROUNDS):
        by_name += await timed(node, operator.index, 3, max(3, sizes.shipped // ROUNDS))
        by_value += await timed(node, of_the_cell, 3, max(3, sizes.shipped // ROUNDS))
    for name, samples in (("known_function", by_name), ("function_of_a_cell", by_value)):
        figure("W11", f"{name}_p50", "us", percentile(samples, 50) * 1e6, n=len(samples))


async def timed(node: str, function: Callable[..., Any], argument: object, count: int) -> list[float]:
    samples = []
    for _ in range(count):
        began = time.perf_counter()
        await bl.rpc.call(node, function, argument)
        samples.append(time.perf_counter() - began)
    return samples
