"""What a program writes is laid out as a terminal would, whatever it writes and wherever its pieces end."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.widgets.terminal import page
from notebook_tui.widgets.terminal.ink import Ink
from notebook_tui.widgets.terminal.page import COLUMNS, LINES, SCREEN
from notebook_tui.widgets.terminal.row import Row
from notebook_tui.widgets.terminal.screen import Screen

Look = tuple[object, ...]


def screen_of(*texts: str) -> Screen:
    screen = Screen()
    for text in texts:
        screen.feed(text)
    return screen


def rows(*texts: str) -> list[str]:
    return [row.text for row in screen_of(*texts).rows]


def picture(screen: Screen) -> list[list[tuple[str, Ink]]]:
    """All that is to be seen, character by character."""
    shown = []
    for row in screen.rows:
        cells = [(character, ink) for text, ink in row.runs() for character in text]
        while cells and cells[-1] == (" ", Ink()):
            cells.pop()
        shown.append(cells)
    return shown


numbers = st.integers(0, 12).map(str) | st.just("")
moves = st.builds("\x1b[{}{}".format, numbers, st.sampled_from("ABCDEFGde"))
places = st.builds("\x1b[{};{}H".format, numbers, numbers)
erasures = st.builds("\x1b[{}{}".format, st.sampled_from(["", "0", "1", "2"]), st.sampled_from("JK"))
shifts = st.builds("\x1b[{}{}".format, numbers, st.sampled_from("@PXLM"))
colours = st.sampled_from(
    [
        "\x1b[0m",
        "\x1b[1m",
        "\x1b[31m",
        "\x1b[7m",
        "\x1b[39m",
        "\x1b[4;32m",
        "\x1b[38;5;99m",
        "\x1b[48;2;1;2;3m",
        "\x1b[m",
    ]
)
others = st.sampled_from(["\r", "\b", "\t", "\r\n", "\n", "\x1b7", "\x1b8", "\x1bE", "\x1bD", "\x1bM", "\x1bc", "\x07"])
words = st.text("abc xyz", min_size=1, max_size=9)
programs = st.lists(words | moves | places | erasures | shifts | colours | others, max_size=14)
hostile = st.lists(
    st.one_of(
        programs.map("".join),
        st.text(max_size=6),
        st.text("\x1b[]PX^_0123456789;:?m\\ABKJ(0\x07\x18\r\n\u0301漢", max_size=12),
        st.sampled_from(
            ["\x1b]8;;https://x.y/z\x1b\\", "\x1b]0;t\x07", "\x1b[99999999999B", "\x1b[?1049h", "\x1b[?1049l"]
        ),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=300)
@given(programs.filter(lambda program: "\x1b8" not in program))  # it keeps a stack of places where terminals keep one
def test_it_shows_what_pyte_shows(program: list[str]) -> None:
    oracle = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(oracle)
    for text in program:
        oracle.set_mode(20)  # a line feed returns the carriage, as a terminal's driver has it; a reset forgets it
        for y in range(LINES):  # it deletes no row that has another below it of which it knows nothing
            oracle.buffer[y]
        stream.feed(text)
    expected = [line.rstrip() for line in oracle.display]
    while expected and not expected[-1]:
        expected.pop()
    shown = [row.rstrip() for row in rows("".join(program))]
    while shown and not shown[-1]:
        shown.pop()
    if len(shown) < LINES:
        assert shown == expected
        assert [_looks(oracle, y, len(line)) for y, line in enumerate(shown)] == _inks(
            screen_of("".join(program)), shown
        )


def _looks(oracle: pyte.Screen, y: int, width: int) -> list[tuple[bool, bool, bool, bool]]:
    cells = [oracle.buffer[y][x] for x in range(width)]
    return [(cell.bold, cell.reverse, cell.underscore, cell.fg != "default") for cell in cells if cell.data != " "]


def _inks(screen: Screen, shown: list[str]) -> list[list[tuple[bool, bool, bool, bool]]]:
    return [
        [
            (ink.bold, ink.reverse, bool(ink.underline), ink.front is not None)
            for text, ink in row.runs()
            for character in text
            if character != " "
        ]
        for row in screen.rows[: len(shown)]
    ]


@settings(max_examples=300)
@given(hostile, st.lists(st.integers(0, 80), max_size=4))
def test_pieces_may_end_anywhere(text: str, ends: list[int]) -> None:
    cuts = sorted(min(end, len(text)) for end in ends)
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert picture(screen_of(*pieces)) == picture(screen_of(text))


@settings(max_examples=300)
@given(hostile)
def test_nothing_raises_and_no_control_is_left(text: str) -> None:
    for row in screen_of(text).rows:
        assert not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in row.text)
        assert row.width <= len(text) * 2 + 9 * COLUMNS


@settings(max_examples=300)
@given(programs.map("".join), programs.map("".join))
def test_a_settled_text_shows_the_same_and_goes_on_the_same(before: str, after: str) -> None:
    settled = screen_of(before).settled()
    assert picture(screen_of(settled)) == picture(screen_of(before))
    assert picture(screen_of(settled, after)) == picture(screen_of(before, after))


def test_a_place_that_was_saved_is_returned_to_as_often_as_one_likes() -> None:
    screen = screen_of("ab\x1b[1m\x1b7\x1b[0m\ncd\x1b8X\x1b[0m\n\x1b8Y\n")
    assert [row.text for row in screen.rows] == ["abY", "cd"]
    assert list(screen.rows[0].runs()) == [("ab", Ink()), ("Y", Ink(bold=True))]
    assert rows("ab\ncd\x1b8X") == ["Xb", "cd"]


@pytest.mark.parametrize("erasing", ["\x1b[2J", "x\x1b[2J", "\x1b[3Jx\n", "\x1b[H\x1b[9999L", "\x1b[1J"])
def test_erasing_a_long_page_over_and_over_costs_what_is_on_it_and_not_its_length_each_time(
    erasing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched = 0

    class Counted(Row):
        def __init__(self) -> None:
            nonlocal touched
            touched += 1
            super().__init__()

        def clear(self) -> None:
            nonlocal touched
            touched += 1
            super().clear()

    monkeypatch.setattr(page, "Row", Counted)
    screen_of("\n" * 5_000 + erasing * 500)
    assert touched < 5_000 * 3 + 500 * (SCREEN + 10)


def test_a_page_that_is_drawn_over_for_long_remembers_no_more_than_its_rows() -> None:
    screen = screen_of(*["one\r\ntwo\x1b[A\r"] * 2_000)
    assert len(screen._page._written) < 2 * LINES + 2 * SCREEN
