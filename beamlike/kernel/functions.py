"""The kernel's functions, in the BEAM's words. A function is async exactly where it may wait.

Each acts on the current process and node (see `current`): inside a process, on that; in a plain asyncio task, on the
identity that the task gets when it first needs one. `send`, `spawn` and `exit` work in any thread of the node.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator
from threading import get_ident
from typing import Any

from beamlike.kernel import current, group_leader, signals
from beamlike.kernel.errors import NoProcess, UnknownName
from beamlike.kernel.mailbox import NOTHING, Guard
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.kernel.terms import Address, Alias, Pid, Reason, Ref, RemoteName


def self() -> Pid:
    """The pid of the current process."""
    return current.current_process().pid


def make_ref() -> Ref:
    """A reference that equals no other, of any node."""
    return current.current_node().make_ref()


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
    target = to.process if type(to) is Pid else None
    if target is not None and target.scheduler.thread_id == get_ident():
        sender = target.scheduler.running
        if sender is None or not sender.ended:
            target.deliver(message)
        return message
    sender_process = current.process_or_none()
    if sender_process is not None and sender_process.ended:
        return message
    node = current.node_towards(to) if isinstance(to, Pid) else current.current_node()
    if isinstance(to, str):
        if node.whereis(to) is None:
            raise UnknownName(f"no process of {node.name} is registered as {to!r}; known: {node.registered()}")
        to = (to, node.name)
    _check_address(to)
    node.route(signals.Send(sender_process.pid if sender_process else None, to, message))
    return message


async def receive(guard: Guard | None = None, /, *, ref: Ref | None = None, timeout: float | None = None) -> Any:
    """Takes the first message out of the mailbox, waiting for it if need be.

    With `guard`, the first message for which guard(message) is true; the others stay, in order. A guard that raises
    TypeError, IndexError, KeyError or AttributeError does not match; another exception is raised here and the message
    stays. With `ref`, the message that carries this reference (a Reply, its Down, a tuple that opens with it), in
    constant time. TimeoutError after `timeout` seconds; 0 looks once.
    """
    process = current.current_process()
    if guard is not None:
        _check_guard(guard, ref)
    box = process.mailbox
    message = box.take_ref(ref) if ref is not None else box.take(guard)
    if message is not NOTHING:
        return message
    if timeout is None:
        while message is NOTHING:
            await _wait(process)
            message = box.take_ref(ref) if ref is not None else box.resume(guard)
        return message
    return await _receive_until(process, guard, ref, timeout)


def _check_guard(guard: object, ref: Ref | None) -> None:
    if not callable(guard):
        raise TypeError(f"expected a function of a message to receive by, got {guard!r}; a time limit is timeout=")
    if ref is not None:
        raise TypeError("receive takes a guard or ref=, not both")


async def _receive_until(process: Process, guard: Guard | None, ref: Ref | None, timeout: float) -> Any:
    if timeout <= 0:
        raise TimeoutError(f"no message within {timeout} s")
    box = process.mailbox
    expiry = _Expiry(process)
    timer = asyncio.get_running_loop().call_later(timeout, expiry)
    try:
        while True:
            await _wait(process)
            message = box.take_ref(ref) if ref is not None else box.resume(guard)
            if message is not NOTHING:
                return message
            if expiry.passed:
                raise TimeoutError(f"no message within {timeout} s")
    finally:
        timer.cancel()


class _Expiry:
    __slots__ = ("passed", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self.passed = False

    def __call__(self) -> None:
        self.passed = True
        self.process.wake()


_ONE_YIELD = (None,)


class _Park:
    """Awaited once, it yields once: to the scheduler of the process that parks."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        # A tuple's iterator is all that `await` needs of a generator here, and costs no frame.
        return iter(_ONE_YIELD)  # type: ignore[return-value]


_park = _Park()


async def _wait(process: Process) -> None:
    if process.scheduler.running is process:
        process.parked = True
        await _park
    else:
        await process.wait_in_task()


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
    _refuse_keywords("spawn", unknown)
    return spawn_tied(function, args, node, link=link)


def spawn_link(function: Callable[..., Any], *args: Any, node: str | None = None, **unknown: Any) -> Pid:
    """`spawn`, linked to the current process; the link is there before the process first runs."""
    _refuse_keywords("spawn_link", unknown)
    return spawn_tied(function, args, node, link=True)


def spawn_monitor(function: Callable[..., Any], *args: Any, node: str | None = None, **unknown: Any) -> tuple[Pid, Ref]:
    """`spawn`, monitored by the current process; the monitor is there before the process first runs."""
    _refuse_keywords("spawn_monitor", unknown)
    ref = make_ref()
    return spawn_tied(function, args, node, monitor=ref), ref


def spawn_tied(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    node_name: str | None = None,
    *,
    link: bool = False,
    monitor: Ref | None = None,
) -> Pid:
    """What the three above are made of: the ties are there before the process first runs."""
    if not callable(function):
        raise TypeError(f"expected a function to spawn, got {function!r}; pass its arguments after it")
    if node_name is not None and not isinstance(node_name, str):
        raise TypeError(f"expected the name of a node to spawn on, got {node_name!r}")
    node = current.current_node()
    tied = link or monitor is not None
    parent = current.current_process(node) if tied else current.process_or_none()
    if node_name is not None and node_name != node.name:
        pid = Pid(node_name, node.next_id())
        if parent is not None and tied:
            parent.scheduler.call(lambda: parent.add_child(pid, link=link, monitor=monitor))
        source = parent.pid if parent is not None else Pid(node.name, 0)
        try:
            node.route(signals.Spawn(source, pid, function, args, link, monitor, group_leader.leader()))
        except BaseException:  # it cannot travel
            if parent is not None and tied:
                parent.scheduler.call(lambda: parent.forget_child(pid, monitor=monitor))
            raise
    else:
        process = node.start_process(function, args, scheduler=_scheduler_here(node))
        pid = process.pid
        if parent is not None and tied:
            process.add_parent(parent.pid, link=link, monitor=monitor)
            parent.scheduler.call(lambda: parent.add_child(pid, link=link, monitor=monitor))
        process.scheduler.call(process.resume)
    if link and parent is not None and parent.ended:
        # Code of a dead process that is being unwound: what it links to shares its end.
        node.route(signals.Exit(parent.pid, pid, parent.reason, linked=True))
    return pid


def _scheduler_here(node: LocalNode) -> Scheduler:
    try:
        return scheduler_of(asyncio.get_running_loop())
    except RuntimeError:
        return node.scheduler


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
    process.scheduler.call(lambda: process.link(pid))


def unlink(pid: Pid) -> None:
    """Takes the link away. No exit of it can enter the mailbox afterwards; one that is there stays."""
    _check_pid(pid, "unlink from")
    process = current.current_process()
    process.scheduler.call(lambda: process.unlink(pid))


def monitor(target: Pid | RemoteName | str) -> Ref:
    """Watches a process, by pid or by name: one Down(ref, pid, reason) when it ends, at once if it is gone already."""
    process = current.current_process()
    if isinstance(target, str):
        target = (target, process.node.name)
    if isinstance(target, Alias):
        raise TypeError(f"expected a pid or a name to monitor, got {target!r}")
    _check_address(target)
    ref = process.node.make_ref()
    process.scheduler.call(lambda: process.monitor(target, ref))
    return ref


def demonitor(ref: Ref, *, flush: bool = False) -> bool:
    """Stops watching; whether the monitor was still on. `flush` also takes a Down that is in the mailbox already."""
    process = current.current_process()
    was_on = process.has_monitor(ref)
    process.scheduler.call(lambda: process.demonitor(ref, flush=flush))
    return was_on


def alias(ref: Ref | None = None, *, once: bool = False) -> Alias:
    """A second address of the current process, until `unalias`, or until the first message if `once`.

    With the ref of a monitor the two end together: this is how a call forgets a late reply.
    """
    process = current.current_process()
    address = Alias(process.pid, ref if ref is not None else process.node.make_ref())
    process.scheduler.call(lambda: process.alias(address.ref, once=once))
    return address


def unalias(alias: Alias) -> bool:
    """Takes the address back: what is sent to it from now on vanishes. Whether it was still on."""
    process = current.current_process()
    was_on = process.has_alias(alias.ref)
    process.scheduler.call(lambda: process.unalias(alias.ref))
    return was_on


def exit(pid: Pid, reason: Reason) -> None:
    """Sends an exit signal. "kill" cannot be trapped and ends the process with "killed"; "normal" is ignored by
    others that do not trap exits. To end the current process with a reason, raise ProcessExit(reason)."""
    _check_pid(pid, "send an exit signal to")
    sender = current.process_or_none()
    node = sender.node if sender is not None else current.node_towards(pid)
    source = sender.pid if sender is not None else Pid(node.name, 0)
    node.route(signals.Exit(source, pid, reason, linked=False))


def trap_exit(flag: bool) -> bool:
    """Whether exit signals become Exit messages for the current process; returns how it was before."""
    process = current.current_process()
    before, process.trap_exit = process.trap_exit, flag
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
    node = current.current_node()
    if pid.node != node.name:
        raise ValueError(f"expected a pid of {node.name}, got {pid}; ask its own node with bl.rpc.call")
    return node.process(pid) is not None


def processes() -> list[Pid]:
    """The live processes of this node."""
    return current.current_node().processes()


def nodes(*, hidden: bool = False) -> list[str]:
    """The connected nodes; child nodes are hidden and come with `hidden=True`."""
    return current.current_node().peers(hidden=hidden)


def monitor_node(name: str, flag: bool = True) -> None:
    """NodeUp(node) and NodeDown(node, reason) of `name` become messages of the current process, once per call;
    with False one call is taken back. A node that is not connected is dialled: NodeDown tells if that fails."""
    process = current.current_process()
    if flag:
        process.node.watch_node(name, process.pid)
        process.node.reach(name)
    else:
        process.node.unwatch_node(name, process.pid)


def monitor_nodes(flag: bool = True) -> None:
    """As monitor_node, for every node that comes or goes, hidden ones included."""
    process = current.current_process()
    if flag:
        process.node.watch_node(None, process.pid)
    else:
        process.node.unwatch_node(None, process.pid)


def _check_pid(pid: object, purpose: str) -> None:
    if not isinstance(pid, Pid):
        raise TypeError(f"expected a pid to {purpose}, got {pid!r}; for a name use bl.whereis")


def _check_address(to: object) -> None:
    if isinstance(to, Pid | Alias):
        return
    if isinstance(to, tuple) and len(to) == 2 and all(isinstance(part, str) for part in to):
        return
    raise TypeError(f"expected a pid, a name, (name, node) or an alias, got {to!r}")


def _refuse_keywords(call: str, unknown: dict[str, Any]) -> None:
    if unknown:
        parameters = [name for name in inspect.signature(globals()[call]).parameters if name not in ("args", "unknown")]
        raise TypeError(
            f"{call} has no keyword {', '.join(map(repr, unknown))} (it has {', '.join(parameters[1:])}); "
            "keywords of the function itself go through functools.partial"
        )
