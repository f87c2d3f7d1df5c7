"""The notebook's one transition function.

Pure: ids and times come with the operation, and what is to be done outside comes back as effects. So a history of
operations replays to the same state, in the session and in each of its viewers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from notebook_tui.document import connection, edits, evaluation, operations
from notebook_tui.document.effects import Effect, ForgetEvaluation
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Operation
from notebook_tui.document.queue import in_order, with_outputs
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.validity import settled


def apply(state: State, operation: Operation) -> tuple[State, tuple[Effect, ...]]:
    """The state after `operation`, and what the session is to do now, in order.

    Raises `Rejected` with a reason in words where the operation makes no sense in this state.

    >>> from notebook_tui.document.notebook import Cell, Section
    >>> from notebook_tui.document.operations import QueueCells
    >>> state = State(Notebook(sections=(Section("s", "S", (Cell("c", "code", "1 + 1"),)),)))
    >>> state, effects = apply(state, QueueCells(("c",)))
    >>> state.runtime.phase, state.queue, effects
    ('connecting', ('c',), (ConnectRuntime(),))
    """
    match operation:
        case operations.SetTitle(title):
            return _edited(state, edits.set_title(state.notebook, title)), ()
        case operations.InsertSection(index, section_id, name):
            return _edited(state, edits.insert_section(state.notebook, index, section_id, name)), ()
        case operations.RenameSection(section_id, name):
            return _edited(state, edits.rename_section(state.notebook, section_id, name)), ()
        case operations.DeleteSection(section_id, with_cells):
            return _delete_section(state, section_id, with_cells)
        case operations.InsertCell(section_id, index, cell):
            return _edited(state, edits.insert_cell(state.notebook, section_id, index, cell)), ()
        case operations.DeleteCell(cell_id):
            return _deleted(state, edits.delete_cell(state.notebook, cell_id))
        case operations.MoveCell(cell_id, offset):
            return _move_cell(state, cell_id, offset), ()
        case operations.SetCellSource(cell_id, source):
            return _edited(state, edits.set_source(state.notebook, cell_id, source)), ()
        case operations.Arrange(outline):
            return _edited(state, edits.arrange(state.notebook, outline)), ()
        case operations.EraseOutputs():
            return _erase_outputs(state), ()
        case operations.QueueCells(cell_ids, alone):
            return evaluation.queue_cells(state, cell_ids, alone=alone)
        case operations.CancelEvaluation(cell_id):
            return evaluation.cancel(state, cell_id)
        case operations.EvaluationStarted(cell_id, at):
            return evaluation.evaluation_started(state, cell_id, at), ()
        case operations.OutputAdded(cell_id, output):
            return evaluation.output_added(state, cell_id, output), ()
        case operations.EvaluationFinished(cell_id, at, ending, _versions):
            return evaluation.evaluation_finished(state, cell_id, at, ending)
        case operations.Connect():
            return connection.connect(state)
        case operations.RuntimeConnecting(text):
            return connection.runtime_connecting(state, text), ()
        case operations.RuntimeConnected(text):
            return connection.runtime_connected(state, text)
        case operations.RuntimeDown(reason):
            return connection.runtime_down(state, reason), ()
        case operations.NodesChanged(nodes):
            return connection.nodes_changed(state, nodes), ()
        case operations.VersionsChanged(versions):
            return connection.versions_changed(state, dict(versions)), ()
        case operations.Saved(path, revision):
            return _saved(state, path, revision), ()
        case _:
            assert_never(operation)


def _edited(state: State, notebook: Notebook) -> State:
    if notebook == state.notebook:
        return state
    return settled(in_order(replace(state, notebook=notebook, revision=state.revision + 1)))


def _delete_section(state: State, section_id: str, with_cells: bool) -> tuple[State, tuple[Effect, ...]]:
    return _deleted(state, edits.delete_section(state.notebook, section_id, with_cells=with_cells))


def _deleted(state: State, notebook: Notebook) -> tuple[State, tuple[Effect, ...]]:
    """The state with a notebook that lacks some cells: what is known of their runs goes with them."""
    kept = {cell.id for cell in notebook.cells()}
    gone = [cell.id for cell in state.notebook.cells() if cell.id not in kept]
    if state.evaluating in gone:
        raise Rejected("a cell that runs cannot be deleted; interrupt it first")
    effects = tuple(ForgetEvaluation(cell_id) for cell_id in gone if cell_id in state.evaluations)
    evaluations = {cell_id: run for cell_id, run in state.evaluations.items() if cell_id in kept}
    return _edited(replace(state, evaluations=evaluations), notebook), effects


def _move_cell(state: State, cell_id: str, offset: int) -> State:
    notebook = edits.move_cell(state.notebook, cell_id, offset)
    old, new = edits.section_of(state.notebook, cell_id), edits.section_of(notebook, cell_id)
    if cell_id == state.evaluating and old.id != new.id:
        raise Rejected("a cell that runs cannot leave its section")
    return _edited(state, notebook)


def _erase_outputs(state: State) -> State:
    for cell in state.notebook.cells():
        state = with_outputs(state, cell, ())
    return state


def _saved(state: State, path: str, revision: int) -> State:
    if not 0 <= revision <= state.revision:
        raise Rejected(f"expected a revision from 0 to {state.revision} to have been saved, got {revision}")
    return replace(state, path=path, saved_revision=revision)
