"""A name server without its process, sockets and clock: `apply(event)` gives the effects.

    meeting        who is there; all are to be connected to all       peers
    registrations  names that this server answers for, and others     name_table, rounds
    conflicts      names that two processes hold
    locks          locks that span nodes                              lock_table, lock_clients

What it guarantees holds among nodes that are all connected to each other; each part of a cluster that was split goes
on by itself.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import assert_never

from beamlike.distribution.global_names import events, messages
from beamlike.distribution.global_names.conflicts import Conflicts
from beamlike.distribution.global_names.desk import Desk
from beamlike.distribution.global_names.events import Effect, Event, Reply, Send
from beamlike.distribution.global_names.lock_clients import LockClients
from beamlike.distribution.global_names.locks import Locks
from beamlike.distribution.global_names.meeting import Meeting
from beamlike.distribution.global_names.messages import Address, Message
from beamlike.distribution.global_names.name_table import NameTable
from beamlike.distribution.global_names.peers import Peers
from beamlike.distribution.global_names.registrations import NameLock, Registrations, Wish
from beamlike.distribution.global_names.rounds import Rounds
from beamlike.kernel.terms import Pid


class Core:
    """`me` is the pid of the server's process, and `table` what others read; for the rest see `Meeting`."""

    def __init__(self, me: Pid, table: NameTable, *, connect_all: bool = True, prevent_overlap: bool = True) -> None:
        self.table = table
        self._desk = Desk(me)
        self._peers = Peers()
        self._meeting = Meeting(self._desk, self._peers, connect_all=connect_all, prevent_overlap=prevent_overlap)
        self._rounds = Rounds()
        self._locks = Locks(self._desk, self._peers, self._rounds, self._is_taken)
        self._registrations = Registrations(self._desk, self._peers, self._rounds, self.table, self._locks)
        self._conflicts = Conflicts(self._desk, self.table, self._locks, self._registrations)
        self._lock_clients = LockClients(self._desk, self._locks)
        # Requests whose answer comes from another server.
        self._forwarded: dict[int, tuple[str, Hashable]] = {}
        self._syncing: list[Hashable] = []

    def apply(self, event: Event) -> list[Effect]:
        """What is to be done, in that order.

        >>> core = Core(Pid("a@h", 1), NameTable())
        >>> core.apply(events.Register("request", "clock", Pid("a@h", 7), resolve=None, replace=False))
        [WatchProcess(pid=Pid<a@h 0.7>), Reply(request='request', value=True)]
        """
        self._note(event)
        effects = self._desk.effects()
        if self._syncing and self._meeting.over and self._conflicts.none_left:
            effects += [Reply(request, None) for request in self._syncing]
            self._syncing.clear()
        return effects

    def listens_at(self, address: Address | None) -> None:
        """What to tell others of how they reach this node."""
        self._meeting.address = address

    def restarted(self, me: Pid) -> list[Effect]:
        """Its process was killed, and `me` is the next. The names and locks of this node's processes are left."""
        self._desk.restarted(me)
        self._peers.clear()
        self._rounds.clear()
        self._meeting.restarted()
        self._registrations.restarted()
        self._conflicts.restarted()
        self._lock_clients.restarted()
        self._forwarded.clear()
        self._syncing.clear()
        return self._desk.effects()

    @property
    def is_idle(self) -> bool:
        """Whether nobody holds or waits for anything: what is left are names."""
        return (
            not self._forwarded
            and not self._syncing
            and self._conflicts.none_left
            and self._rounds.none_left
            and self._locks.is_idle
        )

    def _note(self, event: Event) -> None:
        match event:
            case events.PeerUp(node):
                self._meeting.peer_up(node)
            case events.PeerDown(node):
                self._peer_down(node)
            case events.ServerGone(node):
                self._server_gone(node)
            case events.DialEnded(node):
                self._meeting.dial_ended(node)
            case events.Heard(source, message):
                self._heard(source, message)
            case events.Register():
                self._register(event)
            case events.Unregister(request, name):
                self._registrations.unregister(name, partial(self._reply, request, None))
            case events.SetLock():
                self._lock_clients.set_lock(event)
            case events.DelLock():
                self._lock_clients.del_lock(event)
            case events.CancelLock():
                self._lock_clients.cancel(event)
            case events.TimeUp():
                self._lock_clients.time_up(event)
            case events.Sync(request):
                self._syncing.append(request)
            case events.ProcessDown(pid):
                self._process_down(pid)
            case events.Resolved():
                self._conflicts.resolved(event)
            case _:
                assert_never(event)

    def _reply(self, request: Hashable, value: object) -> None:
        self._desk.do(Reply(request, value))

    def _is_taken(self, resource: Hashable) -> bool:
        return isinstance(resource, NameLock) and self.table.whereis(resource.name) is not None

    # Processes.

    def _register(self, wish: events.Register) -> None:
        server = self._peers.member(wish.pid.node)
        if server is None:
            then = partial(self._reply, wish.request)
            self._registrations.register(Wish(wish.name, wish.pid, wish.resolve, wish.replace, then))
        else:
            number = self._desk.next_number()
            self._forwarded[number] = server.node, wish.request
            self._desk.do(Send(server, messages.Forward(number, wish.name, wish.pid, wish.resolve, wish.replace)))

    def _process_down(self, pid: Pid) -> None:
        self._desk.ended(pid)
        self._registrations.process_down(pid)
        self._lock_clients.process_down(pid)

    # Other nodes.

    def _peer_down(self, node: str) -> None:
        peer = self._peers.get(node)
        if peer is not None and peer.greeted is not None:
            self._server_lost(peer.greeted)
        self._server_gone(node)
        self._peers.pop(node)

    def _server_lost(self, server: Pid) -> None:
        """From now on nothing is heard of it that it sent before."""
        self._server_gone(server.node)
        self._meeting.tell_lost(server)

    def _server_gone(self, node: str) -> None:
        peer = self._peers.get(node)
        if peer is not None:
            server = peer.greeted
            peer.forget_server()
            self._forget(node, server)

    def _forget(self, node: str, server: Pid | None) -> None:
        self._registrations.server_gone(node)
        self._rounds.gone(node)
        self._locks.server_gone(node, server)
        for number in [number for number, (to, _) in self._forwarded.items() if to == node]:
            self._reply(self._forwarded.pop(number)[1], False)

    def _heard(self, source: Pid, message: Message) -> None:
        peer = self._peers.get(source.node)
        if peer is None:
            return
        if not isinstance(message, messages.Knock):
            if peer.greeted == source:
                self._heard_from_peer(source, message)
        elif peer.greeted != source:
            if peer.greeted is not None:
                self._server_gone(source.node)  # its predecessor
            self._meeting.greet(source, peer, message, self._registrations.own())

    def _heard_from_peer(self, source: Pid, message: Message) -> None:
        match message:
            case messages.Hello():
                self._met(source, message)
            case messages.Publish() | messages.Retract() | messages.Remove():
                self._registrations.heard(source, message)
                if isinstance(message, messages.Publish):
                    self._conflicts.look(message.entry.name)
            case messages.Ack(number):
                self._rounds.acknowledged(number, source.node)
            case messages.Ask() | messages.Granted() | messages.Refused() | messages.Release():
                self._locks.heard(source, message)
            case messages.Forward(number, name, pid, resolve, replace):
                then = partial(self._answer, source, number)
                self._registrations.register(Wish(name, pid, resolve, replace, then))
            case messages.Answer(number, registered):
                if number in self._forwarded:
                    self._reply(self._forwarded.pop(number)[1], registered)
            case messages.Lost(server) if self._meeting.must_part(message):
                self._desk.do(events.HangUp(server.node, source.node))
                self._server_lost(server)
            case messages.Lost():
                pass
            case messages.Knock():
                raise AssertionError("a Knock is heard before the server that sent it is a peer")
            case _:
                assert_never(message)

    def _met(self, source: Pid, hello: messages.Hello) -> None:
        peer = self._peers.get(source.node)
        assert peer is not None
        peer.member = source
        self._registrations.learn(source.node, hello.entries)
        self._meeting.dial_known(hello)
        self._locks.server_known(source.node)
        for entry in hello.entries:
            self._conflicts.look(entry.name)

    def _answer(self, server: Pid, number: int, registered: bool) -> None:
        self._desk.do(Send(server, messages.Answer(number, registered)))
