"""A notebook's runtime on a node: five kinds of process around the evaluators.

    server        stands for the runtime: takes Evaluate, Interrupt, Answer, Forget, Drop and a typist's questions, and
                  monitors its owner
    evaluator     one for each container: runs its cells, one after the other, in the thread that is the container's;
                  that of the main flow is the thread that user code has for itself
    versions      asks the other nodes what they hold, after an evaluation and when a node comes or goes
    cell output   one per cell that ran: the group leader of all code of that cell, here and on other nodes; batches
                  what it printed and hands it to the owner, and passes on the outcome after it
    log           the group leader of code that belongs to no cell

Server, outputs and log run on the distribution's loop (`Node.spawn_beside`), so a cell that keeps its thread busy
delays neither output nor interrupt nor completion.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node
from beamlike.kernel.question import Client
from beamlike.kernel.terms import NOCONNECTION, Reason
from notebook_tui.runtime import packages, variables
from notebook_tui.runtime.cell_outputs import CellOutputs
from notebook_tui.runtime.container import Container, ReplaceEvaluator, drop
from notebook_tui.runtime.descriptors import log_output, redirect_descriptors
from notebook_tui.runtime.display import install_display
from notebook_tui.runtime.environment import SetEnvironment
from notebook_tui.runtime.evaluator import Evaluator, cell_name
from notebook_tui.runtime.facts import TellFacts, facts
from notebook_tui.runtime.figures import show_figures_here
from notebook_tui.runtime.intellisense import serve, warm_when_idle
from notebook_tui.runtime.interrupt import install_interrupt
from notebook_tui.runtime.keyboard import install_keyboard
from notebook_tui.runtime.leaders import inherit_leaders
from notebook_tui.runtime.limits import Lifetime, SetIdleLimit
from notebook_tui.runtime.limits_watch import LimitsLook, LimitsWatch, MachineLife, life_of_machine
from notebook_tui.runtime.messages import (
    Answer,
    Drop,
    Dropped,
    Evaluate,
    Finished,
    Forget,
    Interrupt,
    Nodes,
    ToWidget,
)
from notebook_tui.runtime.outcome import Failure, Outcome
from notebook_tui.runtime.packages import CheckPackage, ListPackages
from notebook_tui.runtime.questions import answer
from notebook_tui.runtime.relay import Adopt, Away, LeaseOver, relay
from notebook_tui.runtime.stalled_nodes import tell_stalled
from notebook_tui.runtime.typing_questions import Complete, Define, Describe, Format, SignaturesOf
from notebook_tui.runtime.variable_questions import ListVariables, ShowVariable
from notebook_tui.runtime.version_watch import Look, tell_versions
from notebook_tui.runtime.widget_servers import GONE
from notebook_tui.widgets.messages import Answer as AnswerOfWidget
from notebook_tui.widgets.messages import Ask

Limits: TypeAlias = "tuple[float | None, MachineLife | None]"
"""How long nobody may need it, and how long its machine may be there."""


async def start_runtime(
    owner: bl.Pid, notebook: str, directory: str | None, lease: float = 0.0, idle_limit: float | None = None
) -> bl.Pid:
    """Makes this node the runtime of `notebook` and returns its server, which ends with `owner`; where that cannot be
    reached any more, `lease` seconds later, unless it is adopted meanwhile; and after `idle_limit` seconds
    in which no cell ran and nobody asked anything of it.

    Cells run in `directory`, where this machine has it, and import what lies there wherever they run: that is offered
    by the node of `owner`.
    """
    group_leader.install_router()
    redirect_descriptors()
    install_keyboard()
    install_display()
    show_figures_here()
    if directory is not None:
        with suppress(FileNotFoundError):  # this machine need not have it
            os.chdir(directory)
    module = NotebookModule(notebook)
    evaluator = Evaluator(module)
    # Here, on the main thread, for only there signal handlers can be set.
    install_interrupt(evaluator)
    node = _node()
    group_leader.set_fallback_leader(node.spawn_beside(log_output))
    inherit_leaders()
    ready = bl.alias(once=True)
    limits = idle_limit, life_of_machine()
    node.spawn_beside(_start_server, ready, owner, evaluator, module, lease, limits)
    reply: bl.Reply = await bl.receive(ref=ready.ref, timeout=10)
    server: bl.Pid = reply.value
    return server


async def _start_server(
    ready: bl.Alias, owner: bl.Pid, evaluator: Evaluator, module: NotebookModule, lease: float, limits: Limits
) -> None:
    bl.send(ready, bl.Reply(ready.ref, await RuntimeServer.start(owner, evaluator, module, lease, limits)))


class RuntimeServer(GenServer):
    def init(
        self,
        owner: bl.Pid,
        evaluator: Evaluator,
        module: NotebookModule,
        lease: float = 0.0,
        limits: Limits = (None, None),
    ) -> None:
        self._session = owner
        self._owner = bl.spawn_link(relay, owner, bl.self())  # what is said to the owner goes by there
        self._lease = lease
        self._away = False
        self._notebook = module.name
        self._main = self._new_main(evaluator, module)
        self._containers = {"": self._main}
        self._dropping: set[str] = set()
        self._homes: dict[str, Container] = {}
        self._outputs = CellOutputs(self._owner)
        self._labels: dict[str, str] = {}
        self._limits = LimitsWatch(*limits, self._owner)
        self._warm()
        self._versions = bl.spawn(tell_versions, bl.self(), self._owner)
        self._owner_ref = bl.monitor(owner)
        bl.monitor_nodes(hidden=True)
        self._tell_nodes()

    def _new_main(self, evaluator: Evaluator, module: NotebookModule) -> Container:
        return Container.main(_node(), module, evaluator)

    def _warm(self) -> None:
        bl.spawn(warm_when_idle, lambda: not self._evaluates())

    def _set_environment(self, message: SetEnvironment) -> None:
        message.apply()

    def handle_call(self, request: object, client: Client) -> object:
        if not isinstance(request, Adopt | TellFacts):
            self._limits.used()
        match request:
            case Adopt():
                return self._adopt(request)
            case Format():
                serve(client, request, self._main.module_name, {})
                return bl.NO_REPLY
            case Complete(place) | Describe(place) | SignaturesOf(place) | Define(place):
                container = self._containers.get(place.container, self._main)
                cells = {source: cell_id for cell_id, source in self._sources().items()}
                serve(client, request, container.module_name, cells, container.evaluator.seen_from(place.cells_above))
                return bl.NO_REPLY
            case TellFacts():
                return replace(facts(), lifetime=self._lifetime())
            case SetIdleLimit(seconds):
                self._limits.set_idle(seconds)
                return self._lifetime()
            case ListPackages() | CheckPackage():
                packages.serve(client, request)
                return bl.NO_REPLY
            case ListVariables(cells, name) | ShowVariable(_, cells, name):
                container = self._containers.get(name, self._main)
                variables.serve(client, request, container.evaluator.owners(cells))
                return bl.NO_REPLY
            case ReplaceEvaluator(name):
                self._containers[name].replace_process()
                return None
            case _:
                raise TypeError(f"a runtime does not know the call {request!r}")

    async def handle_info(self, message: object) -> None:
        if isinstance(message, Evaluate | Answer | ToWidget | Finished):
            self._limits.used()
        match message:
            case Evaluate():
                await self._evaluate(message)
            case Interrupt(cell_id):
                for container in self._evaluating(cell_id):
                    container.interrupt()
            case Answer(question, text, trouble):
                answer(question, text, trouble)
            case SetEnvironment():
                self._set_environment(message)
            case ToWidget(cell_id, about):
                output = self._outputs.of(cell_id)
                if output is not None:
                    bl.send(output, about)
                elif isinstance(about, Ask):
                    bl.send(about.client, bl.Reply(about.client.ref, AnswerOfWidget(None, GONE)))
            case Forget(cell_id):
                self._forget(cell_id)
            case Drop(name):
                self._drop(name)
            case Dropped():
                self._dropped(message)
            case Finished(cell_id, outcome):
                for container in self._evaluating(cell_id):
                    container.evaluating = None
                output = self._outputs.of(cell_id)
                if outcome.status == "interrupted" and output is not None:
                    self._outputs.withdraw(cell_id)
                    bl.spawn(tell_stalled, output, self._others())
                self._look_at_versions()
            case bl.Down(ref, _, reason) if ref == self._owner_ref:
                self._owner_gone(reason)
            case LeaseOver(ref) if ref == self._owner_ref:
                raise bl.Stop("shutdown")
            case LimitsLook():
                over = self._limits.look(message, busy=self._evaluates())
                if over is not None:
                    raise bl.Stop(("shutdown", over))
            case bl.Down(ref, _, reason):
                for container in [each for each in self._containers.values() if each.process_ref == ref]:
                    self._evaluator_ended(container, reason)
                lost = self._outputs.ended(ref)
                if lost is not None:
                    self._output_ended(lost, reason)
            case bl.NodeUp() | bl.NodeDown():
                self._tell_nodes()

    def _owner_gone(self, reason: Reason) -> None:
        if reason != NOCONNECTION or not self._lease:
            raise bl.Stop("shutdown")
        self._away = True
        bl.send(self._owner, Away())
        bl.send_after(bl.self(), LeaseOver(self._owner_ref), self._lease)

    def _adopt(self, adopt: Adopt) -> bool:
        if adopt.owner != self._session and not self._away:
            return False
        bl.demonitor(self._owner_ref, flush=True)
        self._session, self._away = adopt.owner, False
        self._owner_ref = bl.monitor(adopt.owner)
        bl.send(self._owner, adopt)
        self._tell_nodes()  # the new owner's node is one of them no more
        return True

    # Cells.

    async def _evaluate(self, cell: Evaluate) -> None:
        if cell.container in self._dropping:
            return  # the owner has not heard of the end yet, and takes all that it started before for ended
        container = await self._container(cell.container)
        before = self._outputs.of(cell.cell_id)
        home = self._homes.get(cell.cell_id)
        if home is not None and home is not container:
            home.forget(cell.cell_id, self._labels[cell.cell_id], before)
            before = None
        output = self._outputs.begin(cell.cell_id)
        self._homes[cell.cell_id] = container
        self._labels[cell.cell_id] = cell.label
        container.evaluate(cell, output, before, self._others() if cell.node else ())

    async def _container(self, name: str) -> Container:
        if name not in self._containers:
            self._containers[name] = await Container.branch(_node(), name, self._notebook, self._main.evaluator)
        return self._containers[name]

    def _lifetime(self) -> Lifetime:
        return self._limits.lifetime(busy=self._evaluates())

    def _evaluates(self) -> bool:
        return any(each.evaluating for each in self._containers.values())

    def _evaluating(self, cell_id: str) -> list[Container]:
        return [each for each in self._containers.values() if each.evaluating == cell_id]

    def _forget(self, cell_id: str) -> None:
        container = self._homes.pop(cell_id, None)
        if container is not None:
            container.forget(cell_id, self._labels.pop(cell_id), self._outputs.forget(cell_id))

    def _evaluator_ended(self, container: Container, reason: Reason) -> None:
        """Somebody's exit signal: mostly a process that a cell linked itself to, and that crashed."""
        container.start_process()
        cell_id = container.evaluating
        output = self._outputs.of(cell_id) if cell_id is not None else None
        if cell_id is not None and output is not None:
            outcome = Outcome("error", failure=_ended_from_outside(reason))
            bl.send(output, Finished(cell_id, outcome, time.monotonic() - container.began))

    def _output_ended(self, cell_id: str, reason: Reason) -> None:
        """By code of the cell, mostly. Nobody will pass on how the run ends."""
        for container in self._evaluating(cell_id):
            container.interrupt()
            container.evaluating = None
            message = f"the process that takes what the cell prints was ended: {reason}"
            outcome = Outcome("error", failure=Failure("ProcessExit", message, f"ProcessExit: {message}", None))
            bl.send(self._owner, Finished(cell_id, outcome, time.monotonic() - container.began))

    # Containers.

    def _drop(self, name: str) -> None:
        container = self._containers.get(name)
        if container is None:
            bl.send(self._owner, Dropped(name))
        elif name not in self._dropping:
            self._dropping.add(name)
            of_it = [cell_id for cell_id, home in self._homes.items() if home is container]
            for cell_id in of_it:
                self._outputs.withdraw(cell_id)
            outputs = filter(None, map(self._outputs.of, of_it))
            bl.spawn(drop, bl.self(), container, tuple(outputs))

    def _dropped(self, dropped: Dropped) -> None:
        """What is to be evaluated there from now on is evaluated in a new one."""
        name = dropped.container
        container = self._containers[name]
        container.evaluating = None
        for cell_id in [cell_id for cell_id, home in self._homes.items() if home is container]:
            del self._homes[cell_id], self._labels[cell_id]
            output = self._outputs.forget(cell_id)
            if output is not None:
                bl.exit(output, "shutdown")
        if container is not self._main:
            del self._containers[name]
        self._dropping.remove(name)
        bl.send(self._owner, dropped)

    # Nodes.

    def _tell_nodes(self) -> None:
        bl.send(self._owner, Nodes(self._others()))
        self._look_at_versions()

    def _others(self) -> tuple[str, ...]:
        apart = self._apart()
        return tuple(name for name in bl.nodes(hidden=True) if name not in apart)

    def _apart(self) -> frozenset[str]:
        """The nodes of those who have the runtime: no part of its cluster."""
        # A service that is visited has no parent, and is left without a module that it had not.
        booted = sys.modules.get("nodes.parent")
        parent = booted.current_parent() if booted is not None else None
        return frozenset({self._session.node} | ({parent.node} if parent is not None else set()))

    def _look_at_versions(self) -> None:
        others = self._others()
        bl.send(self._versions, Look(self._sources() if others else {}, others))

    def _sources(self) -> dict[str, str]:
        return {cell_id: self._main.notebook.source_name(cell_name(label)) for cell_id, label in self._labels.items()}


def _ended_from_outside(reason: Reason) -> Failure:
    text = reason.traceback if isinstance(reason, bl.ExceptionInfo) else ""
    message = f"a linked process or an exit signal ended the cell: {reason} (values of earlier cells are kept)"
    return Failure("ProcessExit", message, f"{text}ProcessExit: {message}", None)


def _node() -> bl.Node:
    node = current_node()
    if not isinstance(node, bl.Node):
        raise TypeError(f"a runtime needs a node with distribution, {node.name} has none")
    return node
