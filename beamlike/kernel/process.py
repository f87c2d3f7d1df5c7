"""One process, and the one place where signals act (`handle`).

How it executes is left to two kinds: `SteppedProcess` (a coroutine that a scheduler steps) and `GuestProcess` (the
identity of an ordinary asyncio task).

Semantics: "Processes" and "Signals" of the Erlang reference manual; where a signal from a dead or unknown process
is answered, see `LocalNode.undeliverable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from beamlike.kernel import signals, terms
from beamlike.kernel.failed import Failed
from beamlike.kernel.inspected import Inspected
from beamlike.kernel.rare import Rare
from beamlike.kernel.signals import Signal
from beamlike.kernel.states import CAREFUL, REPLY, RUNNING
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName
from beamlike.kernel.ties import Tied
from beamlike.kernel.trace_events import Exited, LinkedBy, UnlinkedBy

logger = logging.getLogger("beamlike.process")


class Process(Tied):
    __slots__ = ()

    # What the two kinds differ in.

    def unwind(self, signal: signals.Exit | None) -> None:
        """Ends the code of a process that is dead already: cancels it where it waits. `signal` is what ended it."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Gives up code that was to be unwound and did not end in time."""
        raise NotImplementedError

    def step(self) -> None:
        """Runs the code up to its next wait, off the fast path. A scheduler calls it; nobody else may."""
        raise NotImplementedError

    # Signals.

    def handle(self, signal: Signal) -> None:
        """The one place where signals act. Runs in the thread of this process's scheduler."""
        if self.pid.process is None:
            self.node.undeliverable(signal)
        else:
            _HANDLERS[type(signal)](self, signal)

    def _handle_send(self, signal: signals.Send) -> None:
        if isinstance(signal.target, Alias):
            self.deliver_to_alias(signal.target, signal.message)
        else:
            self.deliver(signal.message)

    def be_asked(self, signal: signals.Ask) -> None:
        """A request has come, with its monitor."""
        self._handle_monitor(signal)
        self.deliver(signal.question)

    def _handle_answer(self, signal: signals.Answer) -> None:
        client = signal.target
        monitors = self._seen.monitors
        if monitors:
            monitors.pop(client.id, None)
        if self.state is REPLY and self.awaited is not None and self.awaited.id == client.id:
            self.hand_reply(signal.value)
        else:
            self.deliver_to_alias(client, terms.Reply(client.ref, signal.value))

    def _handle_monitor(self, signal: signals.Monitor | signals.Ask) -> None:
        rare = self.own_rare()
        if rare.monitored_by is None:
            rare.monitored_by = {}
        rare.monitored_by[signal.ref.id] = signal

    def _handle_demonitor(self, signal: signals.Demonitor) -> None:
        rare = self.rare
        if rare is not None and rare.monitored_by and rare.monitored_by.pop(signal.ref.id, None) is not None:
            if rare.lives_for == signal.ref.id:
                self.end(terms.KILLED)
        elif not isinstance(signal.target, Pid):  # who had the name when the monitor was made may have given it up
            self.node.demonitor_by_reference(signal)

    def _handle_link(self, signal: signals.Link) -> None:
        # While an unlink of ours is not acknowledged both ends agree on "no link".
        unlinking = self._seen.unlinking
        if not (unlinking and signal.source in unlinking):
            self._add_link(signal.source)
            self.trace_event(LinkedBy, signal.source)

    def _handle_unlink(self, signal: signals.Unlink) -> None:
        if self._drop_link(signal.source):
            self.trace_event(UnlinkedBy, signal.source)
        self.node.route(signals.UnlinkAck(self.pid, signal.source, signal.id))

    def _handle_unlink_ack(self, signal: signals.UnlinkAck) -> None:
        unlinking = self._seen.unlinking
        if unlinking and unlinking.get(signal.source) == signal.id:
            del unlinking[signal.source]

    def _handle_exit(self, signal: signals.Exit) -> None:
        # A reason is any term, and some (arrays) cannot be compared with a word.
        reason = signal.reason
        word = reason if isinstance(reason, str) else None
        if signal.linked:
            if not self._drop_link(signal.source):
                return
            self.trace_event(UnlinkedBy, signal.source)
        elif word == terms.KILL:
            self.end(terms.KILLED)
            return
        if self.rare is not None and self.rare.trap_exit:
            self.deliver(terms.Exit(signal.source, reason))
        elif word != terms.NORMAL or signal.source == self.pid:
            self.end(reason, signal)

    def _handle_down(self, signal: signals.Down) -> None:
        self.hear_of_end(signal.ref, signal.source, signal.reason)

    def hear_of_end(self, ref: Ref, target: Pid | RemoteName, reason: Reason) -> None:
        rare = self.rare
        if rare is not None and rare.monitors and rare.monitors.pop(ref.id, None) is not None:
            if rare.aliases:
                rare.aliases.pop(ref.id, None)
            if self.awaited is not None and self.awaited.id == ref.id:
                self.hand_reply(Failed(reason, server_lives=False))
            else:
                self.deliver(terms.Down(ref, target, reason))
        else:
            self.spawn_failed(ref.id, reason)

    def lose_node(self, node: str, before: int) -> None:
        """Ties to a node that is gone end with "noconnection".

        Those that were made since it came back stay, should this process hear of the loss as late as that: they have a
        number, drawn when they were made, that is not below `before`.
        """
        rare = self.rare
        if rare is None:
            return
        if rare.unlinking:
            rare.unlinking = {pid: id for pid, id in rare.unlinking.items() if pid.node != node or id >= before}
        if rare.monitored_by:
            rare.monitored_by = {id: it for id, it in rare.monitored_by.items() if it.source.node != node}
        for ref, target in tuple((rare.monitors or {}).values()):
            if (target.node if isinstance(target, Pid) else target[1]) == node and ref.id < before:
                self.scheduler.dispatch(self, signals.Down(target, self.pid, ref, terms.NOCONNECTION))
        for spawn in tuple((rare.spawns or {}).values()):
            if spawn.pid.node == node and spawn.ref.id < before:
                self.spawn_failed(spawn.ref.id, terms.NOCONNECTION)
        for pid, id in tuple((rare.links or {}).items()):
            if pid.node == node and id < before:
                self.scheduler.dispatch(self, signals.Exit(pid, self.pid, terms.NOCONNECTION, linked=True))
        if rare.lives_for is not None and rare.lives_for not in (rare.monitored_by or ()):
            self.end(terms.KILLED)

    # The end.

    def end(self, reason: Reason, signal: signals.Exit | None = None) -> None:
        """Dies for `reason`: first the names are free, then links and monitors fire, then the code is unwound."""
        if self.settle(reason):
            try:
                self.unwind(signal)
            except Exception:  # of what it awaits; others are still to be told
                logger.exception("the code of %s could not be told of its end", self.pid)

    def settle(self, reason: Reason) -> bool:
        """All of dying but the code. False if the process was dead already: the first reason stands."""
        pid = self.pid
        if pid.process is None:
            return False
        if self.state is RUNNING or self.state is CAREFUL:
            self.scheduler.checks_senders = True
        rare = self.rare
        if rare is None:
            if reason is terms.NORMAL:
                self.node.forget(self)
                self.inbox = self.mailbox = None
                return True
            rare = self.own_rare()
        rare.reason = reason
        rare.careful = True
        self.node.forget(self)
        self.inbox = self.mailbox = None
        if rare.waiters is not None:
            self._wake_waiters()
        self._cut_ties(rare, pid, reason)
        if rare.inspected is not None:
            self._end_inspection(rare.inspected, reason)
        return True

    def _end_inspection(self, inspected: Inspected, reason: Reason) -> None:
        tracing = inspected.tracing
        if tracing is not None:
            tracing.happened(Exited(self.pid, reason))
            tracing.end()
        inspected.limit = None  # which holds this process
        for pid in inspected.suspending:
            other = pid.process
            if other is not None:
                other.scheduler.call(other.resume_fully, self.pid)

    def _cut_ties(self, rare: Rare, pid: Pid, reason: Reason) -> None:
        rare.unlinking = rare.aliases = None
        if rare.spawns is not None:
            spawns, rare.spawns = rare.spawns, None
            for spawn in spawns.values():
                self._tell(signals.Demonitor(pid, spawn.pid, spawn.ref))
                if spawn.link:
                    self._tell(signals.Exit(pid, spawn.pid, reason, linked=True, name=rare.name))
        if rare.links is not None:
            links, rare.links = rare.links, None
            for other in links:
                self._tell_link(other, signals.Exit(pid, other, reason, linked=True, name=rare.name))
        if rare.monitored_by is not None:
            watches, rare.monitored_by = rare.monitored_by, None
            for watch in watches.values():
                watcher = watch.source.process
                if watcher is not None and watcher.scheduler is self.scheduler:
                    watcher.hear_of_end(watch.ref, watch.target, reason)
                else:
                    self._tell(signals.Down(watch.target, watch.source, watch.ref, reason))
        if rare.requests is not None:
            requests, rare.requests = rare.requests, None
            for asker in tuple(requests):
                asker.hand_reply(Failed(reason, False))
        if rare.monitors is not None:
            monitors, rare.monitors = rare.monitors, None
            for ref, target in monitors.values():
                self._tell(signals.Demonitor(pid, target, ref))

    def _tell_link(self, other: Pid, news: signals.Exit) -> None:
        partner = other.process
        if partner is not None and partner.scheduler is self.scheduler:
            self.scheduler.dispatch(partner, news)
        else:
            self._tell(news)

    def _tell(self, news: signals.Exit | signals.Down | signals.Demonitor) -> None:
        """Routes a signal of the end; one that cannot be sent keeps nobody else from being told."""
        try:
            self.node.route(news)
        except Exception:
            logger.exception("%s could not tell %s of its end", self.pid, news.target)


_HANDLERS: Final[dict[type, Callable[[Process, Any], None]]] = {
    signals.Send: Process._handle_send,
    signals.Ask: Process.be_asked,
    signals.Answer: Process._handle_answer,
    signals.Monitor: Process._handle_monitor,
    signals.Demonitor: Process._handle_demonitor,
    signals.Exit: Process._handle_exit,
    signals.Down: Process._handle_down,
    signals.Link: Process._handle_link,
    signals.Unlink: Process._handle_unlink,
    signals.UnlinkAck: Process._handle_unlink_ack,
}
