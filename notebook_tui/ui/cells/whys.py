"""Why cells are not up to date, in a few words for the line below each: asked once, however often they are drawn."""

from __future__ import annotations

from notebook_tui.document.flow import Flow
from notebook_tui.document.reasons import why, words
from notebook_tui.document.state import State


class Whys:
    """Remembers what it said as long as nothing happened that could change it: output that arrives cannot.

    >>> from notebook_tui.document.notebook import Cell, Notebook, Section
    >>> state = State(Notebook(sections=(Section("s", "S", (Cell("c", "code", "x"),)),)))
    >>> Whys().said(state, "c")
    'it has not run yet'
    """

    def __init__(self) -> None:
        self._flow: Flow | None = None
        self._said: dict[str, str] = {}

    def said(self, state: State, cell_id: str) -> str:
        """The first reason, and how many more there are."""
        if state.flow is not self._flow:
            self._flow, self._said = state.flow, {}
        if cell_id not in self._said:
            self._said[cell_id] = _in_short(state, cell_id)
        return self._said[cell_id]


def _in_short(state: State, cell_id: str) -> str:
    reasons = why(state, cell_id)
    if not reasons:
        return ""
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return words(reasons[0], state.notebook) + more
