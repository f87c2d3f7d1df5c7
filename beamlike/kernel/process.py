"""One process: mailbox, links, monitors, and the one place where signals act (`handle`).

How it executes is left to two kinds: `SteppedProcess` (a coroutine that a scheduler steps) and `GuestProcess` (the
identity of an ordinary asyncio task). All state is touched in the thread of the process's scheduler only.

Semantics: "Processes" and "Signals" of the Erlang reference manual; where a signal from a dead or unknown process
is answered, see `LocalNode.undeliverable`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, assert_never

from beamlike.kernel import signals, terms
from beamlike.kernel.errors import NoProcess
from beamlike.kernel.mailbox import Mailbox
from beamlike.kernel.signals import Signal
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.scheduler import Scheduler

logger = logging.getLogger("beamlike.process")


class _Alive:
    __slots__ = ()

    def __repr__(self) -> str:
        return "ALIVE"


ALIVE = _Alive()


class Process:
    # What a step or a message touches; the rest is for few processes, and costs those that lack it nothing.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_waiters",
        "ended",
        "mailbox",
        "node",
        "parked",
        "pid",
        "reason",
        "scheduler",
    )

    name: str | None = None
    trap_exit = False
    # Those by reference go by its id, which is as unique and hashes faster.
    _links: set[Pid] | None = None
    _unlinking: dict[Pid, int] | None = None
    _monitors: dict[int, tuple[Ref, Pid | RemoteName]] | None = None
    _monitored_by: dict[int, signals.Monitor] | None = None
    _aliases: dict[int, bool] | None = None

    def __init__(self, node: LocalNode, pid: Pid, scheduler: Scheduler) -> None:
        self.node = node
        self.pid = pid
        self.scheduler = scheduler
        self.mailbox = Mailbox()
        self.parked = False
        self.ended = False
        self.reason: Reason = ALIVE
        self._waiters: list[asyncio.Future[None]] | None = None

    # What the two kinds differ in.

    def unwind(self) -> None:
        """Ends the code of a process that is dead already: cancels it where it waits."""
        raise NotImplementedError

    def step(self) -> None:
        """Runs the code up to its next wait. A scheduler calls it; nobody else may."""
        raise NotImplementedError

    # Messages.

    def deliver(self, message: Any) -> None:
        self.mailbox.put(message)
        if self.parked:
            self.parked = False
            self.scheduler.ready(self)
        if self._waiters:
            self._wake_waiters()

    def deliver_to_alias(self, ref: Ref, message: Any) -> None:
        once = self._aliases.get(ref.id) if self._aliases else None
        if once is not None:
            if once:
                self.unalias(ref)
            self.deliver(message)

    def wake(self) -> None:
        """Lets whoever waits for a message look again."""
        if self.parked:
            self.parked = False
            self.scheduler.ready(self)
        if self._waiters:
            self._wake_waiters()

    def resume(self) -> None:
        """Lets the code run, for the first time or again."""
        self.scheduler.ready(self)

    async def wait_in_task(self) -> None:
        """Waits on a Future, in an asyncio task other than the process itself. NoProcess if the process ends."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
        if self.ended:
            raise NoProcess(f"{self.pid}, whose mailbox this task waited for, ended: {self.reason}")

    def _wake_waiters(self) -> None:
        for waiter in self._waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    # Ties, as the process itself makes them. The three properties copy at once, so any thread may read them.

    @property
    def links(self) -> frozenset[Pid]:
        return frozenset(self._links or ())

    @property
    def monitors(self) -> tuple[Pid | RemoteName, ...]:
        return tuple(target for _, target in tuple((self._monitors or {}).values()))

    @property
    def monitored_by(self) -> tuple[Pid, ...]:
        return tuple(monitor.source for monitor in tuple((self._monitored_by or {}).values()))

    def link(self, other: Pid) -> None:
        """Links this process and `other`, which hears of it by a signal."""
        if other != self.pid and not self.has_link(other) and not self.ended:
            self._add_link(other)
            self.node.route(signals.Link(self.pid, other))

    def _add_link(self, other: Pid) -> None:
        if self._links is None:
            self._links = set()
        self._links.add(other)

    def unlink(self, other: Pid) -> None:
        """No linked exit of `other` enters the mailbox from now on."""
        if self._links is None or other not in self._links:
            return
        self._links.discard(other)
        if self._unlinking is None:
            self._unlinking = {}
        id = self._unlinking[other] = self.node.next_id()
        self.node.route(signals.Unlink(self.pid, other, id))

    def has_link(self, other: Pid) -> bool:
        return self._links is not None and other in self._links

    def monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        if not self.ended:
            self._add_monitor(target, ref)
            try:
                self.node.route(signals.Monitor(self.pid, target, ref))
            except BaseException:
                self.forget_monitor(ref)
                raise

    def _add_monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        if self._monitors is None:
            self._monitors = {}
        self._monitors[ref.id] = ref, target

    def add_child(self, child: Pid, link: bool, monitor: Ref | None) -> None:
        """The parent's half of the ties that a spawn makes."""
        if link:
            self._add_link(child)
        if monitor is not None:
            self._add_monitor(child, monitor)

    def forget_child(self, child: Pid, monitor: Ref | None) -> None:
        """Takes back `add_child`, silently: the child could not even be asked for."""
        if self._links is not None:
            self._links.discard(child)
        if monitor is not None:
            self.forget_monitor(monitor)

    def forget_monitor(self, ref: Ref) -> None:
        """Takes back a monitor, silently."""
        if self._monitors is not None:
            self._monitors.pop(ref.id, None)

    def add_parent(self, parent: Pid, *, link: bool, monitor: Ref | None) -> None:
        """The child's half."""
        if link:
            self._add_link(parent)
        if monitor is not None:
            self._monitored_by = {monitor.id: signals.Monitor(parent, self.pid, monitor)}

    def open_request(self, target: Pid | RemoteName, ref: Ref) -> None:
        self.alias(ref, True)
        self.monitor(target, ref)

    def has_monitor(self, ref: Ref) -> bool:
        return self._monitors is not None and ref.id in self._monitors

    def demonitor(self, ref: Ref, flush: bool) -> None:
        self.unalias(ref)
        monitor = self._monitors.pop(ref.id, None) if self._monitors else None
        if monitor is not None:
            self.node.route(signals.Demonitor(self.pid, monitor[1], ref))
        if flush:
            self.mailbox.take_ref(ref)

    def alias(self, ref: Ref, once: bool) -> None:
        if self._aliases is None:
            self._aliases = {}
        self._aliases[ref.id] = once

    def has_alias(self, ref: Ref) -> bool:
        return self._aliases is not None and ref.id in self._aliases

    def unalias(self, ref: Ref) -> None:
        if self._aliases:
            self._aliases.pop(ref.id, None)

    # Signals.

    def handle(self, signal: Signal) -> None:
        """The one place where signals act. Runs in the thread of this process's scheduler."""
        if self.ended:
            self.node.undeliverable(signal)
            return
        match signal:
            case signals.Send():
                self._handle_send(signal)
            case signals.Monitor():
                if self._monitored_by is None:
                    self._monitored_by = {}
                self._monitored_by[signal.ref.id] = signal
            case signals.Demonitor():
                if self._monitored_by:
                    self._monitored_by.pop(signal.ref.id, None)
            case signals.Exit():
                self._handle_exit(signal)
            case signals.Down():
                self._handle_down(signal)
            case signals.Link():
                # While an unlink of ours is not acknowledged both ends agree on "no link".
                if not (self._unlinking and signal.source in self._unlinking):
                    self._add_link(signal.source)
            case signals.Unlink():
                if self._links is not None:
                    self._links.discard(signal.source)
                self.node.route(signals.UnlinkAck(self.pid, signal.source, signal.id))
            case signals.UnlinkAck():
                if self._unlinking and self._unlinking.get(signal.source) == signal.id:
                    del self._unlinking[signal.source]
            case signals.Spawn():
                raise AssertionError("a Spawn is for a node, not for a process")
            case _:
                assert_never(signal)

    def _handle_send(self, signal: signals.Send) -> None:
        if isinstance(signal.target, Alias):
            self.deliver_to_alias(signal.target.ref, signal.message)
        else:
            self.deliver(signal.message)

    def _handle_exit(self, signal: signals.Exit) -> None:
        # A reason is any term, and some (arrays) cannot be compared with a word.
        word = signal.reason if isinstance(signal.reason, str) else None
        if signal.linked:
            if not self.has_link(signal.source):
                return
            assert self._links is not None
            self._links.discard(signal.source)
        elif word == terms.KILL:
            self.end(terms.KILLED)
            return
        if self.trap_exit:
            self.deliver(terms.Exit(signal.source, signal.reason))
        elif word != terms.NORMAL or signal.source == self.pid:
            self.end(signal.reason)

    def _handle_down(self, signal: signals.Down) -> None:
        if self._monitors and self._monitors.pop(signal.ref.id, None) is not None:
            self.unalias(signal.ref)
            self.deliver(terms.Down(signal.ref, signal.source, signal.reason))

    def lose_node(self, node: str) -> None:
        """Ties to a node that is gone end with "noconnection"."""
        if self._unlinking:
            self._unlinking = {pid: id for pid, id in self._unlinking.items() if pid.node != node}
        if self._monitored_by:
            self._monitored_by = {id: it for id, it in self._monitored_by.items() if it.source.node != node}
        for ref, target in tuple((self._monitors or {}).values()):
            if (target.node if isinstance(target, Pid) else target[1]) == node:
                self.scheduler.dispatch(self, signals.Down(target, self.pid, ref, terms.NOCONNECTION))
        for pid in self.links:
            if pid.node == node:
                self.scheduler.dispatch(self, signals.Exit(pid, self.pid, terms.NOCONNECTION, linked=True))

    # The end.

    def end(self, reason: Reason) -> None:
        """Dies for `reason`: first the names are free, then links and monitors fire, then the code is unwound."""
        if self.settle(reason):
            self.unwind()

    def settle(self, reason: Reason) -> bool:
        """All of dying but the code. False if the process was dead already: the first reason stands."""
        if self.ended:
            return False
        self.ended, self.reason = True, reason
        self.node.forget(self)
        if self.mailbox.fresh is not None:  # something came, so it may not be empty
            self.mailbox = Mailbox()
        if self._waiters:
            self._wake_waiters()
        if self.__dict__:
            self._cut_ties()
        return True

    def _cut_ties(self) -> None:
        links, watchers, monitors = self._links, self._monitored_by, self._monitors
        self._links = self._unlinking = self._monitors = self._monitored_by = self._aliases = None
        pid = self.pid
        for other in links or ():
            self._tell(signals.Exit(pid, other, self.reason, linked=True))
        for watch in (watchers or {}).values():
            self._tell(signals.Down(watch.target, watch.source, watch.ref, self.reason))
        for ref, target in (monitors or {}).values():
            self._tell(signals.Demonitor(pid, target, ref))

    def _tell(self, news: signals.Exit | signals.Down | signals.Demonitor) -> None:
        """Routes a signal of the end; one that cannot be sent keeps nobody else from being told."""
        try:
            self.node.route(news)
        except Exception:
            logger.exception("%s could not tell %s of its end", self.pid, news.target)
