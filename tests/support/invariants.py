"""What holds in every state of a notebook, whatever has happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from notebook_tui.document.flow import Flow
from notebook_tui.document.history import STEPS
from notebook_tui.document.notebook import Cell
from notebook_tui.document.reasons import why
from notebook_tui.document.state import State
from notebook_tui.document.upkeep import is_outdated
from notebook_tui.document.validity import settled
from tests.support.documents import sources


def violations(state: State) -> Iterator[str]:
    """In words; none if all is well."""
    cells = {cell.id: cell for cell in state.notebook.cells()}
    yield from _of_document(state, cells)
    yield from _of_queue(state, cells)
    yield from _of_runs(state, cells)
    yield from _of_index(state)
    yield from _of_the_rest(state, cells)


def _of_document(state: State, cells: dict[str, Cell]) -> Iterator[str]:
    if len(cells) != len(list(state.notebook.cells())):
        yield "an id occurs twice"
    if list(cells) != list(state.notebook.places):
        yield "cells are not where they are said to be"
    if any(state.notebook.cell(cell_id) is not cell for cell_id, cell in cells.items()):
        yield "a cell is not where it is said to be"
    main_line: set[str] = set()
    for section in state.notebook.sections:
        if section.parent is not None and section.parent not in main_line:
            yield f"{section.id} branches from what is not above it on the main line"
        if section.parent is None:
            main_line.add(section.id)
    if any(cell.kind == "markdown" and cell.outputs for cell in cells.values()):
        yield "Markdown shows outputs"


def _of_queue(state: State, cells: dict[str, Cell]) -> Iterator[str]:
    if list(state.queue) != [cell_id for cell_id in cells if cell_id in state.queue]:
        yield "the queue is not in the order of the document"
    if not all(cells[cell_id].runnable for cell_id in state.queue):
        yield "what cannot run waits"
    if not state.alone <= set(state.queue):
        yield "what does not wait waits alone"
    if not set(state.queue).isdisjoint(state.running.values()):
        yield "a cell waits that runs"
    if state.running and state.runtime.phase != "connected":
        yield "a cell runs without a runtime"
    if len(set(state.running.values())) != len(state.running):
        yield "a cell runs twice"
    for container, cell_id in state.running.items():
        if cell_id in cells and state.notebook.container_of(cell_id) != container:
            yield "a cell runs where it does not stand"
        if cell_id in cells and not cells[cell_id].runnable:
            yield "what cannot run runs"
    if state.queue and state.runtime.phase != "connecting" and not state.running:
        yield "cells wait for nothing"
    for cell_id in cells:
        expected = "queued" if cell_id in state.queue else "ready"
        if state.status(cell_id) != ("evaluating" if cell_id in state.running.values() else expected):
            yield f"the status of {cell_id} is none of its own"


def _of_runs(state: State, cells: dict[str, Cell]) -> Iterator[str]:
    for cell_id, run in state.evaluations.items():
        if cell_id not in cells or not cells[cell_id].runnable:
            yield f"a run is known of {cell_id}, which is no code or gone"
        if (run.before is not None) != (cell_id in state.running.values()):
            yield f"{cell_id} is under way and does not run, or runs and is not"
        if cell_id not in state.running.values() and (run.inputs or run.shown):
            yield f"{cell_id} sees inputs without running"
    for cell_id, read_from in sources(state).items():
        run = state.evaluation(cell_id).standing
        if run.validity == "evaluated":
            if any(is_outdated(cells[other], state.evaluation(other)) for other in read_from):
                yield f"{cell_id} is called evaluated and reads from what is outdated"
            if run.source is None:
                yield f"{cell_id} is called evaluated and never ran"
        reasons = why(state, cell_id)
        if bool(reasons) != (run.validity != "evaluated" or run.source != cells[cell_id].source):
            yield f"{cell_id} is {run.validity} and that is because {reasons}"


def _of_index(state: State) -> Iterator[str]:
    """The index is kept up to date by what was touched; made anew it is the same."""
    anew = settled(replace(state, flow=Flow()))
    if anew != state:
        yield "a run is not called what it is"
    for part in fields(Flow):
        if part.name not in ("notebook", "evaluations", "inputs"):
            known, expected = getattr(state.flow, part.name), getattr(anew.flow, part.name)
            if known != expected:
                yield f"the index has {part.name} {known}, expected {expected}"


def _of_the_rest(state: State, cells: dict[str, Cell]) -> Iterator[str]:
    if state.runtime.nodes and state.runtime.phase != "connected":
        yield "there are nodes without a runtime"
    for input_id, known in state.inputs.items():
        if not known.shown_by <= cells.keys():
            yield f"the input {input_id} is shown by a cell that is gone"
        if not known.shown_by and not state.running:
            yield f"the input {input_id} is kept and shown by nobody"
    if any(each.cell.id in cells or each.cell.outputs for each in state.bin):
        yield "a cell is in the bin and in the notebook, or shows something in there"
    if len(state.past) > STEPS:
        yield "more can be undone than is remembered"
    for cell_id, text in state.texts.items():
        if cell_id not in cells or text.seen.keys() != state.clients or not state.clients:
            yield f"the text of {cell_id} is remembered for somebody who is not there"
        if text.seen and not text.oldest <= min(text.seen.values()) <= text.revision:
            yield f"a client has a revision of {cell_id} that is too old or none"
    if not 0 <= state.saved_revision <= state.revision:
        yield "more was saved than there is"
