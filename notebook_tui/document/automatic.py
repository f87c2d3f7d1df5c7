"""Cells that are run again by themselves once they are stale: those with `reevaluate_automatically` that ran before.

What such a cell stands on is run first, if that is stale too. It waits as long as something there was edited or never
ran, for who is typing has not asked for a run; and as long as a cell above has failed.
"""

from __future__ import annotations

from notebook_tui.document.attributes import is_on
from notebook_tui.document.lineage import above
from notebook_tui.document.lookup import Lookup
from notebook_tui.document.notebook import Cell
from notebook_tui.document.queue import in_order
from notebook_tui.document.state import State


def with_automatic(state: State) -> State:
    """With these cells waiting."""
    if state.runtime.phase != "connected" or not state.trusted:
        return state
    candidates = [cell.id for cell in state.notebook.cells() if cell.metadata and _is_candidate(state, cell)]
    if not candidates:
        return state
    lookup = state.flow.lookup
    needed = [needed_by(state, lookup, cell_id) for cell_id in candidates if not _is_blocked(state, cell_id)]
    wanted = {cell_id for cells in needed if cells is not None for cell_id in cells}
    return in_order(state, {*state.queue, *wanted}, state.alone - wanted) if wanted else state


def _is_candidate(state: State, cell: Cell) -> bool:
    if not (cell.runnable and is_on(cell.metadata, "reevaluate_automatically")):
        return False
    is_stale = state.evaluation(cell.id).validity == "stale"
    return is_stale and state.status(cell.id) == "ready" and not state.changed(cell.id)


def _is_blocked(state: State, cell_id: str) -> bool:
    cells = above(state.notebook, (cell_id,))
    return any(
        state.evaluation(cell.id).standing.errored and not is_on(cell.metadata, "continue_on_error") for cell in cells
    )


def needed_by(state: State, lookup: Lookup, cell_id: str) -> set[str] | None:
    """The cell and what it stands on that is stale; None if that could not be run without being asked for."""
    found, waiting = {cell_id}, [cell_id]
    while waiting:
        for origin in lookup.origins(waiting.pop()) & state.flow.outdated - found - set(state.queue):
            run = state.evaluation(origin)
            if run.before is not None or run.validity != "stale" or state.changed(origin):
                return None
            found.add(origin)
            waiting.append(origin)
    return found
