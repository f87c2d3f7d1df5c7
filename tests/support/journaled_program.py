"""A program that edits a notebook at random until it is killed: `python -m tests.support.journaled_program PATH SEED`.

Each operation is drawn from the seed and the state, so that whoever knows both knows what was done; now and then the
notebook is saved. It prints how many operations are safe, as the session tells it.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.effects import ConnectRuntime
from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.operations import (
    CancelEvaluation,
    Connect,
    DeleteCell,
    DeleteSection,
    EraseOutputs,
    EvaluationFinished,
    EvaluationStarted,
    InsertCell,
    InsertSection,
    MoveCell,
    NodesChanged,
    Operation,
    OutputAdded,
    QueueCells,
    RenameSection,
    RuntimeConnected,
    RuntimeConnecting,
    RuntimeDown,
    Saved,
    SetCellSource,
    SetTitle,
    VersionsChanged,
)
from notebook_tui.document.outputs import Display, Result, Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.versions import Versions
from notebook_tui.session.messages import Applied, Join, Joined, Journaled, Perform, Save, Seen
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.runtime import Connection
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile

BEGIN = "# Test\n\n## One\n\n```python\na = 1\n```\n\n## Two\n\n```python\nb = 2\n```\n"
ON_THE_WAY = 50
"""Operations that are asked for before the session has answered."""
SAVED_EVERY = 150
"""Operations that made sense."""


class NoRuntime:
    """The test says what it reports."""

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits so long")


def drawn(source: random.Random, state: State) -> Operation:
    """Something that may happen to the notebook; it may make no sense."""
    notebook = state.notebook
    cells = [cell.id for cell in notebook.cells() if cell.id != "setup"] or ["setup"]
    cell, number = source.choice(cells), source.randrange(10**9)
    section = source.choice(notebook.sections or (Section("none", "none"),))
    running = state.evaluating or cell
    return source.choice(
        [
            SetTitle(f"title {number}"),
            InsertSection(len(notebook.sections), f"section-{number}", "More"),
            InsertCell(section.id, 0, Cell(f"cell-{number}", "code", f"x = {number}")),
            SetCellSource(cell, f"y = {number}" + "\n" * source.randrange(30)),
            SetCellSource(cell, f"z = {number}"),
            RenameSection(section.id, f"section {number}"),
            DeleteSection(section.id, source.random() < 0.5) if len(notebook.sections) > 3 else SetTitle("few"),
            DeleteCell(cell) if len(cells) > 3 else SetTitle("few"),
            MoveCell(cell, source.choice([-1, 1])),
            QueueCells((cell,)),
            CancelEvaluation(cell),
            EraseOutputs(),
            Connect(),
            RuntimeConnected("here"),
            RuntimeDown("gone") if number % 5 == 0 else RuntimeConnected("again"),
            NodesChanged((f"node-{number % 7}@here",)),
            VersionsChanged(((cell, Versions(("a@here",), (("b@here", number),))),)),
            EvaluationStarted(running, float(number)),
            OutputAdded(cell, Text("stdout", f"{number}\n" * source.randrange(1, 200))),
            OutputAdded(cell, Result(str(number))),
            OutputAdded(cell, Display((("image/png", number.to_bytes(8, "big") * source.randrange(1, 500)),))),
            EvaluationFinished(running, float(number), source.choice(["ok", "error", "interrupted"])),
        ]
    )


@dataclass(frozen=True)
class Step:
    asked: Operation | None
    """None for what the session does by itself."""
    after: State
    saves: bool = False


def history(state: State, source: random.Random) -> Iterator[Step]:
    """Operations that make sense, without end."""
    number = 0
    while True:
        operation = drawn(source, state)
        try:
            state, wanted = apply(state, operation)
        except Rejected:
            continue
        number += 1
        yield Step(operation, state)
        if ConnectRuntime() in wanted:
            state, _ = apply(state, RuntimeConnecting("starting a runtime"))
            yield Step(None, state)
        if number % SAVED_EVERY == 0:
            state, _ = apply(state, Saved(state.path or "", state.revision))
            yield Step(None, state, saves=True)


class Program:
    def __init__(self, session: bl.Pid, begin: State, seed: int) -> None:
        self._session = session
        self._coming = history(begin, random.Random(seed))
        self._asked = self._applied = 0

    async def go_on(self) -> None:
        """Until it is killed."""
        while True:
            step = next(self._coming)
            if step.saves:
                while self._applied < self._asked:
                    await self._hear()
                await bl.GenServer.call(self._session, Save(), timeout=60)
            self._asked += 1
            if step.asked is not None:
                bl.GenServer.cast(self._session, Perform(step.asked, bl.self()))
            while self._asked - self._applied > ON_THE_WAY:
                await self._hear()

    async def _hear(self) -> None:
        match await bl.receive():
            case Applied(number=number):
                self._applied = number
                bl.GenServer.cast(self._session, Seen(bl.self(), number))
            case Journaled(number):
                print(f"safe {number}", flush=True)


async def main(path: Path, seed: int) -> None:
    async with bl.Node("journaled@127.0.0.1", secret=b"s", listen=False):
        session = await Session.start(NotebookFile(path), NoRuntime(), SessionOptions(journal=True, lock=True))
        joined: Joined = await bl.GenServer.call(session, Join())
        print("begun", flush=True)
        await Program(session, joined.state, seed).go_on()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
