"""What a notebook's journal costs: `python -m tests.bench.notebook.journal [CELLS] [MEGABYTES]`.

What the session itself pays for an operation, how soon it is acknowledged (beside what the disk takes for as many bytes
by itself), how long a rewrite, a recovery and the merge of somebody else's edit take.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import Operation, OutputAdded, SetCellSource
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.session.journal import SYNC_SECONDS
from notebook_tui.session.journal_file import JournalFile, framed
from notebook_tui.session.journal_records import Done, Snapshot, encoded
from notebook_tui.session.merging.merge import merge
from notebook_tui.session.messages import Join, Journaled, Perform, Seen
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.recovery import recover
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.bench.lines import emit, percentile
from tests.support.journaled_program import NoRuntime

CELLS, MEGABYTES = 5_000, 20
OPERATIONS = 200
"""As many as follow a state of 5,000 cells before it is written anew."""
ROUNDS = 3


def notebook(cells: int, megabytes: float) -> Notebook:
    line = "value = compute(value, more='words')\n"
    source = line * max(1, round(megabytes * 1e6 / cells / len(line)))
    made = [Cell(f"c{number}", "code", f"x{number} = {number}\n{source}") for number in range(cells)]
    return Notebook(sections=tuple(Section(f"s{n}", "S", tuple(made[n : n + 50])) for n in range(0, cells, 50)))


def operations(cells: int) -> list[Operation]:
    """Typing in a cell and what it prints, in turn."""
    return [
        SetCellSource(f"c{number % cells}", f"x = {number}\n" * 20)
        if number % 2
        else OutputAdded(f"c{number % cells}", Text("stdout", f"line {number}\n" * 5))
        for number in range(OPERATIONS)
    ]


def best(act: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


def figure(metric: str, unit: str, value: float, **params: object) -> None:
    emit("beamlike", "notebook_journal", metric, unit, value, **params)


def encoding(state: State, done: list[Operation], **params: object) -> None:
    records = [Done(operation) for operation in done]
    taken = best(lambda: [encoded(record, {}) for record in records])
    figure("encode_operation", "us", taken / len(records) * 1e6, **params)
    hidden = best(lambda: [encoded(record, {"swordfish": "A"}) for record in records])
    figure("encode_operation_with_secret", "us", hidden / len(records) * 1e6, **params)
    snapshot = Snapshot(state, 0)
    figure("encode_state", "s", best(lambda: encoded(snapshot, {})), **params)
    figure("state_size", "MB", len(encoded(snapshot, {})) / 1e6, **params)


def recovery(directory: Path, state: State, done: list[Operation], **params: object) -> None:
    path = directory / "bench.journal"
    file = JournalFile(path)
    file.rewrite([encoded(Snapshot(state, 0), {}), *(encoded(Done(operation), {}) for operation in done)])
    file.close()
    figure("recover", "s", best(lambda: recover(path)), operations=len(done), **params)


def merging(state: State, **params: object) -> None:
    base = state.notebook
    section = base.sections[0]
    cell = replace(section.cells[0], source="changed = 1")
    theirs = replace(base, sections=(replace(section, cells=(cell, *section.cells[1:])), *base.sections[1:]))
    ours, _ = apply(state, SetCellSource(base.sections[-1].cells[-1].id, "ours = 1"))
    figure("merge_one_edit", "s", best(lambda: merge(base, ours.notebook, theirs, str)), **params)


def disk(directory: Path, records: list[bytes]) -> None:
    """Each by itself, as nobody could do it faster who syncs once for each."""
    descriptor = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    taken = []
    for record in records:
        began = time.perf_counter()
        os.write(descriptor, framed([record]))
        os.fsync(descriptor)
        taken.append(time.perf_counter() - began)
    os.close(descriptor)
    emit("write and fsync", "notebook_journal", "acknowledged", "ms", statistics.median(taken) * 1e3, n=len(records))


async def acknowledging(directory: Path, begin: Notebook, done: list[Operation], **params: object) -> None:
    """One at a time, as a typist; then as many as come."""
    path = directory / "bench.livemd"
    file = NotebookFile(path)
    file.store(begin)
    async with bl.Node("bench@127.0.0.1", secret=b"of the benchmarks alone", listen=False, stall_threshold=None):
        session = await Session.start(NotebookFile(path), NoRuntime(), SessionOptions(journal=True))
        me = bl.self()
        await bl.GenServer.call(session, Join(), timeout=60)
        cells = list((await bl.sys.get_state(session))["_state"].notebook.cells())[1:]

        async def safe(number: int) -> None:
            while True:
                match await bl.receive(lambda message: isinstance(message, Journaled)):
                    case Journaled(applied) if applied >= number:
                        bl.GenServer.cast(session, Seen(me, number))
                        return

        number = 0

        def ask(text: str) -> None:
            nonlocal number
            number += 1
            bl.GenServer.cast(session, Perform(SetCellSource(cells[number % len(cells)].id, text), me))

        ask("the first, with which comes the state")
        await safe(number)
        taken = []
        for _ in range(50):
            await asyncio.sleep(2 * SYNC_SECONDS)
            began = time.perf_counter()
            ask(f"x = {number}\n" * 20)
            await safe(number)
            taken.append(time.perf_counter() - began)
        figure("acknowledged", "ms", statistics.median(taken) * 1e3, n=len(taken), **params)
        figure("acknowledged_p95", "ms", percentile(taken, 95) * 1e3, n=len(taken), **params)
        began = time.perf_counter()
        for _ in range(10 * len(done)):
            ask(f"y = {number}\n" * 20)
        await safe(number)
        figure("acknowledged_in_flood", "1/s", 10 * len(done) / (time.perf_counter() - began), **params)
        bl.exit(session, "kill")


def main(arguments: list[str]) -> None:
    cells = int(arguments[0]) if arguments else CELLS
    megabytes = float(arguments[1]) if len(arguments) > 1 else MEGABYTES
    begin = notebook(cells, megabytes)
    state, done = State(begin), operations(cells)
    size = {"cells": cells, "megabytes": megabytes}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        os.environ["BEAMLIKE_STATE"] = str(directory / "state")
        encoding(state, done, **size)
        recovery(directory, state, done, **size)
        merging(state, **size)
        disk(directory, [encoded(Done(operation), {}) for operation in done[:50]])
        asyncio.run(acknowledging(directory, begin, done, **size))


if __name__ == "__main__":
    main(sys.argv[1:])
