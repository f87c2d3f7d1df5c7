"""What the terminal needs for a plot of 64 curves to which 320 points a second are appended: `python -m
tests.bench.curves [SECONDS]`.

The real app at 120 x 40, on a driver that keeps its output in memory. Changes come as from a runtime, twenty a second
of 16 points each, and five times a second a table of 64 rows is another one, as in `bert_sweep.livemd`. A *frame* is
what the loop does in one go, without turning to a key: its length by the clock, and in time of the processor, which
depends less on what else the machine does.
"""

from __future__ import annotations

import asyncio
import gc
import math
import sys
from itertools import count, islice
from time import perf_counter, thread_time

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import QueueCells
from notebook_tui.document.state import State
from notebook_tui.widgets.changes import Became, PointsAppended
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.table import page_of
from notebook_tui.widgets.table_rows import rows_of
from notebook_tui.widgets.views import Plot, Series, Table
from tests.bench.lines import emit
from tests.bench.ui import shown, spread
from tests.support.fake_session import FakeSession
from tests.support.screen import Clock

SECONDS = 30.0
CURVES = 64
RATE = 320
CHANGES = 20
"""A second, which is what a runtime sends of a view however often code changes it."""
TABLES = 5
PAUSE = 0.001
SHORTEST = 0.002
"""What takes less is no frame, but the loop's own business."""


def opened() -> State:
    cell = Cell("c0", "code", "await sweep.run()")
    return State(Notebook("Bench", sections=(Section("s", "Section", (cell,)),)), "bench.livemd")


def name(curve: int) -> str:
    return f"{10 ** -(curve % 8 / 2):.2g} × {4 << curve // 8}"


def loss(curve: int, step: int) -> float:
    """Some fall, some rise, all tremble."""
    return math.exp((curve - 40) / 4000 * step) + 0.05 * math.sin(step * (curve + 1))


def table(step: int) -> Table:
    rows = [{"run": name(n), "step": step, "loss": loss(n, step), "became": "learns"} for n in range(CURVES)]
    found = rows_of(rows)
    return page_of(Table("table", found.columns, sortable=True), found, Page(0, 8))


async def push(session: FakeSession) -> None:
    """As many points in each change, of the curves in turn."""
    session.send(QueueCells(("c0",)))
    session.output("c0", Plot("plot", title="Loss", x_label="step", log_y=True))
    session.output("c0", table(0))
    points = ((curve, step) for step in count(1) for curve in range(CURVES))
    began = perf_counter()
    for number in count(1):
        some = islice(points, RATE // CHANGES)
        series = tuple(Series(name(curve), "line", (float(step),), (loss(curve, step),)) for curve, step in some)
        session.change("c0", "plot", PointsAppended(series))
        if not number % (CHANGES // TABLES):
            session.change("c0", "table", Became(table(number)))
        await asyncio.sleep(max(0.0, began + number / CHANGES - perf_counter()))


async def frames(seconds: float) -> tuple[list[float], list[float]]:
    """How long each took by the clock, and of the processor."""
    walls, cpus = [], []
    end = perf_counter() + seconds
    while (began := perf_counter()) < end:
        used = thread_time()
        await asyncio.sleep(PAUSE)
        wall, cpu = perf_counter() - began - PAUSE, thread_time() - used
        if cpu > SHORTEST:
            walls.append(wall)
            cpus.append(cpu)
    return walls, cpus


async def measure(seconds: float) -> dict[str, float]:
    session = FakeSession(opened(), Clock())
    async with shown(session, "Section") as driver:
        driver.press("j", "j")
        pushing = asyncio.create_task(push(session))
        await asyncio.sleep(1.0)
        walls, cpus = await frames(seconds)
        pushing.cancel()
    return spread("frame", walls) | spread("frame_cpu", cpus) | {"frames": len(walls) / seconds}


def main() -> None:
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    for metric, value in asyncio.run(measure(seconds)).items():
        unit = "1/s" if metric == "frames" else "ms"
        emit("beamlike", "curves", metric, unit, round(value, 2), curves=CURVES, points_per_second=RATE)


if __name__ == "__main__":
    main()
