"""Which cells a key runs. Pure; what must run before them is the session's to add."""

from __future__ import annotations

from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.state import State


def section_cells(section: Section) -> tuple[str, ...]:
    return tuple(cell.id for cell in section.cells if cell.runnable)


def _is_outdated(state: State, cell: Cell) -> bool:
    run = state.evaluation(cell.id)
    worth = run.validity == "evaluated" and not run.errored and run.source == cell.source
    return cell.runnable and bool(cell.source.strip()) and not worth


def failed(state: State) -> int:
    """How many cells stand as they ran, and that was to an error."""
    running = set(state.running.values())
    runs = [(cell, state.evaluation(cell.id)) for cell in state.notebook.cells() if cell.id not in running]
    return sum(run.validity == "evaluated" and run.errored and run.source == cell.source for cell, run in runs)


def tally(state: State) -> tuple[int, int]:
    """How many cells stand as they ran, of how many that can run and have a text."""
    runnable = [cell for cell in state.notebook.cells() if cell.runnable and cell.source.strip()]
    return sum(not _is_outdated(state, cell) for cell in runnable), len(runnable)
