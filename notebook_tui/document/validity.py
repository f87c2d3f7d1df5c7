"""What each cell's last run is worth now: derived from who ran when, so that undoing an edit undoes staleness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notebook_tui.document.dataflow import definers
from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import Evaluation, State


def settled(state: State) -> State:
    """The state in which every run is called stale that would start from other values now, and no other."""
    if not state.evaluations:
        return state
    read_from = sources(state)
    evaluations = dict(state.evaluations)
    outdated: set[str] = set()
    for cell in state.notebook.cells():
        evaluation = state.evaluation(cell.id)
        if evaluation.validity in ("evaluated", "stale"):
            holds = evaluation.inputs == inputs(state, read_from[cell.id]) and outdated.isdisjoint(read_from[cell.id])
            if holds != (evaluation.validity == "evaluated"):
                evaluation = replace(evaluation, validity="evaluated" if holds else "stale")
                evaluations[cell.id] = evaluation
        if is_outdated(cell, evaluation):
            outdated.add(cell.id)
    return replace(state, evaluations=evaluations)


def sources(state: State) -> Mapping[str, frozenset[str]]:
    """For each cell that may run, the cells that it reads from as things are."""
    failed = {cell_id for cell_id, evaluation in state.evaluations.items() if evaluation.errored}
    return definers(state.notebook, failed)


def inputs(state: State, read_from: frozenset[str]) -> frozenset[tuple[str, int]]:
    """What a cell that reads from those cells starts from: the last run of each."""
    return frozenset((cell_id, state.evaluation(cell_id).run) for cell_id in read_from)


def is_outdated(cell: Cell, evaluation: Evaluation) -> bool:
    """Whether those below need the cell run first. One that failed is not: it may well fail again."""
    if evaluation.validity == "fresh":
        return cell.source.strip() != ""
    return evaluation.validity != "evaluated" or evaluation.source != cell.source
