"""The names as one node knows them: those that it answers for, and a copy of those of each other name server.

Only who answers for a registration changes it; everybody else copies what it says. So the copies are equal as soon as
all is heard, and what a lost server answered for goes with it, all at once. While two registrations of a name meet,
each node goes on reading the one that it knew first.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from beamlike.distribution.global_names.messages import Entry, Key
from beamlike.kernel.terms import Pid

T = TypeVar("T", bound=Hashable)


class NameTable:
    def __init__(self) -> None:
        self._by_key: dict[Key, Entry] = {}
        self._by_name: dict[Hashable, dict[Key, Entry]] = {}
        self._of_node: dict[str, dict[Key, None]] = {}
        self._of_process: dict[Pid, dict[Key, None]] = {}
        # Read by any thread: one lookup, and nothing is changed in place.
        self._visible: dict[Hashable, Pid] = {}

    # For any thread.

    def whereis(self, name: Hashable) -> Pid | None:
        return self._visible.get(name)

    def names(self) -> list[Hashable]:
        return list(self._visible)

    # For the core.

    def add(self, entry: Entry) -> None:
        self._by_key[entry.key] = entry
        self._by_name.setdefault(entry.name, {})[entry.key] = entry
        self._of_node.setdefault(entry.node, {})[entry.key] = None
        self._of_process.setdefault(entry.pid, {})[entry.key] = None
        self._show(entry.name)

    def remove(self, key: Key) -> Entry | None:
        """The entry that was there."""
        entry = self._by_key.pop(key, None)
        if entry is not None:
            del self._by_name[entry.name][key]
            _discard(self._of_node, entry.node, key)
            _discard(self._of_process, entry.pid, key)
            self._show(entry.name)
        return entry

    def remove_node(self, node: str) -> None:
        for key in tuple(self._of_node.get(node, ())):
            self.remove(key)

    def remove_others(self, node: str) -> None:
        """All but what the server of `node` answers for."""
        for other in tuple(self._of_node):
            if other != node:
                self.remove_node(other)

    def get(self, key: Key) -> Entry | None:
        return self._by_key.get(key)

    def of_node(self, node: str) -> list[Entry]:
        return [self._by_key[key] for key in self._of_node.get(node, ())]

    def of_process(self, pid: Pid) -> list[Entry]:
        return [self._by_key[key] for key in self._of_process.get(pid, ())]

    def valid(self, name: Hashable) -> list[Entry]:
        """The registrations of a name but for those that another has taken the place of; more than one if parts of a
        cluster have met."""
        entries = self._by_name.get(name, {})
        past = {key for entry in entries.values() for key in entry.over}
        return [entry for entry in entries.values() if entry.key not in past]

    def _show(self, name: Hashable) -> None:
        valid = self.valid(name)
        if valid:
            self._visible[name] = valid[0].pid
        else:
            self._visible.pop(name, None)
        if not self._by_name[name]:
            del self._by_name[name]


def _discard(index: dict[T, dict[Key, None]], of: T, key: Key) -> None:
    del index[of][key]
    if not index[of]:
        del index[of]
