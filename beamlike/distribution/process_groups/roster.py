"""The members of groups, as one node says: who is in which, and how often. It knows no nodes and does no I/O.

One thread changes a roster; any may read it meanwhile, and sees each group as it was before or after a change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeAlias

from beamlike.kernel.terms import Pid

Group: TypeAlias = Hashable

Members: TypeAlias = dict[Group, list[Pid]]
"""Groups that are not empty; a pid stands there as often as it is a member."""


class Roster:
    """
    >>> p, roster = Pid("a@host", 1), Roster()
    >>> roster.add("g", p)
    >>> roster.add("g", p)
    >>> roster.members("g"), roster.remove("g", p), roster.members("g"), roster.groups()
    ([Pid<a@host 0.1>, Pid<a@host 0.1>], True, [Pid<a@host 0.1>], ['g'])
    """

    __slots__ = ("_groups", "_times")

    def __init__(self) -> None:
        self._times: dict[Group, dict[Pid, int]] = {}
        self._groups: dict[Pid, dict[Group, None]] = {}

    def add(self, group: Group, pid: Pid) -> None:
        """Makes `pid` a member once more."""
        times = self._times.setdefault(group, {})
        times[pid] = times.get(pid, 0) + 1
        self._groups.setdefault(pid, {})[group] = None

    def remove(self, group: Group, pid: Pid) -> bool:
        """Takes back one `add`; whether there was one."""
        times = self._times.get(group, {})
        if pid not in times:
            return False
        if times[pid] > 1:
            times[pid] -= 1
        else:
            self._forget(group, pid)
            groups = self._groups[pid]
            del groups[group]
            if not groups:
                del self._groups[pid]
        return True

    def drop(self, pid: Pid) -> Members:
        """Takes `pid` out of all groups; those that it was in, each with it as often as it was."""
        return {group: [pid] * self._forget(group, pid) for group in self._groups.pop(pid, ())}

    def _forget(self, group: Group, pid: Pid) -> int:
        times = self._times[group]
        count = times.pop(pid)
        if not times:
            del self._times[group]
        return count

    def members(self, group: Group) -> list[Pid]:
        """In the order in which they first joined, each as often as it did."""
        return repeated(self._times.get(group, {}))

    def groups(self) -> list[Group]:
        """Those that have members."""
        return list(self._times)

    def everything(self) -> Members:
        return {group: self.members(group) for group in self.groups()}


def repeated(times: Mapping[Pid, int]) -> list[Pid]:
    """Each pid as often as it says.

    >>> repeated({Pid("a@host", 1): 2})
    [Pid<a@host 0.1>, Pid<a@host 0.1>]
    """
    return [pid for pid, count in tuple(times.items()) for _ in range(count)]


def surplus(more: Iterable[Pid], less: Iterable[Pid]) -> list[Pid]:
    """What `more` has beyond `less`, counted, in its order.

    >>> p, q = Pid("a@host", 1), Pid("a@host", 2)
    >>> surplus([p, q, p], [p])
    [Pid<a@host 0.1>, Pid<a@host 0.2>]
    """
    return repeated(Counter(more) - Counter(less))
