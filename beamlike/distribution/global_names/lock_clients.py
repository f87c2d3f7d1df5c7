"""Which processes of this node hold a lock, or wait for one, and when they lose it: they end, or time is up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from beamlike.distribution.global_names.desk import Desk, Watch
from beamlike.distribution.global_names.events import CancelLock, CancelTimer, DelLock, Reply, SetLock, SetTimer, TimeUp
from beamlike.distribution.global_names.locks import Lock, Locks
from beamlike.kernel.record import frozen, slotted
from beamlike.kernel.terms import Pid, Ref


@frozen
class UserLock:
    """As the resource of a lock, which no name can be."""

    resource: Hashable


@slotted
class _Client:
    wish: SetLock
    lock: Lock
    watch: Watch
    held: bool = False


class LockClients:
    def __init__(self, desk: Desk, locks: Locks) -> None:
        self._desk = desk
        self._locks = locks
        # In the order in which they asked.
        self._clients: dict[Ref, _Client] = {}

    def set_lock(self, wish: SetLock) -> None:
        patient = wish.until is None or wish.until > wish.at
        watch = self._desk.watch(wish.holder)
        if wish.until is not None and patient:
            self._desk.do(SetTimer(wish.request, wish.until))
        lock = self._locks.new(
            UserLock(wish.resource), wish.requester, partial(self._answer, wish), wait=patient, nodes=wish.nodes
        )
        self._clients[wish.request] = _Client(wish, lock, watch)
        self._locks.ask(lock)

    def del_lock(self, event: DelLock) -> None:
        """Gives back the last one that the process has taken."""
        wanted = (event.holder, event.resource, event.requester)
        done = partial(self._desk.do, Reply(event.request, None))
        for client in reversed(self._clients.values()):
            wish = client.wish
            if client.held and (wish.holder, wish.resource, wish.requester) == wanted:
                self._drop(client, done)
                return
        done()

    def cancel(self, event: CancelLock) -> None:
        """It is given back, or not asked for any more."""
        if (client := self._clients.get(event.request)) is not None:
            self._drop(client)

    def time_up(self, event: TimeUp) -> None:
        client = self._clients.get(event.request)
        if client is not None and not client.held:
            self._desk.do(Reply(event.request, False))
            self._drop(client)

    def process_down(self, pid: Pid) -> None:
        for client in [client for client in self._clients.values() if client.wish.holder == pid]:
            self._drop(client)

    def restarted(self) -> None:
        """Who waited hears of the end of the server that it asked; who holds a lock is watched anew."""
        self._clients = {request: client for request, client in self._clients.items() if client.held}
        self._locks.restarted([client.lock for client in self._clients.values()])
        for client in self._clients.values():
            client.watch = self._desk.watch(client.wish.holder)

    def _answer(self, wish: SetLock, _lock: Lock, granted: bool) -> None:
        client = self._clients[wish.request]
        client.held = granted
        self._desk.do(CancelTimer(wish.request))
        self._desk.do(Reply(wish.request, granted))
        if not granted:
            self._drop(client)

    def _drop(self, client: _Client, then: Callable[[], None] | None = None) -> None:
        del self._clients[client.wish.request]
        if not client.held:
            self._desk.do(CancelTimer(client.wish.request))
        self._desk.unwatch(client.watch)
        self._locks.release(client.lock, then)
