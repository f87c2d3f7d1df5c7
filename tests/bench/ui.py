"""How long the terminal takes: to its first content with many cells, and from a key to the characters that it paints.

Runs the real app on a driver that keeps its output in memory, so escape sequences are made and timed, and no terminal
is. Prints one JSON line per figure.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from time import perf_counter

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.document.operations import QueueCells
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.ui.app import NotebookApp
from tests.bench.lines import emit, percentile
from tests.support.fake_session import FakeSession
from tests.support.screen import Clock

CELLS = 500
KEYS = 60
PRINTING = f"c{KEYS - 4}"
"""The cell above the one that is edited: the focus starts on the title and moves down `KEYS` times."""
LONG = (30, 300, 1_000)
"""Lines of a cell in which is typed."""
SIZE = (120, 40)
DEADLINE = 30.0
_SOURCE = '''import torch

def train(model, data, rate={n}):
    """Train for one epoch."""
    for step, (x, y) in enumerate(data):
        loss = model(x).sub(y).pow(2).mean()
        loss.backward()
    return loss.item()
'''


class MemoryDriver(Driver):
    """Keeps count of what is written, and knows when something that is waited for is among it."""

    def __init__(self, app: NotebookApp, **options: object) -> None:
        super().__init__(app, **options)  # type: ignore[arg-type]
        self.written = 0
        self._wanted = ""
        self._seen: asyncio.Future[float] | None = None

    def write(self, data: str) -> None:
        self.written += len(data)
        if self._seen is not None and not self._seen.done() and self._wanted in data:
            self._seen.set_result(perf_counter())

    async def seconds_until(self, wanted: str, act: Callable[[], object]) -> float:
        """How long after `act` the text was written."""
        self._wanted, self._seen = wanted, asyncio.get_running_loop().create_future()
        began = perf_counter()
        act()
        return await asyncio.wait_for(self._seen, DEADLINE) - began

    def press(self, key: str, character: str | None = None) -> None:
        self._app.post_message(events.Key(key, character))

    def start_application_mode(self) -> None:
        size = Size(*SIZE)
        self._app.post_message(events.Resize(size, size))

    def disable_input(self) -> None:
        pass

    def stop_application_mode(self) -> None:
        pass


def opened(cells: int) -> State:
    """A notebook of that many cells, all of which have run."""
    output = Text("stdout", "epoch 1: loss=0.123\naccuracy 0.98\n")
    made = tuple(Cell(f"c{n}", "code", _SOURCE.format(n=n), outputs=(output,)) for n in range(cells))
    runs = {cell.id: Evaluation("evaluated", source=cell.source, took=0.1, run=1) for cell in made}
    setup = Cell(SETUP_CELL_ID, "code", "import torch")
    runs[SETUP_CELL_ID] = Evaluation("evaluated", source=setup.source, took=0.1, run=1)
    return State(Notebook("Bench", setup, sections=(Section("s", "Section", made),)), "bench.livemd", runs)


def long_cell(lines: int) -> State:
    """A notebook of one cell with that many lines."""
    source = "".join(_SOURCE.format(n=n) for n in range(lines // 8 + 1))
    cell = Cell("c0", "code", "\n".join(source.split("\n")[:lines]))
    return State(Notebook("Bench", sections=(Section("s", "Section", (cell,)),)), "bench.livemd")


async def measure_typing(lines: int) -> dict[str, float]:
    """Figures in milliseconds of typing at the end of a cell of that many lines."""
    async with shown(FakeSession(long_cell(lines), Clock()), "Section") as driver:
        for key in ("j", "j", "j", "i"):
            driver.press(key, key)
            await asyncio.sleep(0.2)
        return spread("key_to_paint", await _type(driver))


@asynccontextmanager
async def shown(session: FakeSession, first: str) -> AsyncIterator[MemoryDriver]:
    """The app on a driver, once that text is painted."""
    app = NotebookApp(session)
    made: asyncio.Future[MemoryDriver] = asyncio.get_running_loop().create_future()

    def make_driver(owner: NotebookApp, **options: object) -> MemoryDriver:
        driver = MemoryDriver(owner, **options)
        made.set_result(driver)
        return driver

    app.driver_class = make_driver  # type: ignore[assignment]
    task = asyncio.create_task(app.run_async(size=SIZE))
    driver = await made
    await driver.seconds_until(first, lambda: None)
    yield driver
    app.exit()
    await task


async def measure(cells: int, lines_per_second: int) -> dict[str, float]:
    """Figures in milliseconds of one run: start, then editing the middle cell while another one prints."""
    session = FakeSession(opened(cells), Clock())
    began = perf_counter()
    async with shown(session, "epoch") as driver:
        figures = {"first_paint": (perf_counter() - began) * 1000}
        await asyncio.sleep(0.5)
        moves = [await driver.seconds_until("▌", lambda: driver.press("j", "j")) for _ in range(KEYS)]
        figures |= spread("focus_to_paint", moves)
        driver.press("i", "i")
        await asyncio.sleep(0.5)
        printer = asyncio.create_task(_print(session, lines_per_second)) if lines_per_second else None
        before = driver.written
        figures |= spread("key_to_paint", await _type(driver))
        figures["bytes_per_key"] = (driver.written - before) / KEYS
        if printer:
            printer.cancel()
        return figures


async def _type(driver: MemoryDriver) -> list[float]:
    """Latencies of keys that together spell one growing word."""
    driver.press("enter")
    word, latencies = "", []
    for n in range(KEYS):
        letter = "abcdefghijklmnopqrstuvwxyz"[n % 26]
        word = word + letter if n % 26 else letter
        if n and not n % 26:
            driver.press("enter")
            await asyncio.sleep(0.1)
        latencies.append(await driver.seconds_until(word, lambda letter=letter: driver.press(letter, letter)))
        await asyncio.sleep(0.04)
    return latencies[3:]


async def _print(session: FakeSession, lines_per_second: int) -> None:
    """The cell above the edited one prints in batches of 20 ms, as a runtime sends them."""
    session.send(QueueCells((PRINTING,)))
    for step in count():
        batch = "".join(f"step {step}.{n} {'=' * 40}\n" for n in range(lines_per_second // 50))
        session.print(PRINTING, batch)
        await asyncio.sleep(0.02)


def spread(name: str, seconds: list[float]) -> dict[str, float]:
    marks = {"p50": 50, "p95": 95, "max": 100}
    return {f"{name}_{mark}": percentile(seconds, q) * 1000 for mark, q in marks.items()}


def main() -> None:
    # As the program has it once it stands.
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    for lines_per_second in (0, 10_000):
        for metric, value in asyncio.run(measure(CELLS, lines_per_second)).items():
            unit = "B" if metric.startswith("bytes") else "ms"
            emit("beamlike", "ui", metric, unit, round(value, 2), cells=CELLS, lines_per_second=lines_per_second)
    for lines in LONG:
        for metric, value in asyncio.run(measure_typing(lines)).items():
            emit("beamlike", "ui", metric, "ms", round(value, 2), lines_of_cell=lines)


if __name__ == "__main__":
    main()
