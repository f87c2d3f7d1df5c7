"""The life of a run: asked for, started, printing, over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from notebook_tui.document.attributes import is_on
from notebook_tui.document.automatic import with_automatic
from notebook_tui.document.effects import (
    ConnectRuntime,
    DisconnectRuntime,
    DropContainer,
    Effect,
    ForgetEvaluation,
    InterruptEvaluation,
)
from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.find import find_cell, find_runnable
from notebook_tui.document.inputs import shown_only, still_shown
from notebook_tui.document.lineage import below
from notebook_tui.document.operations import Ending
from notebook_tui.document.outputs import Output, merged
from notebook_tui.document.queue import queued, queued_alone, repaired, started, unqueued, with_outputs
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.document.validity import settled
from notebook_tui.widgets.changes import Change, Unfitting, changed_within


def queue_cells(state: State, cell_ids: Iterable[str], *, alone: bool) -> tuple[State, tuple[Effect, ...]]:
    """Those of the cells that neither wait nor run, and unless `alone`, what must run before them."""
    state = with_queued(state, cell_ids, alone=alone)
    if state.runtime.phase == "disconnected":
        return connecting(state)
    if needs_fresh_runtime(state):
        return with_fresh_runtime(state)
    return started(state)


def with_queued(state: State, cell_ids: Iterable[str], *, alone: bool) -> State:
    asked = [find_runnable(state.notebook, cell_id).id for cell_id in cell_ids]
    ready = [cell_id for cell_id in asked if state.status(cell_id) == "ready"]
    if not ready:
        raise Rejected("expected a cell to run that neither waits nor runs already")
    return queued_alone(state, ready) if alone else queued(state, ready)


def needs_fresh_runtime(state: State) -> bool:
    """Whether the setup cell waits that has run in this runtime: what it sets up cannot be set up twice.

    One that was asked for by itself is simply run again.
    """
    setup = state.notebook.setup.id
    ran = state.evaluation(setup).standing.validity in ("evaluated", "stale")
    return state.runtime.phase == "connected" and ran and setup in set(state.queue) - state.alone


def with_fresh_runtime(state: State) -> tuple[State, tuple[Effect, ...]]:
    """What waits goes on waiting, each as it was asked for."""
    state = without_values(state)
    state = replace(state, runtime=RuntimeStatus("connecting"))
    # Everything has to run again that those which wait stand on.
    return queued(state, set(state.queue) - state.alone), (DisconnectRuntime(), ConnectRuntime())


def without_values(state: State) -> State:
    """All values are gone: nothing runs, and nothing that ran is worth anything."""
    evaluations = {cell_id: aborted(run) for cell_id, run in state.evaluations.items()}
    return settled(replace(state, evaluations=evaluations, running={}, inputs=still_shown(state.inputs)))


def aborted(run: Evaluation) -> Evaluation:
    if run.before is not None:
        return replace(run, validity="aborted", interrupted=True, before=None, inputs={}, shown=frozenset())
    return run if run.validity == "fresh" else replace(run, validity="aborted")


def connecting(state: State) -> tuple[State, tuple[Effect, ...]]:
    runtime = RuntimeStatus("connecting", lost=state.runtime.lost)
    return replace(state, runtime=runtime), (ConnectRuntime(),)


def cancel(state: State, cell_id: str, *, drop: bool) -> tuple[State, tuple[Effect, ...]]:
    """What waits for the cell no longer does. A running cell runs on until its runtime says that it is over."""
    container = next((name for name, other in state.running.items() if other == cell_id), None)
    if container is None:
        find_cell(state.notebook, cell_id)
        if cell_id not in state.queue:
            raise Rejected("the cell neither waits nor runs")
        if drop:
            raise Rejected("expected a cell that runs: its container is ended with it")
        return started(_without_flow_from(state, cell_id))
    wanted = DropContainer(container) if drop else InterruptEvaluation(cell_id)
    return _without_flow_from(state, cell_id), (wanted,)


def _without_flow_from(state: State, cell_id: str) -> State:
    """The cell waits no longer, nor does what is below it."""
    if not state.notebook.has_cell(cell_id):
        return state
    return unqueued(state, (state.notebook.cell(cell_id), *below(state.notebook, cell_id)))


def evaluation_started(state: State, cell_id: str, at: float) -> State:
    return with_run(state, cell_id, replace(running(state, cell_id), started_at=at))


def output_added(state: State, cell_id: str, output: Output) -> State:
    """Also of a cell whose run is over: its tasks may print on."""
    cell = find_cell(state.notebook, cell_id)
    if cell.kind != "code":
        raise Rejected(f"the cell {cell_id} is Markdown now and shows no outputs")
    return with_outputs(state, cell, merged(cell.outputs, output))


def output_changed(state: State, cell_id: str, ref: str, change: Change) -> State:
    cell = find_cell(state.notebook, cell_id)
    try:
        outputs = tuple(changed_within(output, ref, change) for output in cell.outputs)
    except Unfitting as error:
        raise Rejected(str(error)) from error
    if all(before is after for before, after in zip(cell.outputs, outputs, strict=True)):
        raise Rejected(f"the cell {cell_id} shows no view {ref}")
    return with_outputs(state, cell, outputs)


def evaluation_finished(
    state: State, cell_id: str, at: float, ending: Ending, versions: Iterable[tuple[str, str]]
) -> tuple[State, tuple[Effect, ...]]:
    if cell_id in state.running.values() and not state.notebook.has_cell(cell_id):
        return _deleted_one_finished(state, cell_id)
    run = running(state, cell_id)
    shown = run.shown
    run = replace(
        run,
        validity="aborted" if ending == "interrupted" else "evaluated",
        errored=ending == "error",
        interrupted=ending == "interrupted",
        took=None if run.started_at is None else max(0.0, at - run.started_at),
        versions=dict(versions) if ending == "ok" else {},
        before=None,
        inputs={},
        shown=frozenset(),
    )
    state = with_run(replace(state, inputs=shown_only(state.inputs, cell_id, shown)), cell_id, run)
    state = without_running(state, cell_id)
    if ending != "ok" and not (ending == "error" and _continues(state, cell_id)):
        state = unqueued(state, below(state.notebook, cell_id))
    return started(with_automatic(repaired(settled(state))))


def _deleted_one_finished(state: State, cell_id: str) -> tuple[State, tuple[Effect, ...]]:
    state, starts = started(with_automatic(settled(without_running(state, cell_id))))
    return state, (ForgetEvaluation(cell_id), *starts)


def without_running(state: State, cell_id: str | None) -> State:
    """The cell runs no more. Inputs that nobody shows are kept only while something runs, and may read them."""
    running = {name: other for name, other in state.running.items() if other != cell_id}
    return replace(state, running=running, inputs=state.inputs if running else still_shown(state.inputs))


def _continues(state: State, cell_id: str) -> bool:
    """Whether an error of the cell stops nobody."""
    return is_on(state.notebook.cell(cell_id).metadata, "continue_on_error")


def running(state: State, cell_id: str) -> Evaluation:
    if cell_id not in state.running.values():
        raise Rejected(f"the cell {cell_id} does not run")
    find_cell(state.notebook, cell_id)
    return state.evaluation(cell_id)


def with_run(state: State, cell_id: str, run: Evaluation) -> State:
    return replace(state, evaluations={**state.evaluations, cell_id: run})
