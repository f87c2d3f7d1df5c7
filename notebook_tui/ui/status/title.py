"""What the terminal's own title says: the notebook, and how far its cells are."""

from __future__ import annotations

from pathlib import PurePath

from notebook_tui.document.state import State
from notebook_tui.ui.cells.running import tally


def title_of(state: State) -> str:
    """
    >>> title_of(State(path="/tmp/tour.livemd"))
    'tour.livemd'
    """
    name = PurePath(state.path).name if state.path else state.notebook.title
    found = tally(state)
    if state.running or state.queue:
        return f"▶ {found.done}/{found.all} {name}"
    return f"✗ {name}" if found.failed else name
