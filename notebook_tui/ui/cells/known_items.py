"""The items of one state after the other, made anew only for the cells to which something has happened.

While a cell prints, hundreds of states differ in that one cell. Parts of a state that nothing happened to are the very
same objects as before, so that this is seen without looking into them.
"""

from __future__ import annotations

from collections.abc import Mapping

from notebook_tui.document.state import State
from notebook_tui.ui.cells.items import CellItem, Item, items_of
from notebook_tui.ui.cells.whys import Whys


class KnownItems:
    """
    >>> from dataclasses import replace
    >>> from notebook_tui.document.notebook import Cell, Notebook, Section
    >>> known = KnownItems()
    >>> state = State(Notebook(sections=(Section("s", "S", (Cell("a", "code"), Cell("b", "code"))),)))
    >>> before = known.of(state, {})
    >>> printed = replace(state, notebook=state.notebook.with_cell(Cell("b", "code", "print()")))
    >>> [old is new for old, new in zip(before, known.of(printed, {})) if isinstance(new, CellItem)]
    [True, True, False]
    """

    def __init__(self) -> None:
        self._whys = Whys()
        self._followed_from: tuple[object, ...] = ()
        self._interrupts: Mapping[str, int] = {}
        self._items: dict[str, CellItem] = {}

    def of(self, state: State, interrupts: Mapping[str, int]) -> tuple[Item, ...]:
        """As `items_of`."""
        follows_from = (state.evaluations, state.queue, state.running, state.runtime.versions, state.flow)
        same = len(self._followed_from) == len(follows_from) and all(
            before is now for before, now in zip(self._followed_from, follows_from, strict=True)
        )
        known = self._items if same and interrupts == self._interrupts else {}
        items = items_of(state, self._whys, interrupts, known)
        self._followed_from, self._interrupts = follows_from, interrupts
        self._items = {item.id: item for item in items if isinstance(item, CellItem)}
        return items
