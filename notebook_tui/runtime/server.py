"""A notebook's runtime on a node: four kinds of process around the evaluator.

    server        stands for the runtime: takes Evaluate, Interrupt, Forget and Complete, monitors its owner
    evaluator     runs the cells, one after the other, in the thread that user code has for itself
    versions      asks the other nodes what they hold, after an evaluation and when a node comes or goes
    cell output   one per cell that ran: the group leader of all code of that cell, here and on other nodes; batches
                  what it printed and hands it to the owner, and passes on the outcome after it

Server and outputs run on the distribution's loop (`Node.spawn_beside`), so a cell that keeps its thread busy delays
neither output nor interrupt nor completion. An evaluator that is ended by a linked process is replaced by another on
the same namespace: values are kept.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node
from beamlike.kernel.question import Client
from beamlike.kernel.terms import NOCONNECTION, Reason
from notebook_tui.runtime.cell_output import cell_output
from notebook_tui.runtime.completion import Item, complete
from notebook_tui.runtime.descriptors import drain, redirect_descriptors
from notebook_tui.runtime.environment import SetEnvironment
from notebook_tui.runtime.evaluator import Evaluator, cell_name
from notebook_tui.runtime.interrupt import install_interrupt, interrupt_run
from notebook_tui.runtime.keyboard import remove_keyboard
from notebook_tui.runtime.messages import Complete, Evaluate, Finished, Forget, Interrupt, Nodes, Started
from notebook_tui.runtime.outcome import Failure, Outcome
from notebook_tui.runtime.relay import Adopt, Away, LeaseOver, relay
from notebook_tui.runtime.stalled_nodes import tell_stalled
from notebook_tui.runtime.version_watch import Look, tell_versions

logger = logging.getLogger("notebook_tui.runtime")


async def start_runtime(owner: bl.Pid, notebook: str, directory: str | None, lease: float = 0.0) -> bl.Pid:
    """Makes this node the runtime of `notebook` and returns its server, which ends with `owner`; where that cannot be
    reached any more, `lease` seconds later, unless it is adopted meanwhile.

    Cells run in `directory`, where this machine has it, and import what lies there wherever they run: that is offered
    by the node of `owner`.
    """
    group_leader.install_router()
    redirect_descriptors()
    remove_keyboard()
    if directory is not None:
        with suppress(FileNotFoundError):  # this machine need not have it
            os.chdir(directory)
    module = NotebookModule(notebook)
    evaluator = Evaluator(module)
    # Here, on the main thread, for only there signal handlers can be set.
    install_interrupt(evaluator)
    node = _node()
    ready = bl.alias(once=True)
    node.spawn_beside(_start_server, ready, owner, evaluator, module, lease)
    reply: bl.Reply = await bl.receive(ref=ready.ref, timeout=10)
    server: bl.Pid = reply.value
    return server


async def _start_server(
    ready: bl.Alias, owner: bl.Pid, evaluator: Evaluator, module: NotebookModule, lease: float
) -> None:
    bl.send(ready, bl.Reply(ready.ref, await RuntimeServer.start(owner, evaluator, module, lease)))


@dataclass(frozen=True, slots=True)
class _Run:
    number: int
    cell: Evaluate
    output: bl.Pid


async def evaluate_cells(evaluator: Evaluator) -> None:
    """The evaluator's loop. Any other message belongs to the user's code and stays in the mailbox."""
    while True:
        run: _Run = await bl.receive(lambda message: type(message) is _Run)
        group_leader.set_leader(run.output)
        group_leader.set_fallback_leader(run.output)
        bl.send(run.output, Started(run.cell.cell_id))
        began = time.monotonic()
        outcome = await evaluator.evaluate(run.cell.label, run.cell.source, run.number)
        seconds = time.monotonic() - began
        drain()
        group_leader.flush()
        bl.send(run.output, Finished(run.cell.cell_id, outcome, seconds))


class RuntimeServer(GenServer):
    def init(self, owner: bl.Pid, evaluator: Evaluator, module: NotebookModule, lease: float = 0.0) -> None:
        self._session = owner
        self._owner = bl.spawn_link(relay, owner)  # what is said to the owner goes by there
        self._lease = lease
        self._away = False
        self._module = module
        self._evaluator = evaluator
        self._outputs: dict[str, bl.Pid] = {}
        self._runs = 0
        self._evaluating: str | None = None
        self._began = 0.0
        self._names: dict[str, str] = {}
        self._versions = bl.spawn(tell_versions, bl.self(), self._owner)
        self._process, self._process_ref = self._start_evaluator()
        self._owner_ref = bl.monitor(owner)
        bl.monitor_nodes(hidden=True)
        self._tell_nodes()

    def _start_evaluator(self) -> tuple[bl.Pid, bl.Ref]:
        node = _node()
        process = node.start_process(evaluate_cells, (self._evaluator,), scheduler=node.scheduler)
        ref = bl.monitor(process.pid)
        process.scheduler.call(process.scheduler.ready, process)
        return process.pid, ref

    def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Adopt():
                return self._adopt(request)
            case Complete(source, offset):
                bl.spawn(_propose, client, source, offset, self._module.namespace)
                return bl.NO_REPLY
            case _:
                raise TypeError(f"a runtime does not know the call {request!r}")

    def handle_info(self, message: object) -> None:
        match message:
            case Evaluate():
                self._evaluate(message)
            case Interrupt(cell_id):
                if cell_id == self._evaluating:
                    interrupt_run(self._evaluator, self._runs)
            case SetEnvironment():
                message.apply()
            case Forget(cell_id):
                self._forget(cell_id)
                self._names.pop(cell_id, None)
            case Finished(cell_id, outcome):
                if cell_id == self._evaluating:
                    self._evaluating = None
                if outcome.status == "interrupted" and cell_id in self._outputs:
                    bl.spawn(tell_stalled, self._outputs[cell_id], self._others())
                self._look_at_versions()
            case bl.Down(ref, _, reason) if ref == self._owner_ref:
                self._owner_gone(reason)
            case LeaseOver(ref) if ref == self._owner_ref:
                raise bl.Stop("shutdown")
            case bl.Down(ref, _, reason) if ref == self._process_ref:
                self._evaluator_ended(reason)
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
        return True

    def _evaluate(self, cell: Evaluate) -> None:
        self._forget(cell.cell_id)
        output = bl.spawn(cell_output, self._owner, bl.self(), cell.cell_id)
        self._outputs[cell.cell_id] = output
        self._names[cell.cell_id] = self._module.source_name(cell_name(cell.label))
        self._runs += 1
        self._evaluating = cell.cell_id
        self._began = time.monotonic()
        bl.send(self._process, _Run(self._runs, cell, output))

    def _forget(self, cell_id: str) -> None:
        output = self._outputs.pop(cell_id, None)
        if output is not None:
            bl.exit(output, "shutdown")

    def _evaluator_ended(self, reason: Reason) -> None:
        """Somebody's exit signal: mostly a process that a cell linked itself to, and that crashed."""
        self._process, self._process_ref = self._start_evaluator()
        self._evaluator.pass_over(self._runs)
        if self._evaluating is not None:
            outcome = Outcome("error", failure=_ended_from_outside(reason))
            seconds = time.monotonic() - self._began
            bl.send(self._outputs[self._evaluating], Finished(self._evaluating, outcome, seconds))

    def _tell_nodes(self) -> None:
        bl.send(self._owner, Nodes(self._others()))
        self._look_at_versions()

    def _others(self) -> tuple[str, ...]:
        return tuple(name for name in bl.nodes(hidden=True) if name != self._session.node)

    def _look_at_versions(self) -> None:
        bl.send(self._versions, Look(dict(self._names), self._others()))


async def _propose(client: Client, source: str, offset: int, namespace: Mapping[str, object]) -> None:
    """In a process of its own: the server takes an interrupt meanwhile, and no value is lost over a proposal."""
    items: list[Item] = []
    try:
        items = await asyncio.to_thread(complete, source, offset, namespace)
    except Exception:
        logger.exception("there are no proposals for the caret at offset %s of %r", offset, source)
    bl.GenServer.reply(client, items)


def _ended_from_outside(reason: Reason) -> Failure:
    text = reason.traceback if isinstance(reason, bl.ExceptionInfo) else ""
    message = f"a linked process or an exit signal ended the cell: {reason} (values of earlier cells are kept)"
    return Failure("ProcessExit", message, f"{text}ProcessExit: {message}", None)


def _node() -> bl.Node:
    node = current_node()
    if not isinstance(node, bl.Node):
        raise TypeError(f"a runtime needs a node with distribution, {node.name} has none")
    return node
