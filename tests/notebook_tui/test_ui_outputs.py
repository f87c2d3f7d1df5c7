"""Outputs as rows: folded, counted, and free of whatever could reach the terminal behind our back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.output_strips import inline_view, output_lines
from notebook_tui.ui.outputs.terminal_text import decoded, last_lines, settled_lines
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

ESCAPES = [
    "\x1b[31m",
    "\x1b[0m",
    "\x1b[2J",
    "\x1b[5;5H",
    "\x1b]0;t\x07",
    "\x1b[",
    "\x1b",
    "\x9b",
    "\r",
    "\x08",
    "\x1bP1",
    "\x1b\\",
]
printed = st.lists(
    st.one_of(st.sampled_from([*ESCAPES, "\n", "漢", "🙂", "\t"]), st.text(max_size=5)), max_size=20
).map("".join)
outputs = st.one_of(
    st.builds(Text, st.sampled_from(["stdout", "stderr"]), printed),
    st.builds(Result, printed),
    st.builds(Error, st.just("ValueError"), printed, printed, st.none()),
    st.builds(Exported, st.text(max_size=5), printed),
    st.builds(Display, st.tuples(st.tuples(st.just("text/plain"), printed))),
)


def plain(*shown: Output, width: int = 40, limit: int = 10) -> list[str]:
    return [f"{row.mark} {row.text.plain}" for row in inline_view(shown, width, limit, Palette()).rows]


def leaks(text: str) -> bool:
    return any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000
        for character in text
    )


@given(st.lists(outputs, max_size=5), st.integers(8, 60), st.integers(1, 12))
def test_no_output_leaks_a_control_character_or_leaves_its_width_or_its_rows(
    shown: list[Output], width: int, limit: int
) -> None:
    view = inline_view(shown, width, limit, Palette())
    assert len(view.rows) <= limit
    for row in view.rows:
        strip = strip_of(row.text)
        assert strip.cell_length <= width
        assert not leaks(strip.text)


@given(st.lists(st.sampled_from(["a", "bb", ""]), max_size=20), st.integers(1, 8))
def test_the_last_lines_and_the_count_of_the_rest_make_the_whole(lines: list[str], count: int) -> None:
    text = "".join(f"{line}\n" for line in lines)
    tail, before = last_lines(text, count)
    shown = tail.split("\n") if lines else []
    assert before + len(shown) == len(lines)
    assert shown == lines[before:]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb", ["a", "b"]),
        ("  0%\r 50%\r100%", ["100%"]),
        ("long line\rshort", ["shortline"]),
        ("long line\r\x1b[Kshort", ["short"]),
        ("50%\r", ["50%"]),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", ["link"]),
        ("a\tb", ["a       b"]),
    ],
)
def test_text_is_shown_as_a_terminal_would_leave_it(text: str, lines: list[str]) -> None:
    assert [line.plain for line in decoded(text)] == lines


def test_a_colour_lasts_until_it_is_reset() -> None:
    first, second, third = decoded("\x1b[31mred\nstill\x1b[0m\nplain")
    assert [bool(line.spans) for line in (first, second, third)] == [True, True, False]


def test_the_pager_knows_the_colour_a_line_begins_with() -> None:
    assert settled_lines("\x1b[1ma\nb\x1b[m\nc") == ["\x1b[1ma", "\x1b[1mb\x1b[m", "c"]


def test_printed_text_shows_its_end_and_a_value_its_head() -> None:
    many = "\n".join(str(n) for n in range(100))
    assert plain(Text("stdout", many))[-1] == "  99"
    assert plain(Result(many))[:2] == ["= 0", "  1"]
    assert inline_view([Result(many)], 40, 10, Palette()).hidden_lines == 90


def test_outputs_that_find_no_room_are_counted() -> None:
    view = inline_view([Text("stdout", "a\nb\n"), Result("x\ny")], 40, 2, Palette())
    assert [row.text.plain for row in view.rows] == ["x", "y"]
    assert view.hidden_lines == 2


def test_an_error_says_its_message_first_and_once() -> None:
    error = Error(
        "KeyError", "'a'", "Traceback (most recent call last):\n  cell 1, line 2\n    d['a']\nKeyError: 'a'\n", 2
    )
    assert plain(error) == [
        "✗ KeyError: 'a'",
        "  Traceback (most recent call last):",
        "    cell 1, line 2",
        "      d['a']",
    ]
    assert plain(Error("SystemExit", "", "", None)) == ["✗ SystemExit"]


def test_what_livebook_drew_is_named_and_its_text_is_in_the_pager() -> None:
    drawn = Exported("vega-lite", "{}\n")
    assert plain(drawn, width=60) == ["· vega-lite drawn by Livebook · o opens its text"]
    assert output_lines(drawn) == ["{}"]


@in_terminal(code("a", "x", Result("42")))
async def test_the_screen_of_one_line_counts_one_line(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "o")
    await shown.shows(" 1 line   ")
