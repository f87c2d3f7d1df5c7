"""What `beamlike run` does: evaluates a notebook from top to bottom, tells a reporter of all that happens, and says how
it ended."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from notebook_tui.cli.main import FAILED, USAGE_ERROR, UserError
from notebook_tui.cli.open_session import open_session
from notebook_tui.cli.run_junit import junit
from notebook_tui.cli.run_report import CellReport, CellStatus, Reporter, RunReport
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import (
    CancelEvaluation,
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    QueueCells,
    RuntimeDown,
    SetCellSource,
)
from notebook_tui.document.outputs import Error, View
from notebook_tui.document.parameters import set_parameters
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.options import EVALUATES
from notebook_tui.session.storage import write_copy

INTERRUPT_SECONDS = 5.0
"""So long a cell has to end once it is interrupted."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    path: str
    values: Mapping[str, str]
    """What `--set` gives to names."""
    output: str | None = None
    junit: str | None = None
    timeout: float | None = None
    """Seconds for all cells together."""
    cell_timeout: float | None = None
    """Seconds for each."""


async def run(options: RunOptions, reporter: Reporter) -> int:
    """Evaluates the notebook, writes what was asked for, and returns the exit status."""
    async with open_session(options.path, EVALUATES) as client:
        _set_parameters(client, options.values)
        report = await Run(client, reporter, options.cell_timeout).run(options.timeout)
        reporter.ended(report)
        written = _write(options, client.state.notebook, report)
        return FAILED if report.failure is not None else written


def _set_parameters(client: Client, values: Mapping[str, str]) -> None:
    try:
        sources = set_parameters(client.state.notebook, values)
    except Rejected as error:
        raise UserError(f"--set: {error}") from error
    for cell_id, source in sources.items():
        client.send(SetCellSource(cell_id, source))


def _write(options: RunOptions, notebook: Notebook, report: RunReport) -> int:
    try:
        if options.output is not None:
            what, path = "outputs", options.output
            write_copy(path, notebook)
        if options.junit is not None:
            what, path = "JUnit report", options.junit
            Path(path).write_text(junit(report), encoding="utf-8")
    except OSError as error:
        print(f"beamlike: the {what} could not be written to {path}: {error}", file=sys.stderr)
        return USAGE_ERROR
    return 0


class Run:
    """One evaluation of the whole notebook: knows each cell's part, and when it is over."""

    def __init__(self, client: Client, reporter: Reporter, cell_timeout: float | None) -> None:
        self._client = client
        self._reporter = reporter
        self._cell_timeout = cell_timeout
        self._cells = _reports(client.state.notebook)
        self._left = set(self._cells)
        self._began = time.monotonic()
        self._failure: str | None = None
        self._error: Exception | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._over_time: set[str] = set()
        self._over = asyncio.Event()
        self._reported: dict[str, View] = {}
        client.listen(self._on_operation)
        client.subscribe(lambda _state: None, reporter.said)
        client.on_end(lambda _why: self._fail(f"the notebook was not done; {self._running()}"))

    async def run(self, timeout: float | None) -> RunReport:
        if self._cells:
            self._client.send(QueueCells(tuple(self._cells)))
            try:
                async with asyncio.timeout(timeout):
                    await self._over.wait()
            except TimeoutError:
                self._fail(f"the notebook was not done within {timeout} s; {self._running()}")
        if self._error is not None:
            raise self._error
        notebook = self._client.state.notebook
        for cell in self._cells.values():
            cell.outputs = notebook.cell(cell.id).outputs
        return RunReport(
            notebook.title,
            tuple(self._cells.values()),
            time.monotonic() - self._began,
            self._failure,
        )

    def _on_operation(self, operation: Operation, state: State) -> None:
        """Runs in the client's process, which has nobody to tell that a reporter failed: `run` raises it."""
        if self._over.is_set():
            return
        try:
            self._hear(operation, state)
        except Exception as error:
            self._error = error
            self._over.set()
        for cell_id, cell in self._cells.items():
            if cell.status == "waiting" and state.status(cell_id) == "evaluating":
                # Also one that has not said yet that it started.
                cell.status = "running"

    def _hear(self, operation: Operation, state: State) -> None:
        match operation:
            case EvaluationStarted(cell_id) if cell_id in self._cells:
                self._watch_the_clock(cell_id)
                self._reporter.started(self._cells[cell_id])
            case OutputAdded(cell_id, output) if cell_id in self._cells:
                cell = self._cells[cell_id]
                if isinstance(output, Error):
                    cell.error = output
                if isinstance(output, View):
                    self._reported[output.ref] = output
                self._reporter.output(cell, output)
            case EvaluationFinished(cell_id, _, ending) if cell_id in self._cells:
                self._report_changed(state)
                self._finished(cell_id, ending, state.evaluation(cell_id).took)
            case RuntimeDown(reason):
                self._fail(f"{self._running()} when the runtime was lost: {reason}")

    def _report_changed(self, state: State) -> None:
        """Views that look otherwise than when they were reported, in whatever cell."""
        for cell_id, cell in self._cells.items():
            for output in state.notebook.cell(cell_id).outputs:
                if isinstance(output, View) and self._reported.get(output.ref, output) != output:
                    self._reported[output.ref] = output
                    self._reporter.output(cell, output)

    def _watch_the_clock(self, cell_id: str) -> None:
        if self._cell_timeout is not None:
            self._limit = _later(self._cell_timeout, self._interrupt, cell_id)

    def _interrupt(self, cell_id: str) -> None:
        self._over_time.add(cell_id)
        self._client.send(CancelEvaluation(cell_id))
        self._limit = _later(INTERRUPT_SECONDS, self._give_up, cell_id)

    def _give_up(self, cell_id: str) -> None:
        self._fail(
            f"{self._cells[cell_id].name} was not done within {self._cell_timeout} s, nor could it be interrupted"
        )

    def _finished(self, cell_id: str, ending: str, seconds: float | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        cell = self._cells[cell_id]
        cell.seconds = seconds
        if cell_id in self._over_time:
            cell.status, words = "failed", f"was not done within {self._cell_timeout} s"
        else:
            cell.status, words = _ENDINGS[ending]
        self._reporter.finished(cell)
        self._left.discard(cell_id)
        if cell.status != "ok":
            self._fail(f"{cell.name} {words}")
        elif not self._left:
            self._over.set()

    def _fail(self, why: str) -> None:
        if self._failure is None:
            self._failure = why
        self._over.set()

    def _running(self) -> str:
        running = next((cell for cell in self._cells.values() if cell.status == "running"), None)
        return f"{running.name} was running" if running is not None else "no cell was running"


def _later(seconds: float, call: Callable[[str], None], cell_id: str) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, call, cell_id)


_ENDINGS: Mapping[str, tuple[CellStatus, str]] = {
    "ok": ("ok", ""),
    "error": ("failed", "failed"),
    "interrupted": ("interrupted", "was interrupted"),
}


def _reports(notebook: Notebook) -> dict[str, CellReport]:
    """By id, of the cells that have anything to run, in the order of the document."""
    total = sum(cell.runnable for section in notebook.sections for cell in section.cells)
    reports: dict[str, CellReport] = {}
    for cell in notebook.cells():
        if cell.runnable and cell.source.strip():
            section = notebook.section_of(cell.id)
            label = notebook.label(cell.id)
            name = "the setup cell" if section is None else f"cell {label} of {total} ({section.name})"
            reports[cell.id] = CellReport(cell.id, label, name, section.name if section is not None else "")
    return reports
