"""A run whose session was faster than it: what was left out is made up for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from notebook_tui.cli.run_evaluation import LEFT_OUT, Evaluation
from notebook_tui.cli.run_report import CellReport, RunReport
from notebook_tui.document.evaluations import Evaluation as LastRun
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import EvaluationStarted, OutputChanged
from notebook_tui.document.outputs import Error, Output, View
from notebook_tui.document.state import State
from notebook_tui.session.client import Client

CELLS = Cell("a", "code", "1"), Cell("b", "code", "2")
START = State(Notebook(sections=(Section("s", "S", CELLS),)))


class Session:
    """A client that is told what the test says."""

    def __init__(self) -> None:
        self.state, self.applied = START, 0
        self.listen = lambda listener: setattr(self, "on_operation", listener)
        self.on_end = lambda listener: None
        self.on_operation: Callable[..., None]
        self.on_state: Callable[..., None]

    def subscribe(self, on_state: Callable[..., None], on_message: object) -> None:
        self.on_state = on_state

    def send(self, operation: object) -> None:
        return

    async def inputs_read(self) -> tuple[str, ...]:
        return ()

    def resync(self, state: State) -> None:
        self.state, self.applied = state, self.applied + 1_000
        self.on_state(state)


class Heard:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def started(self, cell: CellReport) -> None:
        self.told.append(("started", cell.id))

    def output(self, cell: CellReport, output: Output) -> None:
        self.told.append(output)

    def changed(self, cell: CellReport, changed: OutputChanged, view: View) -> None:
        self.told.append(view)

    def finished(self, cell: CellReport) -> None:
        self.told.append((cell.status, cell.id))

    def said(self, text: str) -> None:
        self.told.append(text)

    def ended(self, report: RunReport) -> None:
        self.told.append(report)


def test_a_run_that_was_not_told_every_operation_ends_all_the_same() -> None:
    error = Error("ValueError", "no", "", 1)

    async def main() -> None:
        session, heard = Session(), Heard()
        evaluation = Evaluation(cast(Client, session), heard, None)
        running = asyncio.create_task(evaluation.run(20))
        await asyncio.sleep(0)
        session.applied = 1
        session.on_operation(EvaluationStarted("a", 0.0), session.state)
        session.on_state(session.state)
        cells = CELLS[0], replace(CELLS[1], outputs=(error,))
        done = replace(
            START,
            notebook=Notebook(sections=(Section("s", "S", cells),)),
            evaluations={
                "a": LastRun("evaluated", took=0.5),
                "b": LastRun("evaluated", errored=True, took=0.25),
            },
        )
        session.resync(done)
        report = await running
        assert heard.told == [("started", "a"), LEFT_OUT, ("ok", "a"), error, ("failed", "b")]
        assert report.failure == "cell 2 of 2 (S) failed"
        assert [cell.seconds for cell in report.cells] == [0.5, 0.25]

    asyncio.run(main())
