"""The tables of a registry: who registered which keys with which values. They know no processes and no threads.

Whoever changes a table holds its lock; whoever reads sees each key as it was before or after a change.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain, count
from threading import Lock
from typing import Any, NamedTuple

from beamlike.kernel.terms import Pid


class Entry(NamedTuple):
    """A process and the value with which it registered."""

    pid: Pid
    value: Any


class UniqueTable:
    """A key has one process, a process any number of keys."""

    __slots__ = ("__weakref__", "_entries", "_keys", "lock")

    def __init__(self) -> None:
        self.lock = Lock()
        self._entries: dict[Hashable, Entry] = {}
        self._keys: dict[Pid, dict[Hashable, None]] = {}

    def add(self, key: Hashable, entry: Entry) -> None:
        """In place of the entry that has the key, if one has it."""
        if (before := self._entries.get(key)) is not None and before.pid != entry.pid:
            self.remove(key, before.pid)
        self._entries[key] = entry
        self._keys.setdefault(entry.pid, {})[key] = None

    def remove(self, key: Hashable, pid: Pid) -> None:
        keys = self._keys.get(pid, {})
        if key in keys:
            del self._entries[key], keys[key]
            if not keys:
                del self._keys[pid]

    def drop(self, pid: Pid) -> None:
        """Removes all that `pid` registered."""
        for key in self._keys.pop(pid, {}):
            del self._entries[key]

    def at(self, key: Hashable) -> tuple[Entry, ...]:
        entry = self._entries.get(key)
        return () if entry is None else (entry,)

    def keys(self, pid: Pid) -> list[Hashable]:
        """In the order in which they were registered."""
        return list(self._keys.get(pid, ()))

    def has(self, pid: Pid) -> bool:
        """Whether `pid` has an entry."""
        return pid in self._keys

    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())


class DuplicateTable:
    """A key has any number of entries, also of one process."""

    __slots__ = ("__weakref__", "_entries", "_keys", "_numbers", "lock")

    def __init__(self) -> None:
        self.lock = Lock()
        self._numbers = count()
        self._entries: dict[Hashable, dict[int, Entry]] = {}
        self._keys: dict[Pid, dict[Hashable, list[int]]] = {}

    def add(self, key: Hashable, entry: Entry) -> None:
        number = next(self._numbers)
        self._entries.setdefault(key, {})[number] = entry
        self._keys.setdefault(entry.pid, {}).setdefault(key, []).append(number)

    def remove(self, key: Hashable, pid: Pid) -> None:
        """Removes all entries of `pid` under the key."""
        keys = self._keys.get(pid, {})
        self._delete(key, keys.pop(key, []))
        if not keys:
            self._keys.pop(pid, None)

    def drop(self, pid: Pid) -> None:
        """Removes all that `pid` registered."""
        for key, numbers in self._keys.pop(pid, {}).items():
            self._delete(key, numbers)

    def _delete(self, key: Hashable, numbers: list[int]) -> None:
        entries = self._entries.get(key, {})
        for number in numbers:
            del entries[number]
        if not entries:
            self._entries.pop(key, None)

    def at(self, key: Hashable) -> tuple[Entry, ...]:
        """In the order in which they were registered."""
        entries = self._entries.get(key)
        return () if entries is None else tuple(entries.values())

    def keys(self, pid: Pid) -> list[Hashable]:
        """Each as often as it was registered, in the order of their first registration."""
        return [key for key, numbers in list(self._keys.get(pid, {}).items()) for _ in numbers]

    def has(self, pid: Pid) -> bool:
        """Whether `pid` has an entry."""
        return pid in self._keys

    def entries(self) -> tuple[Entry, ...]:
        return tuple(chain.from_iterable(tuple(entries.values()) for entries in tuple(self._entries.values())))


Table = UniqueTable | DuplicateTable
