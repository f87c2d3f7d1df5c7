"""Evaluates the cells of one container, one after the other, in the namespace of one notebook module.

The last expression of a cell is its result, unless it is None or a `;` follows it; `_` holds the value of the last
one. `await`, `async for` and `async with` may stand at the top level.

A cell sees the names that the cells above it have bound, and no others (`namespace`). One that fails binds nothing,
other than in Jupyter: what stands below sees what it saw before. One that is interrupted keeps what it bound, for
that is how a long loop is stopped to look at what it has.

`__name__` is the name of the notebook's module, for a class takes its `__module__` from there, and by that its
identity on every node. So `if __name__ == "__main__":` is false in a cell, other than in Jupyter: what is guarded
by it is meant for a script, and a cell that wants it run calls it.

A cell with a block of requirements (PEP 723) has them installed before its first statement.

A synchronous cell occupies the thread, and only a signal ends it there: see `interrupt`. One that awaits is cancelled.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import CodeType, FrameType
from typing import Any, TypeAlias

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.requirements.errors import RequirementsError
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.require import require_block
from beamlike.code.sources import SOURCES
from beamlike.kernel.inspection.code_frames import suspended_frames
from beamlike.kernel.threads.forked import end_if_forked
from notebook_tui.runtime.bindings import Bindings
from notebook_tui.runtime.cell_code import CellCode, split
from notebook_tui.runtime.cell_files import CellFiles
from notebook_tui.runtime.children import Tasks
from notebook_tui.runtime.display import display, shows_itself
from notebook_tui.runtime.doctests import run_doctests
from notebook_tui.runtime.failure import failure
from notebook_tui.runtime.far_cell import FarCell
from notebook_tui.runtime.figures import show_open_figures
from notebook_tui.runtime.forms import Rendered, rendered
from notebook_tui.runtime.interruption import Interruption
from notebook_tui.runtime.namespace import Namespace, Visit
from notebook_tui.runtime.outcome import Doctest, Failure, Outcome
from notebook_tui.runtime.strikable import Strikable
from notebook_tui.widgets.interrupt import CellInterrupted

Elsewhere: TypeAlias = Callable[[FarCell], Awaitable[Rendered | None]]


@dataclass(slots=True)
class _Cell:
    """One run of a cell."""

    name: str
    source: str
    file: str
    visit: Visit
    future: int
    elsewhere: Elsewhere | None
    has_packages: bool = False


class Evaluator:
    """Evaluates the cells of `notebook`, one at a time.

    >>> import asyncio
    >>> notebook = NotebookModule("sums")
    >>> outcome = asyncio.run(Evaluator(notebook).evaluate("1", "x = 20; x + 1"))
    >>> outcome.status, outcome.result, [name for name, _ in outcome.versions]
    ('ok', '21', ['x'])
    >>> notebook.close()
    """

    def __init__(
        self,
        notebook: NotebookModule,
        bindings: Bindings | None = None,
        container: str = "",
        files: CellFiles | None = None,
    ) -> None:
        self._notebook = notebook
        self._bindings = bindings or Bindings()
        self._namespace = Namespace(notebook.namespace, self._bindings, container)
        self.files = files or CellFiles()
        self._interruption: Interruption | None = None
        self.strikable = Strikable()
        self._begun = 0
        self._called_off: int | None = None
        self.before_run: Callable[[], object] = lambda: None
        """Called before each run, in the thread that runs the cells."""

    @property
    def namespace(self) -> dict[str, object]:
        return self._notebook.namespace

    def seen_from(self, above: Sequence[str]) -> dict[str, object]:
        """The names that those cells have bound, in their order."""
        return self._bindings.seen_from(above)

    def owners(self, cells: Sequence[str]) -> dict[str, tuple[str, object]]:
        """As `seen_from`, each value with the id of the cell that bound it."""
        return self._bindings.owners(cells)

    def is_cell(self, filename: str) -> bool:
        """Whether code of this file name came from a cell, as the cell is or once was, if any of it is alive."""
        return filename in self.files

    @property
    def running(self) -> Interruption | None:
        """The evaluation that is under way, if one is."""
        return self._interruption if self._interruption is not None and not self._interruption.over else None

    def call_off(self, run: int) -> None:
        """Has that run end before its first statement, if it has not got so far. From any thread."""
        self._called_off = run

    @property
    def begun(self) -> int:
        """The last run that has begun, or that never will."""
        return self._begun

    def pass_over(self, run: int) -> None:
        """That run will not begin any more."""
        self._begun = max(run, self._begun)

    async def evaluate(
        self,
        label: str,
        source: str,
        run: int = 0,
        *,
        cell_id: str | None = None,
        above: Sequence[str] | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> Outcome:
        """Runs the cell to its end and tells how that was; what it printed went its own way.

        `run` numbers the evaluations, upwards, so that one can be called off before it begins. `cell_id` is the label
        if it is not given, and `above` all other cells, in the order in which they ran first. `elsewhere` runs its code
        on another node, where it binds nothing here.

        Raises nothing that the cell raised, SystemExit included. CancelledError only if the task itself is cancelled
        by somebody else.
        """
        self.pass_over(run)
        if run and run == self._called_off:
            return Outcome("interrupted")
        name, cell_id = cell_name(label), label if cell_id is None else cell_id
        if above is None:
            above = [other for other in self._bindings.cells() if other != cell_id]
        future = self._bindings.future(above)
        try:
            whole = self._notebook.compile_cell(source, name, future)
            self.files.add(whole.co_filename, name, cell_id)
            code = split(whole, source)
            for piece in filter(None, (code.statements, code.expression)):
                SOURCES.adopt(piece)
        except _UNCOMPILABLE as error:
            self._namespace.forget(cell_id)
            return self._uncompiled(error, name, cell_id)
        self.before_run()
        visit = self._namespace.enter(cell_id, above, code)
        cell = _Cell(name, source, whole.co_filename, visit, future, elsewhere)
        try:
            with Interruption() as interruption:
                self._interruption = interruption
                try:
                    if run == self._called_off:
                        raise KeyboardInterrupt
                    return await self._ran(cell)
                except BaseException as error:
                    return self._failed(cell, interruption, error)
        finally:
            self._namespace.leave(visit, kept=False)

    async def _ran(self, cell: _Cell) -> Outcome:
        try:
            await self._require(cell)
        except RequirementsError as error:
            return self._ended(error.with_traceback(None), False, None)
        cell.has_packages = True
        doctests: tuple[Doctest, ...] = ()
        if cell.elsewhere is not None:
            shown = await cell.elsewhere(FarCell(cell.name, cell.source, cell.visit.mentioned(), cell.future))
        else:
            shown, doctests = await self._ran_here(cell)
        for trouble in shown.troubles if shown is not None else ():
            print(trouble, file=sys.stderr)
        for wrong in filter(lambda doctest: doctest.trouble, doctests):
            print(f"{cell.name}, line {wrong.line}, doctest of {wrong.name}\n{wrong.trouble}", file=sys.stderr)
        versions = self._namespace.leave(cell.visit, kept=True, complete=cell.elsewhere is None)
        outcome = Outcome("ok", versions=versions, doctests=doctests)
        return outcome if shown is None else replace(outcome, result=shown.text, forms=shown.forms)

    async def _require(self, cell: _Cell) -> None:
        """Has the packages installed that the cell asks for."""
        await require_block(f"{self._notebook.name}, {cell.name}", cell.source, _tell)

    async def _ran_here(self, cell: _Cell) -> tuple[Rendered | None, tuple[Doctest, ...]]:
        code = cell.visit.code
        try:
            self.strikable.open()
            return await self._result(code), await run_doctests(cell.source, self.namespace, code.future)
        finally:
            self.strikable.close()

    def _failed(self, cell: _Cell, interruption: Interruption, error: BaseException) -> Outcome:
        while self.strikable.is_open:
            with suppress(KeyboardInterrupt):
                self.strikable.close()
        if interruption.ends_task(error):
            raise error
        if interruption.times and not cell.has_packages:
            return Outcome("interrupted")
        outcome = self._ended(error, interruption.times > 0, cell.file)
        if outcome.status == "error":
            self._notebook.withdraw(cell.name)
        versions = self._namespace.leave(cell.visit, kept=outcome.status == "interrupted", complete=False)
        return replace(outcome, versions=versions)

    def new_tasks(self) -> Tasks:
        """What keeps the tasks that cells of a container leave behind."""
        return Tasks()

    def beside(self, notebook: NotebookModule, container: str) -> Evaluator:
        """One for another container, in the namespace of `notebook`: its cells see what those here have bound."""
        return type(self)(notebook, self._bindings, container, self.files)

    def clear(self) -> None:
        """All cells are gone, with what they bound."""
        self._namespace.clear()
        self._notebook.withdraw_all()
        gc.collect()

    def forget(self, label: str, cell_id: str | None = None) -> None:
        """The cell is gone, and so is what it bound. Not while a cell is being evaluated."""
        self._namespace.forget(label if cell_id is None else cell_id)
        self._notebook.withdraw(cell_name(label))

    async def _result(self, code: CellCode) -> Rendered | None:
        await self._run(code.statements)
        value = None if code.expression is None else await self._run(code.expression)
        self._show_figures(value if code.shown else None)
        if value is None:
            return None
        self.namespace["_"] = value
        if not code.shown:
            return None
        if shows_itself(value):
            display(value)
            return None
        return rendered(value)

    def _show_figures(self, apart_from: object) -> None:
        show_open_figures(apart_from=apart_from)

    async def _run(self, code: CodeType) -> object:
        caller = os.getpid()
        try:
            value = eval(code, self.namespace)
            if not code.co_flags & inspect.CO_COROUTINE:
                return value
            if self._interruption is not None:
                self._interruption.awaiting = partial(self._innermost, value)
            return await value
        finally:
            end_if_forked(caller)

    def _innermost(self, coroutine: Any) -> FrameType | None:
        frames = suspended_frames(coroutine)
        return next((frame for frame in frames if self.is_cell(frame.f_code.co_filename)), None)

    def _ended(self, error: BaseException, asked_to: bool, cell_file: str | None) -> Outcome:
        interrupted = (
            isinstance(error, KeyboardInterrupt)
            or (asked_to and isinstance(error, CancelledError))
            or (type(error).__module__, type(error).__name__) == ("bdb", "BdbQuit")  # who leaves the debugger
        )
        if isinstance(error, CellInterrupted):
            return Outcome("interrupted", failure=Failure("Interrupted", str(error), "", None) if str(error) else None)
        return Outcome(
            "interrupted" if interrupted else "error",
            failure=failure(error, cell_file, self.files.names, self.files.ids),
        )

    def _uncompiled(self, error: Exception, name: str, cell_id: str) -> Outcome:
        cell_file = getattr(error, "filename", None)
        if cell_file is not None:
            self.files.add(cell_file, name, cell_id)
        return self._ended(error.with_traceback(None), False, cell_file)


def _tell(step: Step) -> None:
    """How far a cell's packages are is output as any other."""
    print(step, flush=True)


def cell_name(label: str) -> str:
    """What tracebacks call the cell of that label."""
    return f"cell {label}"


_UNCOMPILABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
"""The last four: a lone surrogate in the text, or nesting too deep for the compiler."""
