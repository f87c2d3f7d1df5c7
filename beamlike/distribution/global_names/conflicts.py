"""A name that two processes hold, since they were registered in parts of a cluster that have met.

It is for those who answer for one of the registrations. One after the other they take the lock on the name, on all
nodes; the first to have it compares its own process with each other in turn, by the resolver that its own was
registered with, and has the losers retracted. The next to have the lock finds no conflict.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from beamlike.distribution.global_names.desk import Desk
from beamlike.distribution.global_names.events import Resolve, Resolved
from beamlike.distribution.global_names.locks import Lock, Locks
from beamlike.distribution.global_names.messages import Entry, Resolver
from beamlike.distribution.global_names.name_table import NameTable
from beamlike.distribution.global_names.registrations import Registrations
from beamlike.kernel.record import slotted


@slotted
class _Conflict:
    name: Hashable
    lock: Lock
    resolve: Resolver | None
    winner: Entry | None
    """So far."""
    rivals: list[Entry]
    """With whom it is still to be compared; the first one now."""
    losers: list[Entry]


class Conflicts:
    def __init__(self, desk: Desk, table: NameTable, locks: Locks, registrations: Registrations) -> None:
        self._desk = desk
        self._table = table
        self._locks = locks
        self._registrations = registrations
        # Names whose conflict is ours, from when it was seen until it is no more.
        self._resolving: set[Hashable] = set()
        # Those for which a resolver runs.
        self._running: dict[int, _Conflict] = {}

    @property
    def none_left(self) -> bool:
        """Whether no conflict is for this server to resolve."""
        return not self._resolving

    def look(self, name: Hashable) -> None:
        """To be called when another registration of `name` has become known."""
        if name not in self._resolving and self._is_ours(self._table.valid(name)):
            self._resolving.add(name)
            self._registrations.with_lock(name, partial(self._begin, name))

    def resolved(self, event: Resolved) -> None:
        conflict = self._running.pop(event.number, None)
        if conflict is None:
            return
        winner, rival = conflict.winner, conflict.rivals.pop(0)
        assert winner is not None
        if event.winner == winner.pid:
            conflict.losers.append(rival)
        elif event.winner == rival.pid:
            conflict.losers.append(winner)
            conflict.winner = rival
        else:
            conflict.losers += [winner, rival]
            conflict.winner = None
        self._go_on(conflict)

    def restarted(self) -> None:
        self._resolving.clear()
        self._running.clear()

    def _is_ours(self, entries: list[Entry]) -> bool:
        return len(entries) > 1 and any(entry.node == self._desk.me.node for entry in entries)

    def _begin(self, name: Hashable, lock: Lock) -> None:
        entries = self._table.valid(name)
        if not self._is_ours(entries):
            self._end(name, lock)
            return
        ours = next(entry for entry in entries if entry.node == self._desk.me.node)
        rivals = [entry for entry in entries if entry is not ours]
        self._go_on(_Conflict(name, lock, self._registrations.resolver(ours), ours, rivals, []))

    def _go_on(self, conflict: _Conflict) -> None:
        """Compares with the next rival; those whose process has ended meanwhile are out of it."""
        conflict.rivals = [rival for rival in conflict.rivals if self._is_there(rival)]
        if conflict.winner is not None and not self._is_there(conflict.winner):
            conflict.winner = None
        if conflict.winner is None and conflict.rivals:
            conflict.winner = conflict.rivals.pop(0)
        if not conflict.rivals or conflict.winner is None:
            self._registrations.remove(conflict.losers, partial(self._end, conflict.name, conflict.lock))
            return
        number = self._desk.next_number()
        self._running[number] = conflict
        pids = (conflict.winner.pid, conflict.rivals[0].pid)
        self._desk.do(Resolve(number, conflict.resolve, conflict.name, pids))

    def _is_there(self, entry: Entry) -> bool:
        return self._table.get(entry.key) is not None

    def _end(self, name: Hashable, lock: Lock) -> None:
        self._resolving.discard(name)
        self._locks.release(lock)
        self.look(name)  # another may have come meanwhile
