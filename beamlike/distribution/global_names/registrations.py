"""The names that a name server answers for, and its copy of all others: who may have a name, and who is told.

A registration is answered for by the name server of the process's own node, if that has one, else by the one that was
asked. Whoever is to answer for it takes the lock on the name, and with each share of it learns whether the name is
taken over there; then every server is told, and has acknowledged it before the client hears that it is registered.

That a process has ended needs no lock: its server retracts the name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import TypeAlias

from beamlike.distribution.global_names.desk import Desk, Watch
from beamlike.distribution.global_names.events import Send
from beamlike.distribution.global_names.locks import Lock, Locks
from beamlike.distribution.global_names.messages import Ack, Entry, Key, Publish, Remove, Resolver, Retract
from beamlike.distribution.global_names.name_table import NameTable
from beamlike.distribution.global_names.peers import Peers
from beamlike.distribution.global_names.rounds import Rounds
from beamlike.kernel.record import frozen, slotted
from beamlike.kernel.terms import Pid

Then: TypeAlias = Callable[[], None]


@frozen
class NameLock:
    """As the resource of a lock."""

    name: Hashable


@frozen
class Wish:
    """A name for a process, whoever has it if it is to `replace` that. `then` hears whether it was registered."""

    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool
    then: Callable[[bool], None]


@slotted
class _Terms:
    """What only the server needs that answers for a registration."""

    resolve: Resolver | None
    watch: Watch


class Registrations:
    def __init__(self, desk: Desk, peers: Peers, rounds: Rounds, table: NameTable, locks: Locks) -> None:
        self._desk = desk
        self._peers = peers
        self._table = table
        self._locks = locks
        self._rounds = rounds
        # Of what this server answers for.
        self._terms: dict[Key, _Terms] = {}

    def own(self) -> list[Entry]:
        """What this server answers for."""
        return self._table.of_node(self._desk.me.node)

    def resolver(self, entry: Entry) -> Resolver | None:
        return self._terms[entry.key].resolve

    # Wishes.

    def register(self, wish: Wish) -> None:
        self.with_lock(wish.name, partial(self._register, wish, self._desk.watch(wish.pid)))

    def _register(self, wish: Wish, watch: Watch, lock: Lock) -> None:
        known = self._table.valid(wish.name)
        has_name = bool(self._table.of_process(wish.pid))
        free = wish.replace or not (lock.taken or known or has_name)
        if not free or watch.ended:
            self._desk.unwatch(watch)
            self._locks.release(lock)
            wish.then(False)
            return
        key = (self._desk.me, self._desk.next_number())
        past = [old.key for old in known]
        self._terms[key] = _Terms(wish.resolve, watch)
        self._publish(Entry(wish.name, wish.pid, key, frozenset(past)), partial(self._registered, wish, lock))
        self._retract(past)

    def _registered(self, wish: Wish, lock: Lock) -> None:
        self._locks.release(lock)
        wish.then(True)

    def unregister(self, name: Hashable, then: Then) -> None:
        self.with_lock(name, partial(self._unregister, name, then))

    def _unregister(self, name: Hashable, then: Then, lock: Lock) -> None:
        def done() -> None:
            self._locks.release(lock)
            then()

        self.remove(self._table.valid(name), done)

    def with_lock(self, name: Hashable, act: Callable[[Lock], None]) -> None:
        """Has `act` called with the lock on a name, which it is to release."""
        requester = (self._desk.me, self._desk.next_number())
        self._locks.ask(self._locks.new(NameLock(name), requester, lambda lock, _granted: act(lock)))

    def remove(self, entries: Iterable[Entry], then: Then) -> None:
        """Has registrations retracted by whoever answers for them; `then` everybody has heard of it."""
        here = self._desk.me.node
        elsewhere: dict[str, list[Key]] = {}
        for entry in entries:
            elsewhere.setdefault(entry.node, []).append(entry.key)
        self._retract(elsewhere.pop(here, ()), partial(self._remove_elsewhere, elsewhere, then))

    def _remove_elsewhere(self, keys: dict[str, list[Key]], then: Then) -> None:
        number = self._desk.next_number()
        servers = {node: server for node in keys if (server := self._peers.member(node)) is not None}
        for node, server in servers.items():
            self._desk.do(Send(server, Remove(tuple(keys[node]), number)))
        self._rounds.begin(number, servers, then)

    # What happens to processes and other servers.

    def process_down(self, pid: Pid) -> None:
        self._retract([entry.key for entry in self._table.of_process(pid)])

    def server_gone(self, node: str) -> None:
        self._table.remove_node(node)

    def restarted(self) -> None:
        """What this server answers for is left; all else is to be learnt anew."""
        self._table.remove_others(self._desk.me.node)
        for entry in self.own():
            self._terms[entry.key].watch = self._desk.watch(entry.pid)

    def learn(self, node: str, entries: Iterable[Entry]) -> None:
        """All that the server of `node` answers for."""
        self._table.remove_node(node)
        for entry in entries:
            self._learn(entry)

    def heard(self, source: Pid, message: Publish | Retract | Remove) -> None:
        match message:
            case Publish(entry, number):
                self._learn(entry)
                self._desk.do(Send(source, Ack(number)))
            case Retract(keys, number):
                for key in keys:
                    self._table.remove(key)
                self._desk.do(Send(source, Ack(number)))
            case Remove(keys, number):
                self._retract(keys, partial(self._desk.do, Send(source, Ack(number))))

    # Inside.

    def _learn(self, entry: Entry) -> None:
        self._table.add(entry)
        self._retract(entry.over)

    def _publish(self, entry: Entry, then: Then) -> None:
        self._table.add(entry)
        number, servers = self._desk.next_number(), self._peers.greeted()
        for server in servers.values():
            self._desk.do(Send(server, Publish(entry, number)))
        self._rounds.begin(number, servers, then)

    def _retract(self, keys: Iterable[Key], then: Then | None = None) -> None:
        """Takes back those of them that are answered for here; `then` all have heard of it."""
        mine = tuple(key for key in keys if key in self._terms)
        number, servers = self._desk.next_number(), self._peers.greeted() if mine else {}
        for key in mine:
            self._desk.unwatch(self._terms.pop(key).watch)
            self._table.remove(key)
        for server in servers.values():
            self._desk.do(Send(server, Retract(mine, number)))
        if then is not None:
            self._rounds.begin(number, servers, then)
