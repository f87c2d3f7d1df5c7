"""The kernel's functions, in the BEAM's words. A function is async exactly where it may wait.

Each acts on the current process and node (see `current`): inside a process, on that; in a plain asyncio task, on the
identity that the task gets when it first needs one. `send`, `spawn` and `exit` work in any thread of the node.
"""

from __future__ import annotations

import sys
from threading import get_ident
from typing import Any

from beamlike.kernel import current, signals
from beamlike.kernel.copying import sends_copies
from beamlike.kernel.errors import NoProcess, UnknownName
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.node import LocalNode, check_node_name
from beamlike.kernel.node_watchers import Nodes
from beamlike.kernel.rare import FIRST_REPLY, UNALIAS
from beamlike.kernel.receive import receive
from beamlike.kernel.spawn import spawn, spawn_link, spawn_monitor, spawn_tied
from beamlike.kernel.states import ANY, CAREFUL, READY, RUNNING
from beamlike.kernel.terms import Address, Alias, Pid, Reason, Ref, RemoteName

__all__ = [
    "alias",
    "demonitor",
    "exit",
    "is_alive",
    "link",
    "make_ref",
    "monitor",
    "monitor_node",
    "monitor_nodes",
    "nodes",
    "open_request",
    "processes",
    "receive",
    "register",
    "registered",
    "self",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "spawn_tied",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "whereis",
]

FRAMES_OF_AN_END = 24
"""What it takes on the stack to end a process and all that are linked to it, whose number does not matter."""


def self() -> Pid:
    """The pid of the current process."""
    return current.current_process().pid


def make_ref() -> Ref:
    """A reference that equals no other, of any node."""
    return current.current_node().make_ref()


@sends_copies
def send(to: Address, message: Any) -> Any:
    """Sends `message` and returns it. Never blocks; a dead pid, or a name that nobody holds on another node, is no
    error. UnknownName for a bare name that nobody holds here.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         bl.send(bl.self(), "hello")
    ...         return await bl.receive()
    >>> asyncio.run(main())
    'hello'
    """
    if type(to) is Pid:
        target = to.process
        if target is not None:
            scheduler = target.scheduler
            if scheduler.open_to == get_ident():
                if target.state is ANY and message is not None:
                    if not scheduler.armed:
                        scheduler.arm()  # first: nothing has happened if the stack is too full for that
                    target.slot = message
                    target.state = READY
                    scheduler.queue.append(target)
                elif target.state is READY and target.inbox is not None:
                    target.inbox.append(message)
                else:
                    target.deliver(message)
                return message
    _send_by_signal(to, message)
    return message


def _send_by_signal(to: Address, message: Any) -> None:
    if type(to) is Pid:
        here = current.process_here()
        if here.state is RUNNING:
            outlet = here.node.outlets.get(to.node)
            if outlet is not None:
                outlet.post(here.pid.id, to.id, message)
                return
    sender = current.process_or_none()
    if sender is not None and sender.ended:
        return
    node = current.node_towards(to) if isinstance(to, Pid) else current.current_node()
    if isinstance(to, str):
        if node.whereis(to) is None:
            raise UnknownName(f"no process of {node.name} is registered as {to!r}; known: {node.registered()}")
        to = (to, node.name)
    elif isinstance(to, Alias) and type(to) is not Alias:
        to = Alias(to.pid, to.id)  # of a Question: what was asked does not travel back with the answer
    _check_address(to)
    if sender is not None and sender.tracing is not None:
        sender.tracing.sent(to, message)
    node.route(signals.Send(sender.pid if sender is not None else None, to, message))


def link(pid: Pid) -> None:
    """Links the current process and `pid`: when one ends, the other gets an exit signal. One link per pair.

    A dead pid of this node raises NoProcess, or is an Exit message if the current process traps exits; a dead or
    unreachable one elsewhere is an exit signal "noproc" or "noconnection".
    """
    _check_pid(pid, "link to")
    process = current.current_process()
    node = process.node
    if pid.node == node.name and node.process(pid) is None and pid != process.pid and not process.trap_exit:
        raise NoProcess(f"expected a live process to link to, got {pid}, which has ended")
    process.scheduler.call(process.link, pid)


def unlink(pid: Pid) -> None:
    """Takes the link away. No exit of it can enter the mailbox afterwards; one that is there stays."""
    _check_pid(pid, "unlink from")
    process = current.current_process()
    process.scheduler.call(process.unlink, pid)


def monitor(target: Pid | RemoteName | str) -> Ref:
    """Watches a process, by pid or by name: one Down(ref, pid, reason) when it ends, at once if it is gone already."""
    process = current.current_process()
    target = _monitorable(target, process.node)
    ref = process.node.make_ref()
    process.scheduler.call(process.monitor, target, ref)
    return ref


def open_request(target: Pid | RemoteName | str) -> Alias:
    """A monitor of `target` and, under the same reference, the one-shot address of the current process for the reply.

    `receive(ref=...)` finds the reply or the Down, whichever comes; `demonitor(ref, flush=True)` ends both.
    """
    process = current.current_process()
    target = _monitorable(target, process.node)
    address = Alias(process.pid, process.node.next_id())
    process.scheduler.call(process.open_request, target, address.ref)
    return address


def demonitor(ref: Ref, *, flush: bool = False) -> bool:
    """Stops watching; whether the monitor was still on. `flush` also takes a Down that is in the mailbox already."""
    process = current.current_process()
    was_on = process.has_monitor(ref)
    process.scheduler.call(process.demonitor, ref, flush)
    return was_on


def alias(ref: Ref | None = None, *, once: bool = False) -> Alias:
    """A second address of the current process, until `unalias`, or until the first message if `once`.

    With the ref of a monitor the two end together: this is how a call forgets a late reply.
    """
    process = current.current_process()
    address = Alias(process.pid, ref.id if ref is not None else process.node.next_id())
    process.scheduler.call(process.alias, address.id, FIRST_REPLY if once else UNALIAS)
    return address


def unalias(alias: Alias) -> bool:
    """Takes the address back: what is sent to it from now on vanishes. Whether it was still on."""
    process = current.current_process()
    was_on = process.has_alias(alias.id)
    process.scheduler.call(process.unalias, alias.id)
    return was_on


def exit(pid: Pid, reason: Reason) -> None:
    """Sends an exit signal. "kill" cannot be trapped and ends the process with "killed"; "normal" is ignored by
    others that do not trap exits. An exception as the reason is described as that of a crash is, by an ExceptionInfo.
    To end the current process with a reason, raise ProcessExit(reason)."""
    _check_pid(pid, "send an exit signal to")
    if isinstance(reason, BaseException):
        reason = exit_reason(reason, _source_towards(pid))
    if _is_deep():
        _claim_stack(FRAMES_OF_AN_END)
    target, here = pid.process, current.process_here()
    if (
        target is not None
        and (here.state is RUNNING or here.state is CAREFUL)
        and here.pid.process is not None
        and target.scheduler is here.scheduler
        and here.scheduler.thread_id == get_ident()  # a worker thread of the process has its context, too
    ):
        target.scheduler.dispatch(target, signals.Exit(here.pid, pid, reason, linked=False))
        return
    sender = current.process_or_none()
    if sender is not None and sender.ended:
        return
    node = sender.node if sender is not None else current.node_towards(pid)
    node.route(signals.Exit(_source_towards(pid), pid, reason, linked=False))


def _source_towards(pid: Pid) -> Pid:
    """The pid of the current process, or that which stands for code outside any."""
    sender = current.process_or_none()
    return sender.pid if sender is not None else Pid(current.node_towards(pid).name, 0)


def trap_exit(flag: bool) -> bool:
    """Whether exit signals become Exit messages for the current process; returns how it was before."""
    if not isinstance(flag, bool):
        raise TypeError(f"expected True or False, got {flag!r}")
    process = current.current_process()
    before = process.trap_exit
    process.set_trap_exit(flag)
    return before


def register(name: str, pid: Pid) -> None:
    """Names a process of this node. NameTaken if the name or the process has a partner, NoProcess for a dead pid."""
    current.current_node().register(name, pid)


def unregister(name: str) -> None:
    """Frees a name; NoProcess if nobody holds it."""
    current.current_node().unregister(name)


def whereis(name: str) -> Pid | None:
    """The process of this node that holds `name`."""
    return current.current_node().whereis(name)


def is_alive(pid: Pid) -> bool:
    """Whether a process of this node lives; ValueError for a pid of another node."""
    return current.process_of(pid, "look for") is not None


def processes() -> list[Pid]:
    """The live processes of this node, asyncio tasks with a process identity among them."""
    return current.current_node().processes()


def registered() -> list[str]:
    """The names that processes of this node are registered under."""
    return current.current_node().registered()


def nodes(*, hidden: bool = False) -> list[str]:
    """The connected nodes; child nodes are hidden and come with `hidden=True`."""
    return current.current_node().peers(hidden=hidden)


def monitor_node(name: str, flag: bool = True) -> None:
    """NodeUp(node) and NodeDown(node, reason) of `name` become messages of the current process, once per call;
    with False one call is taken back. A node that is not connected is dialled: NodeDown tells if that fails."""
    process = current.current_process()
    if not flag:
        process.node.unwatch_node(name, process.pid)
        return
    check_node_name(name)
    process.node.watch_node(name, process.pid)
    try:
        process.node.reach(name)
    except BaseException:  # it is an address
        process.node.unwatch_node(name, process.pid)
        raise


def monitor_nodes(flag: bool = True, *, hidden: bool = False) -> None:
    """As monitor_node, for every node that comes or goes and stands in `nodes(hidden=hidden)`. With False all such
    calls are taken back."""
    process = current.current_process()
    kind = Nodes.ALL if hidden else Nodes.VISIBLE
    if flag:
        process.node.watch_node(kind, process.pid)
    else:
        process.node.unwatch_nodes(kind, process.pid)


def _monitorable(target: Pid | RemoteName | str, node: LocalNode) -> Pid | RemoteName:
    if isinstance(target, Pid):
        return target
    if isinstance(target, str):
        return target, node.name
    if isinstance(target, Alias):
        raise TypeError(f"expected a pid or a name to monitor, got {target!r}")
    _check_address(target)
    return target


def _is_deep() -> bool:
    """Whether the stack is half full, which few are: a fifth of the price of claiming room on it."""
    try:
        sys._getframe(sys.getrecursionlimit() // 2)
    except ValueError:
        return False
    return True


def _claim_stack(frames: int) -> None:
    """RecursionError now if so many more frames do not fit, rather than when half of the work is done."""
    if frames:
        _claim_stack(frames - 1)


def _check_pid(pid: object, purpose: str) -> None:
    if not isinstance(pid, Pid):
        raise TypeError(f"expected a pid to {purpose}, got {pid!r}; for a name use bl.whereis")


def _check_address(to: object) -> None:
    if isinstance(to, Pid | Alias):
        return
    if isinstance(to, tuple) and len(to) == 2 and all(isinstance(part, str) for part in to):
        if "@" not in to[1]:
            raise ValueError(f"expected (name, node) with a node like 'app@127.0.0.1', got {to!r}")
        return
    raise TypeError(f"expected a pid, a name, (name, node) or an alias, got {to!r}")
