"""Which cells show which views, and what each looks like now. Pure but for its own state.

A view is known from its first sign of life, whether it is shown or changed first: those come by different ways. When it
is shown again, it is shown as it is by then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from notebook_tui.widgets.changes import Appended, Change, Rendered, changed
from notebook_tui.widgets.views import Frame, Grid, Tabs, View
from notebook_tui.widgets.views_within import views_in

T = TypeVar("T")


@dataclass(slots=True)
class _Known:
    home: str
    """The cell whose code made it: with its next run the view is forgotten."""
    view: View
    shown_by: set[str]


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

    def show(self, cell_id: str, content: T) -> T:
        """What the cell is to show for it: all views inside it as they are now."""
        content = self._present(content)
        for view in views_in(content):
            known = self._known.setdefault(view.ref, _Known(cell_id, view, set()))
            known.shown_by.add(cell_id)
        return content

    def change(self, home: str, ref: str, first: View, change: Change) -> tuple[str, ...]:
        """The cells in whose outputs the view changes."""
        known = self._known.setdefault(ref, _Known(home, first, set()))
        known.view = changed(known.view, self.present_in(change))
        for inner in views_in(known.view):
            if inner.ref != ref:
                self._known.setdefault(inner.ref, _Known(home, inner, set())).shown_by |= known.shown_by
        return tuple(sorted(known.shown_by))

    def present_in(self, change: Change) -> Change:
        """The change with all views inside it as they are now."""
        match change:
            case Rendered(contents):
                return Rendered(tuple(map(self._present, contents)))
            case Appended(contents):
                return Appended(tuple(map(self._present, contents)))
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

    def _present(self, content: T) -> T:
        known = self._known.get(getattr(content, "ref", ""))
        if known is not None:
            content = known.view  # type: ignore[assignment]
        match content:
            case Frame(contents=contents) | Grid(contents=contents):
                return replace(content, contents=tuple(map(self._present, contents)))
            case Tabs(tabs=tabs):
                return replace(content, tabs=tuple((label, self._present(each)) for label, each in tabs))
            case _:
                return content
