"""Writing in a cell: the editor lies over the source, and nothing typed is lost."""

from __future__ import annotations

import asyncio

from textual import events

from notebook_tui.document.operations import SetCellSource
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")
"""From the title to the first cell."""


def sent_sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


@in_terminal(code("a", "total = 1"))
async def test_i_opens_the_cell_and_escape_sends_what_was_typed(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    assert "EDIT" in shown.status
    await shown.type(" + 2")
    assert "1 │ total = 1 + 2" in shown.text
    await shown.press("escape")
    assert "NAV" in shown.status
    assert sent_sources(shown) == ["total = 1 + 2"]
    assert "1 │ total = 1 + 2" in shown.text


@in_terminal(code("a", "x"))
async def test_typed_text_is_sent_once_after_a_pause(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter")
    await shown.type("yz")
    assert sent_sources(shown) == []
    shown.clock.now += 1
    await shown.until(lambda: sent_sources(shown) == ["xyz"])


@in_terminal(code("a", "x"), code("b", "y"))
async def test_typed_text_is_sent_before_the_cell_is_run_saved_or_left_by_a_click(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "1", "ctrl+e")
    assert [type(each).__name__ for each in shown.session.sent] == ["SetCellSource", "QueueCells"]
    await shown.press("2", "ctrl+s")
    assert sent_sources(shown) == ["x1", "x12"]
    await shown.press("3")
    row = next(y for y, line in enumerate(shown.lines) if "1 │ y" in line)
    await shown.pilot.click(offset=(12, row))
    await shown.settle()
    assert sent_sources(shown) == ["x1", "x12", "x123"]
    assert "NAV" in shown.status


@in_terminal(code("a", "def f():"))
async def test_enter_indents_as_python_wants_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    await shown.type("\nif x:\nreturn 1\nelse")
    await shown.press("escape")
    assert sent_sources(shown) == ["def f():\n    if x:\n        return 1\n    else"]


@in_terminal(code("a", "one\ntwo"))
async def test_lines_are_commented_and_indented_together(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "shift+up", "shift+home", "ctrl+underscore")
    assert "# one" in shown.text
    assert "# two" in shown.text
    await shown.press("ctrl+underscore", "tab")
    assert "│     one" in shown.text
    await shown.press("shift+tab", "escape")
    assert sent_sources(shown) == []


@in_terminal(code("a", "x = 1"))
async def test_undo_takes_back_what_was_typed(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    await shown.type("23")
    await shown.press("ctrl+z", "escape")
    assert sent_sources(shown) == []


@in_terminal(prose("a", "Hello *you*"))
async def test_a_markdown_cell_shows_its_source_while_it_is_edited(shown: Terminal) -> None:
    assert "Hello you" in shown.text
    await shown.press(*FIRST, "i")
    assert "Hello *you*" in shown.text
    await shown.type("!")
    await shown.press("escape")
    assert "Hello you!" in shown.text


@in_terminal(code("a", "x"), code("b", "last"))
async def test_the_cells_below_make_room_for_every_new_line(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    row = next(y for y, line in enumerate(shown.lines) if "last" in line)
    await shown.press("enter", "enter", "enter")
    assert "last" in shown.lines[row + 3]
    await shown.press("backspace")
    assert "last" in shown.lines[row + 2]


@in_terminal(code("a", "\n".join(f"line_{n}" for n in range(60))))
async def test_the_caret_stays_in_view_in_a_cell_taller_than_the_terminal(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    assert "line_59" in shown.text
    await shown.press("pageup", *["up"] * 20)
    await shown.type("!")
    assert "!" in shown.text
    await shown.press("enter", *"abc")
    assert "abc" in shown.text


@in_terminal(code("a", "word " * 30))
async def test_a_long_line_wraps_at_the_same_words_before_and_while_it_is_edited(shown: Terminal) -> None:
    await shown.press(*FIRST)
    before = [line.split("│")[-1].split("┊")[-1] for line in shown.lines if "word" in line]
    await shown.press("i")
    assert [line.split("│")[-1].split("┊")[-1] for line in shown.lines if "word" in line] == before
    assert len(before) > 1


@in_terminal(code("a", "x = 1"))
async def test_the_terminals_cursor_stands_at_the_insertion_point(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    await shown.until(lambda: shown.cursor_line().endswith("x = 1"), "cursor behind the text")
    assert shown.app.cursor_position.x == len(shown.cursor_line())
    await shown.press("enter", *"ab", "left")
    assert shown.app.cursor_position.x == len(shown.cursor_line()) - 1


@in_terminal(code("a", "x"), code("b", "y"))
async def test_the_editor_follows_a_window_that_is_scrolled(shown: Terminal) -> None:
    await shown.press("G", "i")
    for _ in range(20):
        await shown.press("enter", "z")
    await shown.pilot._post_mouse_events([events.MouseScrollUp], offset=(20, 5), button=0)
    await shown.settle()
    numbers = [line.split("│") for line in shown.lines if "│ z" in line]
    assert [int(number.strip("▌ ")) for number, _ in numbers] == list(range(int(numbers[0][0].strip("▌ ")), 22))[
        : len(numbers)
    ]


@in_terminal(code("a", "x = 1"))
async def test_what_somebody_else_writes_into_the_cell_is_shown_in_the_editor(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    shown.session.apply(SetCellSource("a", "y = 2"))
    await shown.shows("y = 2")
    await shown.press("3", "escape")
    assert sent_sources(shown) == ["y = 23"]


@in_terminal(code("a", ""))
async def test_keys_in_a_burst_are_text_where_the_one_before_them_opened_a_cell(shown: Terminal) -> None:
    """As when they are pasted, or come in one packet: all are in the queue before the first is acted on."""
    for key in ("j", "j", "j", "i", "d", "d", "escape", "n", "e", "e"):
        shown.post_key(key)
    await shown.until(lambda: "1 │ ee" in shown.text)
    assert "1 │ dd" in shown.text


def test_a_cell_that_is_deleted_under_the_editor_closes_it() -> None:
    from notebook_tui.document.operations import DeleteCell

    async def main() -> None:
        async with terminal(code("a", "x"), code("b", "y")) as shown:
            await shown.press(*FIRST, "i", "1")
            shown.session.apply(DeleteCell("a"))
            await shown.shows("NAV")
            assert "y" in shown.focused_line()
            await shown.press("i", "2", "escape")
            assert sent_sources(shown) == ["y2"]

    asyncio.run(main())


@in_terminal(code("a", "x"))
async def test_what_was_typed_can_be_undone_after_the_cell_was_left(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", *"yz", "escape", "i", "1", "ctrl+z")
    assert "│ xyz" in shown.lines[6]
    await shown.press("ctrl+z")
    assert shown.lines[6].endswith("│ x")
    await shown.press("ctrl+y", "escape")
    assert sent_sources(shown)[-1] == "xyz"


@in_terminal(code("a", "x"))
async def test_nothing_is_undone_in_a_text_that_somebody_else_changed(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "y", "escape")
    shown.session.apply(SetCellSource("a", "theirs"))
    await shown.press("i", "ctrl+z", "escape")
    assert sent_sources(shown) == ["xy"]
    assert "│ theirs" in shown.text


@in_terminal(code("a", "x"), code("b", "z"))
async def test_each_cell_has_a_past_of_its_own(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "y", "escape", "j", "i", "ctrl+z", "escape", "k", "i", "ctrl+z", "escape")
    assert sent_sources(shown) == ["xy", "x"]
