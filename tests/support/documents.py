"""States of a notebook, made as a session makes them: by operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import Effect
from notebook_tui.document.flow import Flow
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    Ending,
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    QueueCells,
    RuntimeConnected,
)
from notebook_tui.document.state import State
from notebook_tui.document.upkeep import Upkeep


def state_of(sections: Mapping[str, Mapping[str, str]], *, parents: Mapping[str, str] | None = None) -> State:
    """A state whose sections hold code cells: `{"s1": {"c1": "x = 1"}}`; a source that begins with # is Markdown."""
    parents = parents or {}
    return State(
        Notebook(
            sections=tuple(
                Section(section_id, section_id, tuple(_cell(*item) for item in cells.items()), parents.get(section_id))
                for section_id, cells in sections.items()
            )
        )
    )


def _cell(cell_id: str, source: str) -> Cell:
    return Cell(cell_id, "markdown" if source.startswith("#") else "code", source)


def after(state: State, *operations: Operation) -> State:
    for operation in operations:
        state, _ = apply(state, operation)
    return state


def effects(state: State, operation: Operation) -> tuple[Effect, ...]:
    return apply(state, operation)[1]


def ran(cell_id: str, ending: Ending = "ok", versions: Mapping[str, str] | None = None) -> tuple[Operation, ...]:
    """What the runtime reports of a run of one second, and of the values that it bound."""
    finished = EvaluationFinished(cell_id, 2.0, ending, tuple((versions or {}).items()))
    return EvaluationStarted(cell_id, 1.0), finished


def all_run(state: State) -> State:
    """With a runtime, and every Python cell evaluated."""
    ids = [cell.id for cell in state.notebook.cells() if cell.runnable and cell.source]
    return after(state, QueueCells(tuple(ids)), RuntimeConnected("here"), *reports(ids))


def reports(cell_ids: Iterable[str]) -> list[Operation]:
    return [report for cell_id in cell_ids for report in ran(cell_id)]


def sources(state: State) -> Mapping[str, frozenset[str]]:
    """For each cell that may run, the cells that it reads from as things are."""
    runs = {cell.id: state.evaluation(cell.id) for cell in state.notebook.cells() if cell.runnable}
    lookup = Upkeep(Flow(), state.notebook, runs, state.inputs).flow().lookup
    return {cell_id: lookup.origins(cell_id) for cell_id in runs}


def validities(state: State) -> dict[str, str]:
    """Of the Python cells, by id."""
    return {
        cell.id: state.evaluation(cell.id).validity for cell in state.notebook.cells() if cell.runnable and cell.source
    }
