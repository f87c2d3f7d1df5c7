"""The real program in a pseudo-terminal: what it asks, what it makes of the answers, what it writes of a picture."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from notebook_tui.ui.drawing.theme import DAY, NIGHT
from notebook_tui.ui.driver.questions import questions
from notebook_tui.ui.driver.replies import Replies
from notebook_tui.ui.pictures.graphics import Answers
from tests.support.pictures import iterm2_picture, kitty_pictures, sixel_picture
from tests.support.pty_program import PtyProgram, on_terminal

PROGRAM = """
import asyncio
from time import time
from notebook_tui.document.state import State
from notebook_tui.ui.app import NotebookApp
from notebook_tui.widgets.image import image
from tests.support.fake_session import FakeSession, code, notebook_of
from tests.support.pictures import png

cells = [code("a", "picture", image(png("rg", "b.", scale=64))), code("b", "second")]
session = FakeSession(State(notebook_of(*cells), path="test.livemd"), time)
NotebookApp(session).run()
print("the end")
"""
# However long this machine takes from one piece of an answer to the next: they belong together.
PATIENT = """
from notebook_tui.ui.driver import inquiry

inquiry._PATIENCE = 600.0
inquiry.Inquiry.release = lambda self: ""
"""
RGB = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
KITTY = "\x1b_Gi=31;OK\x1b\\"
DA1, DA1_SIXEL = "\x1b[?62;22c", "\x1b[?62;4;22c"
LIGHT = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\"
CELL = "\x1b[6;20;10t"
PIECES = [
    KITTY,
    DA1,
    DA1_SIXEL,
    CELL,
    "\x1bP>|kitty(0.40.0)\x1b\\",
    LIGHT,
    "a",
    "\x1b[A",
    "\x1b[?2026;2$y",
    "é",
    "\r",
    "\x1b[200~x\x1b[201~",
]


def answer(program: PtyProgram, *answers: str) -> None:
    program.until(lambda written: "\x1b[16t\x1b[c" in written, "the questions")
    program.type("".join(answers))


def leave(program: PtyProgram) -> str:
    program.type("\x11")
    return program.until(lambda written: "the end" in written, "the program's end")


def placed(written: str, sequence: str) -> str:
    """Where the cursor stood when it was painted last."""
    return re.findall(r"\x1b\[(\d+;\d+)H" + sequence, written)[-1]


def test_kitty_is_sent_a_picture_and_told_to_forget_it_at_the_end() -> None:
    with on_terminal(PROGRAM, RGB) as program:
        answer(program, KITTY, "\x1bP>|kitty(0.40.0)\x1b\\", CELL, DA1)
        written = program.until(lambda written: written.count("\U0010eeee") >= 13 * 7, "placeholders")
        (picture,) = kitty_pictures(written).values()
        assert picture.size == (130, 140)
        assert picture.getpixel((10, 10)) == (255, 0, 0, 255)
        assert kitty_pictures(leave(program)) == {}


def test_a_light_terminal_gets_the_light_theme_and_a_dark_one_the_dark() -> None:
    dark = "\x1b]11;rgb:1111/1111/1111\x07"
    for said, theme in ((LIGHT, DAY), (dark, NIGHT)):
        with on_terminal(PROGRAM, RGB) as program:
            answer(program, said, DA1)
            red, green, blue = Color.parse(theme.background or "").rgb
            program.until(partial(contains, f"48;2;{red};{green};{blue}"), theme.name)
            leave(program)


def contains(part: str, written: str) -> bool:
    return part in written


def test_sixels_are_painted_where_the_picture_stands() -> None:
    with on_terminal(PROGRAM, RGB) as program:
        answer(program, CELL, DA1_SIXEL)
        written = program.until(lambda written: re.search(r"\x1bP0;1q[^\x1b]*\x1b\\", written), "sixels")
        found = re.findall(r"\x1bP0;1q[^\x1b]*\x1b\\", written)
        picture = sixel_picture(found[-1])
        assert picture.size == (130, 140)
        assert picture.getpixel((120, 10)) == (0, 255, 0, 255)
        row = int(placed(written, r"\x1bP0;1q").split(";")[0])
        assert 5 < row < 12
        leave(program)


def test_iterm2_is_given_a_file() -> None:
    with on_terminal(PROGRAM, RGB | {"TERM_PROGRAM": "iTerm.app"}) as program:
        answer(program, DA1)
        written = program.until(lambda written: re.search(r"\x1b\]1337;File=[^\x07]*\x07", written), "a file")
        assert iterm2_picture(written).getpixel((5, 5)) == (255, 0, 0, 255)
        leave(program)


def test_a_terminal_that_answers_nothing_gets_half_blocks_after_a_moment() -> None:
    with on_terminal(PROGRAM, RGB) as program:
        program.until(lambda written: written.count("▀") > 30, "half blocks")
        assert "1337;File" not in program.written
        assert "\x1bP0;1q" not in program.written
        leave(program)


def test_answers_that_come_late_and_in_pieces_are_never_typed() -> None:
    with on_terminal(PATIENT + PROGRAM, RGB) as program:
        program.until(lambda written: written.count("▀") > 30, "half blocks")
        for piece in ("\x1b_Gi=31", ";OK\x1b", "\\\x1bP>|kitty(0.4", "0.0)\x1b\\\x1b[?62", ";22c"):
            program.type(piece)
            program.until(lambda written: True)
        program.until(lambda written: "\U0010eeee" in written, "placeholders")
        assert "Unknown" not in program.written
        leave(program)


def test_keys_reach_the_program_as_before() -> None:
    with on_terminal(PROGRAM, RGB) as program:
        answer(program, DA1)
        program.until(lambda written: "second" in written, "the notebook")
        program.type("Gi")
        program.until(lambda written: "insert" in written.lower() or "edit" in written.lower(), "the editor")
        program.type("é漢")
        program.until(lambda written: "é漢" in written or ("é" in written and "漢" in written), "what was typed")
        program.type("\x1b")
        program.until(lambda written: True)
        program.type("\x11")
        program.until(lambda written: "not saved" in written, "the question at the end")
        program.type("d")
        program.until(lambda written: "the end" in written, "the end")


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.integers(1, 9)))
def test_what_is_typed_comes_through_whole_however_it_is_cut(pieces: list[str], cuts: list[int]) -> None:
    replies, text, through, at = Replies(), "".join(pieces), "", 0
    for cut in cuts:
        through += replies.feed(text[at : at + cut])
        at += cut
    through += replies.feed(text[at:]) + replies.release()
    typed = "".join(piece for piece in pieces if piece not in PIECES[:6])
    until_complete = next((i for i, piece in enumerate(pieces) if piece in (DA1, DA1_SIXEL)), len(pieces))
    if all(piece not in PIECES[:6] for piece in pieces[until_complete + 1 :]):
        assert through == typed


def test_answers_are_understood() -> None:
    replies = Replies()
    assert replies.feed(f"{KITTY}\x1bP>|WezTerm 1\x1b\\{CELL}{DA1_SIXEL}") == ""
    assert replies.answers == Answers(True, True, "WezTerm 1", (10, 20))
    assert replies.feed("\x1b]11;rgb:ff") == ""
    assert replies.feed("ff/fefe/e0e0\x07x") == "x"
    assert replies.answers.light
    assert replies.complete


@pytest.mark.parametrize(
    "environ", [{"TERM": "linux"}, {"STY": "1", "TERM": "screen"}, {"TERM": "xterm", "NO_COLOR": "1"}]
)
def test_a_terminal_that_would_print_the_questions_is_not_asked(environ: dict[str, str]) -> None:
    assert questions(environ) == ""
