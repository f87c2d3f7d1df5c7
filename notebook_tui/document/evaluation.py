"""The life of a run: asked for, started, printing, over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from notebook_tui.document.edits import find_cell
from notebook_tui.document.effects import ConnectRuntime, Effect, InterruptEvaluation
from notebook_tui.document.lineage import below
from notebook_tui.document.operations import Ending
from notebook_tui.document.outputs import Output, merged
from notebook_tui.document.queue import queued, queued_alone, started, unqueued, with_outputs
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import Evaluation, RuntimeStatus, State, Status
from notebook_tui.document.validity import settled


def queue_cells(state: State, cell_ids: Iterable[str], *, alone: bool) -> tuple[State, tuple[Effect, ...]]:
    """Those of the cells that neither wait nor run, and unless `alone`, what must run before them."""
    ready = [cell_id for cell_id in cell_ids if _status_of_runnable(state, cell_id) == "ready"]
    if not ready:
        raise Rejected("expected a cell to run that neither waits nor runs already")
    state = queued_alone(state, ready) if alone else queued(state, ready)
    if state.runtime.phase == "disconnected":
        return connecting(state)
    return started(state)


def _status_of_runnable(state: State, cell_id: str) -> Status:
    cell = find_cell(state.notebook, cell_id)
    if not cell.runnable:
        kind = "Markdown" if cell.kind == "markdown" else cell.language
        raise Rejected(f"expected a Python cell to run, got a {kind} one")
    return state.status(cell_id)


def connecting(state: State) -> tuple[State, tuple[Effect, ...]]:
    runtime = RuntimeStatus("connecting", lost=state.runtime.lost)
    return replace(state, runtime=runtime), (ConnectRuntime(),)


def cancel(state: State, cell_id: str) -> tuple[State, tuple[Effect, ...]]:
    """What waits for the cell no longer does. A running cell runs on until its runtime says that it is over."""
    cell = find_cell(state.notebook, cell_id)
    status = state.status(cell_id)
    if status == "ready":
        raise Rejected("the cell neither waits nor runs")
    state = unqueued(state, (cell, *below(state.notebook, cell_id)))
    return state, (InterruptEvaluation(cell_id),) if status == "evaluating" else ()


def evaluation_started(state: State, cell_id: str, at: float) -> State:
    return _with_run(state, cell_id, replace(_running(state, cell_id), started_at=at))


def output_added(state: State, cell_id: str, output: Output) -> State:
    """Also of a cell whose run is over: its tasks may print on."""
    cell = find_cell(state.notebook, cell_id)
    return with_outputs(state, cell, merged(cell.outputs, output))


def evaluation_finished(state: State, cell_id: str, at: float, ending: Ending) -> tuple[State, tuple[Effect, ...]]:
    run = _running(state, cell_id)
    run = replace(
        run,
        validity="aborted" if ending == "interrupted" else "evaluated",
        errored=ending == "error",
        interrupted=ending == "interrupted",
        took=None if run.started_at is None else max(0.0, at - run.started_at),
    )
    state = replace(_with_run(state, cell_id, run), evaluating=None)
    if ending != "ok" and not _continues(state, cell_id, ending):
        state = unqueued(state, below(state.notebook, cell_id))
    return started(settled(state))


def _continues(state: State, cell_id: str, ending: Ending) -> bool:
    return ending == "error" and state.notebook.cell(cell_id).metadata.get("continue_on_error") is True


def _running(state: State, cell_id: str) -> Evaluation:
    if cell_id != state.evaluating:
        raise Rejected(f"the cell {cell_id} does not run")
    return state.evaluation(cell_id)


def _with_run(state: State, cell_id: str, run: Evaluation) -> State:
    return replace(state, evaluations={**state.evaluations, cell_id: run})
