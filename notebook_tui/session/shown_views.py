"""Which cells show which views, and what each looks like now. Pure but for its own state.

A view is known from its first sign of life, whether it is shown or changed first: those come by different ways. When it
is shown again, it is shown as it is by then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from notebook_tui.widgets.changes import Appended, Change, Rendered, changed
from notebook_tui.widgets.views import Content, Frame, Grid, Tabs, Text, View

DEEPEST = 32
"""So many views stand inside each other; what is deeper is not shown."""
TOO_DEEP = Text("stderr", "… a view that stands in itself, or too deep inside of others …\n")

KEPT = 2_000
"""So many views that stand nowhere any more may be known: they may be shown again."""

T = TypeVar("T")


@dataclass(slots=True)
class _Known:
    home: str
    """The cell whose code made it: with its next run the view is forgotten."""
    view: View
    shown_by: set[str]
    depth: int = 0
    """Inside so many views it stands where it is shown deepest."""
    inside: frozenset[str] = frozenset()
    """All views in which it ever stood."""


class ShownViews:
    """
    >>> from notebook_tui.widgets.changes import TextAppended
    >>> from notebook_tui.widgets.views import TextStream
    >>> shown = ShownViews()
    >>> shown.change("c1", "s", TextStream("s"), TextAppended("so far"))
    ()
    >>> shown.show("c2", TextStream("s"))
    TextStream(ref='s', text='so far')
    >>> shown.change("c1", "s", TextStream("s"), TextAppended("!"))
    ('c2',)
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._room = KEPT

    @property
    def is_full(self) -> bool:
        """Whether it is time to ask for `forget_others`."""
        return len(self._known) > self._room

    def forget_others(self, shown: Collection[str]) -> None:
        """Of the views that stand nowhere, all but the newest: a cell may make a new one for each step of a long run.
        `shown` are the refs of the others."""
        others = [ref for ref in self._known if ref not in shown]
        for ref in others[: -KEPT // 2]:
            del self._known[ref]
        self._room = len(self._known) + KEPT // 2

    def show(self, cell_id: str, content: T) -> T:
        """What the cell is to show for it: all views inside it as they are now."""
        content = self._present(content, frozenset(), 0)
        self._place(content, cell_id, {cell_id}, frozenset(), 0)
        return content

    def change(self, home: str, ref: str, first: View, change: Change) -> tuple[str, ...]:
        """The cells in whose outputs the view changes."""
        known = self._known.setdefault(ref, _Known(home, first, set()))
        known.view = changed(known.view, self.present_in(ref, change))
        for inner in _contents(known.view):
            self._place(inner, home, known.shown_by, known.inside | {ref}, known.depth + 1)
        return tuple(sorted(known.shown_by))

    def present_in(self, ref: str, change: Change) -> Change:
        """The change of that view with all views inside it as they are now."""
        known = self._known.get(ref)
        inside, depth = (frozenset[str](), 0) if known is None else (known.inside, known.depth)
        match change:
            case Rendered(contents):
                return Rendered(tuple(self._present(each, inside | {ref}, depth + 1) for each in contents))
            case Appended(contents):
                return Appended(tuple(self._present(each, inside | {ref}, depth + 1) for each in contents))
            case _:
                return change

    def home(self, ref: str) -> str | None:
        """The cell whose code made that view, or showed it first."""
        known = self._known.get(ref)
        return None if known is None else known.home

    def view(self, ref: str) -> View | None:
        known = self._known.get(ref)
        return None if known is None else known.view

    def forget(self, cell_id: str) -> None:
        """The cell runs again, or is gone: its outputs are, and so is what its code made unless others show it."""
        for known in self._known.values():
            known.shown_by.discard(cell_id)
        gone = [ref for ref, known in self._known.items() if known.home == cell_id and not known.shown_by]
        for ref in gone:
            del self._known[ref]

    def clear(self) -> None:
        self._known.clear()
        self._room = KEPT

    def _place(self, content: object, home: str, shown_by: set[str], inside: frozenset[str], depth: int) -> None:
        ref = getattr(content, "ref", None)
        if ref is None:
            return
        known = self._known.setdefault(ref, _Known(home, content, set()))  # type: ignore[arg-type]
        known.shown_by |= shown_by
        known.depth = max(known.depth, depth)
        known.inside |= inside
        for inner in _contents(content):
            self._place(inner, home, shown_by, inside | {ref}, depth + 1)

    def _present(self, content: T, inside: frozenset[str], depth: int) -> T:
        ref = getattr(content, "ref", None)
        if ref is None:
            return content
        if ref in inside or depth > DEEPEST:
            return TOO_DEEP  # type: ignore[return-value]
        known = self._known.get(ref)
        if known is not None:
            content = known.view  # type: ignore[assignment]
        within, deeper = inside | {ref}, depth + 1
        match content:
            case Frame(contents=contents) | Grid(contents=contents):
                return replace(content, contents=tuple(self._present(each, within, deeper) for each in contents))
            case Tabs(tabs=tabs):
                tabs = tuple((label, self._present(each, within, deeper)) for label, each in tabs)
                return replace(content, tabs=tabs)
            case _:
                return content


def _contents(content: object) -> tuple[Content, ...]:
    match content:
        case Frame(contents=contents) | Grid(contents=contents):
            return contents
        case Tabs(tabs=tabs):
            return tuple(each for _, each in tabs)
        case _:
            return ()
