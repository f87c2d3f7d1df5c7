"""A runtime in the process of a service that somebody has attached a notebook to, and all that goes with it again.

It differs from a runtime that has a process for itself (`server`) in what it leaves alone: standard streams and
descriptors, signals, the working folder, installed packages. What it changes while it is there, it undoes: see
`beamlike.code.visits`. Nothing of the service is its own, so it never ends anything but what cells have started.
"""

from __future__ import annotations

import asyncio
from functools import partial

import beamlike as bl
from beamlike.code import visits
from beamlike.code.notebook_module import NotebookModule
from beamlike.distribution.liveness import heartbeats
from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node
from beamlike.kernel.group_leader import Output
from beamlike.kernel.signals import Send
from beamlike.kernel.stepped import SteppedProcess
from beamlike.scheduler_thread import SchedulerThread
from notebook_tui.runtime.attached_evaluator import AttachedEvaluator
from notebook_tui.runtime.container import Container
from notebook_tui.runtime.display import shown_in_all_forms
from notebook_tui.runtime.environment import SetEnvironment
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.leaders import inherit_leaders_for_a_while
from notebook_tui.runtime.loop_blocked import WORDS
from notebook_tui.runtime.messages import Evaluate
from notebook_tui.runtime.relay import Adopt
from notebook_tui.runtime.server import RuntimeServer
from notebook_tui.runtime.stall_guard import EVERY, StallGuard

LEAVE_SECONDS = 5.0
"""So long the tasks of cells may take over their end."""


async def start_attached(owner: bl.Pid, notebook: str, lease: float = 0.0, what: str = "cell") -> bl.Pid:
    """Makes a runtime of `notebook` in this process and returns its server, which ends with `owner`; where that cannot
    be reached any more, `lease` seconds later. The visit of `owner` must have begun. `what` is what the audit log
    calls an evaluation."""
    node, visit = current_node(), visits.of(owner)
    assert isinstance(node, bl.Node)
    loop = node.scheduler.loop
    module = NotebookModule(notebook)
    evaluator = AttachedEvaluator(module)
    evaluator.run_on(node, loop)
    visit.on_end(inherit_leaders_for_a_while())
    shown_in_all_forms()
    thread = await node.start_scheduler(f"attached {notebook}")
    remains = Remains(node, evaluator)
    visit.on_end(remains.end)
    server: bl.Pid = await AttachedServer.start(owner, evaluator, module, lease, thread, remains, visit, what)
    visit.serve(server)
    guard = StallGuard(
        loop.call_soon_threadsafe,
        node.scheduler.thread_id,
        evaluator,
        evaluator.steps,
        partial(_tell_of_stall, node, remains),
    )
    remains.guard = guard
    heartbeats[node].look_every(EVERY, guard.look)
    return server


class Remains:
    """What cells leave in the service, for the end of the visit."""

    def __init__(self, node: bl.Node, evaluator: AttachedEvaluator) -> None:
        self.guard: StallGuard | None = None
        self.containers: list[Container] = []
        self.outputs: dict[str, bl.Pid] = {}
        """The latest of each cell."""
        self.leaders: set[bl.Pid] = set()
        self.server_parts: list[bl.Pid] = []
        """Processes that are the server's own."""
        self.environment: list[SetEnvironment] = []
        self._node = node
        self._evaluator = evaluator

    async def end(self) -> None:
        for container in self.containers:
            if container.evaluating is not None:
                container.interrupt()
        await self._end_tasks()
        self._end_processes()
        for container in self.containers:
            await container.close()
        for pid in (*self.leaders, *self.server_parts):
            bl.exit(pid, "kill")
        if self.guard is not None:
            self.guard.ended = True
        for before in reversed(self.environment):
            before.apply()

    async def _end_tasks(self) -> None:
        tasks = self._evaluator.on_loop.cancel()
        deadline = asyncio.get_running_loop().time() + LEAVE_SECONDS
        while any(not task.done() for task in tasks) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # they may be of another loop, so they cannot be awaited here

    def _end_processes(self) -> None:
        for process in map(self._node.process, self._node.processes()):
            context = getattr(process, "context", None)
            if not isinstance(process, SteppedProcess) or context is None or process.pid == bl.self():
                continue
            if group_leader.leader_in(context) in self.leaders:
                bl.exit(process.pid, "kill")


class AttachedServer(RuntimeServer):
    def init(  # type: ignore[override]
        self,
        owner: bl.Pid,
        evaluator: Evaluator,
        module: NotebookModule,
        lease: float,
        thread: SchedulerThread,
        remains: Remains,
        visit: visits.Visit,
        what: str,
    ) -> None:
        self._what = what
        self._thread = thread
        self._remains = remains
        self._visit = visit
        super().init(owner, evaluator, module, lease)
        remains.server_parts += [self._owner, self._versions]

    def _new_main(self, evaluator: Evaluator, module: NotebookModule) -> Container:
        main = Container.main(self._visit.node, module, evaluator, self._thread)
        self._remains.containers.append(main)
        return main

    def _apart(self) -> frozenset[str]:
        return frozenset({self._session.node})  # whoever booted the service is a node as others are

    def _adopt(self, adopt: Adopt) -> bool:
        adopted = super()._adopt(adopt)
        if adopted:
            self._visit.goes_on_with(adopt.owner)
        return adopted

    def _warm(self) -> None:
        """Not here: the service has other things to do."""

    def _set_environment(self, message: SetEnvironment) -> None:
        self._remains.environment.append(message.apply())

    async def _container(self, name: str) -> Container:
        container = await super()._container(name)
        if container not in self._remains.containers:
            self._remains.containers.append(container)
        return container

    async def _evaluate(self, cell: Evaluate) -> None:
        self._visit.note(self._what, cell.source)
        await super()._evaluate(cell)
        output = self._outputs.of(cell.cell_id)
        if output is not None:
            self._remains.outputs[cell.cell_id] = output
            self._remains.leaders.add(output)


def _tell_of_stall(node: bl.Node, remains: Remains, cell_id: str) -> None:
    output = remains.outputs.get(cell_id)
    if output is not None:
        node.route(Send(None, output, Output("stderr", f"of what this cell has left behind: {WORDS}\n")))
