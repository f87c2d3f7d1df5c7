"""An edit in an open notebook: what it does to the document, and to the queue, the bin, the history and the texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from notebook_tui.document import bin as bins
from notebook_tui.document import delta as deltas
from notebook_tui.document import texts
from notebook_tui.document.automatic import with_automatic
from notebook_tui.document.changes import made
from notebook_tui.document.delta import Delta
from notebook_tui.document.edits import changes_of, clean_source, words_for
from notebook_tui.document.effects import Effect, ForgetEvaluation, InterruptEvaluation
from notebook_tui.document.find import find_cell
from notebook_tui.document.history import (
    Change,
    ChangeCell,
    PutHeading,
    PutOutline,
    ShiftCell,
    ShiftSection,
    Step,
    Typing,
    remembered,
)
from notebook_tui.document.inputs import shown_only, still_shown
from notebook_tui.document.lineage import above, below
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import (
    ApplyDelta,
    DeleteCell,
    DeleteSection,
    Edit,
    InsertCell,
    RestoreCell,
    SetCellSource,
)
from notebook_tui.document.queue import in_order, started
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.texts import Text
from notebook_tui.document.validity import settled

V = TypeVar("V")


def edited(state: State, edit: Edit) -> tuple[State, tuple[Effect, ...]]:
    """With the edit made, which can be undone."""
    if isinstance(edit, ApplyDelta):
        return _with_delta(state, edit)
    new, back = _changed(state, changes_of(state.notebook, _out_of_bin(state, edit)))
    if not back:
        return state, ()
    if isinstance(edit, SetCellSource):
        change = deltas.between(find_cell(state.notebook, edit.cell_id).source, clean_source(edit.source))
        return _settled(state, _typed(new, back, edit.cell_id, change, edit.at))
    if isinstance(edit, DeleteCell | DeleteSection):
        new = _with_bin(state, new, edit.at)
    bins_cells = isinstance(edit, DeleteCell | DeleteSection | InsertCell | RestoreCell)
    step = Step(words_for(edit), back, bins=bins_cells)
    return _settled(state, replace(new, past=remembered(state.past, step), future=()))


def _out_of_bin(state: State, edit: Edit) -> Edit:
    if not isinstance(edit, RestoreCell):
        return edit
    binned = bins.found(state.bin, edit.cell_id)
    section_id, index = bins.home(state.notebook, binned)
    return InsertCell(section_id, index, binned.cell)


def undone(state: State, at: float, revision: int | None = None) -> tuple[State, tuple[Effect, ...]]:
    _check_revision(state, revision)
    if not state.past:
        raise Rejected("there is nothing to undo")
    step = state.past[-1]
    new, back = _changed(state, step.changes)
    if step.bins:
        new = _with_bin(state, new, at)
    again = replace(step, changes=back, typing=None)
    return _settled(state, replace(new, past=state.past[:-1], future=(*state.future, again)))


def redone(state: State, at: float, revision: int | None = None) -> tuple[State, tuple[Effect, ...]]:
    _check_revision(state, revision)
    if not state.future:
        raise Rejected("there is nothing to do again")
    step = state.future[-1]
    new, back = _changed(state, step.changes)
    if step.bins:
        new = _with_bin(state, new, at)
    return _settled(state, replace(new, past=(*state.past, replace(step, changes=back)), future=state.future[:-1]))


def _check_revision(state: State, revision: int | None) -> None:
    if revision is not None and revision != state.revision:
        raise Rejected(f"the notebook is another now: expected its revision {revision}, it is {state.revision}")


def _with_delta(state: State, edit: ApplyDelta) -> tuple[State, tuple[Effect, ...]]:
    cell = find_cell(state.notebook, edit.cell_id)
    text = state.texts.get(cell.id, Text())
    if edit.client_id not in state.clients and edit.revision != text.revision:
        raise Rejected(f"there is no client {edit.client_id}: it must join before it types")
    delta = texts.taken_in(text, edit.delta, edit.revision)
    put_in = "".join(part for part in delta if isinstance(part, str))
    if clean_source(put_in) != put_in:
        raise Rejected("expected text without NUL, carriage returns and lone surrogates to be put in")
    if deltas.span(delta) > len(cell.source):
        raise Rejected(f"the change is of a text of {deltas.span(delta)} characters or more, not {len(cell.source)}")
    source = deltas.apply(cell.source, delta)
    new, back = _changed(state, (ChangeCell(replace(cell, source=source, outputs=())),), delta)
    if edit.client_id in state.clients:
        known = new.texts.get(cell.id, text)
        new = replace(new, texts={**new.texts, cell.id: texts.seen(known, edit.client_id, edit.revision)})
    return _settled(state, _typed(new, back, cell.id, delta, edit.at) if back else new)


def _typed(state: State, back: tuple[Change, ...], cell_id: str, delta: Delta, at: float) -> State:
    put_in = "".join(part for part in delta if isinstance(part, str))
    step = Step("typing", back, Typing(cell_id, at, put_in[-1:]))
    return replace(state, past=remembered(state.past, step, put_in), future=())


def _changed(state: State, changes: Sequence[Change], delta: Delta | None = None) -> tuple[State, tuple[Change, ...]]:
    """With the changes made, and those that take them back: none if everything is as it was."""
    notebook, back = state.notebook, list[Change]()
    for change in changes:
        notebook, inverse = made(notebook, change)
        back.insert(0, inverse)
    if notebook == state.notebook and delta is None:
        return state, ()
    _check_running(state, notebook)
    new = replace(state, notebook=notebook, revision=state.revision + 1)
    new = _with_texts(state, new, changes, delta)
    new = _without_converted(new, changes)
    if notebook.places is not state.notebook.places:
        new = _without_gone(state, new)
        if any(isinstance(change, _MOVES) for change in changes):
            new = _without_moved(state, new)
    return new, tuple(back)


_MOVES = (ShiftCell, ShiftSection, PutHeading, PutOutline)


def _check_running(state: State, notebook: Notebook) -> None:
    for cell_id in state.running.values():
        if not notebook.has_cell(cell_id):
            continue
        if not state.notebook.has_cell(cell_id):
            raise Rejected("a cell that was deleted while it ran can come back once it has stopped")
        if not notebook.cell(cell_id).runnable:
            raise Rejected("a cell that runs cannot become Markdown; interrupt it first")
        old, new = state.notebook.section_of(cell_id), notebook.section_of(cell_id)
        if old is not None and new is not None and (old.id, old.parent) != (new.id, new.parent):
            raise Rejected("a cell that runs cannot leave its section, nor that section the flow it is in")


def _with_texts(state: State, new: State, changes: Sequence[Change], delta: Delta | None) -> State:
    """While there are clients, each change of a text is one of its revisions."""
    if not state.clients:
        return new
    known = dict(state.texts)
    for change in changes:
        if isinstance(change, ChangeCell) and state.notebook.has_cell(change.cell.id):
            cell_id, source = change.cell.id, state.notebook.cell(change.cell.id).source
            made_of_it = deltas.between(source, change.cell.source) if delta is None else delta
            if made_of_it or delta is not None:
                text = known.get(cell_id) or Text(seen=dict.fromkeys(sorted(state.clients), 0))
                known[cell_id] = texts.changed(text, made_of_it)
    return replace(new, texts=known)


def _without_converted(state: State, changes: Sequence[Change]) -> State:
    """A cell that is no code any more neither waits nor has run."""
    ids = [change.cell.id for change in changes if isinstance(change, ChangeCell) and not change.cell.runnable]
    if any(isinstance(change, PutOutline) for change in changes):
        ids = [cell.id for cell in state.notebook.cells() if not cell.runnable]
    if not ids:
        return state
    state = replace(state, evaluations=_without(state.evaluations, ids))
    return in_order(state, set(state.queue).difference(ids), state.alone)


def _without_gone(state: State, new: State) -> State:
    """What is known of the runs and texts of cells that are gone goes with them; what is back is in no bin."""
    places = new.notebook.places
    gone = [cell_id for cell_id in state.notebook.places if cell_id not in places]
    inputs = new.inputs
    for cell_id in gone:
        inputs = shown_only(inputs, cell_id, frozenset())
    stopped = {cell.id for cell_id in _stopped(state, new) for cell in below(state.notebook, cell_id)}
    return replace(
        in_order(new, set(new.queue) - stopped, new.alone),
        evaluations=_without(new.evaluations, gone),
        texts=_without(new.texts, gone),
        inputs=inputs if state.running else still_shown(inputs),
        bin=tuple(each for each in state.bin if each.cell.id not in places),
    )


def _stopped(state: State, new: State) -> list[str]:
    """The cells that run and are gone since `state`."""
    ids = (cell_id for cell_id in state.running.values() if state.notebook.has_cell(cell_id))
    return [cell_id for cell_id in ids if not new.notebook.has_cell(cell_id)]


def _without_moved(state: State, new: State) -> State:
    """Cells wait no longer that stand on other cells now, or in another order, than when they were asked for."""
    both = state.notebook.places.keys() & new.notebook.places.keys()
    containers = ((state.notebook.container_of(cell_id), new.notebook.container_of(cell_id)) for cell_id in new.queue)
    last_of_each = dict(zip(containers, new.queue, strict=True))
    kept: set[str] = set()
    for cell_id in last_of_each.values():
        before, now = ([cell.id for cell in above(each.notebook, {cell_id}) if cell.runnable] for each in (state, new))
        before, now = ([*(other for other in chain if other in both), cell_id] for chain in (before, now))
        for was, other in zip(before, now, strict=False):
            if was != other:
                break
            kept.add(other)
    return in_order(new, kept.intersection(new.queue), new.alone)


def _with_bin(state: State, new: State, at: float) -> State:
    """The cells that are gone since `state` are in the bin."""
    places = new.notebook.places
    gone = (cell for cell in state.notebook.cells() if cell.id not in places)
    return replace(new, bin=(*new.bin, *(bins.binned(state.notebook, cell, at) for cell in gone)))


def _settled(before: State, state: State) -> tuple[State, tuple[Effect, ...]]:
    """With all that follows; the runtime hears of the cells that are gone, or are no code any more."""
    gone = before.evaluations.keys() - state.evaluations.keys() if before.evaluations is not state.evaluations else ()
    stopped = _stopped(before, state)
    # What still runs is forgotten when it is over.
    forgotten = sorted(set(gone).difference(stopped), key=before.notebook.places.__getitem__)
    state, starts = started(with_automatic(settled(state)))
    interrupts = (InterruptEvaluation(cell_id) for cell_id in stopped)
    return state, (*interrupts, *(ForgetEvaluation(cell_id) for cell_id in forgotten), *starts)


def _without(mapping: Mapping[str, V], keys: Collection[str]) -> Mapping[str, V]:
    if mapping.keys().isdisjoint(keys):
        return mapping
    return {key: value for key, value in mapping.items() if key not in keys}
