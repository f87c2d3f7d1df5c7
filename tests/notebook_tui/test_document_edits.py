"""Edits: what they do to the document, to the queue and to what is known of the cells."""

from __future__ import annotations

import pickle

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import ForgetEvaluation
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import (
    DeleteCell,
    DeleteSection,
    InsertCell,
    InsertSection,
    MoveCell,
    Operation,
    QueueCells,
    RenameSection,
    RuntimeConnected,
    SetCellKind,
    SetCellSource,
    SetTitle,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, all_run, state_of

BOOK = state_of({"s1": {"c1": "a = 1", "c2": "b = 2"}, "s2": {}, "s3": {"c3": "c = 3"}}, parents={"s3": "s1"})
NEW = Cell("new", "code", "x")


def outline(state: State) -> list[str]:
    return [" ".join([section.id, *(cell.id for cell in section.cells)]) for section in state.notebook.sections]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (InsertSection(0, "s0", "N"), ["s0", "s1 c1 c2", "s2", "s3 c3"]),
        (InsertSection(3, "s4", "N"), ["s1 c1 c2", "s2", "s3 c3", "s4"]),
        (DeleteSection("s2", with_cells=False), ["s1 c1 c2", "s3 c3"]),
        (DeleteSection("s3", with_cells=True), ["s1 c1 c2", "s2"]),
        (DeleteSection("s3", with_cells=False), ["s1 c1 c2", "s2 c3"]),
        (InsertCell("s1", 1, NEW), ["s1 c1 new c2", "s2", "s3 c3"]),
        (InsertCell("s2", 0, NEW), ["s1 c1 c2", "s2 new", "s3 c3"]),
        (DeleteCell("c2"), ["s1 c1", "s2", "s3 c3"]),
        (MoveCell("c1", 1), ["s1 c2 c1", "s2", "s3 c3"]),
        (MoveCell("c2", 1), ["s1 c1", "s2 c2", "s3 c3"]),
        (MoveCell("c2", 2), ["s1 c1", "s2", "s3 c2 c3"]),
        (MoveCell("c3", -1), ["s1 c1 c2", "s2 c3", "s3"]),
        (MoveCell("c3", -3), ["s1 c1 c3 c2", "s2", "s3"]),
    ],
    ids=str,
)
def test_where_things_are_after_an_edit(operation: Operation, expected: list[str]) -> None:
    state, wanted = apply(BOOK, operation)
    assert (outline(state), wanted, state.revision) == (expected, (), 1)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (DeleteCell("setup"), "the setup cell stays where it is"),
        (MoveCell("setup", 1), "the setup cell stays where it is"),
        (MoveCell("c1", -1), "cannot go up any further"),
        (MoveCell("c3", 1), "cannot go down any further"),
        (DeleteCell("zz"), "there is no cell zz"),
        (SetCellSource("zz", ""), "there is no cell zz"),
        (InsertCell("zz", 0, NEW), "there is no section zz"),
        (InsertCell("s1", 3, NEW), 'expected a place from 0 to 2 among the cells of "s1", got 3'),
        (InsertCell("s1", -1, NEW), "got -1"),
        (InsertCell("s1", 0, Cell("c3", "code")), "there is a cell c3 already"),
        (InsertCell("s1", 0, Cell("setup", "code")), "there is a cell setup already"),
        (InsertSection(4, "s4", "N"), "expected a place from 0 to 3 among the sections, got 4"),
        (InsertSection(0, "s1", "N"), "there is a section s1 already"),
        (RenameSection("zz", "N"), "there is no section zz"),
        (DeleteSection("zz", with_cells=True), "there is no section zz"),
        (DeleteSection("s1", with_cells=True), "has branches"),
    ],
    ids=str,
)
def test_ac28_an_edit_that_makes_no_sense_is_refused_in_words(operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(BOOK, operation)


def test_the_first_section_has_nobody_to_hand_its_cells_to() -> None:
    with pytest.raises(Rejected, match='no section before "s1"'):
        apply(state_of({"s1": {"c1": "a"}}), DeleteSection("s1", with_cells=False))


def test_cells_that_are_handed_over_come_last() -> None:
    state = after(BOOK, InsertCell("s2", 0, NEW), DeleteSection("s3", with_cells=False))
    assert outline(state) == ["s1 c1 c2", "s2 new c3"]


def test_names_are_one_line_and_sources_have_plain_line_ends() -> None:
    state = after(BOOK, SetTitle(" My\nbook "), RenameSection("s1", "a  b\t"), SetCellSource("c1", "x\r\ny\rz\0"))
    assert (state.notebook.title, state.notebook.section("s1").name) == ("My book", "a  b")
    assert state.notebook.cell("c1").source == "x\ny\nz\ufffd"
    assert after(BOOK, InsertCell("s1", 0, Cell("n", "code", "x\r\n"))).notebook.cell("n").source == "x\n"


def test_an_edit_that_changes_nothing_makes_nothing_dirty() -> None:
    assert after(BOOK, SetCellSource("c1", "a = 1"), SetTitle(BOOK.notebook.title)) is BOOK


def test_a_cell_that_ran_is_forgotten_when_it_is_deleted() -> None:
    state = all_run(BOOK)
    state, wanted = apply(state, DeleteCell("c1"))
    assert wanted == (ForgetEvaluation("c1"),)
    assert "c1" not in state.evaluations
    assert apply(state, DeleteSection("s3", with_cells=True))[1] == (ForgetEvaluation("c3"),)


def test_a_cell_that_never_ran_is_deleted_without_a_word_to_the_runtime() -> None:
    assert apply(BOOK, DeleteCell("c1"))[1] == ()


def test_a_running_cell_stays_in_its_section_and_can_be_moved_there() -> None:
    state = after(BOOK, QueueCells(("c3",)), RuntimeConnected("here"), MoveCell("c1", 1))
    assert state.evaluating == "c1"
    with pytest.raises(Rejected, match="cannot leave its section"):
        apply(state, MoveCell("c1", 1))
    with pytest.raises(Rejected, match="cannot become Markdown"):
        apply(state, SetCellKind("c1", "markdown"))


def test_the_setup_cell_can_be_edited() -> None:
    assert after(BOOK, SetCellSource("setup", "import os")).notebook.setup.source == "import os"


def test_a_state_can_be_sent_to_another_process() -> None:
    state = all_run(BOOK)
    assert pickle.loads(pickle.dumps(state)) == state
