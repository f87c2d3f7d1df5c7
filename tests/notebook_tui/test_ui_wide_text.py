"""Characters of two cells, of none, and of several code points: the caret stands where the terminal draws it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual import events

from notebook_tui.document.operations import SetCellSource
from notebook_tui.ui.editing.editor import Editor
from notebook_tui.ui.editing.graphemes import boundaries
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
LEFT = 7
"""The column in which sources begin."""
FAMILY = "👩\u200d👩\u200d👧"
ACCENT = "e\u0301"
LINES = [f"a{ACCENT}b{ACCENT}", "漢字x漢", f"x{FAMILY}y🙂z", "🏳\ufe0f\u200d🌈a❤\ufe0fb", "각a", "a\tb漢\tc", "plain"]


def sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


def caret(shown: Terminal) -> tuple[int, int]:
    return shown.app.cursor_position.x, shown.app.cursor_position.y


@pytest.mark.parametrize("line", LINES)
def test_the_caret_stands_in_the_cell_of_its_character_and_goes_by_whole_ones(line: str) -> None:
    @in_terminal(code("a", line))
    async def press(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", "home")
        places = boundaries(line)
        for place in places:
            assert caret(shown)[0] == LEFT + cell_len(tabbed(line[:place]))
            await shown.press("right")
        await shown.press("home")
        await shown.press(*["right"] * (len(places) - 1), *["left"] * (len(places) - 2), "|", "escape")
        assert sources(shown) == [line[: places[1]] + "|" + line[places[1] :]]

    press()


def tabbed(text: str) -> str:
    """Tabs go to the next fourth cell, not character."""
    found = ""
    for character in text:
        found += " " * (4 - cell_len(found) % 4) if character == "\t" else character
    return found


@pytest.mark.parametrize("line", LINES)
def test_the_row_of_the_caret_is_as_wide_as_it_is_without_it(line: str) -> None:
    @in_terminal(code("a", line))
    async def press(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", "home")
        for _ in boundaries(line):
            row = shown.app.screen.query_one(Editor).render_line(0)
            assert row.cell_length == cell_len(row.text)
            assert line.replace("\t", "") in row.text.replace(" ", "")
            await shown.press("right")

    press()


@in_terminal(code("a", f"{FAMILY}{ACCENT}x"))
async def test_backspace_takes_a_whole_character(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "left", "backspace", "backspace", "escape")
    assert sources(shown) == ["x"]


@in_terminal(code("a", f"abcdefgh\n{FAMILY}{ACCENT}漢yz\nabcdefgh"))
async def test_up_and_down_keep_the_cell_and_not_the_number_of_code_points(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "up", "up", "home", *["right"] * 6)
    x, y = caret(shown)
    await shown.press("down")
    assert caret(shown) == (x, y + 1)
    await shown.press("!", "left", "down", "?", "escape")
    assert sources(shown) == [f"abcdefgh\n{FAMILY}{ACCENT}漢y!z\nabcdef?gh"]


@in_terminal(code("a", f"{FAMILY}漢xyz"))
async def test_a_press_of_the_mouse_goes_to_the_character_that_is_pressed(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    row = next(y for y, line in enumerate(shown.lines) if "xyz" in line)
    await shown.pilot._post_mouse_events([events.MouseDown, events.MouseUp], offset=(LEFT + 3, row), button=1)
    await shown.settle()
    await shown.press("|", "escape")
    assert sources(shown) == [f"{FAMILY}|漢xyz"]


@in_terminal(code("a", "x"))
async def test_a_large_text_is_pasted_in_one_edit_and_taken_back_in_one(shown: Terminal) -> None:
    text = "".join(f"line_{n} = '漢字 {ACCENT} {FAMILY} {'=' * 30}'\r\n" for n in range(18_000))
    assert len(text) > 1_000_000
    await shown.press(*FIRST, "i")
    shown.app.post_message(events.Paste(text))
    await shown.settle()
    await shown.press("!")
    assert "18001 │ !" in shown.text
    await shown.press("ctrl+z", "ctrl+z", "y", "escape")
    assert sources(shown)[-1] == "xy"


@in_terminal(code("a", "x"))
async def test_a_pasted_text_replaces_what_is_selected_and_closes_no_brackets(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "shift+left")
    shown.app.post_message(events.Paste('f(\r\n  "a\x1b[31m'))
    await shown.settle()
    await shown.press("escape")
    assert sources(shown) == ['f(\n  "a\x1b[31m']
    assert "␛[31m" in shown.text
