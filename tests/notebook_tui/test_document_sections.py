"""Sections that move, split and branch; cells that split, merge and become Markdown; settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.attributes import CELL
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    Arrange,
    DeleteSection,
    InsertSection,
    MergeCells,
    MoveSection,
    Operation,
    QueueCells,
    RuntimeConnected,
    SetCellKind,
    SetCellMetadata,
    SetNotebookMetadata,
    SetSectionParent,
    SplitCell,
    SplitSection,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import after, all_run, state_of, validities

BOOK = state_of(
    {"s1": {"c1": "a = 1", "c2": "b = a"}, "s2": {"m": "# text", "m2": "# more", "c3": "c = a"}, "s3": {"c4": "d = a"}},
    parents={"s3": "s1"},
)
RUNNING = after(BOOK, QueueCells(("c1",)), RuntimeConnected("here"))


def outline(state: State) -> list[str]:
    return [
        " ".join([f"{each.id}<{each.parent}" if each.parent else each.id, *(cell.id for cell in each.cells)])
        for each in state.notebook.sections
    ]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (MoveSection("s2", -1), ["s2 m m2 c3", "s1 c1 c2", "s3<s1 c4"]),
        (MoveSection("s3", -1), ["s1 c1 c2", "s3<s1 c4", "s2 m m2 c3"]),
        (SetSectionParent("s2", "s1"), ["s1 c1 c2", "s2<s1 m m2 c3", "s3<s1 c4"]),
        (SetSectionParent("s3", "s2"), ["s1 c1 c2", "s2 m m2 c3", "s3<s2 c4"]),
        (SetSectionParent("s3", None), ["s1 c1 c2", "s2 m m2 c3", "s3 c4"]),
        (SplitSection("s1", 1, "new", "N"), ["s1 c1", "new c2", "s2 m m2 c3", "s3<s1 c4"]),
        (SplitSection("s3", 0, "new", "N"), ["s1 c1 c2", "s2 m m2 c3", "s3<s1", "new<s1 c4"]),
        (SplitCell("c1", 1, "new"), ["s1 c1 new c2", "s2 m m2 c3", "s3<s1 c4"]),
        (MergeCells("c1"), ["s1 c1", "s2 m m2 c3", "s3<s1 c4"]),
    ],
    ids=str,
)
def test_where_things_are_after_an_edit(operation: Operation, expected: list[str]) -> None:
    assert outline(after(BOOK, operation)) == expected


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (MoveSection("s3", -2), 'the section "s3" must stay below "s1"'),
        (MoveSection("s1", 2), 'the section "s3" must stay below "s1"'),
        (MoveSection("s1", -1), "the section cannot go up that far"),
        (MoveSection("s3", 1), "the section cannot go down that far"),
        (MoveSection("zz", 1), "there is no section zz"),
        (SetSectionParent("s2", "s3"), 'expected a section above "s2" to branch from, got "s3"'),
        (SetSectionParent("s2", "s2"), 'expected a section above "s2" to branch from, got "s2"'),
        (SetSectionParent("s1", "s2"), 'the section "s1" has branches itself and so can be none'),
        (SetSectionParent("s2", "zz"), "there is no section zz"),
        (DeleteSection("s1", with_cells=True), "has branches"),
        (SplitSection("s1", 3, "new", "N"), "expected a place from 0 to 2"),
        (SplitSection("s1", 1, "s2", "N"), "there is a section s2 already"),
        (SplitCell("c1", 6, "new"), "expected a place from 0 to 5 in the cell's text, got 6"),
        (SplitCell("c1", 1, "c2"), "there is a cell c2 already"),
        (SplitCell("setup", 0, "new"), "the setup cell stays where it is"),
        (MergeCells("c2"), "there is no cell below in this section"),
        (MergeCells("m2"), "expected two cells of one kind"),
        (SetCellKind("setup", "markdown"), "the setup cell stays where it is"),
        (SetCellMetadata("c1", "colour", "red"), "expected one of continue_on_error, .* to be set, got 'colour'"),
        (SetCellMetadata("c1", "continue_on_error", 1), "expected continue_on_error to be False or True, got 1"),
        (SetCellMetadata("c1", "output_size", "huge"), "'default' or 'wide' or 'full', got 'huge'"),
        (SetCellMetadata("c1", "node", "a\nb"), "expected node to be a text of one line"),
        (SetCellMetadata("m", "folded", True), "expected a code cell to have folded"),
        (SetNotebookMetadata("autosave_interval_s", 0), "a whole number of seconds above 0"),
        (SetNotebookMetadata("author", "me"), "to be set, got 'author'"),
    ],
    ids=str,
)
def test_ac28_an_edit_that_makes_no_sense_is_refused_in_words(operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(BOOK, operation)


def test_a_branch_cannot_be_branched_from() -> None:
    with pytest.raises(Rejected, match='"s3" is a branch itself'):
        apply(after(BOOK, InsertSection(3, "s4", "N")), SetSectionParent("s4", "s3"))


def test_a_section_that_becomes_a_branch_is_seen_by_nobody_any_more() -> None:
    state = all_run(state_of({"s1": {"c1": "a = 1"}, "s2": {"c2": "a = 2"}, "s3": {"c3": "a"}}))
    branched = after(state, SetSectionParent("s2", "s1"))
    assert validities(branched) == {"c1": "evaluated", "c2": "evaluated", "c3": "stale"}
    assert validities(after(branched, SetSectionParent("s2", None))) == validities(state)


def test_a_section_with_a_running_cell_stays_in_its_flow_and_may_move() -> None:
    with pytest.raises(Rejected, match="nor that section the flow it is in"):
        apply(after(BOOK, QueueCells(("c3",), alone=True), RuntimeConnected("here")), SetSectionParent("s2", "s1"))
    assert after(RUNNING, MoveSection("s2", -1)).evaluating == "c1"


@pytest.mark.parametrize(
    ("source", "offset", "upper", "lower"),
    [
        ("a\nb\nc", 2, "a", "b\nc"),
        ("a\nb\nc", 1, "a", "b\nc"),
        ("ab", 1, "a", "b"),
        ("a", 0, "", "a"),
        ("a", 1, "a", ""),
    ],
)
def test_a_cell_is_split_at_a_line_break_or_anywhere(source: str, offset: int, upper: str, lower: str) -> None:
    state = after(state_of({"s": {"c": source}}), SplitCell("c", offset, "new"))
    assert (state.notebook.cell("c").source, state.notebook.cell("new").source) == (upper, lower)


def test_a_split_keeps_the_settings_and_the_run_of_the_upper_part() -> None:
    state = after(all_run(BOOK), SetCellMetadata("c2", "continue_on_error", True), SplitCell("c2", 0, "new"))
    assert state.notebook.cell("new").metadata == {"continue_on_error": True}
    assert (state.changed("c2"), validities(state)["new"]) == (True, "fresh")


def test_merged_code_is_joined_by_a_line_break_and_prose_by_an_empty_line() -> None:
    assert after(BOOK, MergeCells("c1")).notebook.cell("c1").source == "a = 1\nb = a"
    assert after(BOOK, MergeCells("m")).notebook.cell("m").source == "# text\n\n# more"


def test_code_that_becomes_markdown_is_forgotten_and_keeps_what_is_not_ours() -> None:
    cell = Cell("c", "code", "x = 1", metadata={"continue_on_error": True, "theirs": 1})
    notebook = Notebook(sections=(Section("s", "S", (cell, Cell("d", "code", "x"))),))
    state = all_run(State(notebook))
    state, wanted = apply(state, SetCellKind("c", "markdown"))
    assert state.notebook.cell("c") == Cell("c", "markdown", "x = 1", metadata={"theirs": 1})
    assert [type(effect).__name__ for effect in wanted] == ["ForgetEvaluation"]
    assert validities(state) == {"d": "stale"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("reevaluate_automatically", True), ("output_size", "wide"), ("node", "web-2"), ("node", "all"), ("folded", True)],
)
def test_a_setting_is_kept_and_its_default_is_not_written(key: str, value: object) -> None:
    state = after(BOOK, SetCellMetadata("c1", key, value))
    assert state.notebook.cell("c1").metadata == {key: value}
    assert after(state, SetCellMetadata("c1", key, CELL[key].default)).notebook.cell("c1").metadata == {}


def test_a_setting_changes_no_run() -> None:
    state = after(all_run(BOOK), SetCellMetadata("c1", "folded", True), SetNotebookMetadata("persist_outputs", True))
    assert validities(state) == validities(all_run(BOOK))
    assert state.notebook.persists_outputs


def arranged(**changes: object) -> Arrange:
    return Arrange(replace(BOOK.notebook, **changes))  # type: ignore[arg-type]


def test_an_arrangement_from_elsewhere_keeps_texts_and_runs() -> None:
    state = all_run(BOOK)
    first, second, branch = state.notebook.sections
    turned = replace(first, cells=(replace(first.cells[1], source="theirs"), first.cells[0]))
    new = Section("n", "New", (Cell("n", "code", "n = 1"),))
    state = after(state, Arrange(replace(state.notebook, sections=(turned, new, second, branch))))
    assert outline(state) == ["s1 c2 c1", "n n", "s2 m m2 c3", "s3<s1 c4"]
    assert state.notebook.cell("c2").source == "b = a"
    assert validities(state) == {"c1": "evaluated", "c2": "stale", "n": "fresh", "c3": "evaluated", "c4": "evaluated"}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (arranged(sections=BOOK.notebook.sections[1:]), "missing or twice: c1, c2"),
        (arranged(sections=(*BOOK.notebook.sections, Section("n", "N", BOOK.notebook.sections[2].cells))), "twice: c4"),
        (arranged(sections=(*BOOK.notebook.sections, Section("s1", "N"))), "s1 is there twice"),
        (arranged(sections=tuple(reversed(BOOK.notebook.sections))), 'expected "s3" to branch from a section'),
    ],
    ids=["missing", "twice", "section twice", "branch above"],
)
def test_ac28_an_arrangement_that_makes_no_sense_is_refused_in_words(operation: Operation, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        apply(BOOK, operation)
