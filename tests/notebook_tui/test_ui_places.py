"""Places in outputs: found with the keyboard and with the mouse, seen, and doing what they say."""

from __future__ import annotations

import asyncio
from collections import Counter

from textual.strip import Strip

from notebook_tui.document.outputs import Text
from notebook_tui.ui.cells.cell_strips import Look, Painter
from notebook_tui.ui.cells.items import Item
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.marked_row import marked_row
from notebook_tui.ui.outputs.spots import Act
from notebook_tui.ui.outputs.view_rows import view_rows
from notebook_tui.widgets.messages import Toggle
from notebook_tui.widgets.views import Branch, Button, Grid, Plot, Series, Tabs, Tree
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal, terminal

BUTTONS = Grid("g", (Button("left", "Left"), Button("right", "Right"), Button("low", "Low")), columns=2)
TABS = Tabs("tabs", (("One", Text("stdout", "first")), ("Two", Button("b", "Press"))))
TREE = Tree("tree", (Branch("", 0, "all", "open"), Branch("a", 1, "part", "closed"), Branch("b", 1, "leaf")))


async def click(shown: Terminal, text: str) -> None:
    """The mouse is pressed on the first place of the screen that says this."""
    row, line = next((row, line) for row, line in enumerate(shown.lines) if text in line)
    await shown.pilot.click(offset=(line.index(text) + 1, row))
    await shown.settle()


@in_terminal(code("a", "x", BUTTONS))
async def test_tab_goes_into_an_output_and_enter_presses_and_escape_goes_back(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab")
    assert "▶" in shown.text
    assert "[ Left ]◂" in shown.text
    assert shown.status.startswith(" OUTPUT ")
    assert "Enter press Left" in shown.hints
    await shown.press("enter", "tab", "space", "escape")
    assert shown.session.acts == [("left", None), ("right", None)]
    assert "▶" not in shown.text
    assert shown.status.startswith(" NAV ")


def test_a_mark_tells_the_place_without_colours() -> None:
    (row,) = view_rows(Button("b", "Press"), 40, Palette(), Looks())
    marked = marked_row(row, Act("b"), Palette())
    assert (marked.mark, marked.text.plain) == ("▶", "[ Press ]◂")
    assert marked_row(row, Act("c"), Palette()) == row


@in_terminal(code("a", "x", BUTTONS))
async def test_arrows_go_where_they_point_and_tab_ends_at_the_ends(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab")
    assert "[ Low ]◂" in shown.text
    await shown.press("tab")
    assert "[ Low ]◂" in shown.text
    await shown.press("up", "right")
    assert "▸[ Right ]◂" in shown.text
    await shown.press("left", "left")
    assert "[ Left ]◂" in shown.text
    await shown.press("shift+tab")
    assert "[ Left ]◂" in shown.text
    await shown.press("up")
    assert "▶" not in shown.text


@in_terminal(code("a", "x", BUTTONS), code("b", "y"))
async def test_below_the_last_place_stands_the_next_cell(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab", "down")
    assert shown.focused_line().endswith("y")
    assert shown.status.startswith(" NAV ")
    assert "▶" not in shown.text


@in_terminal(code("a", "x", BUTTONS))
async def test_a_press_of_the_mouse_does_it_and_takes_the_keyboard_there(shown: Terminal) -> None:
    await click(shown, "Right")
    assert shown.session.acts == [("right", None)]
    assert "▸[ Right ]◂" in shown.text


@in_terminal(code("a", "x", BUTTONS))
async def test_a_press_in_the_output_of_the_edited_cell_ends_the_edit(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "i", "y")
    await click(shown, "Right")
    assert shown.session.acts == [("right", None)]
    assert shown.status.startswith(" OUTPUT ")
    assert shown.session.state.notebook.cell("a").source == "xy"


@in_terminal(code("a", "x"))
async def test_a_press_beside_the_editor_ends_the_edit(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "i", "y")
    await click(shown, "not run")
    assert shown.status.startswith(" NAV ")
    await shown.press("k")
    assert shown.session.state.notebook.cell("a").source == "xy"


@in_terminal(code("a", "x", TABS))
async def test_tabs_open_where_the_viewer_wants_and_nobody_else_is_told(shown: Terminal) -> None:
    assert "first" in shown.text
    await shown.press("j", "j", "j", "tab", "right", "enter")
    assert "first" not in shown.text
    assert "[ Press ]" in shown.text
    await shown.press("tab", "enter")
    assert shown.session.acts == [("b", None)]
    assert not shown.session.sent


@in_terminal(code("a", "x", TREE))
async def test_a_branch_of_a_tree_is_toggled_where_the_tree_lives(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab", "down", "enter")
    assert shown.session.acts == [("tree", Toggle("a"))]
    assert "│▸▸ part◂" in shown.text


@in_terminal(code("a", "x"))
async def test_a_cell_without_places_keeps_the_keyboard(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab")
    assert shown.status.startswith(" NAV ")
    await shown.press("i")
    assert shown.status.startswith(" EDIT ")


@in_terminal(code("a", "x", *(Button(f"b{n}", f"Number {n}") for n in range(40))))
async def test_the_place_that_the_keyboard_is_at_is_scrolled_into_view(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab")
    assert "[ Number 39 ]◂" in shown.text
    assert "Number 5 " not in shown.text


def test_a_key_among_places_draws_no_other_cell() -> None:
    drawn: Counter[str] = Counter()

    class Counting(Painter):
        def rows(self, item: Item, look: Look) -> list[Strip]:
            drawn[item.id] += 1
            return super().rows(item, look)

    async def main() -> None:
        # Not the grid: what may hold a picture is drawn anew once the terminal has not answered that it shows any.
        cells = [code(f"c{n}", f"value = {n}", *BUTTONS.contents) for n in range(500)]
        async with terminal(notebook_of(*cells), make_painter=Counting) as shown:
            await shown.press("j", "j", "j", "tab")
            drawn.clear()
            await shown.press("tab", "tab", "shift+tab", "left")
            assert set(drawn) == {"c0"}

    asyncio.run(main())


@in_terminal(code("a", "x", Text("stdout", "line\n" * 100)))
async def test_what_is_left_out_opens_by_a_press(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab")
    assert "Enter open the whole output" in shown.hints
    await click(shown, "more lines")
    await shown.shows("100 lines")


@in_terminal(code("a", "x", BUTTONS, TABS, TREE), size=(24, 10))
async def test_a_tiny_terminal_shows_places_too(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab", "tab", "tab", "tab", "tab", "tab", "tab")
    assert "◂" in shown.text
    await shown.press("shift+tab", "up", "up", "left", "enter")
    assert shown.session.acts


@in_terminal(
    code(
        "a",
        "x",
        Plot("p", (Series("up", "line", (0.0, 1.0), (0.0, 1.0)), Series("down", "line", (0.0, 1.0), (7.0, 5.0)))),
    ),
    size=(100, 40),
)
async def test_of_a_plot_one_series_is_looked_at_alone_and_all_again(shown: Terminal) -> None:
    both = shown.text
    await shown.press("j", "j", "j", "tab", "right", "enter")
    alone = shown.text
    assert alone != both
    await shown.press("enter", "escape")
    await shown.press("k")
    assert [line.strip("▌ ") for line in shown.lines[4:-2]] == [line.strip("▌ ") for line in both.splitlines()[4:-2]]
