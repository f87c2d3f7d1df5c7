"""The notebook's one transition function.

Pure: ids and times come with the operation, and what is to be done outside comes back as effects. So a history of
operations replays to the same state, in the session and in each of its viewers.
"""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document import asking, clients, connection, editing, evaluation, operations, trust
from notebook_tui.document.effects import Effect
from notebook_tui.document.operations import Edit, Operation
from notebook_tui.document.queue import with_outputs
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State


def apply(state: State, operation: Operation) -> tuple[State, tuple[Effect, ...]]:
    """The state after `operation`, and what the session is to do now, in order.

    Raises `Rejected` with a reason in words where the operation makes no sense in this state.

    >>> from notebook_tui.document.notebook import Cell, Notebook, Section
    >>> from notebook_tui.document.operations import QueueCells
    >>> state = State(Notebook(sections=(Section("s", "S", (Cell("c", "code", "1 + 1"),)),)))
    >>> state, effects = apply(state, QueueCells(("c",)))
    >>> state.runtime.phase, state.queue, effects
    ('connecting', ('c',), (ConnectRuntime(),))
    """
    if isinstance(operation, Edit):
        return editing.edited(state, operation)
    match operation:
        case operations.Undo(at, revision):
            return editing.undone(state, at, revision)
        case operations.Redo(at, revision):
            return editing.redone(state, at, revision)
        case operations.EraseOutputs():
            return _erase_outputs(state), ()
        case operations.QueueCells(cell_ids, alone):
            if not state.trusted:
                raise Rejected(trust.NOT_TRUSTED)
            return evaluation.queue_cells(state, cell_ids, alone=alone)
        case operations.Trust(folder):
            return trust.given(state, folder=folder)
        case operations.TrustWithdrawn():
            return trust.withdrawn(state), ()
        case operations.CancelEvaluation(cell_id, drop):
            return evaluation.cancel(state, cell_id, drop=drop)
        case operations.EvaluationStarted(cell_id, at):
            return evaluation.evaluation_started(state, cell_id, at), ()
        case operations.OutputAdded(cell_id, output):
            return evaluation.output_added(state, cell_id, output), ()
        case operations.OutputChanged(cell_id, ref, change):
            return evaluation.output_changed(state, cell_id, ref, change), ()
        case operations.EvaluationFinished(cell_id, at, ending, versions):
            return evaluation.evaluation_finished(state, cell_id, at, ending, versions)
        case operations.InputShown(cell_id, input_id, default):
            return asking.input_shown(state, cell_id, input_id, default), ()
        case operations.InputBound(cell_id, input_id):
            return asking.input_bound(state, cell_id, input_id), ()
        case operations.SetInputValue(input_id, value):
            return asking.set_input_value(state, input_id, value)
        case operations.ClientJoined(client_id):
            return clients.joined(state, client_id), ()
        case operations.ClientLeft(client_id):
            return clients.left(state, client_id), ()
        case operations.ReportRevision(client_id, cell_id, revision):
            return clients.revision_seen(state, client_id, cell_id, revision), ()
        case operations.Saved(path, revision, warnings):
            return _saved(state, path, revision, warnings), ()
        case _:
            return connection.connection_changed(state, operation)


def _erase_outputs(state: State) -> State:
    for cell in state.notebook.cells():
        if cell.outputs:
            state = with_outputs(state, cell, ())
    return state


def _saved(state: State, path: str, revision: int, warnings: tuple[str, ...]) -> State:
    if not 0 <= revision <= state.revision:
        raise Rejected(f"expected a revision from 0 to {state.revision} to have been saved, got {revision}")
    return replace(state, path=path, saved_revision=revision, save_warnings=warnings)
