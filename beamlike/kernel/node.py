"""A node: the process table, the names, and `route`, which brings a signal to its process, here or elsewhere.

The node knows no distribution. Of another node it knows one callable that takes signals (`peer_up`), and one that is
asked for such a callable when a node is addressed that is not connected (`dial`). When the connection is lost
(`peer_down`), ties to that node end with "noconnection".

Any thread may call it: tables are touched by single dict operations, everything else happens in the thread of the
scheduler concerned.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable
from contextvars import Context, copy_context
from threading import Lock, get_ident
from typing import Any, Protocol, assert_never

from beamlike.kernel import group_leader, signals, terms
from beamlike.kernel.errors import NameTaken, NoProcess
from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.node_watchers import Nodes, NodeWatchers, kinds
from beamlike.kernel.performing import name_of, perform
from beamlike.kernel.process import Process
from beamlike.kernel.record import frozen
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.kernel.signals import Signal
from beamlike.kernel.stepped import SteppedProcess
from beamlike.kernel.terms import CREATION_BITS, CREATION_SHIFT, Alias, Pid, Ref, RemoteName
from beamlike.kernel.trace_events import Registered, Unregistered

logger = logging.getLogger("beamlike.node")
audit = logging.getLogger("beamlike.audit")

UNWIND_SECONDS = 5.0

LOOP_CLOSED = "loop closed"
"""The reason of a process whose event loop was closed under it, found out by the first signal to it."""

SendSignal = Callable[[Signal], None]


class Outlet(Protocol):
    """The short way to processes of a connected node, past `route`. Pids go by their ids, the sender's first."""

    def post(self, source: int, target: int, message: Any) -> None:
        """A Send."""

    def ask(self, source: int, target: int, question: Alias) -> None:
        """An Ask."""

    def answer(self, source: int, client: Alias, value: Any) -> None:
        """An Answer."""

    async def room(self) -> None:
        """Returns when no more waits to leave than may."""


@frozen
class Peer:
    send: SendSignal
    hidden: bool


class LocalNode:
    """A node without distribution: processes, names and signals of one interpreter.

    `name` is "word@host". It must be made in the thread of a running event loop, whose scheduler becomes the home of
    processes that are spawned from elsewhere.
    """

    def __init__(self, name: str) -> None:
        check_node_name(name)
        self.name = name
        self.creation = secrets.randbits(CREATION_BITS) or 1
        self.scheduler = scheduler_of(asyncio.get_running_loop())
        self.dial: Callable[[str], SendSignal] | None = None
        self.introducer: str | None = None
        """Who introduces this node to others, if it is a child; None where it comes to them by itself."""
        # In words, where it is known.
        self.why_unconnected: Callable[[str], str | None] = lambda name: None
        self.next_id: Callable[[], int] = itertools.count((self.creation << CREATION_SHIFT) + 1).__next__
        self._processes: dict[int, Process] = {}
        self._guests: dict[asyncio.Task[Any], GuestProcess] = {}
        self._names: dict[str, Process] = {}
        self._naming = Lock()
        self._peers: dict[str, Peer] = {}
        self._led: dict[str, Callable[[], None]] = {}
        """The nodes whose code has a leader here, each with what gives back the router of outputs."""
        self.outlets: dict[str, Outlet] = {}
        # The scheduler that carries output to group leaders; a busy user's loop must not delay it.
        self.output_scheduler = self.scheduler
        self.user: Pid | None = None
        """The process that writes to this interpreter's streams: see `user`."""
        # How long the `finally` blocks of a process that was ended from outside may take.
        self.unwind_seconds = UNWIND_SECONDS
        self._watchers = NodeWatchers()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {len(self._processes)} processes>"

    # Ids.

    def make_ref(self) -> Ref:
        return Ref(self.name, self.next_id())

    # The process table.

    def processes(self) -> list[Pid]:
        return [process.pid for process in tuple(self._processes.values())]

    def live(self) -> tuple[Process, ...]:
        """All processes, in the order of their start. Any thread may ask."""
        return tuple(self._processes.values())

    def process_by_id(self, id: int) -> Process | None:
        return self._processes.get(id)

    def process(self, pid: Pid) -> Process | None:
        return self._processes.get(pid.id) if pid.node == self.name else None

    def start_process(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        scheduler: Scheduler | None = None,
        context: Context | None = None,
        id: int | None = None,
    ) -> SteppedProcess:
        """A new process, in the table already and not yet ready: ties may be made before it first runs."""
        if id is None:
            id = self.next_id()
        process = SteppedProcess(self, id, scheduler or self.scheduler, context or copy_context(), function, args)
        self._processes[id] = process
        return process

    def adopt_task(self, task: asyncio.Task[Any]) -> GuestProcess:
        """The process identity of an asyncio task of the running loop on this node, made when first asked for."""
        guest = self._guests.get(task)
        if guest is None:
            id = self.next_id()
            guest = self._guests[task] = GuestProcess(self, id, scheduler_of(asyncio.get_running_loop()), task)
            self._processes[id] = guest
        return guest

    def guest_of(self, task: asyncio.Task[Any]) -> GuestProcess | None:
        """The process identity that a task has already."""
        return self._guests.get(task)

    def forget_quietly(self, pid: Pid) -> None:
        """Frees all that a process held here which had no name."""
        pid.process = None
        del self._processes[pid.id]

    def forget(self, process: Process) -> None:
        """Frees what a process that has died held here."""
        pid = process.pid
        pid.process = None
        self._processes.pop(pid.id, None)
        if type(process) is GuestProcess:
            self._guests.pop(process.task, None)
        rare = process.rare
        if rare is not None and rare.name is not None:
            self._release_name(rare.name, process)
        if rare is not None and rare.watches_nodes:
            self._watchers.remove_all(pid)

    def _release_name(self, name: str, process: Process) -> None:
        if self._names.get(name) is process:
            del self._names[name]

    # Names.

    def register(self, name: str, pid: Pid) -> None:
        """One name per process, one process per name. NameTaken or NoProcess tell what is in the way."""
        if not isinstance(name, str) or not isinstance(pid, Pid):
            raise TypeError(f"expected a name and a pid to register, got {name!r} and {pid!r}")
        process = self.process(pid)
        if process is None or process.ended:
            raise NoProcess(f"expected a live process of {self.name} to name {name!r}, got {pid}")
        with self._naming:
            if process.name is not None:
                raise NameTaken(f"{pid} is registered as {process.name!r} already; unregister that name first")
            holder = self._names.setdefault(name, process)
            if holder is not process:
                raise NameTaken(f"the name {name!r} belongs to {holder.pid} on {self.name}")
            process.own_rare().name = name
        process.trace_event(Registered, name)
        if process.ended:  # it died in another thread meanwhile
            self.forget(process)

    def unregister(self, name: str) -> None:
        with self._naming:
            process = self._names.pop(name, None)
            if process is None:
                raise NoProcess(f"no process of {self.name} is registered as {name!r}")
            process.own_rare().name = None
        process.trace_event(Unregistered, name)

    def whereis(self, name: str) -> Pid | None:
        if not isinstance(name, str):
            raise TypeError(f"expected a name, got {name!r}")
        process = self._names.get(name)
        return process.pid if process is not None else None

    def registered(self) -> list[str]:
        return sorted(self._names)

    # Signals.

    def route(self, signal: Signal) -> None:
        """Brings a signal on its way; what cannot be delivered is answered as the BEAM answers it."""
        target = signal.pid if isinstance(signal, signals.Spawn) else signal.target
        home = target.node if type(target) is Pid else _node_of(target)
        if home != self.name:
            self._outgoing(home)(signal)
        elif isinstance(signal, signals.Spawn):
            child = self.spawned_for(signal)
            if child is not None:
                child.scheduler.call(child.scheduler.ready, child)
        else:
            process = self._processes.get(target.id) if type(target) is Pid else self.find(target)
            if process is None:
                self.undeliverable(signal)
            else:
                scheduler = process.scheduler
                if scheduler.thread_id == get_ident():
                    scheduler.dispatch(process, signal)
                elif scheduler.loop.is_closed():  # nobody else will ever end it
                    process.settle(LOOP_CLOSED)
                    self.undeliverable(signal)
                else:
                    scheduler.call(scheduler.dispatch, process, signal)

    def undeliverable(self, signal: Signal) -> None:
        """Answers for a process that is dead or never was."""
        match signal:
            case signals.Link():
                self.route(signals.Exit(signal.target, signal.source, terms.NOPROC, linked=True))
            case signals.Unlink():
                self.route(signals.UnlinkAck(signal.target, signal.source, signal.id))
            case signals.Monitor() | signals.Ask():
                self.route(signals.Down(signal.target, signal.source, signal.ref, terms.NOPROC))
            case signals.Demonitor():
                if not isinstance(signal.target, Pid):
                    self.demonitor_by_reference(signal)
            case signals.Send() | signals.Answer() | signals.Exit() | signals.Down() | signals.UnlinkAck():
                pass
            case signals.Spawn():
                raise AssertionError("a Spawn addresses no process")
            case _:
                assert_never(signal)

    def demonitor_by_reference(self, signal: signals.Demonitor) -> None:
        """Takes back a monitor that was made by a name which means somebody else by now, if it is on at all."""
        for process in tuple(self._processes.values()):
            rare = process.rare
            if rare is not None and rare.monitored_by and signal.ref.id in rare.monitored_by:
                process.scheduler.call(process.scheduler.dispatch, process, signal)
                return

    def unreachable(self, signal: Signal) -> None:
        """Answers for a node that is not there, and will not be dialled."""
        match signal:
            case signals.Link():
                self.route(signals.Exit(signal.target, signal.source, terms.NOCONNECTION, linked=True))
            case signals.Unlink():
                self.route(signals.UnlinkAck(signal.target, signal.source, signal.id))
            case signals.Monitor() | signals.Ask():
                self.route(signals.Down(signal.target, signal.source, signal.ref, terms.NOCONNECTION))
            case signals.Spawn():
                if signal.link:
                    self.route(signals.Exit(signal.pid, signal.source, terms.NOCONNECTION, linked=True))
                if signal.monitor is not None:
                    self.route(signals.Down(signal.pid, signal.source, signal.monitor, terms.NOCONNECTION))
            case signals.Send() | signals.Answer() | signals.Exit() | signals.Down():
                pass
            case signals.Demonitor() | signals.UnlinkAck():
                pass
            case _:
                assert_never(signal)

    def find(self, target: Pid | Alias | RemoteName) -> Process | None:
        """The live process of this node that an address means; None if it is none, or elsewhere."""
        match target:
            case Pid():
                return self._processes.get(target.id)
            case Alias():
                return self._processes.get(target.pid.id)
            case (name, node):
                return self._names.get(name) if node == self.name else None

    def is_home_of(self, target: Pid | RemoteName) -> bool:
        """Whether the address is one of this node."""
        return (target.node if type(target) is Pid else _node_of(target)) == self.name

    def _outgoing(self, node: str) -> SendSignal:
        peer = self._peers.get(node)
        if peer is not None:
            return peer.send
        if self.dial is not None:
            return self.dial(node)
        return self.unreachable

    def spawned_for(self, spawn: signals.Spawn) -> SteppedProcess | None:
        """What another node asked for, under the pid that it chose; None if there is one already. Not yet ready, but in
        the table, whatever the thread: the next signal may be for it."""
        if spawn.pid.id in self._processes:
            logger.warning("%s was asked to spawn %s, which exists already", self.name, spawn.pid)
            return None
        context = Context()
        if spawn.group_leader is not None:
            # What it prints is for them; an interpreter of a service has no router but while somebody is to hear of it.
            if spawn.source.node not in self._led:
                self._led[spawn.source.node] = group_leader.borrow_router()
            context.run(group_leader.set_leader, spawn.group_leader)
        function, args = spawn.function, spawn.args
        if type(spawn) is signals.Apply and spawn.monitor is not None:
            function, args = perform, (Alias(spawn.source, spawn.monitor.id), function, args)
        if audit.isEnabledFor(logging.DEBUG):
            audit.debug("%s has %s call %s", spawn.source.node, self.name, name_of(spawn.function))
        process = self.start_process(function, args, id=spawn.pid.id, context=context)
        process.add_parent(spawn.source, link=spawn.link, monitor=spawn.monitor)
        return process

    # Other nodes.

    def peers(self, *, hidden: bool = False) -> list[str]:
        """The connected nodes; the hidden ones too, if asked for."""
        return sorted(name for name, peer in tuple(self._peers.items()) if hidden or not peer.hidden)

    def peer_up(self, name: str, send: SendSignal, hidden: bool) -> None:
        """A connection to `name` is up: its signals go to `send` from now on. Watchers get NodeUp."""
        self._peers[name] = Peer(send, hidden)
        self._tell_watchers(terms.NodeUp(name), name, *kinds(hidden))

    def peer_down(self, name: str, reason: str) -> None:
        """`name` is lost or cannot be reached. Ties to it end with "noconnection", watchers get NodeDown."""
        give_back = self._led.pop(name, None)
        if give_back is not None:
            give_back()
        self.outlets.pop(name, None)
        lost = self._peers.pop(name, None)
        before = self.next_id()
        by_scheduler: dict[Scheduler, list[Process]] = {}
        for process in tuple(self._processes.values()):
            by_scheduler.setdefault(process.scheduler, []).append(process)
        for scheduler, processes in by_scheduler.items():
            scheduler.call(_lose_node, processes, name, before)
        # Who watches every node is told of those that were there; who asked for this one learns that it is not.
        self._tell_watchers(terms.NodeDown(name, reason), name, *(kinds(lost.hidden) if lost is not None else ()))

    def watch_node(self, node: str | Nodes, watcher: Pid) -> None:
        """NodeUp and NodeDown of this node, or of all of a kind, go to `watcher` until it ends, once per call."""
        process = self.process(watcher)
        if process is None:
            return
        process.own_rare().watches_nodes = True
        self._watchers.add(node, watcher)
        if process.ended:  # it died in another thread meanwhile
            self._watchers.remove_all(watcher)

    def reach(self, name: str) -> None:
        """Has distribution connect to `name` if it is not; watchers hear of either outcome."""
        if name not in self._peers and name != self.name and self._outgoing(name) == self.unreachable:
            self.peer_down(name, terms.NOCONNECTION)

    def unwatch_node(self, name: str, watcher: Pid) -> None:
        """Takes back one `watch_node`."""
        self._watchers.remove(name, watcher)

    def unwatch_nodes(self, kind: Nodes, watcher: Pid) -> None:
        """Takes back every `watch_node` of this kind."""
        self._watchers.remove_all(watcher, kind)

    def _tell_watchers(self, news: terms.NodeUp | terms.NodeDown, *keys: str | Nodes) -> None:
        for key in keys:
            for pid in self._watchers.of(key):
                self.route(signals.Send(None, pid, news))

    # The end.

    def halt(self, scheduler: Scheduler | None = None) -> None:
        """Ends every process with "shutdown", or those of one scheduler only."""
        for process in tuple(self._processes.values()):
            if scheduler is None or process.scheduler is scheduler:
                # The task of a guest belongs to others.
                ends = process.settle if isinstance(process, GuestProcess) else process.end
                process.scheduler.call(ends, terms.SHUTDOWN)


def _lose_node(processes: list[Process], name: str, before: int) -> None:
    for process in processes:
        process.lose_node(name, before)


def _node_of(target: Pid | Alias | RemoteName) -> str:
    match target:
        case Pid():
            return target.node
        case Alias():
            return target.pid.node
        case (_, node):
            return node


def check_node_name(name: str) -> None:
    """ValueError, or TypeError, unless it is "word@host"."""
    if not isinstance(name, str):
        raise TypeError(f"expected a node name like 'app@127.0.0.1', got {name!r}")
    word, at, host = name.partition("@")
    if not (word and at and host) or name.split() != [name] or "@" in host:
        raise ValueError(f"expected a node name like 'app@127.0.0.1', got {name!r}")
