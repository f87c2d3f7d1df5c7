"""The evaluation queue: which cells wait, and which one runs. It is always in the order of the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from notebook_tui.document.edits import with_cell
from notebook_tui.document.effects import Effect, StartEvaluation
from notebook_tui.document.lineage import above
from notebook_tui.document.notebook import Cell
from notebook_tui.document.outputs import Output
from notebook_tui.document.state import Evaluation, State
from notebook_tui.document.validity import inputs, is_outdated, settled, sources


def queued(state: State, cell_ids: Collection[str]) -> State:
    """With these cells waiting, and each one above that is outdated or reads from a cell that is to run."""
    waiting = {*state.queue, *cell_ids}
    read_from = sources(state)
    for cell in above(state.notebook, waiting):
        if cell.runnable and cell.id != state.evaluating and cell.id not in waiting:
            outdated = is_outdated(cell, state.evaluation(cell.id))
            if outdated or not waiting.isdisjoint(read_from[cell.id]):
                waiting.add(cell.id)
    return in_order(replace(state, queue=tuple(waiting)))


def queued_alone(state: State, cell_ids: Collection[str]) -> State:
    """With these cells waiting, whatever is outdated above them."""
    return in_order(replace(state, queue=(*state.queue, *cell_ids)))


def unqueued(state: State, cells: Iterable[Cell]) -> State:
    gone = {cell.id for cell in cells}
    return replace(state, queue=tuple(cell_id for cell_id in state.queue if cell_id not in gone))


def in_order(state: State) -> State:
    """The queue as the document has it now."""
    waiting = set(state.queue)
    return replace(state, queue=tuple(cell.id for cell in state.notebook.cells() if cell.id in waiting))


def with_outputs(state: State, cell: Cell, outputs: tuple[Output, ...]) -> State:
    """What the cell shows is part of the file only where the notebook wants it to be."""
    if outputs == cell.outputs:
        return state
    notebook = with_cell(state.notebook, replace(cell, outputs=outputs))
    return replace(state, notebook=notebook, revision=state.revision + notebook.persists_outputs)


def started(state: State) -> tuple[State, tuple[Effect, ...]]:
    """The first waiting cell begins, if the runtime is there and free."""
    if state.runtime.phase != "connected" or state.evaluating is not None or not state.queue:
        return state, ()
    cell_id, *rest = state.queue
    cell = state.notebook.cell(cell_id)
    run = Evaluation(
        source=cell.source,
        run=state.runs + 1,
        inputs=inputs(state, sources(state)[cell_id]),
    )
    state = replace(
        with_outputs(state, cell, ()),
        queue=tuple(rest),
        evaluating=cell_id,
        evaluations={**state.evaluations, cell_id: run},
        runs=state.runs + 1,
    )
    return settled(state), (StartEvaluation(cell_id, cell.source),)
