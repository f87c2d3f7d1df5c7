"""Which cells a key runs. Pure; what must run before them is the session's to add."""

from __future__ import annotations

from beamlike.kernel.record import frozen
from notebook_tui.document.evaluations import FRESH
from notebook_tui.document.notebook import Section
from notebook_tui.document.state import State


def section_cells(section: Section) -> tuple[str, ...]:
    return tuple(cell.id for cell in section.cells if cell.runnable)


@frozen
class Tally:
    done: int
    """Cells that stand as they ran."""
    all: int
    """Cells that can run and have a text."""
    failed: int
    """Cells that stand as they ran, and that was to an error."""


def tally(state: State) -> Tally:
    """How far the cells are; one walk past all of them, for every state that is shown is asked."""
    done = all_ = failed = 0
    running = frozenset(state.running.values())
    evaluations = state.evaluations
    for cell in state.notebook.cells():
        run = evaluations.get(cell.id, FRESH)
        stands = run.validity == "evaluated" and run.source == cell.source
        failed += stands and run.errored and cell.id not in running
        if cell.runnable and cell.source.strip():
            all_ += 1
            done += stands and not run.errored
    return Tally(done, all_, failed)
