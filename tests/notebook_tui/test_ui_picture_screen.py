"""Pictures as large as the terminal, one at a time, and saved."""

from __future__ import annotations

import asyncio
from pathlib import Path

from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.widgets.image import image
from notebook_tui.widgets.views import Frame
from tests.support.fake_session import code, notebook_of, prose
from tests.support.pictures import png
from tests.support.screen import Terminal, in_terminal, terminal

RED, WIDE = png("r", scale=128), png("gb", scale=64)
CELL = code("a", "x", image(RED, alt="a square"), image(WIDE, alt="a flag"))


@in_terminal(CELL)
async def test_o_opens_the_pictures_of_a_cell_that_has_nothing_else(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "o")
    await shown.shows("a square  128 × 128")
    await shown.until(lambda: sum("▀▀▀▀" in line for line in shown.lines) >= 20)
    assert "1 of 2" in shown.text
    await shown.press("n")
    await shown.shows("a flag  128 × 64")
    await shown.press("p")
    await shown.shows("a square  128 × 128")
    await shown.press("escape")
    await shown.shows("x")


@in_terminal(code("a", "x", Text("stdout", "printed\n"), Frame("f", (image(RED, alt="within a frame"),))))
async def test_si_opens_the_pictures_among_other_outputs(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "s", "i")
    await shown.shows("within a frame  128 × 128")


@in_terminal(code("a", "x", Text("stdout", "printed\n")))
async def test_of_a_cell_without_pictures_it_is_said(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "s", "i")
    await shown.shows("This cell has no picture.")


async def saved_as(shown: Terminal, path: Path) -> None:
    await shown.press("s")
    await shown.shows("Save the picture as")
    await shown.type(str(path))
    await shown.press("enter")


def test_s_saves_the_picture_and_never_over_another_file(tmp_path: Path) -> None:
    @in_terminal(CELL, size=(160, 40))
    async def scenario(shown: Terminal) -> None:
        await shown.press("j", "j", "j", "o")
        await shown.shows("a square")
        await saved_as(shown, tmp_path / "square.png")
        await shown.shows("Saved as")
        assert (tmp_path / "square.png").read_bytes() == RED
        await shown.press("n")
        await saved_as(shown, tmp_path / "square.png")
        await shown.shows("is there already")
        assert (tmp_path / "square.png").read_bytes() == RED

    scenario()


def test_a_picture_in_markdown_lies_beside_the_notebook_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "book" / "files").mkdir(parents=True)
    (tmp_path / "book" / "files" / "flag.png").write_bytes(WIDE)
    (tmp_path / "secret.png").write_bytes(RED)
    text = "![The flag](files/flag.png)\n\n![other](../secret.png)\n\n![net](http://a.b/c.png)"
    state = State(notebook_of(prose("p", text)), path=str(tmp_path / "book" / "test.livemd"))

    async def scenario() -> None:
        async with terminal(notebook_of(prose("p", text)), state=state) as shown:
            await shown.until(lambda: "▀▀▀▀" in shown.text)
            assert "The flag" in shown.text
            assert "image: other ‹../secret.png›" in shown.text
            assert "image: net ‹http://a.b/c.png›" in shown.text

    asyncio.run(scenario())
