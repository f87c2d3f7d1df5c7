"""The screen of a cell's whole output: read, search, wrap, number, select, copy."""

from __future__ import annotations

import pytest

from notebook_tui.document.outputs import Error, Result, Text
from notebook_tui.ui.outputs.pages import OutputPages
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

LINES = "".join(f"line {n}\n" for n in range(100))
LONG = Text("stdout", LINES + "Needle " + "x" * 200 + " end\n" + LINES)


@pytest.fixture(autouse=True)
def outside_of_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)


async def opened(shown: Terminal) -> None:
    await shown.press("G", "o")
    await shown.shows("Esc back")


async def found(shown: Terminal, words: str) -> None:
    await shown.press("slash")
    await shown.type(words)
    await shown.press("enter")


def note(shown: Terminal) -> str:
    return shown.lines[-1]


@in_terminal(code("a", "x", LONG))
async def test_a_search_goes_to_what_it_finds_and_n_to_the_next(shown: Terminal) -> None:
    await opened(shown)
    assert "201 lines · 1–" in note(shown)
    await found(shown, "line 42")
    await shown.shows("2 × “line 42”")
    assert shown.lines[0].strip() == "line 42"
    await shown.press("n")
    assert shown.lines[0].strip() == "line 42"
    assert "144–" in note(shown)
    await shown.press("n")
    assert "43–" in note(shown)
    await shown.press("N")
    assert "144–" in note(shown)


@in_terminal(code("a", "x", LONG))
async def test_a_search_heeds_capitals_where_it_has_some(shown: Terminal) -> None:
    await opened(shown)
    await found(shown, "needle")
    await shown.shows("1 × “needle”")
    await found(shown, "NEEDLE")
    await shown.shows("0 × “NEEDLE”")


@in_terminal(code("a", "x", Text("stdout", "one two one\n")))
async def test_what_is_found_is_marked_also_without_colours(shown: Terminal) -> None:
    await opened(shown)
    await found(shown, "one")
    await shown.shows("1 × “one”")
    strip = shown.app.screen.query_one(OutputPages).render_line(0)
    marked = [segment.text for segment in strip if segment.style and segment.style.underline]
    assert marked == ["one", "one"]


@in_terminal(code("a", "x", LONG))
async def test_escape_gives_up_a_question_before_it_closes_the_screen(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("slash", "q", "escape")
    assert "201 lines" in note(shown)
    await shown.press("escape")
    await shown.shows("NAV")


@in_terminal(code("a", "x", LONG))
async def test_lines_wrap_on_demand_and_the_reader_stays_where_they_are(shown: Terminal) -> None:
    await opened(shown)
    await found(shown, "Needle")
    assert "end" not in shown.lines[0]
    await shown.press("w")
    assert shown.lines[0].strip().startswith("Needle")
    assert "end" in shown.lines[2]
    assert shown.lines[3].strip() == "line 0"
    await shown.press("w")
    assert shown.lines[1].strip() == "line 0"


@in_terminal(code("a", "x", Text("stdout", "漢字" * 60 + "\nafter\n")))
async def test_wide_characters_wrap_without_being_cut(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("w")
    assert sum(line.count("漢") for line in shown.lines) == 60
    after = next(y for y, line in enumerate(shown.lines) if "after" in line)
    assert "字" in shown.lines[after - 1]


@in_terminal(code("a", "x", LONG))
async def test_lines_are_numbered_on_demand_also_when_they_wrap(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("number_sign")
    assert shown.lines[9].strip() == "10 line 9"
    await found(shown, "Needle")
    await shown.press("w")
    assert shown.lines[0].strip().startswith("101 Needle")
    assert shown.lines[1].strip().startswith("xxx")


@in_terminal(code("a", "x", Text("stdout", "1\n2\n3\n"), Result("[4,\n 5]"), Error("KeyError", "6", "", None)))
async def test_brackets_go_from_output_to_output(shown: Terminal) -> None:
    pages = []
    await opened(shown)
    await shown.until(lambda: "output 1/3" in note(shown), "the number of the output")
    for _ in range(3):
        await shown.press("right_square_bracket")
        pages.append(note(shown))
    assert "6 lines" in pages[-1]


@in_terminal(code("a", "x", Text("stdout", LINES), Result("[4,\n 5]"), Text("stdout", LINES)))
async def test_brackets_go_to_the_first_line_of_an_output(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("right_square_bracket")
    assert shown.lines[0].strip() == "[4,"
    assert "output 2/3" in note(shown)
    await shown.press("right_square_bracket", "left_square_bracket")
    assert shown.lines[0].strip() == "[4,"


@in_terminal(code("a", "x", LONG))
async def test_selected_lines_are_copied_and_all_of_them_without_a_selection(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("j", "v", "j", "j")
    await shown.shows("3 selected")
    assert [line[1:12].strip() for line in shown.lines[:3]] == ["▌ line 1", "▌ line 2", "▌ line 3"]
    await shown.press("y")
    await shown.shows("Copied the selection: 3 lines")
    assert shown.app.clipboard == "line 1\nline 2\nline 3\n"
    assert "selected" not in note(shown)
    await shown.press("y")
    await shown.shows("Copied the output: 201 lines")
    assert shown.app.clipboard == LONG.text


@in_terminal(code("a", "x", LONG))
async def test_a_selection_goes_to_the_end_and_scrolls_along(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("v", "G")
    await shown.shows("201 selected")
    assert "line 99" in shown.text
    await shown.press("escape")
    assert "selected" not in note(shown)


@in_terminal(code("a", "x"))
async def test_what_moves_about_is_shown_as_it_stands_and_goes_on(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    shown.session.print("a", "first\n 10%\n 20%\n")
    await opened(shown)
    shown.session.print("a", "\x1b[2A\x1b[2K 50%\n\x1b[2K 60%\n")
    await shown.shows(" 50%")
    assert [line.strip() for line in shown.lines[:3]] == ["first", "50%", "60%"]
    assert "10%" not in shown.text


@in_terminal(code("a", "x", *(Text("stdout", "\x1b[31mred\nstill red\x1b[0m\n"),)))
async def test_a_colour_lasts_over_lines(shown: Terminal) -> None:
    await opened(shown)
    pages = shown.app.screen.query_one(OutputPages)
    styles = [segment.style for segment in pages.render_line(1) if segment.text == "still red"]
    assert styles[0] is not None
    assert styles[0].color is not None
    assert styles[0].color.number == 1


@in_terminal(code("a", "x", LONG))
async def test_s_saves_from_the_screen(shown: Terminal) -> None:
    await opened(shown)
    await shown.press("s")
    await shown.shows("the text, 201 lines")
    await shown.press("escape")
    await shown.shows("201 lines")
