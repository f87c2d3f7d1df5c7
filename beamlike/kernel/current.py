"""Who is running: the current process and the current node, by context variables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING, cast

from beamlike.kernel.current_task import current_task
from beamlike.kernel.errors import AmbiguousNode, NoNode, NoProcess
from beamlike.kernel.terms import Pid

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.process import Process


class _Nobody:
    """Stands for a process where there is none, so that the fast paths need not ask."""

    state = "nobody"


NOBODY = cast("Process", _Nobody())

_process: ContextVar[Process] = ContextVar("beamlike_process", default=NOBODY)
_node: ContextVar[LocalNode | None] = ContextVar("beamlike_node", default=None)
_running: list[LocalNode] = []


enter = _process.set
"""Makes a process the current one of the current context."""

process_here = _process.get
"""The process of the current context, dead or alive; NOBODY if there is none."""


def process_or_none() -> Process | None:
    """The current process, if it lives or is being unwound."""
    process = _process.get()
    return process if process is not NOBODY and (not process.ended or process.runs) else None


def current_process(node: LocalNode | None = None) -> Process:
    """The current process; a plain asyncio task gets an identity of its own here. NoProcess outside any task.

    Child tasks share the process of their context, and so do worker threads, but not the tasks of another loop: what
    waits in one thread cannot be woken by another.
    """
    process = process_or_none()
    if (
        process is not None
        and (node is None or process.node is node)
        and (process.scheduler.thread_id == get_ident() or asyncio._get_running_loop() is None)
    ):
        return process
    task = current_task()
    if task is None:
        raise NoProcess(
            "expected a process or an asyncio task, found a plain thread or callback: "
            "send, spawn and exit work here, but what needs a mailbox does not"
        )
    guest = (node or current_node()).adopt_task(task)
    enter(guest)
    return guest


def current_node() -> LocalNode:
    """The node of the current process, else the one that `async with Node` set, else the only one."""
    process = process_or_none()
    if process is not None:
        return process.node
    node = _node.get()
    if node is not None and node in _running:
        return node
    if len(_running) == 1:
        return _running[0]
    if _running:
        raise AmbiguousNode([node.name for node in _running])
    raise NoNode


def process_of(pid: Pid, purpose: str) -> Process | None:
    """The process of the current node that has this pid; None if it has ended. ValueError for one of another node,
    TypeError for what is no pid."""
    if not isinstance(pid, Pid):
        raise TypeError(f"expected a pid to {purpose}, got {pid!r}; for a name use bl.whereis")
    node = current_node()
    if pid.node != node.name:
        raise ValueError(
            f"expected a pid of {node.name}, got {pid}; ask its own node to {purpose} it, with bl.rpc.call"
        )
    return node.process(pid)


def live_process(pid: Pid, purpose: str) -> Process:
    """As `process_of`; NoProcess if it has ended."""
    process = process_of(pid, purpose)
    if process is None:
        raise NoProcess(f"expected a live process to {purpose}, got {pid}, which has ended")
    return process


def node_towards(pid: Pid) -> LocalNode:
    """The node from which to reach `pid`: the current one or, where several run and none is current, its own."""
    try:
        return current_node()
    except AmbiguousNode:
        for node in _running:
            if node.name == pid.node:
                return node
        raise


@contextmanager
def at(node: LocalNode) -> Iterator[None]:
    """Makes `node` the current one of a block, whatever node the current process belongs to."""
    process = _process.get()
    foreign = process is not NOBODY and process.node is not node
    process_token = _process.set(NOBODY) if foreign else None
    node_token = _node.set(node)
    try:
        yield
    finally:
        _node.reset(node_token)
        if process_token is not None:
            _process.reset(process_token)


def enter_node(node: LocalNode | None) -> LocalNode | None:
    """Makes `node` the current one of the context, below the node of a current process; returns the one before."""
    before = _node.get()
    _node.set(node)
    return before


def started(node: LocalNode) -> None:
    """Counts `node` among the nodes of this interpreter, and no longer those that were left behind in a closed loop."""
    _running[:] = [other for other in _running if not other.scheduler.loop.is_closed()]
    _running.append(node)


def stopped(node: LocalNode) -> None:
    if node in _running:
        _running.remove(node)


def running_nodes() -> list[LocalNode]:
    """The nodes of this interpreter, in the order of their start."""
    return list(_running)
