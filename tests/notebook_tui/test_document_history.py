"""Undo and redo: of whatever edit, one step at a time; runs stay what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.apply import apply
from notebook_tui.document.history import STEPS
from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.operations import (
    ApplyDelta,
    Arrange,
    DeleteCell,
    DeleteSection,
    EvaluationFinished,
    InsertCell,
    InsertSection,
    MergeCells,
    MoveCell,
    MoveSection,
    Operation,
    OutputAdded,
    QueueCells,
    Redo,
    RenameSection,
    RestoreCell,
    SetCellKind,
    SetCellMetadata,
    SetCellSource,
    SetNotebookMetadata,
    SetSectionParent,
    SetTitle,
    SplitCell,
    SplitSection,
    Undo,
)
from notebook_tui.document.outputs import Result
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, all_run, state_of, validities

SECTIONS = {"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"m": "# text", "c3": "c = b"}, "s3": {"c4": "d = a"}}
START = after(
    all_run(state_of(SECTIONS, parents={"s3": "s1"})),
    OutputAdded("c1", Result("1")),
    InsertCell("s2", 0, Cell("gone", "code", "g")),
    DeleteCell("gone"),
)
EDITS: list[Operation] = [
    SetTitle("T"),
    SetNotebookMetadata("persist_outputs", True),
    InsertSection(1, "s4", "N"),
    RenameSection("s1", "N"),
    DeleteSection("s2", with_cells=True),
    DeleteSection("s2", with_cells=False),
    MoveSection("s2", -1),
    MoveSection("s3", -1),
    SetSectionParent("s3", None),
    SetSectionParent("s3", "s2"),
    SetSectionParent("s2", "s1"),
    SplitSection("s1", 1, "s4", "N"),
    InsertCell("s1", 1, Cell("n", "code", "n")),
    DeleteCell("c1"),
    RestoreCell("gone"),
    MoveCell("c1", 4),
    MoveCell("c4", -2),
    SetCellSource("c1", "a = 2"),
    ApplyDelta("", "c1", (1, "b"), 0),
    SetCellMetadata("c1", "continue_on_error", True),
    SetCellKind("c1", "markdown"),
    SplitCell("c2", 2, "n"),
    MergeCells("c1"),
    Arrange(replace(START.notebook, title="T", sections=(*START.notebook.sections[1:], Section("n", "N")))),
]
EDITS[-1] = Arrange(replace(START.notebook, title="T", sections=(Section("n", "N"), *START.notebook.sections)))


def document(state: State) -> object:
    """With what each cell shows; a cell that went and came back has shown it, too."""
    return state.notebook


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_an_edit_is_undone_and_done_again(edit: Operation) -> None:
    done = after(START, edit)
    assert document(done) != document(START)
    undone = after(done, Undo())
    converts = isinstance(edit, SetCellKind)  # what is no code any more shows nothing
    assert (document(undone) == document(START)) != converts
    assert document(after(undone, Redo())) == document(done)
    assert document(after(undone, Redo(), Undo())) == document(undone)


def test_what_an_undo_brings_back_is_what_it_was_to_those_that_read_from_it() -> None:
    assert validities(after(START, SetCellSource("c1", "a = 2"), Undo())) == validities(START)
    assert validities(after(START, MoveCell("c1", 1), Undo())) == validities(START)
    assert validities(after(START, DeleteCell("c1"), Undo()))["c1"] == "fresh"


def test_there_may_be_nothing_to_undo_or_to_do_again() -> None:
    fresh = state_of(SECTIONS)
    with pytest.raises(Rejected, match="nothing to undo"):
        apply(fresh, Undo())
    with pytest.raises(Rejected, match="nothing to do again"):
        apply(fresh, Redo())
    with pytest.raises(Rejected, match="nothing to do again"):
        apply(after(START, SetTitle("T"), Undo(), SetTitle("U")), Redo())


def test_a_run_is_no_step_and_stays() -> None:
    state = after(START, SetTitle("T"), QueueCells(("c1",)), EvaluationFinished("c1", 9.0, "error"), Undo())
    assert state.notebook.title == START.notebook.title
    assert state.evaluation("c1").errored


def typed(*parts: tuple[str, float]) -> State:
    state = state_of({"s": {"c": "", "d": ""}})
    text = ""
    for part, at in parts:
        text = part if part.startswith("=") else text + part
        state = after(state, SetCellSource("c", text.removeprefix("="), at))
    return state


def undone_to(state: State) -> list[str]:
    texts = []
    while state.past:
        state = after(state, Undo())
        texts.append(state.notebook.cell("c").source)
    return texts


def test_what_is_typed_in_one_go_is_undone_by_words() -> None:
    state = typed(("b", 0.0), ("i", 0.2), ("g", 0.4), (" ", 0.6), ("c", 0.8), ("a", 1.0), ("t", 1.2))
    assert undone_to(state) == ["big ", ""]


def test_a_pause_ends_a_step() -> None:
    assert undone_to(typed(("b", 0.0), ("i", 0.2), ("g", 5.0))) == ["bi", ""]


def test_taking_out_is_another_step_than_putting_in() -> None:
    assert undone_to(typed(("big", 0.0), ("=bi", 0.1), ("=b", 0.2))) == ["big", ""]


def test_typing_elsewhere_or_another_edit_ends_a_step() -> None:
    state = typed(("a", 0.0), ("b", 0.1))
    state = after(state, SetCellSource("d", "x", 0.2), SetCellSource("c", "abc", 0.3))
    assert undone_to(state) == ["ab", "ab", ""]
    state = after(typed(("a", 0.0)), SetTitle("T"), SetCellSource("c", "ab", 0.1))
    assert undone_to(state) == ["a", "a", ""]


def test_only_so_many_steps_are_remembered() -> None:
    state = START
    for number in range(STEPS + 5):
        state = after(state, SetTitle(f"T{number}"))
    assert len(state.past) == STEPS
    for _ in range(STEPS):
        state = after(state, Undo())
    assert state.notebook.title == "T4"


@given(st.lists(st.sampled_from([*EDITS, Undo(), Redo()]), max_size=12))
def test_whatever_was_done_is_undone_to_the_start_and_done_again(history: list[Operation]) -> None:
    state = replace(START, past=())
    for operation in history:
        try:
            state, _ = apply(state, operation)
        except Rejected:
            continue
    end, steps = state, len(state.past)
    for _ in range(steps):
        state = after(state, Undo())
    assert texts(state) == texts(START)
    for _ in range(steps):
        state = after(state, Redo())
    assert texts(state) == texts(end)


def test_with_a_revision_only_that_of_the_notebook_is_taken_back_and_done_again() -> None:
    edited = after(START, SetTitle("T"))
    with pytest.raises(Rejected, match=f"expected its revision {START.revision}, it is {edited.revision}"):
        apply(edited, Undo(revision=START.revision))
    undone = after(edited, Undo(revision=edited.revision))
    assert undone.notebook.title == START.notebook.title
    with pytest.raises(Rejected, match=f"expected its revision {edited.revision}, it is {undone.revision}"):
        apply(undone, Redo(revision=edited.revision))
    assert after(undone, Redo(revision=undone.revision)).notebook.title == "T"


def texts(state: State) -> object:
    """The document without what its cells show, which a conversion to Markdown loses."""
    notebook = state.notebook
    bare = [replace(each, cells=tuple(replace(cell, outputs=()) for cell in each.cells)) for each in notebook.sections]
    return replace(notebook, sections=tuple(bare))
