"""How long an edited cell takes to run on many warm children: `python -m tests.bench.edited_cell [CHILDREN]`."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from contextlib import AsyncExitStack, closing

import uvloop

import beamlike as bl
import nodes
from beamlike.code.notebook_module import NotebookModule
from tests.bench.lines import emit

CHILDREN = 64
AT_ONCE = 8
"""Children that boot at a time."""
EDITS = 10


async def booted(stack: AsyncExitStack, count: int) -> list[str]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with room:
            child = await nodes.boot(nodes.Local())
            stack.push_async_callback(child.stop)
            return child.node

    return await asyncio.gather(*(one() for _ in range(count)))


async def edit_and_run(notebook: NotebookModule, children: list[str], number: int) -> float:
    cell = f"factor = {number}\ndef scaled(n):\n    return factor * n\n"
    began = time.perf_counter()
    exec(notebook.compile_cell(cell, "cell 1"), notebook.namespace)
    outcomes = await bl.rpc.multicall(children, notebook.namespace["scaled"], 10, timeout=60)  # type: ignore[arg-type]
    taken = time.perf_counter() - began
    if bl.rpc.values(outcomes) != [10 * number] * len(children):
        raise AssertionError(f"expected every child to run version {number}, got {outcomes}")
    return taken


async def measure(count: int) -> None:
    async with bl.Node("bench@127.0.0.1", secret="of the benchmarks alone"), AsyncExitStack() as stack:
        children = await booted(stack, count)
        with closing(NotebookModule("bench")) as notebook:
            samples = [await edit_and_run(notebook, children, number) for number in range(EDITS + 1)][1:]
        emit("beamlike", "edited_cell", "edit_to_all", "ms", statistics.median(samples) * 1e3, children=count, n=EDITS)
        emit("beamlike", "edited_cell", "edit_to_all_max", "ms", max(samples) * 1e3, children=count, n=EDITS)


def main(arguments: list[str]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(int(arguments[0]) if arguments else CHILDREN))


if __name__ == "__main__":
    main(sys.argv[1:])
