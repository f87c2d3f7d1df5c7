"""Cells and sections come, move and go."""

from __future__ import annotations

from notebook_tui.document.notebook import Notebook, Section
from notebook_tui.document.operations import (
    DeleteCell,
    DeleteSection,
    InsertCell,
    InsertSection,
    MoveCell,
    RenameSection,
    SetTitle,
)
from notebook_tui.document.state import State
from tests.support.fake_session import code, prose
from tests.support.screen import NOW, Terminal, in_terminal

FIRST = ("j", "j", "j")
THREE = (code("a", "first"), code("b", "second"), code("c", "third"))
TWO_SECTIONS = Notebook(
    "Tour", sections=(Section("one", "One", (code("a", "first"),)), Section("two", "Two", (code("b", "second"),)))
)


def order(shown: Terminal) -> list[str]:
    return [cell.source for cell in shown.session.state.notebook.cells()][1:]


@in_terminal(*THREE)
async def test_n_makes_a_code_cell_below_and_what_is_typed_goes_into_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "n")
    assert "EDIT" in shown.status
    await shown.type("new")
    await shown.press("escape")
    assert order(shown) == ["first", "new", "second", "third"]


@in_terminal(*THREE)
async def test_capital_n_makes_a_code_cell_above(shown: Terminal) -> None:
    await shown.press(*FIRST, "N", "x", "escape")
    assert order(shown) == ["x", "first", "second", "third"]


@in_terminal(*THREE)
async def test_m_makes_markdown_below_and_capital_m_above(shown: Terminal) -> None:
    await shown.press(*FIRST, "m", *"_b_", "escape", "M", *"_a_", "escape")
    assert order(shown) == ["first", "_a_", "_b_", "second", "third"]
    kinds = [cell.kind for cell in shown.session.state.notebook.sections[0].cells]
    assert kinds == ["code", "markdown", "markdown", "code", "code"]


@in_terminal(Notebook(), state=State())
async def test_the_first_cell_of_a_notebook_brings_its_section(shown: Terminal) -> None:
    await shown.press("n", "x", "escape")
    assert [type(each) for each in shown.session.sent[:2]] == [InsertSection, InsertCell]
    assert order(shown) == ["x"]
    assert "This notebook is empty." not in shown.text


@in_terminal(TWO_SECTIONS)
async def test_a_cell_below_a_heading_is_the_first_of_its_section(shown: Terminal) -> None:
    await shown.press("G", "k", "n", "x", "escape")
    assert [cell.source for cell in shown.session.state.notebook.sections[1].cells] == ["x", "second"]


@in_terminal(TWO_SECTIONS)
async def test_a_cell_above_a_heading_is_the_last_of_the_section_before(shown: Terminal) -> None:
    await shown.press("G", "k", "N", "x", "escape")
    assert [cell.source for cell in shown.session.state.notebook.sections[0].cells] == ["first", "x"]


@in_terminal(*THREE)
async def test_capital_j_and_k_move_the_cell_and_the_focus_goes_along(shown: Terminal) -> None:
    await shown.press(*FIRST, "J", "J")
    assert order(shown) == ["second", "third", "first"]
    assert "first" in shown.focused_line()
    await shown.press("K")
    assert order(shown) == ["second", "first", "third"]
    assert shown.session.operations_of(MoveCell) == [MoveCell("a", 1), MoveCell("a", 1), MoveCell("a", -1)]


@in_terminal(*THREE)
async def test_dd_deletes_the_cell_and_u_puts_it_back_where_it_was(shown: Terminal) -> None:
    await shown.press(*FIRST, "j", "d")
    assert order(shown) == ["first", "second", "third"]
    await shown.press("d")
    assert order(shown) == ["first", "third"]
    assert "third" in shown.focused_line()
    await shown.shows("u puts it back")
    await shown.press("u")
    assert order(shown) == ["first", "second", "third"]
    assert "second" in shown.focused_line()


@in_terminal(*THREE)
async def test_deleting_says_once_what_puts_back_until_it_is_done(shown: Terminal) -> None:
    await shown.press(*FIRST, "d", "d", "d", "d")
    await shown.shows("u puts it back")
    assert shown.text.count("u puts it back") == 1
    await shown.press("u")
    await shown.hides("u puts it back")


@in_terminal(*THREE)
async def test_what_was_typed_last_comes_back_with_the_cell(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "!", "ctrl+p")
    await shown.type("delete the cell")
    await shown.shows("Delete the cell or section")
    await shown.press("enter")
    await shown.until(lambda: order(shown) == ["second", "third"], "the cell deleted")
    await shown.press("u")
    assert order(shown) == ["first!", "second", "third"]


@in_terminal(*THREE)
async def test_cells_come_back_in_the_reverse_order_of_their_deletion(shown: Terminal) -> None:
    await shown.press(*FIRST, "d", "d", "d", "d", "u", "u", "u")
    assert order(shown) == ["first", "second", "third"]
    await shown.shows("Nothing was changed since")


@in_terminal(*THREE)
async def test_the_reason_why_something_cannot_be_done_stays_readable(shown: Terminal) -> None:
    await shown.press(*FIRST, "K")
    assert order(shown) == ["first", "second", "third"]
    assert "cannot go up any further" in shown.hints
    await shown.press("escape")
    assert "cannot go up any further" not in shown.hints
    await shown.press("s", "m")
    await shown.shows("cannot go up any further")


@in_terminal(*THREE)
async def test_a_running_cell_that_is_deleted_is_stopped_and_comes_back_once_it_has(shown: Terminal) -> None:
    shown.session.deaf = True
    await shown.press(*FIRST, "e", "e", "d", "d")
    assert order(shown) == ["second", "third"]
    await shown.press("u")
    await shown.shows("A cell that was deleted while it ran can come back")
    shown.session.finish("a", "interrupted")
    await shown.press("u")
    assert order(shown) == ["first", "second", "third"]


@in_terminal(*THREE)
async def test_title_and_setup_cell_stay(shown: Terminal) -> None:
    await shown.press("d", "d", "j", "d", "d")
    assert shown.session.operations_of(DeleteCell) == []
    await shown.shows("The title and the setup cell")


@in_terminal(TWO_SECTIONS)
async def test_titles_and_names_are_changed_in_a_line_of_their_own(shown: Terminal) -> None:
    await shown.press("i")
    await shown.type("Better  title\n")
    await shown.press("j", "j", "enter")
    await shown.type("Start\n")
    assert shown.session.operations_of(SetTitle) == [SetTitle("Better title")]
    assert shown.session.operations_of(RenameSection) == [RenameSection("one", "Start")]
    assert "Better title" in shown.text
    assert "Start ──" in shown.text


@in_terminal(TWO_SECTIONS)
async def test_escape_changes_no_title(shown: Terminal) -> None:
    await shown.press("i", *"abc", "escape")
    assert shown.session.sent == []
    assert "Tour" in shown.focused_line()


@in_terminal(TWO_SECTIONS)
async def test_a_new_section_goes_below_the_one_in_focus_and_gets_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "S")
    await shown.type("Middle\n")
    assert [section.name for section in shown.session.state.notebook.sections] == ["One", "Middle", "Two"]
    assert "Middle" in shown.focused_line()


@in_terminal(TWO_SECTIONS)
async def test_a_section_with_cells_is_deleted_only_after_a_question(shown: Terminal) -> None:
    await shown.press("G", "k", "d", "d")
    assert "Delete the section “Two”?" in shown.text
    await shown.press("escape", "d", "d", "m")
    assert shown.session.operations_of(DeleteSection) == [DeleteSection("two", with_cells=False, at=NOW)]
    assert order(shown) == ["first", "second"]


@in_terminal(TWO_SECTIONS)
async def test_a_section_is_deleted_with_its_cells(shown: Terminal) -> None:
    await shown.press("G", "k", "d", "d", "down", "up", "enter")
    assert order(shown) == ["first"]


@in_terminal(code("a", "x"), prose("b", ""))
async def test_an_empty_markdown_cell_says_how_to_write_in_it(shown: Terminal) -> None:
    assert "Empty Markdown cell · i to write" in shown.text
