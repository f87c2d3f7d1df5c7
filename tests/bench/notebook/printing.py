"""How fast a cell may print: `python -m tests.bench.notebook.printing [LINES]`.

A session with its runtime in a child process, as the terminal has it. Printed lines go through the runtime's output
process and over the link into the session's state; what comes faster than that is left out in words, oldest first. So
beside the rate at which the cell prints stands the rate at which lines have arrived when the last one has, how far the
memory of both processes has grown, and how long an interrupt of a cell that prints without end takes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from notebook_tui.document.operations import CancelEvaluation, OutputAdded, QueueCells
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from tests.bench.lines import emit, percentile
from tests.support.open_notebook import OpenNotebook, opened

LINES = 1_000_000
INTERRUPTS = 20
PRINTS = "for i in range({lines}): print('line', i)"
ENDLESS = "i = 0\nwhile True:\n    print('spam', i)\n    i += 1"
MIB = 1 << 20


class Arrived:
    """The lines that have come of a cell."""

    def __init__(self, notebook: OpenNotebook) -> None:
        self.lines = 0
        self.characters = 0
        notebook.client.listen(self._hear)

    def _hear(self, operation: object, _state: State) -> None:
        if isinstance(operation, OutputAdded) and isinstance(operation.output, Text):
            self.lines += operation.output.text.count("\n")
            self.characters += len(operation.output.text)


class Peak:
    """The most memory that a process has had, looked at every hundredth of a second, less what it had before."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._most = self._process.memory_info().rss
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            self._most = max(self._most, self._process.memory_info().rss)
            await asyncio.sleep(0.01)

    def mib(self) -> float:
        self._task.cancel()
        return max(0, self._most - self._before) / MIB


def cpu(process: psutil.Process) -> float:
    """Seconds of all its threads: what a busy machine cannot stretch."""
    times = process.cpu_times()
    return float(times.user + times.system)


async def flood(directory: Path, lines: int) -> None:
    async with opened(directory, "import os\nos.getpid()", PRINTS.format(lines=lines), ENDLESS) as it:
        await it.run(1)
        runtime = psutil.Process(int(it.result(1) or 0))
        peaks = {"session": Peak(psutil.Process().pid), "runtime": Peak(runtime.pid)}
        arrived = Arrived(it)
        used, began = cpu(runtime), time.perf_counter()
        it.client.send(QueueCells(("cell-2",), alone=True))
        await it.until(lambda state: state.evaluation("cell-2").took is not None, 300)
        seconds = time.perf_counter() - began
        took = it.state.evaluation("cell-2").took or seconds
        emit("beamlike", "printing", "printed", "lines/s", lines / took, lines=lines)
        emit("beamlike", "printing", "printed_cpu", "lines/s", lines / (cpu(runtime) - used), lines=lines)
        emit("beamlike", "printing", "arrived", "lines/s", arrived.lines / seconds, lines=lines, arrived=arrived.lines)
        for name, peak in peaks.items():
            emit("beamlike", "printing", f"memory_{name}", "MiB", peak.mib(), lines=lines)
        await interrupts(it)


async def interrupts(it: OpenNotebook) -> None:
    samples = []
    for _ in range(INTERRUPTS):
        arrived = Arrived(it)
        it.client.send(QueueCells(("cell-3",), alone=True))
        await it.until(lambda _, arrived=arrived: arrived.lines > 20_000, 60)  # type: ignore[misc]
        began = time.perf_counter()
        it.client.send(CancelEvaluation("cell-3"))
        await it.until(lambda state: state.evaluating is None, 60)
        samples.append((time.perf_counter() - began) * 1e3)
    emit("beamlike", "printing", "interrupt", "ms", median(samples), n=INTERRUPTS)
    emit("beamlike", "printing", "interrupt_p95", "ms", percentile(samples, 95), n=INTERRUPTS)


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(flood(Path(directory), int(arguments[0]) if arguments else LINES))


if __name__ == "__main__":
    main(sys.argv[1:])
