"""Find and replace: in a cell and in all of them, what is marked, what is said, and how it is taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.operations import SetCellSource
from notebook_tui.document.outputs import Text
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.finding.finder import Finder
from notebook_tui.ui.finding.highlight import FOUND, highlighted, spans_in
from notebook_tui.ui.finding.pattern import BadPattern, Pattern, Query, TooLong
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
SLOW = r"(x+x+)+[yz]\b"
"""Where there is none, it takes longer than anybody lives."""


def sources(shown: Terminal) -> dict[str, str]:
    return {cell.id: cell.source for cell in shown.session.state.notebook.cells()}


def marked(shown: Terminal) -> list[str]:
    """What stands out on the screen as found."""
    strips = shown.app.screen._compositor.render_strips()
    return [
        segment.text
        for strip in strips
        for segment in strip
        if segment.style and segment.style.reverse and segment.style.underline and segment.text.strip()
    ]


@in_terminal(code("a", "one = 1"), code("b", "two = one + one"), prose("c", "The *one*"))
async def test_a_slash_finds_in_all_cells_and_says_how_many(shown: Terminal) -> None:
    await shown.press("/", *"one")
    await shown.shows("4 found")
    assert marked(shown) == ["one"] * 4
    await shown.press("enter")
    await shown.shows("1 of 4")
    assert "one = 1" in shown.focused_line() or "▌" in next(line for line in shown.lines if "one = 1" in line)
    await shown.press("enter", "enter", "enter")
    await shown.shows("4 of 4")
    assert "The one" in shown.focused_line()
    await shown.press("down")
    await shown.shows("1 of 4")
    await shown.press("up")
    await shown.shows("4 of 4")
    await shown.press("escape")
    assert marked(shown) == []
    assert " NAV " in shown.status
    await shown.press("f3", "ctrl+g")
    assert "two" in shown.focused_line()


@in_terminal(code("a", "one one"))
async def test_the_line_at_the_foot_tells_the_keys_of_the_bar_while_it_has_them(shown: Terminal) -> None:
    await shown.press("/", *"one")
    assert " FIND " in shown.status
    await shown.shows("Enter next")
    await shown.press("f7")
    await shown.shows("Alt+A all")
    await shown.press("escape")
    assert " NAV " in shown.status
    await shown.shows("ee run")


@in_terminal(code("a", "Word word words"))
async def test_case_words_and_expressions_are_switched_by_keys_and_by_the_mouse(shown: Terminal) -> None:
    await shown.press("/", *"word")
    await shown.shows("3 found")
    await shown.press("alt+c")
    await shown.shows("2 found")
    await shown.press("alt+w")
    await shown.shows("1 found")
    assert "✓Aa" in shown.text
    assert "✓word" in shown.text
    row = next(y for y, line in enumerate(shown.lines) if "✓Aa" in line)
    await shown.pilot.click(offset=(shown.lines[row].index("✓Aa"), row))
    await shown.shows("2 found")
    await shown.press("alt+r", "alt+w")
    await shown.press(*["backspace", "backspace", "backspace", "backspace"], *"w.r")
    await shown.shows("3 found")


@in_terminal(code("a", "y" + "x" * 5000 + "q"))
async def test_an_expression_that_is_none_or_takes_for_ever_is_said_beside_it(shown: Terminal) -> None:
    await shown.press("/", "alt+r", "(")
    await shown.shows("no expression")
    await shown.press("backspace", *SLOW)
    await shown.shows("takes too long")
    await shown.press("escape")
    assert " NAV " in shown.status


@in_terminal(code("a", "print('x')"))
async def test_what_cells_show_is_found_as_well(shown: Terminal) -> None:
    await shown.press(*FIRST, "ctrl+e")
    shown.session.output("a", Text("stdout", "needle in hay\nneedle\n"))
    shown.session.finish("a")
    await shown.shows("needle")
    await shown.press("/", *"needle", "enter", "enter")
    await shown.shows("2 of 2")
    assert marked(shown) == ["needle", "needle"]


@in_terminal(code("a", "\n".join(f"line {n}" for n in range(80))), code("b", "end"))
async def test_a_match_that_is_far_away_is_brought_into_view(shown: Terminal) -> None:
    await shown.press("/", *"line 71", "enter")
    await shown.shows("line 71")
    await shown.press("escape", "/", *"end", "enter")
    await shown.shows("│ end")


@in_terminal(code("a", "a a"), code("b", "b a"), code("c", "c"))
async def test_all_are_replaced_told_and_taken_back(shown: Terminal) -> None:
    await shown.press("f7", "a", "f7", *"xy", "alt+a")
    await shown.shows("3 places replaced in 2 cells")
    assert sources(shown).items() >= {"a": "xy xy", "b": "b xy", "c": "c"}.items()
    assert len([each for each in shown.session.sent if isinstance(each, SetCellSource)]) == 2
    await shown.press("escape", "g", "u")
    await shown.shows("Taken back in 2 cells")
    assert sources(shown)["a"] == "a a"
    assert sources(shown)["b"] == "b a"
    await shown.press("g", "u")
    await shown.shows("Nothing was replaced")


@in_terminal(code("a", "a"), code("b", "a"))
async def test_a_cell_that_was_changed_since_keeps_what_it_has(shown: Terminal) -> None:
    await shown.press("f7", "a", "f7", "x", "alt+a", "escape")
    shown.session.apply(SetCellSource("b", "mine"))
    await shown.press("g", "u")
    await shown.shows("Taken back in 1 cell; 1 changed")
    assert sources(shown)["a"] == "a"
    assert sources(shown)["b"] == "mine"


@in_terminal(code("a", "a a a"))
async def test_one_after_the_other_is_replaced_or_left(shown: Terminal) -> None:
    await shown.press("f7", "a", "enter", "f7", "b", "enter")
    assert sources(shown)["a"] == "b a a"
    await shown.press("down", "enter")
    assert sources(shown)["a"] == "b a b"


@in_terminal(code("a", "one one"), code("b", "one"))
async def test_in_the_editor_it_looks_in_the_cell_and_once_more_in_all(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "ctrl+f", *"one")
    await shown.shows("2 found")
    await shown.press("ctrl+f")
    await shown.shows("3 found")
    await shown.press("ctrl+f", "enter")
    await shown.shows("1 of 2")
    await shown.press("escape", "X")
    assert "│ X one" in shown.text


@in_terminal(code("a", "one one"), code("b", "one"))
async def test_a_replacement_in_the_edited_cell_is_one_step_of_its_undo(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "ctrl+f", *"one", "f7", "2", "alt+a")
    await shown.shows("2 places replaced in 1 cell")
    assert sources(shown)["b"] == "one"
    await shown.press("escape", "ctrl+z", "escape")
    assert sources(shown)["a"] == "one one"


@in_terminal(code("a", "a a"))
async def test_tab_goes_from_what_is_found_to_what_is_put_in_its_place_and_round_in_the_bar(shown: Terminal) -> None:
    await shown.press("f7", "a", "tab", *"xy", "alt+a")
    await shown.shows("2 places replaced in 1 cell")
    assert sources(shown)["a"] == "xy xy"
    await shown.press("shift+tab", *"y", "tab", *"z", "shift+tab", "shift+tab", "enter")
    await shown.until(lambda: sources(shown)["a"] == "xz xz")
    await shown.press("tab", *"x", "tab", *"u", "tab", "space")
    await shown.shows("✓Aa")
    assert " FIND " in shown.status
    await shown.press("alt+a")
    await shown.until(lambda: sources(shown)["a"] == "uz uz")


@in_terminal(code("a", "one one"))
async def test_the_bar_is_closed_by_escape_also_where_cells_have_the_keys(shown: Terminal) -> None:
    await shown.press("/", *"one")
    await shown.shows("2 found")
    row = next(y for y, line in enumerate(shown.lines) if "1 │ one one" in line)
    await shown.pilot.click(offset=(60, row))
    await shown.until(lambda: " NAV " in shown.status, "the cells have the keys")
    assert marked(shown) == ["one", "one"]
    await shown.press("escape")
    await shown.hides("2 found")
    assert marked(shown) == []


@in_terminal(code("a", "x1 x2"))
async def test_groups_of_an_expression_stand_in_the_replacement(shown: Terminal) -> None:
    await shown.press("f7", "alt+r", *r"x(\d)", "f7", *r"y\1", "alt+a")
    await shown.until(lambda: sources(shown)["a"] == "y1 y2")
    await shown.press("escape", "f7", *r"y", "f7", *r"\9", "alt+a")
    await shown.shows("no replacement")
    assert sources(shown)["a"] == "y1 y2"


@in_terminal(code("a", "x"))
async def test_the_count_follows_what_others_write(shown: Terminal) -> None:
    await shown.press("/", "x")
    await shown.shows("1 found")
    shown.session.apply(SetCellSource("a", "x x x"))
    await shown.shows("3 found")


@in_terminal(code("a", "x = 1"), size=(40, 12))
async def test_the_bar_fits_a_small_terminal(shown: Terminal) -> None:
    await shown.press("/", "x")
    await shown.shows("1 found")
    assert all(len(line) <= 40 for line in shown.lines)


@given(st.text(max_size=30), st.text(min_size=1, max_size=3))
def test_words_are_found_wherever_they_stand_and_nowhere_else(text: str, word: str) -> None:
    spans = Pattern(Query(word, case=True)).spans(text)
    assert all(text[start:end] == word for start, end in spans)
    assert len(spans) == text.count(word)


@given(st.text(alphabet="aä漢b ", max_size=20))
def test_a_marked_row_shows_the_same_text(text: str) -> None:
    from rich.text import Text as RichText

    row = strip_of(RichText(text, end=""))
    pattern = Pattern(Query("ä漢", regex=False))
    (after,) = highlighted([row], pattern, 0)
    assert after.text == row.text
    assert "".join(s.text for s in after if s.style and s.style.reverse) == "ä漢" * text.count("ä漢")
    assert len(spans_in(row, pattern, 0)) == text.count("ä漢")


def test_a_search_ends_at_its_deadline() -> None:
    pattern = Pattern(Query(SLOW, regex=True))
    with pytest.raises(TooLong):
        pattern.spans("y" + "x" * 5000 + "q")
    with pytest.raises(TooLong):
        pattern.spans("short")


def test_nothing_is_replaced_where_one_replacement_is_wrong() -> None:
    finder = Finder()
    finder.look_for(Query("(a)", regex=True))
    with pytest.raises(BadPattern):
        finder.replaced_all([code("a", "a")], r"\2")


def test_cells_that_stay_the_same_are_looked_through_once() -> None:
    looked: list[str] = []

    class Counted(Pattern):
        def spans(self, text: str, until: float | None = None) -> list[tuple[int, int]]:
            looked.append(text)
            return super().spans(text, until)

    finder = Finder()
    finder.look_for(Query("x"))
    finder.pattern = Counted(Query("x"))
    cells = [code("a", "x"), code("b", "y")]
    finder.look(cells)
    finder.look([cells[0], code("b", "xx")])
    assert looked == ["x", "y", "xx"]
    assert FOUND.reverse
