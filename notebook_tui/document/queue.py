"""The evaluation queue: which cells wait, and which run. It is always in the order of the document.

One cell runs at a time in the main flow, and one in each branching section; these run beside each other. A branch
starts from what the cells above it left, so its cells wait until none of those waits or runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from notebook_tui.document.effects import Effect, StartEvaluation
from notebook_tui.document.evaluations import FRESH, Evaluation
from notebook_tui.document.inputs import still_shown
from notebook_tui.document.lineage import above
from notebook_tui.document.notebook import Cell
from notebook_tui.document.outputs import Output
from notebook_tui.document.state import State
from notebook_tui.document.upkeep import is_outdated
from notebook_tui.document.validity import settled


def queued(state: State, cell_ids: Collection[str]) -> State:
    """With these cells waiting, and each one above them that is outdated."""
    cells = above(state.notebook, set(cell_ids))
    needed = (cell.id for cell in cells if is_outdated(cell, state.evaluation(cell.id)))
    running = state.running.values()
    waiting = {*cell_ids, *(cell_id for cell_id in needed if cell_id not in running)}
    return in_order(state, {*state.queue, *waiting}, state.alone - waiting)


def queued_alone(state: State, cell_ids: Collection[str]) -> State:
    """With these cells waiting, whatever is outdated above them."""
    return in_order(state, {*state.queue, *cell_ids}, state.alone | set(cell_ids))


def repaired(state: State) -> State:
    """With each cell waiting that is outdated by now above one that waits: what ran meanwhile may have changed that."""
    asking = set(state.queue) - state.alone
    candidates = state.flow.outdated - asking - set(state.running.values()) - {state.notebook.setup.id}
    if not asking or not candidates:
        return state
    needed = [cell.id for cell in above(state.notebook, asking) if cell.id in candidates]
    return in_order(state, {*state.queue, *needed}, state.alone - set(needed)) if needed else state


def unqueued(state: State, cells: Iterable[Cell]) -> State:
    gone = {cell.id for cell in cells}
    return in_order(state, set(state.queue) - gone, state.alone - gone)


def in_order(state: State, waiting: Collection[str], alone: frozenset[str]) -> State:
    """With these cells in the queue, as the document has them now."""
    places = state.notebook.places
    queue = tuple(sorted((cell_id for cell_id in waiting if cell_id in places), key=places.__getitem__))
    return replace(state, queue=queue, alone=alone.intersection(queue))


def with_outputs(state: State, cell: Cell, outputs: tuple[Output, ...]) -> State:
    """What the cell shows is part of the file only where the notebook wants it to be."""
    if outputs == cell.outputs:
        return state
    notebook = state.notebook.with_cell(replace(cell, outputs=outputs))
    return replace(state, notebook=notebook, revision=state.revision + notebook.persists_outputs)


def started(state: State) -> tuple[State, tuple[Effect, ...]]:
    """Each waiting cell begins whose container is free and that waits for no cell above it."""
    if state.runtime.phase != "connected" or not state.queue or not state.trusted:
        return state, ()
    effects: list[Effect] = []
    for cell_id in list(_ready(state)):
        state, effect = _begun(state, cell_id)
        effects.append(effect)
    return state, tuple(effects)


def _ready(state: State) -> Iterator[str]:
    places, container_of = state.notebook.places, state.notebook.container_of
    taken = set(state.running)
    # The topmost section of the main flow in which something runs or waits.
    # One that was deleted and has not stopped yet may have stood above all.
    busy = min((places.get(cell_id, (-1, 0))[0] for cell_id in _of_main_flow(state)), default=None)
    parents = {section.id: section.parent for section in state.notebook.sections}
    numbers = {section.id: number for number, section in enumerate(state.notebook.sections)}
    for cell_id in state.queue:
        container = container_of(cell_id)
        if container in taken:
            continue
        taken.add(container)
        parent = parents.get(container)
        if parent is None or busy is None or busy > numbers[parent]:
            yield cell_id


def _of_main_flow(state: State) -> Iterator[str]:
    container_of = state.notebook.container_of
    if "" in state.running:
        yield state.running[""]
    first = next((cell_id for cell_id in state.queue if not container_of(cell_id)), None)
    if first is not None:
        yield first


def _begun(state: State, cell_id: str) -> tuple[State, StartEvaluation]:
    cell = state.notebook.cell(cell_id)
    container = state.notebook.container_of(cell_id)
    run = Evaluation(
        source=cell.source,
        run=state.runs + 1,
        before=state.evaluations.get(cell_id, FRESH),
        inputs=still_shown(state.inputs),
    )
    alone = cell_id in state.alone
    state = replace(
        with_outputs(state, cell, ()),
        queue=tuple(other for other in state.queue if other != cell_id),
        alone=state.alone - {cell_id},
        running={**state.running, container: cell_id},
        evaluations={**state.evaluations, cell_id: run},
        runs=state.runs + 1,
    )
    state = settled(state)
    cells_above = above(state.notebook, (cell_id,))
    reads, _ = state.flow.lookup.reads(cell_id)
    out_of_order = alone and any(other.id in state.flow.outdated for other in cells_above)
    # What the run itself looks up does not change who reads what from whom, so the index stays as it is.
    evaluations = {**state.evaluations, cell_id: replace(run, reads=reads, out_of_order=out_of_order)}
    state = replace(state, evaluations=evaluations, flow=replace(state.flow, evaluations=evaluations))
    seen = tuple(other.id for other in cells_above if state.evaluation(other.id).standing.defines)
    return state, StartEvaluation(cell_id, cell.source, container, seen)
