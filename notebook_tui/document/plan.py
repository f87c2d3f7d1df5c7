"""What would run: before anything does, as data. Pure: nothing of this changes the state."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from beamlike.kernel.record import frozen
from notebook_tui.document.attributes import is_on
from notebook_tui.document.evaluation import needs_fresh_runtime, with_fresh_runtime, with_queued
from notebook_tui.document.lineage import above
from notebook_tui.document.notebook import SETUP_CELL_ID, Cell
from notebook_tui.document.state import State


@frozen
class Plan:
    cells: tuple[str, ...]
    """The cells that run, in the order of the document; those left out that wait or run already."""
    perhaps: tuple[str, ...] = ()
    """Those that run as well if what they read comes out otherwise than it was."""
    fresh_runtime: bool = False
    """Whether all values are lost first: the setup cell runs again."""


def planned(state: State, cell_ids: Iterable[str], *, alone: bool = False) -> Plan:
    """What `QueueCells` would do; `Rejected` where that would be.

    >>> from notebook_tui.document.notebook import Notebook, Section
    >>> section = Section("s", "S", (Cell("a", "code", "x = 1"), Cell("b", "code", "y = x")))
    >>> planned(State(Notebook(sections=(section,))), ["b"])
    Plan(cells=('a', 'b'), perhaps=(), fresh_runtime=False)
    """
    new = with_queued(state, cell_ids, alone=alone)
    fresh_runtime = needs_fresh_runtime(new)
    if fresh_runtime:
        new, _ = with_fresh_runtime(new)
    cells = tuple(cell_id for cell_id in new.queue if cell_id not in state.queue)
    perhaps = () if fresh_runtime else tuple(_perhaps(new, cells))
    return Plan(cells, perhaps, fresh_runtime)


def _perhaps(state: State, cells: Collection[str]) -> Iterable[str]:
    """Who reads from these, by way of others too, and is either run by itself or above something that waits."""
    asking = set(state.queue) - state.alone
    needed = {cell.id for cell in above(state.notebook, asking)}
    busy = {*state.queue, *state.running.values()}
    for cell_id in _dependents(state, cells):
        automatic = is_on(state.notebook.cell(cell_id).metadata, "reevaluate_automatically")
        if cell_id not in busy and (automatic or cell_id in needed):
            yield cell_id


def _dependents(state: State, cells: Collection[str]) -> Iterable[str]:
    """The cells with a run that read from these, or from one that does; in the order of the document."""
    lookup = state.flow.lookup
    reached = set(cells)
    for cell_id in state.notebook.places:
        if cell_id in reached or cell_id not in state.evaluations:
            continue
        if not reached.isdisjoint(lookup.origins(cell_id)):
            reached.add(cell_id)
            yield cell_id


def full_evaluation(state: State, forced: Collection[str] = ()) -> tuple[str, ...]:
    """What "run all" asks for: each cell whose last run is worth nothing, or failed; the forced ones, and who reads
    from those. All cells, if the setup cell is among them. Not those that wait or run already."""
    outdated = [cell.id for cell in state.notebook.cells() if _is_worthless(state, cell) or cell.id in forced]
    if SETUP_CELL_ID in outdated:
        wanted = {cell.id for cell in state.notebook.cells() if cell.runnable and cell.source.strip()}
    else:
        wanted = {*outdated, *_dependents(state, outdated)}
    return tuple(cell_id for cell_id in state.notebook.places if cell_id in wanted and _is_ready(state, cell_id))


def reevaluation(state: State) -> tuple[str, ...]:
    """What "run again" asks for: the cells that ran, down to the first that did not or was interrupted, in the main
    line and in each branch by itself. Never the setup cell, and not those that wait or run already."""
    found: list[str] = []
    open_lines = {"", *(section.id for section in state.notebook.sections if section.parent is not None)}
    for section in state.notebook.sections:
        line = section.id if section.parent is not None else ""
        for cell in section.cells:
            if not cell.runnable or line not in open_lines or not cell.source.strip():
                continue
            run = state.evaluation(cell.id).standing
            if run.validity == "fresh" or run.interrupted:
                open_lines.remove(line)
            elif _is_ready(state, cell.id):
                found.append(cell.id)
    return tuple(found)


def _is_worthless(state: State, cell: Cell) -> bool:
    run = state.evaluation(cell.id).standing
    holds = run.validity == "evaluated" and not run.errored and run.source == cell.source
    return cell.runnable and cell.source.strip() != "" and not holds


def _is_ready(state: State, cell_id: str) -> bool:
    return state.status(cell_id) == "ready"
