"""A flow of cells with a namespace and a thread of its own: the main one on the main thread, and one for each branch.

Its evaluator process runs the cells, one after the other. An evaluator that is ended by a linked process is replaced
by another on the same namespace: values are kept. `drop` is the end of them all.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output
from beamlike.kernel.record import frozen
from beamlike.kernel.scheduler import Scheduler
from beamlike.scheduler_thread import SchedulerThread
from notebook_tui.runtime import descriptors
from notebook_tui.runtime.children import SECONDS, Tasks, end_children
from notebook_tui.runtime.elsewhere import run_elsewhere
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.interrupt import interrupt_run
from notebook_tui.runtime.messages import Dropped, Evaluate, Finished, Started
from notebook_tui.runtime.thread_strike import interrupt_thread
from notebook_tui.runtime.usage import Meter
from notebook_tui.widgets.cell_run import RUN, CellRun

DROP_SECONDS = 5.0
"""So long a cell may take to end when its container is dropped."""


@frozen
class Run:
    """To the evaluator: run the cell, when what its last run left behind is ended."""

    number: int
    cell: Evaluate
    output: bl.Pid
    before: bl.Pid | None = None
    """Whose children the last run's were."""
    connected: tuple[str, ...] = ()
    """The nodes on which it may run."""


@frozen
class Forgotten:
    """To the evaluator, so that no run is under way when the names go."""

    cell_id: str
    label: str
    output: bl.Pid | None


@frozen
class ReplaceEvaluator:
    """A call to the server: kill the evaluator process of that container and start another."""

    container: str


@frozen
class Emptied:
    """To the evaluator: all its cells are gone. It answers `reply` when what they left behind has ended."""

    outputs: tuple[bl.Pid, ...]
    reply: bl.Alias


class Container:
    def __init__(self, node: bl.Node, name: str, notebook: NotebookModule, evaluator: Evaluator) -> None:
        self.name = name
        self.notebook = notebook
        self.evaluator = evaluator
        self.evaluating: str | None = None
        self.began = 0.0
        self.runs = 0
        self.tasks = evaluator.new_tasks()
        self._node = node
        self.thread: SchedulerThread | None = None
        self._scheduler: Scheduler = node.scheduler
        self.process: bl.Pid
        self.process_ref: bl.Ref

    @property
    def module_name(self) -> str:
        """Of the module in whose namespace its cells run."""
        return self.notebook.module.__name__

    @classmethod
    def main(
        cls, node: bl.Node, notebook: NotebookModule, evaluator: Evaluator, thread: SchedulerThread | None = None
    ) -> Container:
        """Its cells run in the thread that user code has for itself, or in another one."""
        container = cls(node, "", notebook, evaluator)
        container.thread = thread
        if thread is not None:
            container._scheduler = thread.scheduler
        container._begin()
        return container

    @classmethod
    async def branch(cls, node: bl.Node, name: str, notebook: str, parent: Evaluator) -> Container:
        """One whose cells see what those of `parent` have bound."""
        module = NotebookModule(notebook)
        container = cls(node, name, module, parent.beside(module, name))
        container.thread = await node.start_scheduler(f"branch {name}")
        container._scheduler = container.thread.scheduler
        container._begin()
        return container

    def _begin(self) -> None:
        self._scheduler.loop.call_soon_threadsafe(self.tasks.watch, self._scheduler.loop)
        self.start_process()

    def start_process(self) -> None:
        """An evaluator process, the first or in place of one that was ended from outside."""
        process = self._node.start_process(evaluate_cells, (self.evaluator, self.tasks), scheduler=self._scheduler)
        self.process, self.process_ref = process.pid, bl.monitor(process.pid)
        process.scheduler.call(process.scheduler.ready, process)
        self.evaluator.pass_over(self.runs)

    def replace_process(self) -> None:
        """In place of one that does not end when it is asked to. Its code is unwound by the kernel."""
        bl.demonitor(self.process_ref, flush=True)
        bl.exit(self.process, "kill")
        self.start_process()

    def evaluate(self, cell: Evaluate, output: bl.Pid, before: bl.Pid | None, connected: tuple[str, ...] = ()) -> None:
        self.runs += 1
        self.evaluating = cell.cell_id
        self.began = time.monotonic()
        bl.send(self.process, Run(self.runs, cell, output, before, connected))

    def forget(self, cell_id: str, label: str, output: bl.Pid | None) -> None:
        bl.send(self.process, Forgotten(cell_id, label, output))

    async def close(self) -> None:
        """Its thread ends, and what its cells have defined is gone."""
        if self.thread is not None:
            await self.thread.stop()
        self.notebook.close()

    def interrupt(self) -> None:
        if self.thread is None:
            interrupt_run(self.evaluator, self.runs)
        else:
            interrupt_thread(self.evaluator, self.runs, self._scheduler.thread_id)


async def drop(server: bl.Pid, container: Container, outputs: tuple[bl.Pid, ...]) -> None:
    """Ends what runs there, with what the cells of those `outputs` left behind, and all its values are gone; a branch's
    thread goes too. In a process of its own, whose end is a `Dropped` to the server."""
    if not await _is_emptied(container, outputs):
        await bl.GenServer.call(server, ReplaceEvaluator(container.name))
        if not await _is_emptied(container, outputs):
            bl.send(server, Dropped(container.name, STUCK))
            return
    if container.name:
        await container.close()
    bl.send(server, Dropped(container.name))


async def _is_emptied(container: Container, outputs: tuple[bl.Pid, ...]) -> bool:
    emptied = bl.alias(once=True)
    if container.evaluating is not None:
        container.interrupt()
    bl.send(container.process, Emptied(outputs, emptied))
    try:
        await bl.receive(ref=emptied.ref, timeout=DROP_SECONDS)
    except TimeoutError:
        return False
    return True


STUCK = (
    "a cell, or a task that it started, keeps its thread and cannot be ended there: its memory is not free and it may "
    "go on; restart the runtime to end it"
)


async def evaluate_cells(evaluator: Evaluator, tasks: Tasks) -> None:
    """The evaluator's loop. Any other message belongs to the user's code and stays in the mailbox."""
    while True:
        match await bl.receive(lambda message: type(message) in (Run, Forgotten, Emptied)):
            case Run() as run:
                await _run(evaluator, tasks, run)
            case Forgotten(cell_id, label, output):
                await _end(tasks, output)
                evaluator.forget(label, cell_id)
                if output is not None:
                    bl.exit(output, "shutdown")
            case Emptied(outputs, reply):
                # What ends the last run's tasks must not be one of them.
                group_leader.set_leader(None)
                await asyncio.gather(*(_end(tasks, output) for output in outputs))
                evaluator.clear()
                bl.send(reply, bl.Reply(reply.ref, None))


async def _run(evaluator: Evaluator, tasks: Tasks, run: Run) -> None:
    cell = run.cell
    group_leader.set_leader(run.output)
    descriptors.set_leader(run.output)
    await _end(tasks, run.before, tell=run.output)
    RUN.set(CellRun(cell.cell_id, dict(cell.inputs), dict(cell.presets)))
    bl.send(run.output, Started(cell.cell_id))
    meter = Meter.begin()
    elsewhere = partial(run_elsewhere, cell.node, run.connected) if cell.node else None
    outcome = await evaluator.evaluate(
        cell.label, cell.source, run.number, cell_id=cell.cell_id, above=cell.above, elsewhere=elsewhere
    )
    usage = meter.read()
    descriptors.drain()
    group_leader.flush()
    bl.send(run.output, Finished(cell.cell_id, replace(outcome, usage=usage), usage.seconds))


async def _end(tasks: Tasks, leader: bl.Pid | None, tell: bl.Pid | None = None) -> None:
    """Ends the children of an earlier run; those that do not end are told of to `tell`."""
    if leader is None:
        return
    tasks.cancel_elsewhere(leader)
    left = await end_children(leader, tasks.of(leader))
    if left and tell is not None:
        words = f"of the run before, this did not end within {SECONDS:.0f} s and goes on: {', '.join(left)}\n"
        bl.send(tell, Output("stderr", words))
