"""Changes of views that wait to be handed on: as few as do what all of them would have done."""

from __future__ import annotations

from dataclasses import replace

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

    def __bool__(self) -> bool:
        return bool(self._changes)

    def add(self, changed: Changed) -> None:
        self._first.setdefault(changed.ref, changed)
        before = self._changes.get(changed.ref, ())
        try:
            self._changes[changed.ref] = combined(before, changed.change)
        except Unfitting:
            # Of two widgets with one ref, which nobody makes by accident: the reducer refuses the second.
            self._changes[changed.ref] = (*before, changed.change)

    def take(self) -> list[Changed]:
        """All that waits, each view's changes in their order."""
        taken = [
            replace(self._first[ref], change=change, servers=())
            for ref, changes in self._changes.items()
            for change in changes
        ]
        self._first, self._changes = {}, {}
        return taken
