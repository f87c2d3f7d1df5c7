"""Evaluates cells in the process of a service that is not the notebook's own.

A cell without `await` runs in a thread of the notebook's, and is interrupted between two bytecodes. One that awaits
runs on the service's event loop, where what belongs to the service can be awaited; `stall_guard` sees to it that it
does not keep that loop. Nothing is installed, and no figure is closed that may be the service's.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
from asyncio import CancelledError
from contextvars import copy_context
from types import CodeType
from typing import Any, NoReturn

import beamlike as bl
from beamlike.code.requirements.errors import RequirementsError
from beamlike.code.requirements.opening import OPENING
from beamlike.kernel import current
from notebook_tui.runtime.cell_code import CellCode
from notebook_tui.runtime.children import Tasks
from notebook_tui.runtime.display import display
from notebook_tui.runtime.evaluator import Evaluator, _Cell
from notebook_tui.runtime.forms import Rendered
from notebook_tui.runtime.guarded_steps import GuardedSteps, LoopTasks
from notebook_tui.runtime.keyboard import _getpass, _input
from notebook_tui.runtime.strikable import Strikable


class AttachedTasks(Tasks):
    """Of a thread of the notebook's, and of the service's loop."""

    def __init__(self, on_loop: LoopTasks) -> None:
        super().__init__()
        self._on_loop = on_loop

    def cancel_elsewhere(self, leader: bl.Pid) -> None:
        self._on_loop.cancel(leader)


class AttachedEvaluator(Evaluator):
    """To be told by `run_on` which loop is the service's, before anything is evaluated."""

    node: bl.Node
    on_loop: LoopTasks
    steps: Strikable
    _awaits = False
    """Whether the cell that runs has an `await`: then all of it runs on the service's loop."""

    def run_on(self, node: bl.Node, loop: asyncio.AbstractEventLoop) -> None:
        self.node = node
        self.on_loop = LoopTasks(loop)
        self.steps = Strikable()
        self.namespace["__builtins__"] = builtins_of_cells()

    def beside(self, notebook: Any, container: str) -> Evaluator:
        branch = super().beside(notebook, container)
        assert isinstance(branch, AttachedEvaluator)
        branch.node, branch.on_loop, branch.steps = self.node, self.on_loop, self.steps
        branch.namespace["__builtins__"] = self.namespace["__builtins__"]
        return branch

    def new_tasks(self) -> Tasks:
        return AttachedTasks(self.on_loop)

    async def _require(self, cell: _Cell) -> None:
        if OPENING in cell.source:
            raise RequirementsError(
                f"expected a cell without requirements, for {self.node.name} is a service with packages of its own: "
                "install them there, or evaluate this on another runtime"
            )

    def _show_figures(self, apart_from: object) -> None:
        """Those that are open may be the service's."""

    async def _result(self, code: CellCode) -> Rendered | None:
        pieces = filter(None, (code.statements, code.expression))
        self._awaits = any(piece.co_flags & inspect.CO_COROUTINE for piece in pieces)
        return await super()._result(code)

    async def _run(self, code: CodeType) -> object:
        if not self._awaits:
            return eval(code, self.namespace)
        return await self._on_services_loop(self._piece(code))

    async def _piece(self, code: CodeType) -> object:
        value = eval(code, self.namespace)
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    async def _on_services_loop(self, coroutine: Any) -> object:
        """Awaits it there. Each cancel of who waits here is one of it, and the waiting ends when it does."""
        here = asyncio.get_running_loop()
        done: asyncio.Future[tuple[object, BaseException | None]] = here.create_future()
        tasks: list[asyncio.Task[Any]] = []

        def begin() -> None:
            # In this context, whose copy is the task's: it prints where the cell does, and is a process of its own.
            current.enter(current.NOBODY)
            current.enter_node(self.node)
            steps = GuardedSteps(coroutine, self.on_loop, self.steps)
            task: asyncio.Task[Any] = asyncio.Task(steps, loop=self.on_loop.loop, name="cell")
            tasks.append(task)
            task.add_done_callback(tell)

        def tell(task: asyncio.Task[Any]) -> None:
            error = CancelledError() if task.cancelled() else task.exception()
            value = task.result() if error is None else None
            if not here.is_closed():
                here.call_soon_threadsafe(settle, value, error)

        def settle(value: object, error: BaseException | None) -> None:
            if not done.done():
                done.set_result((value, error))

        self.on_loop.loop.call_soon_threadsafe(begin, context=copy_context())
        while not done.done():
            try:
                await asyncio.shield(done)
            except CancelledError:
                self.on_loop.loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        value, error = done.result()
        if error is not None:
            raise error
        return value


def builtins_of_cells() -> dict[str, object]:
    """Those of Python, but that `input` and `getpass` ask at the notebook and nothing at the service's terminal."""
    own = {"input": _input, "getpass": _getpass, "display": display, "breakpoint": _no_debugger}
    return {**vars(builtins), **own}


def _no_debugger(*_args: object, **_named: object) -> NoReturn:
    raise RuntimeError(
        "expected no breakpoint in code that runs in a service: the debugger would stop it, and ask at its terminal"
    )
