"""What `beamlike run` does: evaluates a notebook from top to bottom and prints what its cells print, as it comes."""

from __future__ import annotations

import asyncio
import sys

from notebook_tui.cli.main import FAILED, USAGE_ERROR
from notebook_tui.cli.open_session import open_session
from notebook_tui.document.operations import (
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    QueueCells,
    RuntimeDown,
)
from notebook_tui.document.outputs import Display, Error, Exported, Result, Text
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.options import EVALUATES
from notebook_tui.session.storage import write_copy


async def run(path: str, output: str | None, timeout: float | None) -> int:
    """Evaluates the notebook, writes its outputs where that was asked for, and returns the exit status."""
    async with open_session(path, EVALUATES) as client:
        progress = Progress(client)
        code = await progress.run(timeout)
        if output is not None:
            try:
                write_copy(output, client.state.notebook)
            except OSError as error:
                print(f"beamlike: the outputs could not be written to {output}: {error}", file=sys.stderr)
                return USAGE_ERROR
        return code


class Progress:
    """Prints what happens to the cells, and knows when it is over."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._cells = [cell for cell in client.state.notebook.cells() if cell.runnable and cell.source.strip()]
        self._left = {cell.id for cell in self._cells}
        self._total = sum(cell.runnable for section in client.state.notebook.sections for cell in section.cells)
        self._evaluating: str | None = None
        """The cell that was under way before the last operation, also if it has not said yet that it started."""
        self._failure: str | None = None
        self._error: Exception | None = None
        self._over = asyncio.Event()
        client.listen(self._on_operation)
        client.subscribe(lambda _state: None, lambda text: print(f"beamlike: {text}", file=sys.stderr, flush=True))
        client.on_end(lambda _why: self._fail(f"the notebook was not done; {self._running()}"))

    async def run(self, timeout: float | None) -> int:
        """The exit status."""
        if self._cells:
            self._client.send(QueueCells(tuple(cell.id for cell in self._cells)))
            try:
                async with asyncio.timeout(timeout):
                    await self._over.wait()
            except TimeoutError:
                self._failure = f"the notebook was not done within {timeout} s; {self._running()}"
        if self._error is not None:
            raise self._error
        if self._failure is not None:
            sys.stdout.flush()
            print(f"beamlike: {self._failure}", file=sys.stderr)
            return FAILED
        return 0

    def _on_operation(self, operation: Operation, state: State) -> None:
        """Runs in the client's process, which has nobody to tell that printing failed: `run` raises it."""
        if self._error is not None:
            return
        try:
            self._show(operation)
        except Exception as error:
            self._error = error
            self._over.set()
        self._evaluating = state.evaluating

    def _show(self, operation: Operation) -> None:
        match operation:
            case EvaluationStarted(cell_id):
                print(f"\n── {self._name(cell_id)} ──", flush=True)
            case OutputAdded(_, Text("stderr", text)):
                sys.stderr.write(text)
                sys.stderr.flush()
            case OutputAdded(_, Text(_, text) | Exported(_, text)):
                sys.stdout.write(text)
                sys.stdout.flush()
            case OutputAdded(_, Result(text) | Display(text=text)):
                print(text, flush=True)
            case OutputAdded(_, Error() as error):
                print(error.traceback.rstrip() or f"{error.type}: {error.message}", file=sys.stderr, flush=True)
            case EvaluationFinished(cell_id, _, ending):
                self._finished(cell_id, ending)
            case RuntimeDown(reason):
                self._fail(f"{self._running()} when the runtime was lost: {reason}")

    def _finished(self, cell_id: str, ending: str) -> None:
        self._left.discard(cell_id)
        if ending != "ok":
            self._fail(f"{self._name(cell_id)} {'failed' if ending == 'error' else 'was interrupted'}")
        elif not self._left:
            self._over.set()

    def _fail(self, why: str) -> None:
        if self._failure is None:
            self._failure = why
        self._over.set()

    def _running(self) -> str:
        running = self._evaluating
        return f"{self._name(running)} was running" if running is not None else "no cell was running"

    def _name(self, cell_id: str) -> str:
        notebook = self._client.state.notebook
        section = notebook.section_of(cell_id)
        if section is None:
            return "the setup cell"
        return f"cell {notebook.label(cell_id)} of {self._total} ({section.name})"
