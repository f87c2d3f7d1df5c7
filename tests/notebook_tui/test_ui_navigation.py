"""Moving about: the focus, the window, sections, the mouse."""

from __future__ import annotations

from textual import events

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.state import State
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

TWO_SECTIONS = Notebook(
    "Tour",
    sections=(
        Section("one", "First part", (code("a", "alpha = 1"), prose("b", "Some *prose*."))),
        Section("two", "Second part", (code("c", "gamma = 3"),)),
    ),
)
MANY = tuple(code(f"c{n}", f"value_{n} = {n}") for n in range(40))


@in_terminal(TWO_SECTIONS)
async def test_the_whole_notebook_is_shown_with_the_focus_on_its_title(shown: Terminal) -> None:
    assert shown.focused_line() == "▌ Tour"
    for text in ("First part", "alpha = 1", "Some prose.", "Second part", "gamma = 3", "setup · empty"):
        assert text in shown.text


@in_terminal(TWO_SECTIONS)
async def test_j_and_k_and_arrows_move_the_focus_over_headings_and_cells(shown: Terminal) -> None:
    await shown.press("j", "j")
    assert "First part" in shown.focused_line()
    await shown.press("down")
    assert "alpha = 1" in shown.focused_line()
    await shown.press("k", "up")
    assert "setup" in shown.focused_line()


@in_terminal(TWO_SECTIONS)
async def test_the_focus_stops_at_both_ends(shown: Terminal) -> None:
    await shown.press("k", "k")
    assert "Tour" in shown.focused_line()
    await shown.press("G", "j", "j")
    assert "gamma = 3" in shown.focused_line()
    await shown.press("g", "g")
    assert "Tour" in shown.focused_line()


@in_terminal(*MANY)
async def test_a_focus_that_leaves_the_screen_takes_the_window_with_it(shown: Terminal) -> None:
    await shown.press("G")
    assert "value_39 = 39" in shown.focused_line()
    assert "value_0 = 0" not in shown.text
    await shown.press("home")
    assert shown.focused_line() == "▌ Test"


@in_terminal(*MANY)
async def test_pages_take_the_focus_with_them(shown: Terminal) -> None:
    await shown.press("pagedown", "space")
    window = shown.lines[:-2]
    assert "▌" in "".join(window[:3])
    before = shown.focused_line()
    await shown.press("j")
    assert shown.focused_line() != before
    assert [line.strip("▌ ") for line in shown.lines[:-2]] == [line.strip("▌ ") for line in window]
    await shown.press("pageup", "pageup")
    assert shown.focused_line() == "▌ Test"


@in_terminal(*MANY)
async def test_a_page_beyond_the_end_focuses_what_is_last_there(shown: Terminal) -> None:
    await shown.press(*["pagedown"] * 20)
    assert "value_39 = 39" in shown.focused_line()
    await shown.press(*["pageup"] * 20)
    assert shown.focused_line() == "▌ Test"


@in_terminal(*MANY)
async def test_the_wheel_scrolls(shown: Terminal) -> None:
    for _ in range(3):
        await shown.pilot._post_mouse_events([events.MouseScrollDown], offset=(10, 10), button=0)
    assert "▌ Test" not in shown.text


@in_terminal(TWO_SECTIONS)
async def test_a_click_focuses_and_a_double_click_edits(shown: Terminal) -> None:
    row = next(y for y, line in enumerate(shown.lines) if "gamma = 3" in line)
    await shown.pilot.click(offset=(12, row))
    await shown.settle()
    assert "gamma = 3" in shown.focused_line()
    assert "NAV" in shown.status
    await shown.pilot.click(offset=(12, row), times=2)
    await shown.settle()
    assert "EDIT" in shown.status


@in_terminal(TWO_SECTIONS)
async def test_the_outline_names_the_sections_and_takes_the_focus_there(shown: Terminal) -> None:
    await shown.press("s", "o")
    await shown.shows("▾ Second part")
    await shown.press("j", "j", "j", "enter")
    assert "Second part" in shown.focused_line()
    await shown.hides("▾ Second part")


@in_terminal(Notebook(), state=State())
async def test_an_empty_notebook_says_what_to_do(shown: Terminal) -> None:
    for text in ("This notebook is empty.", "n   write code", "m   write Markdown", "?   all keys"):
        assert text in shown.text
    await shown.press("j", "j", "j", "ctrl+e")
    assert "setup" in shown.focused_line()


@in_terminal(Notebook(), state=State(Notebook(setup=Cell("setup", "code", "import math"))))
async def test_a_notebook_with_nothing_but_a_setup_is_not_called_empty(shown: Terminal) -> None:
    assert "This notebook has a setup and no cells yet." in shown.text
    assert "n   write code" in shown.text


@in_terminal(*MANY)
async def test_the_focused_cell_stays_in_view_when_the_terminal_changes_its_size(shown: Terminal) -> None:
    await shown.press(*"jjjjjjjjjjjjjjjjjjjj")
    before = shown.focused_line().split("│")[1]
    for size in ((120, 40), (50, 12), (200, 60), (80, 24)):
        await shown.pilot.resize_terminal(*size)
        await shown.settle()
        assert shown.focused_line().split("│")[1] == before


@in_terminal(TWO_SECTIONS)
async def test_a_key_that_does_nothing_says_so_and_which_key_does_what_it_does_elsewhere(shown: Terminal) -> None:
    await shown.press("q")
    await shown.shows("q does nothing here. Quit: Ctrl+Q.")
    await shown.press("e", "k")
    await shown.shows("ek does nothing here. ?")


@in_terminal(TWO_SECTIONS)
async def test_tab_says_so_where_there_is_nothing_to_go_into(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab")
    await shown.shows("There is nothing here to go into")


@in_terminal(TWO_SECTIONS)
async def test_a_key_that_comes_before_the_view_is_up_waits_for_it(shown: Terminal) -> None:
    screen = shown.app._view()
    shown.app.push_screen(screen)
    shown.post_key("j")
    shown.post_key("j")
    await shown.until(lambda: any(line.startswith("▌") and "First part" in line for line in shown.lines), "both keys")
    assert shown.app.screen is screen


@in_terminal(TWO_SECTIONS)
async def test_keys_that_do_nothing_push_no_message_out_of_the_list_of_messages(shown: Terminal) -> None:
    screen = shown.app.notebook_screen
    assert screen is not None
    screen.say("The runtime is lost: out of memory", "error")
    for key in ["q"] * 210 + ["tab"] * 210:
        shown.post_key(key)
    await shown.settle()
    await shown.press("s", "m")
    assert "The runtime is lost: out of memory" in shown.text


@in_terminal(Notebook())
async def test_a_click_on_the_hint_of_an_empty_notebook_leaves_the_focus_where_it_is(shown: Terminal) -> None:
    row = next(y for y, line in enumerate(shown.lines) if "n   write code" in line)
    before = shown.focused_line()
    await shown.pilot.click(offset=(8, row), times=2)
    await shown.settle()
    assert shown.focused_line() == before
    await shown.press("j", "g", "g", "n")
    assert "EDIT" in shown.status
