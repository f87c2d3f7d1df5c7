"""Outputs are folded, copied and saved by keys."""

from __future__ import annotations

import asyncio
import os
import tempfile
from base64 import b64decode
from pathlib import Path

import pytest

from notebook_tui.document.outputs import Display, Error, Result, Text
from notebook_tui.document.state import State
from notebook_tui.ui.commands.clipboard import LIMIT, for_screen, give_to_tmux
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal, terminal

PRINTED = Text("stdout", "10 %\r\x1b[32m20 %\x1b[0m\nsecond\n")


@pytest.fixture(autouse=True)
def outside_of_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clipboard of whoever runs the tests is theirs, and what is played as tmux may take its time."""
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
    monkeypatch.setattr("notebook_tui.ui.commands.clipboard._DEADLINE", 600.0)


@in_terminal(code("a", "x", Text("stdout", "one\ntwo\n"), Result("3")), code("b", "y", Result("other")))
async def test_za_folds_an_output_to_one_row_with_its_count_and_unfolds_it(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "z", "a")
    await shown.shows("3 lines folded · za unfolds")
    assert "two" not in shown.text
    assert "other" in shown.text
    await shown.press("z", "a")
    await shown.shows("two")
    assert "folded" not in shown.text


@in_terminal(code("a", "x", Result("1")), code("b", "y", Error("KeyError", "1", "", None)))
async def test_zA_folds_all_outputs_and_a_folded_error_is_told(shown: Terminal) -> None:
    await shown.press("z", "A")
    await shown.shows("1 line folded · za unfolds")
    await shown.shows("1 line folded, with an error")
    await shown.press("z", "A")
    await shown.shows("KeyError")


@in_terminal(code("a", "for n in rows: print(n)"))
async def test_a_folded_output_stays_folded_while_its_cell_prints(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    shown.session.print("a", "one\n")
    await shown.shows("one")
    await shown.press("z", "a")
    shown.session.print("a", "two\n")
    await shown.shows("2 lines folded")


@in_terminal(code("a", "x = 1\ny = 2", PRINTED))
async def test_ys_copies_the_source_and_yo_the_output_as_it_is_shown(shown: Terminal) -> None:
    await shown.press("G", "y", "s")
    await shown.shows("Copied the source: 2 lines")
    assert shown.app.clipboard == "x = 1\ny = 2"
    await shown.press("y", "o")
    await shown.shows("Copied the output: 2 lines")
    assert shown.app.clipboard == "20 %\nsecond\n"


@in_terminal(code("a", "x"), code("b", "y", Result("\ud800")))
async def test_nothing_to_copy_is_said_and_half_a_character_does_no_harm(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "y", "o")
    await shown.shows("This cell has no output.")
    await shown.press("g", "g", "y", "s")
    await shown.shows("This is no cell")
    await shown.press("G", "y", "o")
    await shown.shows("Copied the output")
    assert shown.app.clipboard == "�\n"


@in_terminal(code("a", "x", Result("v" * LIMIT)))
async def test_what_is_too_large_for_a_terminal_is_said_to_be(shown: Terminal) -> None:
    await shown.press("G", "y", "o")
    await shown.shows("Not copied: 100,001 characters")
    assert shown.app.clipboard == ""


def test_gnu_screen_gets_it_in_pieces_that_make_one_sequence() -> None:
    pieces = for_screen("word " * 1_000).split("\x1b\\")
    assert pieces.pop() == ""
    assert all(piece.startswith("\x1bP") and len(piece) < 768 for piece in pieces)
    sequence = "".join(piece.removeprefix("\x1bP") for piece in pieces)
    assert sequence.startswith("\x1b]52;c;")
    assert b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")) == b"word " * 1_000


def _write_tmux(directory: Path, script: str) -> None:
    tmux = directory / "tmux"
    tmux.write_text(f"#!/bin/sh\n{script}\n")
    tmux.chmod(0o755)


async def _given(directory: Path, script: str) -> str:
    _write_tmux(directory, script)
    return await give_to_tmux("text", {"PATH": f"{directory}:{os.environ['PATH']}", "TMUX": "/tmp/x,1,0"})


@pytest.mark.parametrize(
    ("script", "trouble"),
    [('test "$*" = "load-buffer -w -" && test "$(cat)" = text', ""), ("echo no server >&2; exit 1", "no server")],
)
def test_tmux_is_given_it_and_says_what_is_wrong(script: str, trouble: str, tmp_path: Path) -> None:
    assert asyncio.run(_given(tmp_path, script)) == trouble


def test_an_output_is_saved_beside_the_notebook_and_no_file_is_written_over_without_a_question(tmp_path: Path) -> None:
    async def main() -> None:
        state = State(notebook_of(code("a", "x", PRINTED)), path=str(tmp_path / "test.livemd"))
        async with terminal(state.notebook, state=state) as shown:
            await shown.press("G", "y", "f")
            await shown.shows("the text, 2 lines")
            await shown.press("enter")
            await shown.until((tmp_path / "output.txt").exists, "the file")
            await shown.shows("Saved 12 bytes")
            (tmp_path / "output.txt").write_text("mine")
            await shown.press("y", "f", "enter")
            await shown.shows("already")
            await shown.press("k")
            assert (tmp_path / "output.txt").read_text() == "mine"
            await shown.press("y", "f", "enter")
            await shown.shows("Write over it")
            await shown.press("o")
            await shown.until(
                lambda: (tmp_path / "output.txt").read_text() == "20 %\nsecond\n", "the output in the file"
            )

    asyncio.run(main())


def test_a_picture_is_saved_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        picture = Display((("image/png", b"\x89PNG..."), ("text/html", "<p>"), ("text/plain", "a cat")))
        state = State(notebook_of(code("a", "x", picture)), path=str(tmp_path / "test.livemd"))
        async with terminal(state.notebook, state=state) as shown:
            await shown.press("G", "y", "f")
            await shown.shows("1  image/png, 7 bytes")
            await shown.shows("3  the text, 1 line")
            await shown.press("1")
            await shown.shows("output.png")
            await shown.press("enter")
            await shown.shows("Saved 7 bytes")
        assert (tmp_path / "output.png").read_bytes() == b"\x89PNG..."

    asyncio.run(main())


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        state = State(notebook_of(code("a", "x", PRINTED)), path=str(tmp_path / "missing" / "test.livemd"))
        async with terminal(state.notebook, state=state) as shown:
            await shown.press("G", "y", "f", "enter")
            await shown.shows("Not saved:")

    asyncio.run(main())


@in_terminal(code("a", "x = 1"))
async def test_tmux_is_given_what_is_copied_anywhere_in_the_program(shown: Terminal) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        taken = Path(directory, "taken")
        _write_tmux(Path(directory), f"cat >{taken}.part && mv {taken}.part {taken}")
        patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
        patch.setenv("TMUX", "/tmp/x,1,0")
        await shown.press("G", "i", "shift+home", "ctrl+c")
        await shown.until(lambda: taken.exists() and taken.read_text() == "x = 1", "what tmux was given")
        await shown.until(lambda: all(each.is_finished for each in shown.app.workers), "the end of tmux")


@in_terminal(code("a", "x = 1"))
async def test_trouble_with_tmux_is_said(shown: Terminal) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        _write_tmux(Path(directory), "echo no server >&2; exit 1")
        patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
        patch.setenv("TMUX", "/tmp/x,1,0")
        await shown.press("G", "y", "s")
        await shown.shows("tmux did not take it")
