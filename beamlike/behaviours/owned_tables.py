"""Tables that one process changes or looks after and everybody of its node reads without asking it, as ETS tables are.

A table is found by its owner, or by the name under which that is registered, and is gone with it.
"""

from __future__ import annotations

from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import NoProcess
from beamlike.kernel.server_names import Name, holder_of
from beamlike.kernel.terms import Pid

T = TypeVar("T")


class OwnedTables(Generic[T]):
    """The tables of one kind; `kind` and `start` are how an error calls it and says how to start one."""

    def __init__(self, kind: str, start: str) -> None:
        self._kind = kind
        self._start = start
        # By the owner's pid. Owners hold their tables, nobody else does for longer than it reads.
        self._tables: WeakValueDictionary[Pid, T] = WeakValueDictionary()

    def __contains__(self, owner: Pid) -> bool:
        return owner in self._tables

    def publish(self, table: T) -> None:
        """Makes it the table of the current process, which is to hold it for as long as it runs."""
        self._tables[kernel.self()] = table

    def find(self, owner: Pid | Name) -> tuple[Pid, T]:
        """The owner, or that of the name, on the current node, and its table. NoProcess if there is none."""
        pid = holder_of(owner) if not isinstance(owner, Pid) else owner if kernel.is_alive(owner) else None
        table = self._tables.get(pid) if pid is not None else None
        if pid is None or table is None:
            raise NoProcess(f"no {self._kind} {owner!r} runs on this node; start it: `await {self._start}(...)`")
        return pid, table
