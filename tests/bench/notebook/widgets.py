"""How fast cells may change what they show: `python -m tests.bench.notebook.widgets [SECONDS]`.

A session with its runtime in a child process, as the terminal has it. A cell appends 10,000 points a second to a
plot, or gives a frame other contents 1,000 times a second, for some seconds; and again as fast as it can. The session
is to have few operations of it whatever the rate, each as much as makes up for all changes since the last; beside their
number stand what both processes have computed, their memory, and how long one change takes until a viewer sees it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from notebook_tui.document.operations import OutputChanged, QueueCells
from notebook_tui.document.state import State
from notebook_tui.widgets.views import Frame, Text
from tests.bench.lines import emit, percentile
from tests.bench.notebook.printing import Peak, cpu
from tests.support.open_notebook import OpenNotebook, opened

SECONDS = 5
LOOKS = 40
SETUP = """import asyncio, os, time
import notebook_tui as nb
plot, frame = nb.plot().show(), nb.frame().show()
os.getpid()"""
PACED = """began, done, rate = time.monotonic(), 0, {rate}
while (passed := time.monotonic() - began) < {seconds}:
    for _ in range(int(passed * rate) - done):
        {change}
        done += 1
    await asyncio.sleep(0.001)
done"""
FREE = """began, done = time.monotonic(), 0
while time.monotonic() - began < {seconds}:
    {change}
    done += 1
done"""
CHANGES = {
    "points": (10_000, "plot.append(loss=done % 97)"),
    "frames": (1_000, "frame.render(f'step {done}')"),
}
SEEN = "frame.render(repr(time.time()))"


class Operations:
    """Those that change a view, and when they came."""

    def __init__(self, notebook: OpenNotebook) -> None:
        self.count = 0
        self.ages: list[float] = []
        notebook.client.listen(self._hear)

    def _hear(self, operation: object, state: State) -> None:
        if isinstance(operation, OutputChanged):
            self.count += 1
            for output in state.notebook.cell(operation.cell_id).outputs:
                if isinstance(output, Frame) and output.contents and isinstance(output.contents[0], Text):
                    self._note(output.contents[0].text)

    def _note(self, text: str) -> None:
        try:
            self.ages.append((time.time() - float(text)) * 1e3)
        except ValueError:
            return


async def measure(directory: Path, seconds: int) -> None:
    programs = []
    for rate, change in CHANGES.values():
        programs.append(PACED.format(rate=rate, seconds=seconds, change=change))
        programs.append(FREE.format(seconds=seconds, change=change))
    looks = f"for _ in range({LOOKS}):\n    {SEEN}\n    await asyncio.sleep(0.11)"
    async with opened(directory, SETUP, *programs, looks) as it:
        await it.run(1)
        runtime = psutil.Process(int(it.result(1) or 0))
        names = [f"{name}_{pace}" for name in CHANGES for pace in ("paced", "free")]
        for number, name in enumerate(names, start=2):
            await changes(it, number, name, runtime, seconds)
        seen = Operations(it)
        it.client.send(QueueCells((f"cell-{len(programs) + 2}",), alone=True))
        await it.until(lambda state: state.evaluation(f"cell-{len(programs) + 2}").took is not None, 60)
        emit("beamlike", "widgets", "visible_after", "ms", median(seen.ages), n=len(seen.ages))
        emit("beamlike", "widgets", "visible_after_p95", "ms", percentile(seen.ages, 95), n=len(seen.ages))


async def changes(it: OpenNotebook, number: int, name: str, runtime: psutil.Process, seconds: int) -> None:
    own, operations = psutil.Process(), Operations(it)
    peaks = {"session": Peak(own.pid), "runtime": Peak(runtime.pid)}
    used = cpu(own), cpu(runtime)
    it.client.send(QueueCells((f"cell-{number}",), alone=True))
    await it.until(lambda state: state.evaluation(f"cell-{number}").took is not None, 10 * seconds)
    took = it.state.evaluation(f"cell-{number}").took or seconds
    emit("beamlike", "widgets", name, "changes/s", int(it.result(number) or 0) / took)
    emit("beamlike", "widgets", f"{name}_operations", "operations/s", operations.count / took)
    emit("beamlike", "widgets", f"{name}_cpu_session", "%", 100 * (cpu(own) - used[0]) / took)
    emit("beamlike", "widgets", f"{name}_cpu_runtime", "%", 100 * (cpu(runtime) - used[1]) / took)
    for process, peak in peaks.items():
        emit("beamlike", "widgets", f"{name}_memory_{process}", "MiB", peak.mib())


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(measure(Path(directory), int(arguments[0]) if arguments else SECONDS))


if __name__ == "__main__":
    main(sys.argv[1:])
