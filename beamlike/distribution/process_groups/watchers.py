"""Who is told of which groups. It knows the references of monitors, and nothing of messages."""

from __future__ import annotations

from typing import TypeVar

from beamlike.distribution.process_groups.roster import Group
from beamlike.kernel.record import record
from beamlike.kernel.terms import Pid, Ref

K = TypeVar("K")
V = TypeVar("V")


@record
class Watch:
    """`pid` is told under `ref`: of one group, or of all."""

    ref: Ref
    pid: Pid
    one: bool = False
    group: Group = None


class Watchers:
    """
    >>> ref, other, pid = Ref("a@host", 1), Ref("a@host", 2), Pid("a@host", 3)
    >>> watchers = Watchers()
    >>> watchers.add(Watch(ref, pid))
    >>> watchers.add(Watch(other, pid, one=True, group="g"))
    >>> len(watchers.of("g")), watchers.of("h") == [Watch(ref, pid)]
    (2, True)
    """

    __slots__ = ("_of_all", "_of_one", "_of_process", "_watches")

    def __init__(self) -> None:
        self._watches: dict[Ref, Watch] = {}
        self._of_process: dict[Pid, dict[Ref, None]] = {}
        self._of_all: dict[Ref, Watch] = {}
        self._of_one: dict[Group, dict[Ref, Watch]] = {}

    def add(self, watch: Watch) -> None:
        self._watches[watch.ref] = watch
        self._of_process.setdefault(watch.pid, {})[watch.ref] = None
        if watch.one:
            self._of_one.setdefault(watch.group, {})[watch.ref] = watch
        else:
            self._of_all[watch.ref] = watch

    def remove(self, ref: Ref) -> Watch | None:
        """The one that had this reference."""
        watch = self._watches.get(ref)
        if watch is not None:
            self._forget(watch)
            _take(self._of_process, watch.pid, ref)
        return watch

    def drop(self, pid: Pid) -> None:
        """Removes all of a process."""
        for ref in self._of_process.pop(pid, {}):
            self._forget(self._watches[ref])

    def _forget(self, watch: Watch) -> None:
        del self._watches[watch.ref]
        if watch.one:
            _take(self._of_one, watch.group, watch.ref)
        else:
            del self._of_all[watch.ref]

    def of(self, group: Group) -> list[Watch]:
        """Who is to be told of a change in this group."""
        return [*self._of_all.values(), *self._of_one.get(group, {}).values()]


def _take(table: dict[K, dict[Ref, V]], key: K, ref: Ref) -> None:
    """Removes an entry, and its key with the last one."""
    del table[key][ref]
    if not table[key]:
        del table[key]
