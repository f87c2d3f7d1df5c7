"""The ties of a process, as it makes and takes them back itself: links, monitors, requests, aliases, and the spawns
that it has asked for, which may become ties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from beamlike.kernel import signals, terms
from beamlike.kernel.mailbox import carried_ref
from beamlike.kernel.rare import FIRST_REPLY, REPLY_DEMONITOR, UNALIAS
from beamlike.kernel.receiver import Receiver
from beamlike.kernel.requested_spawn import ABANDONED, RequestedSpawn
from beamlike.kernel.states import CAREFUL_REPLY
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName
from beamlike.kernel.trace_events import Linked, TraceEvent, Unlinked


class Tied(Receiver):
    __slots__ = ()

    def set_trap_exit(self, flag: bool) -> None:
        if flag != self.trap_exit:
            self.own_rare().trap_exit = flag

    def link(self, other: Pid) -> None:
        """Links this process and `other`, which hears of it by a signal."""
        if other != self.pid and not self.has_link(other) and not self.ended:
            self._add_link(other)
            self.trace_event(Linked, other)
            self.node.route(signals.Link(self.pid, other))

    def _add_link(self, other: Pid) -> None:
        rare = self.own_rare()
        if rare.links is None:
            rare.links = {}
        rare.links[other] = self.node.next_id()

    def unlink(self, other: Pid) -> None:
        """No linked exit of `other` enters the mailbox from now on."""
        rare = self.rare
        if rare is None or rare.links is None or rare.links.pop(other, None) is None:
            return
        if rare.unlinking is None:
            rare.unlinking = {}
        self.trace_event(Unlinked, other)
        id = rare.unlinking[other] = self.node.next_id()
        self.node.route(signals.Unlink(self.pid, other, id))

    def has_link(self, other: Pid) -> bool:
        links = self._seen.links
        return links is not None and other in links

    def _drop_link(self, other: Pid) -> bool:
        """Whether there was one."""
        links = self._seen.links
        return links is not None and links.pop(other, None) is not None

    def monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        if not self.ended:
            self.monitor_by(signals.Monitor(self.pid, target, ref))

    def monitor_by(self, signal: signals.Monitor | signals.Ask) -> None:
        """Makes the monitor that the signal asks for, and sends it."""
        self._add_monitor(signal.target, signal.ref)
        try:
            self.node.route(signal)
        except BaseException:
            self.forget_monitor(signal.ref)
            raise

    def ask(self, target: Pid | RemoteName, question: Alias) -> None:
        """Sends a request. The reply or the Down, whichever comes, carries the reference of the question."""
        self.alias(question.id, REPLY_DEMONITOR)
        try:
            self.monitor_by(signals.Ask(self.pid, target, question))
        except BaseException:
            self.unalias(question.id)
            raise

    def _add_monitor(self, target: Pid | RemoteName, ref: Ref) -> None:
        rare = self.own_rare()
        if rare.monitors is None:
            rare.monitors = {}
        rare.monitors[ref.id] = ref, target

    def add_child(self, child: Pid, link: bool, monitor: Ref | None) -> None:
        """The parent's half of the ties that a spawn makes."""
        if link:
            self._add_link(child)
            self.trace_event(Linked, child)
        if monitor is not None:
            self._add_monitor(child, monitor)

    def forget_child(self, child: Pid, monitor: Ref | None) -> None:
        """Takes back `add_child`, silently: the child could not even be asked for."""
        self._drop_link(child)
        if monitor is not None:
            self.forget_monitor(monitor)

    def forget_monitor(self, ref: Ref) -> bool:
        """Takes back a monitor, silently. Whether there was one."""
        monitors = self._seen.monitors
        return monitors is not None and monitors.pop(ref.id, None) is not None

    def add_parent(self, parent: Pid, *, link: bool, monitor: Ref | None) -> None:
        """The child's half."""
        if link:
            self._add_link(parent)
        if monitor is not None:
            self.own_rare().monitored_by = {monitor.id: signals.Monitor(parent, self.pid, monitor)}

    def open_request(self, target: Pid | RemoteName, ref: Ref) -> None:
        self.alias(ref.id, REPLY_DEMONITOR)
        self.monitor(target, ref)

    def _close_request(self, id: int) -> None:
        """The reply has come: with the address of `open_request` goes its monitor."""
        monitors = self._seen.monitors
        monitor = monitors.pop(id, None) if monitors else None
        if monitor is not None:
            self.node.route(signals.Demonitor(self.pid, monitor[1], monitor[0]))

    def has_monitor(self, ref: Ref) -> bool:
        """One that a spawn is to make counts."""
        seen = self._seen
        if seen.monitors is not None and ref.id in seen.monitors:
            return True
        return seen.spawns is not None and ref.id in seen.spawns and seen.spawns[ref.id].monitor

    def demonitor(self, ref: Ref, flush: bool) -> None:
        self.unalias(ref.id)
        monitors = self._seen.monitors
        monitor = monitors.pop(ref.id, None) if monitors else None
        if monitor is not None:
            self.node.route(signals.Demonitor(self.pid, monitor[1], ref))
        elif (spawn := self.take_spawn(ref.id)) is not None:
            self.await_spawn(replace(spawn, monitor=False))
        if flush and (self.mailbox or self.inbox):
            mailbox = self.open_mailbox()
            mailbox.take_ref(ref)
            self.close_mailbox(mailbox)

    # Spawns that were asked for.

    def await_spawn(self, spawn: RequestedSpawn) -> None:
        rare = self.own_rare()
        if rare.spawns is None:
            rare.spawns = {}
        rare.spawns[spawn.ref.id] = spawn

    def awaits_spawn(self, ref: Ref) -> bool:
        spawns = self._seen.spawns
        return spawns is not None and ref.id in spawns

    def take_spawn(self, id: int) -> RequestedSpawn | None:
        """From now on it is no longer waited for."""
        spawns = self._seen.spawns
        return spawns.pop(id, None) if spawns else None

    def spawn_succeeded(self, id: int) -> None:
        """The child has begun: now the ties are made that were asked for."""
        spawn = self.take_spawn(id)
        if spawn is not None:
            self.add_child(spawn.pid, spawn.link, spawn.ref if spawn.monitor else None)
            if not spawn.monitor:
                self.node.route(signals.Demonitor(self.pid, spawn.pid, spawn.ref))
            self._answer_spawn(spawn, True, spawn.pid)

    def spawn_failed(self, id: int, reason: Reason) -> None:
        spawn = self.take_spawn(id)
        if spawn is not None:
            self._answer_spawn(spawn, False, reason)

    def _answer_spawn(self, spawn: RequestedSpawn, ok: bool, pid_or_reason: Any) -> None:
        if spawn.wants(ok):
            self.deliver(terms.SpawnReply(spawn.tag, spawn.ref, ok, pid_or_reason))

    def abandon_spawn(self, ref: Ref) -> None:
        spawn = self.take_spawn(ref.id)
        if spawn is not None:
            self.node.route(signals.Demonitor(self.pid, spawn.pid, ref))
            if spawn.link:
                self.node.route(signals.Exit(self.pid, spawn.pid, ABANDONED, linked=True))

    # Aliases.

    def alias(self, id: int, until: str) -> None:
        rare = self.own_rare()
        if rare.aliases is None:
            rare.aliases = {}
        rare.aliases[id] = until

    def has_alias(self, id: int) -> bool:
        aliases = self._seen.aliases
        return aliases is not None and id in aliases

    def unalias(self, id: int) -> None:
        aliases = self._seen.aliases
        if aliases:
            aliases.pop(id, None)

    def trace_event(self, event: Callable[..., TraceEvent], *about: Any) -> None:
        """Tells the tracer, if there is one, of what a process does with others."""
        tracing = self.tracing
        if tracing is not None:
            tracing.happened(event(self.pid, *about))

    def deliver_to_alias(self, alias: Alias, message: Any) -> None:
        if self.awaited is not None and self.awaited.id == alias.id:
            if type(message) is terms.Reply:
                if self.state is CAREFUL_REPLY:
                    self._show(message)
                self.hand_reply(message.value)
            return
        aliases = self._seen.aliases
        until = aliases.get(alias.id) if aliases else None
        if until is None:
            self.spawn_succeeded(alias.id)
        elif until is UNALIAS:
            self.deliver(message)
        elif until is FIRST_REPLY:
            self.unalias(alias.id)
            self.deliver(message)
        elif until is REPLY_DEMONITOR:
            ref = carried_ref(message)
            if ref is not None and ref.id == alias.id:  # else it is no reply to the request
                self.unalias(alias.id)
                self._close_request(alias.id)
                self.deliver(message)
