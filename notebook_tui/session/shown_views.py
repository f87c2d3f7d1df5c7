"""Which cells show which views, and what each looks like now. Pure but for its own state.

A view is known from its first sign of life, whether it is shown or changed first: those come by different ways. When it
is shown again, it is shown as it is by then. What no cell shows any more is known for a while, for its program may show
it again; of very many the oldest are given up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from notebook_tui.widgets.changes import Appended, Change, Rendered, changed
from notebook_tui.widgets.contents import OUTPUTS
from notebook_tui.widgets.views import Content, Frame, Grid, Input, Tabs, Text, View
from notebook_tui.widgets.views_within import contents_of, views_in

T = TypeVar("T")

UNSEEN: Final = 200
"""So many views are known, at least, that no cell shows."""
DEEPEST: Final = 32
"""So many views stand inside each other; what is deeper is not shown."""
INSIDE_ITSELF: Final = Text("stderr", "(what is shown here holds itself, or too many inside each other)\n")


@dataclass(slots=True)
class _Known:
    home: str
    """The cell whose code made it, or showed it first: with its next run the view's program has ended."""
    view: View
    shown_by: set[str] = field(default_factory=set)
    has_ended: bool = False
    """Nobody is there any more who could hear what a viewer does with it."""
    depth: int = 0
    """Inside so many views it stands, where it is shown deepest."""
    inside: frozenset[str] = frozenset()
    """All views in which it ever stood."""


class ShownViews:
    """
    >>> from notebook_tui.widgets.changes import TextAppended
    >>> from notebook_tui.widgets.views import TextStream
    >>> shown = ShownViews()
    >>> shown.change("c1", "s", TextStream("s"), TextAppended("so far"))
    ((), TextAppended(text='so far'))
    >>> shown.show("c2", TextStream("s"))
    TextStream(ref='s', text='so far')
    >>> shown.change("c1", "s", TextStream("s"), TextAppended("!"))
    (('c2',), TextAppended(text='!'))
    """

    def __init__(self, *, unseen: int = UNSEEN) -> None:
        self._known: dict[str, _Known] = {}
        """Those that changed or were shown last come last."""
        self._outputs: dict[str, deque[str]] = {}
        """The views that cells show not inside others."""
        self._renewed: list[tuple[str, View]] = []
        self._unseen = unseen
        self._many = unseen

    def show(self, cell_id: str, content: T) -> T:
        """What the cell is to show for it: all views inside it as they are now."""
        content = self._present(content, frozenset(), 0)
        if isinstance(content, View):
            self._outputs.setdefault(cell_id, deque(maxlen=OUTPUTS)).append(content.ref)
        for view in views_in(content):
            self._learned(cell_id, view).shown_by.add(cell_id)
        self._place(content, frozenset(), 0)
        return content

    def change(self, home: str, ref: str, first: View, change: Change) -> tuple[tuple[str, ...], Change]:
        """The cells in whose outputs the view changes, and how: with all views inside it as they are now."""
        known = self._known.setdefault(ref, _Known(home, first))
        around, depth = known.inside | {ref}, known.depth + 1
        change = self._present_in(change, around, depth)
        known.view = changed(known.view, change)
        self._known[ref] = self._known.pop(ref)
        for content in getattr(change, "contents", ()):
            for inner in views_in(content):
                self._learned(home, inner)
        for inner in views_in(known.view):
            if inner.ref != ref:
                self._known.setdefault(inner.ref, _Known(home, inner)).shown_by |= known.shown_by
        for content in contents_of(known.view):
            self._place(content, around, depth)
        return tuple(sorted(known.shown_by)), change

    def renewed(self) -> list[tuple[str, View]]:
        """Inputs that another run has made anew since this was asked last, with the cells that show them as they were:
        an input is the same one in each run of its cell, but may have other options."""
        renewed, self._renewed = self._renewed, []
        return renewed

    def home(self, ref: str) -> str | None:
        """The cell whose code made that view, or showed it first."""
        known = self._known.get(ref)
        return None if known is None else known.home

    def has_ended(self, ref: str) -> bool:
        """Whether a cell shows it whose program is over."""
        known = self._known.get(ref)
        return known is not None and known.has_ended

    def view(self, ref: str) -> View | None:
        known = self._known.get(ref)
        return None if known is None else known.view

    def end(self, ref: str) -> None:
        """Its program is over. Not so of an input: that may have another by now, of its cell's next run."""
        known = self._known.get(ref)
        if known is not None and not isinstance(known.view, Input):
            known.has_ended = True

    def forget(self, cell_id: str) -> None:
        """The cell runs again, or is gone: its outputs are, and so is what its code made unless others show it."""
        self._outputs.pop(cell_id, None)
        for ref, known in list(self._known.items()):
            known.shown_by.discard(cell_id)
            known.has_ended = known.has_ended or known.home == cell_id
            if known.has_ended and not known.shown_by:
                del self._known[ref]

    def clear(self) -> None:
        self._known.clear()
        self._outputs.clear()

    def surplus(self) -> list[tuple[str, str]]:
        """Views that are given up, for there are very many that no cell shows: each with its home."""
        if len(self._known) <= self._many:
            return []
        seen = self._seen()
        hidden = [ref for ref in self._known if ref not in seen]
        gone = [(self._known.pop(ref).home, ref) for ref in hidden[: max(0, len(hidden) - self._unseen)]]
        self._many = 2 * len(self._known) + self._unseen
        return gone

    def _seen(self) -> set[str]:
        seen: set[str] = set()
        waiting = [ref for refs in self._outputs.values() for ref in refs]
        while waiting:
            ref = waiting.pop()
            known = self._known.get(ref)
            if known is not None and ref not in seen:
                seen.add(ref)
                waiting += [inner.ref for inner in contents_of(known.view) if isinstance(inner, View)]
        return seen

    def _learned(self, cell_id: str, view: View) -> _Known:
        known = self._known.setdefault(view.ref, _Known(cell_id, view))
        if isinstance(view, Input) and (known.view != view or known.has_ended):
            if known.view != view:
                self._renewed += [(other, view) for other in sorted(known.shown_by - {cell_id})]
            known.view, known.has_ended = view, False
            known.home = cell_id
        return known

    def _place(self, content: object, around: frozenset[str], depth: int) -> None:
        """The content stands inside all of these, so deep."""
        if isinstance(content, View) and (known := self._known.get(content.ref)) is not None:
            known.depth = max(known.depth, depth)
            known.inside |= around
        if isinstance(content, View):
            for inner in contents_of(content):
                self._place(inner, around | {content.ref}, depth + 1)

    def _present_in(self, change: Change, around: frozenset[str], depth: int) -> Change:
        match change:
            case Rendered(contents):
                return Rendered(tuple(self._inside(contents, around, depth, is_old=False)))
            case Appended(contents):
                return Appended(tuple(self._inside(contents, around, depth, is_old=False)))
            case _:
                return change

    def _present(self, content: T, around: frozenset[str], depth: int, *, is_old: bool = False) -> T:
        """`is_old`: what stands inside a view is as it was when that changed last."""
        if not isinstance(content, View):
            return content
        if content.ref in around or depth > DEEPEST:
            return INSIDE_ITSELF  # type: ignore[return-value]
        known = self._known.get(content.ref)
        if known is not None and (is_old or not isinstance(content, Input)):
            content, is_old = known.view, True  # type: ignore[assignment]
        within, deeper = around | {content.ref}, depth + 1
        match content:
            case Frame(contents=contents) | Grid(contents=contents):
                return replace(content, contents=tuple(self._inside(contents, within, deeper, is_old=is_old)))
            case Tabs(tabs=tabs):
                inside = self._inside((each for _, each in tabs), within, deeper, is_old=is_old)
                return replace(content, tabs=tuple(zip((label for label, _ in tabs), inside, strict=True)))
            case _:
                return content

    def _inside(
        self, contents: Iterable[Content], around: frozenset[str], depth: int, *, is_old: bool
    ) -> Iterator[Content]:
        return (self._present(each, around, depth, is_old=is_old) for each in contents)
