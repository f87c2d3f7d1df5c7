"""`spawn` and its two companions: a process starts here or on another node, with its ties made before it first runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from threading import get_ident
from typing import Any

from beamlike.kernel import current, signals
from beamlike.kernel.node import LocalNode
from beamlike.kernel.performing import perform
from beamlike.kernel.process import Process
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.kernel.states import RUNNING
from beamlike.kernel.terms import Alias, Pid, Ref
from beamlike.kernel.trace_events import Spawned
from beamlike.kernel.user import leader_elsewhere


def spawn(
    function: Callable[..., Any],
    *args: Any,
    node: str | None = None,
    link: bool = False,
    **unknown: Any,
) -> Pid:
    """Starts a process that runs `function(*args)`, an async function or a plain one, and returns its pid at once.

    `node` names another node: same semantics there, and where it cannot be reached the pid behaves like that of a
    lost node. `link=True` links it to the current process, atomically. Keywords of the function itself go through
    functools.partial.
    """
    here = current.process_here()
    if (
        here.state is RUNNING
        and here.scheduler.thread_id == get_ident()  # a worker thread of the process has its context, too
        and node is None
        and not link
        and not unknown
        and callable(function)
    ):
        process = here.node.start_process(function, args, here.scheduler)
        here.scheduler.ready(process)
        return process.pid
    if unknown:
        raise unknown_keyword(spawn, unknown)
    return spawn_tied(function, args, node, link=link)


def spawn_link(function: Callable[..., Any], *args: Any, node: str | None = None, **unknown: Any) -> Pid:
    """`spawn`, linked to the current process; the link is there before the process first runs."""
    if unknown:
        raise unknown_keyword(spawn_link, unknown)
    return spawn_tied(function, args, node, link=True)


def spawn_monitor(function: Callable[..., Any], *args: Any, node: str | None = None, **unknown: Any) -> tuple[Pid, Ref]:
    """`spawn`, monitored by the current process; the monitor is there before the process first runs."""
    if unknown:
        raise unknown_keyword(spawn_monitor, unknown)
    ref = current.current_node().make_ref()
    return spawn_tied(function, args, node, monitor=ref), ref


def spawn_tied(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    node_name: str | None = None,
    *,
    link: bool = False,
    monitor: Ref | None = None,
    scheduler: Scheduler | None = None,
) -> Pid:
    """What the three above are made of; a process of this node may live on another scheduler than the current one."""
    check_spawnable(function, node_name)
    parent = current.process_or_none()
    node = parent.node if parent is not None else current.current_node()
    tied = link or monitor is not None
    if tied:
        parent = current.current_process(node)
    if node_name is None or node_name == node.name:
        process = node.start_process(function, args, scheduler or scheduler_here(node, parent))
        pid = process.pid
        if parent is not None:
            parent.trace_event(Spawned, pid, function)
        if parent is not None and tied:
            process.add_parent(parent.pid, link=link, monitor=monitor)
            parent.scheduler.call(parent.add_child, pid, link, monitor)
        process.scheduler.call(process.scheduler.ready, process)
    else:
        pid = Pid(node_name, node.next_id())
        if parent is not None:
            parent.trace_event(Spawned, pid, function)
        _ask_for(
            node,
            parent,
            signals.Spawn(_pid_of(node, parent), pid, function, args, link, monitor, leader_elsewhere(node)),
        )
    if link and parent is not None and parent.ended:
        # Code of a dead process that is being unwound: what it links to shares its end.
        node.route(signals.Exit(parent.pid, pid, parent.reason, linked=True))
    return pid


def apply(process: Process, client: Alias, function: Callable[..., Any], args: tuple[Any, ...], node_name: str) -> None:
    """Has a process of that node run `function(*args)` for as long as `process` monitors it by the reference of
    `client`, an address of `process`, which gets the value, or Raised, as an Answer."""
    node = process.node
    if node_name == node.name:
        spawn_tied(perform, (client, function, args), monitor=client.ref)
    else:
        pid = Pid(node_name, node.next_id())
        process.trace_event(Spawned, pid, function)
        leader = leader_elsewhere(node)
        _ask_for(node, process, signals.Apply(process.pid, pid, function, args, False, client.ref, leader))


def check_spawnable(function: Callable[..., Any], node_name: str | None) -> None:
    """TypeError for what is no function, or no name of a node."""
    if not callable(function):
        raise TypeError(f"expected a function to spawn, got {function!r}; pass its arguments after it")
    if node_name is not None and not isinstance(node_name, str):
        raise TypeError(f"expected the name of a node to spawn on, got {node_name!r}")


def _ask_for(node: LocalNode, parent: Process | None, spawn: signals.Spawn) -> None:
    """Has another node start the process."""
    tied = parent is not None and (spawn.link or spawn.monitor is not None)
    if parent is not None and tied:
        parent.scheduler.call(parent.add_child, spawn.pid, spawn.link, spawn.monitor)
    try:
        node.route(spawn)
    except BaseException:  # it cannot travel
        if parent is not None and tied:
            parent.scheduler.call(parent.forget_child, spawn.pid, spawn.monitor)
        raise


def _pid_of(node: LocalNode, parent: Process | None) -> Pid:
    return parent.pid if parent is not None else Pid(node.name, 0)


def scheduler_here(node: LocalNode, parent: Process | None) -> Scheduler:
    """The scheduler of the running loop; the node's own in a thread that has none."""
    if parent is not None and parent.scheduler.is_current_thread():
        return parent.scheduler
    try:
        return scheduler_of(asyncio.get_running_loop())
    except RuntimeError:
        return node.scheduler


def unknown_keyword(call: Callable[..., Any], unknown: dict[str, Any]) -> TypeError:
    known = [name for name in inspect.signature(call).parameters if name not in ("function", "args", "unknown")]
    return TypeError(
        f"{call.__name__} has no keyword {', '.join(map(repr, unknown))} (it has {', '.join(known)}); "
        "keywords of the function itself go through functools.partial"
    )
