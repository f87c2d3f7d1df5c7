"""Changes of views that wait to be handed on: as few as do what all of them would have done."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Any

import beamlike as bl
from notebook_tui.widgets.changes import Change, Unfitting, combined
from notebook_tui.widgets.messages import Changed


class PendingChanges:
    """
    >>> from notebook_tui.widgets.changes import TextAppended
    >>> from notebook_tui.widgets.views import TextStream
    >>> pending = PendingChanges()
    >>> for word in ("a", "b", "c"):
    ...     pending.add(Changed("s", TextAppended(word), TextStream("s")))
    >>> [changed.change for changed in pending.take()], bool(pending)
    ([TextAppended(text='abc')], False)
    """

    def __init__(self) -> None:
        self._first: dict[str, Changed] = {}
        self._changes: dict[str, tuple[Change, ...]] = {}
        self._servers: dict[str, dict[str, bl.Pid]] = {}

    def __bool__(self) -> bool:
        return bool(self._changes)

    def add(self, changed: Changed) -> None:
        self._first.setdefault(changed.ref, changed)
        if changed.servers:
            self._servers.setdefault(changed.ref, {}).update(changed.servers)
        before = self._changes.get(changed.ref, ())
        try:
            self._changes[changed.ref] = combined(before, changed.change)
        except Unfitting:
            # Of two widgets with one ref, which nobody makes by accident: the reducer refuses the second.
            self._changes[changed.ref] = (*before, changed.change)

    def take(self) -> tuple[Changed, ...]:
        """All that waits, each view's changes in their order."""
        taken = tuple(
            replace(self._first[ref], change=change, servers=tuple(self._servers.pop(ref, {}).items()))
            for ref, changes in self._changes.items()
            for change in changes
        )
        self._first, self._changes, self._servers = {}, {}, {}
        return taken


class Changes:
    """To a group leader: changes, as many as there are by the time it takes them, or they leave for its node. So
    however fast code goes on, few messages wait."""

    def __init__(self, taken: tuple[Changed, ...] | None = None) -> None:
        self._lock = Lock()
        self._pending = PendingChanges()
        self._taken = taken

    def add(self, changed: Changed) -> bool:
        """Whether it was in time."""
        with self._lock:
            if self._taken is None:
                self._pending.add(changed)
            return self._taken is None

    def take(self) -> tuple[Changed, ...]:
        """The same ones whenever it is asked."""
        with self._lock:
            if self._taken is None:
                self._taken = self._pending.take()
            return self._taken

    def __reduce__(self) -> tuple[Any, ...]:
        return Changes, (self.take(),)
