"""Cells that are split, merged, turned, copied, set; sections that move and branch; and all of it taken back."""

from __future__ import annotations

import asyncio

from notebook_tui.document.notebook import Notebook, Section
from notebook_tui.document.operations import (
    InsertCell,
    MoveSection,
    Redo,
    SetCellMetadata,
    SetCellSource,
    SetSectionParent,
    SetTitle,
    Undo,
)
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")
TWO_SECTIONS = Notebook(
    "Test", sections=(Section("one", "One", (code("a", "x"),)), Section("two", "Two", (code("b", "y"),)))
)


def sources(shown: Terminal) -> list[str]:
    return [cell.source for section in shown.session.state.notebook.sections for cell in section.cells]


def kinds(shown: Terminal) -> list[str]:
    return [cell.kind for section in shown.session.state.notebook.sections for cell in section.cells]


@in_terminal(code("a", "one\ntwo\nthree"))
async def test_a_cell_is_split_at_the_caret_and_the_lower_part_is_edited(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "up", "home", "ctrl+backslash")
    assert sources(shown) == ["one", "two\nthree"]
    await shown.press("!", "escape")
    assert sources(shown) == ["one", "!two\nthree"]
    await shown.press("u", "u")
    assert sources(shown) == ["one\ntwo\nthree"]


@in_terminal(code("a", "one\ntwo"))
async def test_a_sequence_splits_a_cell_and_merges_it_again(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "home", "ctrl+l", "s", "escape", "k", "i", "ctrl+l", "m")
    assert sources(shown) == ["one\ntwo"]
    await shown.press("!", "escape")
    assert sources(shown) == ["one!\ntwo"]


@in_terminal(code("a", "one"), code("b", "two"), prose("c", "three"))
async def test_tj_merges_the_cell_with_the_one_below(shown: Terminal) -> None:
    await shown.press(*FIRST, "t", "j")
    assert sources(shown) == ["one\ntwo", "three"]
    await shown.press("t", "j")
    await shown.shows("Expected two cells of one kind")


@in_terminal(code("a", "one"))
async def test_tm_and_tc_turn_a_cell(shown: Terminal) -> None:
    await shown.press(*FIRST, "t")
    for hint in ("j join the next", "m Markdown", "c code", "s settings", "b branch"):
        assert hint in shown.hints
    await shown.press("m")
    assert kinds(shown) == ["markdown"]
    await shown.press("t", "m")
    await shown.shows("This is no cell that could be")
    await shown.press("t", "c")
    assert kinds(shown) == ["code"]


@in_terminal(code("a", "one"), code("b", "two"))
async def test_a_copied_cell_is_put_below_and_above(shown: Terminal) -> None:
    await shown.press(*FIRST, "p")
    await shown.shows("No cell was copied yet")
    await shown.press("y", "y", "j", "p")
    assert sources(shown) == ["one", "two", "one"]
    assert "one" in shown.focused_line()
    assert shown.app.clipboard == "one"
    await shown.press("k", "P")
    assert sources(shown) == ["one", "one", "two", "one"]
    assert len({cell.id for cell in shown.session.state.notebook.sections[0].cells}) == 4


@in_terminal(code("a", "one"), code("b", "two"))
async def test_a_cell_that_is_cut_is_put_elsewhere(shown: Terminal) -> None:
    await shown.press(*FIRST, "x", "p")
    assert sources(shown) == ["two", "one"]
    await shown.press("k", "k", "k", "x")
    await shown.shows("Only the cells of sections")


@in_terminal(code("a", "one"))
async def test_the_settings_of_a_cell(shown: Terminal) -> None:
    await shown.press(*FIRST, "t", "s")
    await shown.shows("[ ] Run it again by itself")
    await shown.press("space", "j", "j", "j", "j", "space", "tab")
    await shown.type("gpu")
    await shown.press("enter")
    assert shown.session.operations_of(SetCellMetadata) == [
        SetCellMetadata("a", "reevaluate_automatically", True),
        SetCellMetadata("a", "output_size", "wide"),
        SetCellMetadata("a", "node", "gpu"),
    ]
    await shown.press("t", "s")
    await shown.shows("[x] Run it again by itself")
    await shown.press("space", "escape")
    assert len(shown.session.operations_of(SetCellMetadata)) == 3


@in_terminal(TWO_SECTIONS)
async def test_a_section_moves_with_its_cells(shown: Terminal) -> None:
    await shown.press("j", "j", "J")
    assert shown.session.operations_of(MoveSection) == [MoveSection("one", 1)]
    assert sources(shown) == ["y", "x"]
    await shown.press("K")
    assert sources(shown) == ["x", "y"]


@in_terminal(TWO_SECTIONS)
async def test_a_section_branches_from_one_above_and_comes_back(shown: Terminal) -> None:
    await shown.press("j", "j", "t", "b")
    await shown.shows("There is no section above")
    await shown.press("G", "t", "b")
    await shown.shows("“Two” branches from")
    await shown.press("a")
    assert shown.session.state.notebook.section("two").parent == "one"
    await shown.press("t", "b", "0")
    assert shown.session.state.notebook.section("two").parent is None
    assert len(shown.session.operations_of(SetSectionParent)) == 2


@in_terminal(code("a", "one"), code("b", "two"))
async def test_u_takes_back_whatever_was_done_last_and_capital_u_does_it_again(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "!", "escape", "J", "d", "d", "u")
    await shown.shows("Taken back: delete cell.")
    assert sources(shown) == ["two", "one!"]
    await shown.press("u")
    await shown.shows("Taken back: move cell.")
    await shown.press("u")
    await shown.shows("Taken back: typing.")
    assert sources(shown) == ["one", "two"]
    await shown.press("u")
    await shown.shows("Nothing was changed since")
    await shown.press("U", "U")
    assert sources(shown) == ["two", "one!"]
    await shown.shows("Done again: move cell.")
    await shown.press("U", "U")
    await shown.shows("Nothing was taken back")
    assert sources(shown) == ["two"]
    assert len(shown.session.operations_of(Undo)) == 3
    assert len(shown.session.operations_of(Redo)) == 3


@in_terminal(code("a", "one"), code("b", "two"))
async def test_u_goes_where_something_was_taken_back(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "!", "escape", "j", "u")
    assert "one" in shown.focused_line()


@in_terminal(code("a", "one"))
async def test_what_somebody_else_did_last_is_taken_back_too(shown: Terminal) -> None:
    shown.session.apply(SetTitle("Theirs"))
    await shown.press("u")
    await shown.shows("Taken back: set title.")
    assert shown.session.state.notebook.title == "Test"


@in_terminal(code("a", "one"))
async def test_typing_is_one_step_for_each_word(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", " ", *"two ", "ctrl+s", *"three", "escape", "u")
    assert sources(shown) == ["one two "]
    times = [each.at for each in shown.session.sent if isinstance(each, SetCellSource)]
    assert all(times), "a text is sent with the time at which it was written"


def test_a_slow_session_says_what_was_taken_back_once_it_was() -> None:
    async def main() -> None:
        async with terminal(code("a", "one"), delay=0.05) as shown:
            await shown.press(*FIRST, "t", "m")
            await shown.until(lambda: kinds(shown) == ["markdown"])
            await shown.press("u")
            await shown.shows("Taken back: set cell kind.")
            await shown.press("y", "y", "p")
            await shown.until(lambda: sources(shown) == ["one", "one"])
            await shown.until(lambda: shown.session.operations_of(InsertCell))

    asyncio.run(main())
