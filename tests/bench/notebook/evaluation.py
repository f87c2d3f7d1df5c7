"""What it costs to run a trivial cell: `python -m tests.bench.notebook.evaluation [ROUNDS]`.

In the same run: the bare `compile` and `exec` of the same text; the evaluator by itself; a runtime in a child process,
from Evaluate to Finished at its owner; and a session on it, from QueueCells to the state in which it is over. Alone in
its notebook, and as the last of a thousand cells, each of which has bound a name that it sees.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import psutil

from beamlike.code.notebook_module import NotebookModule
from notebook_tui.runtime.evaluator import Evaluator
from tests.bench.lines import emit, percentile
from tests.bench.notebook.printing import cpu
from tests.support.open_notebook import opened
from tests.support.runtimes import running

ROUNDS = 300
CELL = "x = 20\nx + 1"
ABOVE = 1_000


def bare() -> None:
    namespace: dict[str, object] = {}
    exec(compile(CELL, "cell", "exec"), namespace)


async def sampled(rounds: int, once: Callable[[], Awaitable[object]]) -> list[float]:
    samples = []
    for _ in range(rounds):
        began = time.perf_counter()
        await once()
        samples.append((time.perf_counter() - began) * 1e3)
    return samples[rounds // 10 :]


def tell(metric: str, samples: list[float], **params: object) -> None:
    emit("beamlike", "evaluation", metric, "ms", median(samples), n=len(samples), **params)
    emit("beamlike", "evaluation", f"{metric}_p95", "ms", percentile(samples, 95), n=len(samples), **params)


async def evaluator(rounds: int, above: int) -> None:
    with closing(NotebookModule("bench")) as notebook:
        one = Evaluator(notebook)
        ids = [f"a{number}" for number in range(above)]
        for number, cell_id in enumerate(ids):
            await one.evaluate(cell_id, f"name_{number} = {number}", above=ids[:number])
        tell("evaluator", await sampled(rounds, lambda: one.evaluate("cell", CELL, above=ids)), above=above)


async def runtime(rounds: int, above: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with running(Path(directory)) as it:
            ids = [f"a{number}" for number in range(above)]
            for number, cell_id in enumerate(ids):
                await it.run(cell_id, f"name_{number} = {number}", *ids[:number])
            process = psutil.Process(int(await it.result("pid", "import os\nos.getpid()") or 0))
            it.heard.clear()
            used = cpu(process)
            tell("runtime", await sampled(rounds, lambda: it.run("cell", CELL, *ids)), above=above)
            spent = (cpu(process) - used) / rounds * 1e3
            emit("beamlike", "evaluation", "runtime_cpu", "ms", spent, n=rounds, above=above)


async def session(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with opened(Path(directory), CELL) as it:
            await it.run(1)
            tell("session", await sampled(rounds, lambda: it.run(1)), above=0)


async def measure(rounds: int) -> None:
    async def once() -> None:
        bare()

    tell("bare_exec", await sampled(rounds, once))
    for above in (0, ABOVE):
        await evaluator(rounds, above)
        await runtime(rounds, above)
    await session(rounds)


def main(arguments: list[str]) -> None:
    asyncio.run(measure(int(arguments[0]) if arguments else ROUNDS))


if __name__ == "__main__":
    main(sys.argv[1:])
