"""Two changes of one file become one notebook: nothing that either side wrote is lost, nothing else is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import (
    DeleteCell,
    InsertCell,
    InsertSection,
    MoveCell,
    Operation,
    RenameSection,
    SetCellSource,
    SetTitle,
)
from notebook_tui.document.outputs import Result
from notebook_tui.document.state import State
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.session.merging.lines import merged_lines
from notebook_tui.session.merging.merge import Merge, merge
from tests.support.documents import after
from tests.support.notebooks import notebooks
from tests.support.soak import count as often

WHOLE = settings(max_examples=often(15, 500, part=100))


def new_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new-{next(numbers)}"


def merged(base: Notebook, ours: Notebook, theirs: str | Notebook, **more: tuple[str, ...]) -> Merge:
    """The merge, whose operations lead where it says."""
    their_notebook, _ = read(theirs if isinstance(theirs, str) else write(theirs))
    found = merge(base, ours, their_notebook, new_ids(), **more)
    state = after(State(ours), *found.operations)
    assert without_outputs(state.notebook) == without_outputs(found.notebook)
    return found


def without_outputs(notebook: Notebook) -> Notebook:
    sections = (
        replace(each, cells=tuple(replace(cell, outputs=()) for cell in each.cells)) for each in notebook.sections
    )
    pyproject = notebook.pyproject and replace(notebook.pyproject, outputs=())
    return replace(notebook, setup=replace(notebook.setup, outputs=()), pyproject=pyproject, sections=tuple(sections))


def notebook_of(*sources: str) -> Notebook:
    text = "\n\n".join(f"```python\n{source}\n```" for source in sources)
    return read(f"# T\n\n## S\n\n{text}\n")[0]


def changed(notebook: Notebook, *operations: Operation) -> Notebook:
    return after(State(notebook), *operations).notebook


def sources(notebook: Notebook) -> list[str]:
    return [cell.source for section in notebook.sections for cell in section.cells]


BASE = notebook_of("a = 1", "b = 2", "c = 3")


def test_ac40_an_edited_file_becomes_the_fewest_operations() -> None:
    theirs = f"{write(notebook_of('b = 2', 'c = 3', 'a = 1')).replace('# T', '# Other', 1)}\n## More\n\ntext\n"
    operations = merged(BASE, BASE, theirs).operations
    assert operations == (
        SetTitle("Other"),
        InsertSection(1, "new-1", "More"),
        InsertCell("new-1", 0, Cell("new-2", "markdown", "text")),
        MoveCell("cell-1", 2),
    )


def test_ac40_a_file_that_nobody_changed_is_no_operation() -> None:
    assert merged(BASE, changed(BASE, SetTitle("Ours")), BASE).operations == ()


def test_changes_of_other_cells_come_together() -> None:
    ours = changed(BASE, SetCellSource("cell-1", "a = 10"))
    theirs = changed(BASE, SetCellSource("cell-3", "c = 30"))
    found = merged(BASE, ours, theirs)
    assert found.operations == (SetCellSource("cell-3", "c = 30"),)
    assert found.conflicts == ()


def test_changes_of_other_lines_of_one_cell_come_together() -> None:
    base = notebook_of("a = 1\n\nb = 2\n\nc = 3")
    ours = changed(base, SetCellSource("cell-1", "a = 10\n\nb = 2\n\nc = 3"))
    theirs = changed(base, SetCellSource("cell-1", "a = 1\n\nb = 2\n\nc = 30"))
    assert sources(merged(base, ours, theirs).notebook) == ["a = 10\n\nb = 2\n\nc = 30"]


def test_changes_of_the_same_line_are_both_kept_and_told() -> None:
    ours = changed(BASE, SetCellSource("cell-2", "b = 'ours'"))
    theirs = changed(BASE, SetCellSource("cell-2", "b = 'theirs'"))
    found = merged(BASE, ours, theirs)
    assert sources(found.notebook) == ["a = 1", "b = 'ours'", "b = 'theirs'", "c = 3"]
    assert found.notebook.sections[0].cells[1].id == "cell-2"
    assert "the same lines of a cell" in found.conflicts[0]


def test_a_conflict_is_told_once() -> None:
    ours = changed(BASE, SetCellSource("cell-2", "b = 'ours'"))
    theirs = changed(BASE, SetCellSource("cell-2", "b = 'theirs'"))
    first = merged(BASE, ours, theirs)
    again = merged(first.base, first.notebook, theirs)
    assert (again.operations, again.conflicts) == ((), ())


def test_a_cell_that_they_removed_and_we_changed_stays() -> None:
    ours = changed(BASE, SetCellSource("cell-2", "b = 'ours'"))
    found = merged(BASE, ours, changed(BASE, DeleteCell("cell-2")))
    assert sources(found.notebook) == ["a = 1", "b = 'ours'", "c = 3"]
    assert "it stays" in found.conflicts[0]


def test_a_cell_that_we_removed_and_they_changed_is_back() -> None:
    ours = changed(BASE, DeleteCell("cell-2"))
    theirs = changed(BASE, SetCellSource("cell-2", "b = 2  # theirs"))
    found = merged(BASE, ours, theirs)
    assert sources(found.notebook) == ["a = 1", "b = 2  # theirs", "c = 3"]
    again = merged(found.base, found.notebook, theirs)
    assert again.operations == ()


def test_a_cell_that_runs_stays_whatever_the_file_says() -> None:
    found = merged(BASE, BASE, changed(BASE, DeleteCell("cell-2")), keep=("cell-2",))
    assert sources(found.notebook) == ["a = 1", "b = 2", "c = 3"]


def test_new_cells_of_both_stay_where_they_were_put() -> None:
    ours = changed(BASE, InsertCell("section-1", 1, Cell("mine", "code", "ours = 1")))
    theirs = changed(BASE, InsertCell("section-1", 3, Cell("x", "code", "theirs = 1")))
    assert sources(merged(BASE, ours, theirs).notebook) == ["a = 1", "ours = 1", "b = 2", "c = 3", "theirs = 1"]


def test_untouched_cells_keep_their_outputs_and_ids() -> None:
    cells = tuple(replace(cell, outputs=(Result("7"),)) for cell in BASE.sections[0].cells)
    ours = replace(BASE, sections=(replace(BASE.sections[0], cells=cells),))
    theirs = changed(BASE, SetCellSource("cell-1", "a = 2"), InsertCell("section-1", 0, Cell("x", "code", "new = 1")))
    found = merged(BASE, ours, theirs)
    assert [(cell.id, cell.outputs) for cell in found.notebook.sections[0].cells] == [
        ("new-1", ()),
        ("cell-1", (Result("7"),)),
        ("cell-2", (Result("7"),)),
        ("cell-3", (Result("7"),)),
    ]


def test_a_heading_that_was_renamed_here_and_there_keeps_ours_and_tells() -> None:
    ours, theirs = (changed(BASE, RenameSection("section-1", name)) for name in ("Ours", "Theirs"))
    found = merged(BASE, ours, theirs)
    assert found.notebook.sections[0].name == "Ours"
    assert "'Theirs'" in found.conflicts[0]


def test_metadata_and_comments_of_the_file_are_taken_over() -> None:
    theirs = replace(BASE, metadata={"autosave_interval_s": 30}, leading="<!-- theirs -->")
    found = merged(BASE, changed(BASE, SetCellSource("cell-1", "a = 10")), theirs)
    assert found.notebook.metadata == {"autosave_interval_s": 30}
    assert found.notebook.leading == "<!-- theirs -->"
    assert sources(found.notebook) == ["a = 10", "b = 2", "c = 3"]


def test_a_new_setup_cell_of_theirs_is_taken_over() -> None:
    theirs = replace(BASE, setup=Cell("setup", "code", "import os"))
    assert merged(BASE, BASE, theirs).notebook.setup.source == "import os"


def test_both_wrote_a_setup_cell_and_both_are_there() -> None:
    ours = changed(BASE, SetCellSource("setup", "import os"))
    theirs = changed(BASE, SetCellSource("setup", "import sys"))
    found = merged(BASE, ours, theirs)
    assert found.notebook.setup.source == "import os"
    assert sources(found.notebook)[0] == "import sys"


# Whatever the two notebooks are.


@pytest.mark.soak
@WHOLE
@given(notebooks(), notebooks())
def test_without_a_change_of_ours_the_notebook_becomes_the_file(base: Notebook, theirs: Notebook) -> None:
    base, theirs = as_read(base), as_read(theirs)
    found = merged(base, base, theirs)
    assert write(without_outputs(found.notebook)) == write(without_outputs(theirs))
    assert found.conflicts == ()


@pytest.mark.soak
@WHOLE
@given(notebooks(), notebooks())
def test_without_a_change_of_theirs_nothing_is_done(base: Notebook, ours: Notebook) -> None:
    base = as_read(base)
    found = merged(base, ours, base)
    assert found.operations == ()


@pytest.mark.soak
@WHOLE
@given(notebooks(), notebooks(), notebooks())
def test_every_line_that_somebody_added_is_there(base: Notebook, ours: Notebook, theirs: Notebook) -> None:
    base, theirs = as_read(base), as_read(theirs)
    found = merged(base, ours, theirs)
    missing = (lines(ours) - lines(base)) - lines(found.notebook)
    assert not missing
    assert not (set(lines(theirs)) - set(lines(base))) - set(lines(found.notebook))


@pytest.mark.soak
@WHOLE
@given(notebooks(), st.data())
def test_a_few_changes_on_each_side_come_together(base: Notebook, data: st.DataObject) -> None:
    base = as_read(base)
    ours, theirs = (edited(base, data) for _ in range(2))
    found = merged(base, ours, theirs)
    assert not (set(lines(ours)) - set(lines(base))) - set(lines(found.notebook))
    assert not (set(lines(theirs)) - set(lines(base))) - set(lines(found.notebook))
    again = merged(found.base, found.notebook, theirs)
    assert again.operations == ()


def as_read(notebook: Notebook) -> Notebook:
    """As a file has it: ids by place, and what only a memory can hold gone."""
    return read(write(without_outputs(notebook)))[0]


def edited(notebook: Notebook, data: st.DataObject) -> Notebook:
    state = State(notebook)
    for _ in range(data.draw(st.integers(0, 3))):
        cells = [cell for section in state.notebook.sections for cell in section.cells]
        if not cells:
            break
        cell = data.draw(st.sampled_from(cells))
        text = data.draw(st.sampled_from(["", "x = 1", f"{cell.source}\nmore", f"first\n{cell.source}"]))
        offset = data.draw(st.integers(-2, 2))
        for operation in data.draw(
            st.sampled_from([[DeleteCell(cell.id)], [SetCellSource(cell.id, text)], [MoveCell(cell.id, offset)]])
        ):
            try:
                state, _ = apply(state, operation)
            except Exception:
                continue
    return state.notebook


def lines(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells() for line in cell.source.split("\n"))


# Line by line.

TEXTS = st.lists(st.sampled_from("abcd"), max_size=6).map("\n".join)


@given(TEXTS, TEXTS, TEXTS)
def test_a_text_merged_by_lines_has_every_line_that_was_added(base: str, ours: str, theirs: str) -> None:
    text = merged_lines(base, ours, theirs)
    before = set(base.split("\n"))
    if text is not None:
        assert {*ours.split("\n"), *theirs.split("\n")} - before <= set(text.split("\n"))


@given(TEXTS, TEXTS)
def test_a_text_that_one_side_left_alone_is_the_other_sides(base: str, changed_text: str) -> None:
    assert merged_lines(base, base, changed_text) == changed_text
    assert merged_lines(base, changed_text, base) == changed_text


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        ("a\nb", "a\nx\nb", "a\nb\ny", "a\nx\nb\ny"),
        ("a\nb\nc", "b\nc", "a\nb", "b"),
        ("a\nb", "a\nx\nb", "a\ny\nb", None),
        ("a", "x", "x", "x"),
    ],
)
def test_lines_that_were_changed_apart_come_together(base: str, ours: str, theirs: str, both: str | None) -> None:
    assert merged_lines(base, ours, theirs) == both
