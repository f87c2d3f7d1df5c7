"""One evaluation of a whole notebook: what becomes of each cell, who is told, and when it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import beamlike as bl
from notebook_tui.cli.run_inputs import AskedInputs
from notebook_tui.cli.run_report import CellReport, CellStatus, Reporter, RunReport
from notebook_tui.document.attributes import is_on
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import (
    CancelEvaluation,
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    OutputChanged,
    QueueCells,
    RuntimeConnecting,
    RuntimeDown,
)
from notebook_tui.document.outputs import Error, Output, View
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.widgets.views_within import views_in

INTERRUPT_SECONDS = 5.0
"""So long a cell has to end once it is interrupted."""
QUIET_SECONDS = 0.25
"""A widget of another cell is changed some time after the call: it is waited for until so long nothing has changed."""
LATE_SECONDS = 2.0
"""But no longer than that: what goes on beside the cells may change a widget for ever."""
LEFT_OUT = "output came faster than it could be shown, and some is left out here"


class Evaluation:
    def __init__(
        self, client: Client, reporter: Reporter, cell_timeout: float | None, *, tells_steps: bool = False
    ) -> None:
        """`tells_steps`: also of how the runtime comes, which takes a while on a platform."""
        self._tells_steps = tells_steps
        self.asked = AskedInputs()
        self._client = client
        self._reporter = reporter
        self._cell_timeout = cell_timeout
        self._cells = _reports(client.state.notebook)
        self._left = set(self._cells)
        self._began = time.monotonic()
        self._failure: str | None = None
        self._error: Exception | None = None
        self._limits: dict[str, asyncio.TimerHandle] = {}
        self._over_time: set[str] = set()
        self._over = asyncio.Event()
        self._ended = False
        """Nobody is told of anything any more."""
        self._heard = client.applied
        """So many operations of the session were told here."""
        self._views = False
        self._changes = 0
        client.listen(self._on_operation)
        client.subscribe(self._on_state, self._said)
        client.on_end(lambda _why: self._fail(f"the notebook was not done; {self._running()}"))

    async def run(self, timeout: float | None) -> RunReport:
        if self._cells:
            self._client.send(QueueCells(tuple(self._cells)))
            try:
                async with asyncio.timeout(timeout):
                    await self._over.wait()
            except TimeoutError:
                self._fail(f"the notebook was not done within {timeout} s; {self._running()}")
        await self._late_changes()
        with suppress(bl.CallFailed):  # the session is gone, which is told already
            self.asked.also(await self._client.inputs_read())
        self._ended = True
        for limit in self._limits.values():
            limit.cancel()
        if self._error is not None:
            raise self._error
        notebook = self._client.state.notebook
        for cell in self._cells.values():
            cell.outputs = notebook.cell(cell.id).outputs
        return RunReport(notebook.title, tuple(self._cells.values()), time.monotonic() - self._began, self._failure)

    async def _late_changes(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                before = None
                while self._views and self._error is None and before != self._changes:
                    before = self._changes
                    await asyncio.sleep(QUIET_SECONDS)

    # What the session tells. It runs in the client's process, which has nobody to tell that a reporter failed.

    def _on_operation(self, operation: Operation, state: State) -> None:
        self._heard = self._client.applied
        if self._over.is_set() and not isinstance(operation, OutputChanged):
            return
        self.asked.hear(operation)
        self._guarded(lambda: self._hear(operation, state))
        self._note_running(state)

    def _on_state(self, state: State) -> None:
        """Also where operations were left out, for they came too fast."""
        if self._heard != self._client.applied:
            self._heard = self._client.applied
            self._guarded(lambda: self._catch_up(state))
            self._note_running(state)

    def _said(self, text: str) -> None:
        self._guarded(lambda: self._reporter.said(text))

    def _guarded(self, tell: Callable[[], None]) -> None:
        if self._ended or self._error is not None:
            return
        try:
            tell()
        except Exception as error:
            self._error = error
            self._over.set()

    def _note_running(self, state: State) -> None:
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
                self._shown(self._cells[cell_id], output)
            case OutputChanged(cell_id, ref) if cell_id in self._cells:
                self._changes += 1
                outputs = state.notebook.cell(cell_id).outputs
                view = next((view for output in outputs for view in views_in(output) if view.ref == ref), None)
                if view is not None:
                    self._reporter.changed(self._cells[cell_id], operation, view)
            case EvaluationFinished(cell_id, _, ending) if cell_id in self._cells:
                self._finished(cell_id, ending, state)
            case RuntimeConnecting(text) if self._tells_steps:
                self._reporter.said(f"+{time.monotonic() - self._began:.1f} s  {text}")
            case RuntimeDown(reason):
                self._fail(f"{self._running()} when the runtime was lost: {reason}")

    def _catch_up(self, state: State) -> None:
        self._reporter.said(LEFT_OUT)
        for cell_id, cell in self._cells.items():
            run = state.evaluation(cell_id)
            if cell_id in self._left and run.took is not None and state.status(cell_id) == "ready":
                for output in state.notebook.cell(cell_id).outputs:
                    if isinstance(output, Error):
                        self._shown(cell, output)
                self._finished(cell_id, "error" if run.errored else "interrupted" if run.interrupted else "ok", state)
        if state.runtime.lost:
            self._fail(f"{self._running()} when the runtime was lost: {state.runtime.lost}")

    def _shown(self, cell: CellReport, output: Output) -> None:
        if isinstance(output, Error):
            cell.error = output
        self._views = self._views or isinstance(output, View)
        self._reporter.output(cell, output)

    # Its end.

    def _watch_the_clock(self, cell_id: str) -> None:
        if self._cell_timeout is not None:
            self._limits[cell_id] = _later(self._cell_timeout, self._interrupt, cell_id)

    def _interrupt(self, cell_id: str) -> None:
        self._over_time.add(cell_id)
        self._client.send(CancelEvaluation(cell_id))
        self._limits[cell_id] = _later(INTERRUPT_SECONDS, self._give_up, cell_id)

    def _give_up(self, cell_id: str) -> None:
        self._fail(
            f"{self._cells[cell_id].name} was not done within {self._cell_timeout} s, nor could it be interrupted"
        )

    def _finished(self, cell_id: str, ending: str, state: State) -> None:
        if cell_id in self._limits:
            self._limits.pop(cell_id).cancel()
        cell = self._cells[cell_id]
        cell.seconds = state.evaluation(cell_id).took
        if cell_id in self._over_time:
            cell.status, words = "failed", f"was not done within {self._cell_timeout} s"
        else:
            cell.status, words = _ENDINGS[ending]
        self._reporter.finished(cell)
        self._left.discard(cell_id)
        if cell.status != "ok":
            self._failure = self._failure or f"{cell.name} {words}"
            goes_on = ending == "error" and is_on(state.notebook.cell(cell_id).metadata, "continue_on_error")
            if not goes_on:
                self._over.set()
        if not self._left:
            self._over.set()

    def _fail(self, why: str) -> None:
        self._failure = self._failure or why
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
