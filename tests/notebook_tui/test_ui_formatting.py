"""Cells as a formatter writes them, by a key and all at once."""

from __future__ import annotations

import asyncio

import pytest

from notebook_tui.document.operations import SetCellSource
from notebook_tui.runtime.formatting import Formatted, Formatting, NotFormatted
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")


def sent(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


@pytest.mark.parametrize("key", ["f8", "ctrl+shift+f"])
def test_a_cell_is_formatted_in_one_step_and_the_caret_stays_in_the_code(key: str) -> None:
    @in_terminal(code("a", "x=1\ny=2"))
    async def press(shown: Terminal) -> None:
        shown.session.formatting = Formatted("x = 1\ny = 2")
        await shown.press(*FIRST, "i", key, "!", "escape")
        assert sent(shown) == ["x = 1\ny = 2!"]
        await shown.press("i", "ctrl+z", "ctrl+z", "escape")
        assert sent(shown)[-1] == "x=1\ny=2"

    press()


@in_terminal(code("a", "x=1"), prose("b", "x=1"))
async def test_a_cell_is_formatted_from_outside_too(shown: Terminal) -> None:
    shown.session.formatting = Formatted("x = 1")
    await shown.press(*FIRST, "f8")
    assert sent(shown) == ["x = 1"]
    await shown.press("f8")
    await shown.until(lambda: "formatted already" in shown.hints, "the remark")
    await shown.press("j", "f8")
    await shown.shows("Only Python cells")


@in_terminal(code("a", "x = 1\ny = (\nz"))
async def test_why_a_cell_cannot_be_formatted_is_told_at_its_line(shown: Terminal) -> None:
    shown.session.formatting = NotFormatted("'(' was never closed", 2)
    await shown.press(*FIRST, "i", "f8")
    await shown.shows("Not formatted, line 2:")
    assert shown.cursor_line().endswith("2 │ y = (")
    assert sent(shown) == []


@in_terminal(code("a", "x=1"))
async def test_a_text_that_was_changed_while_it_was_formatted_stays(shown: Terminal) -> None:
    answer = asyncio.Event()

    async def format(source: str) -> Formatting:
        await answer.wait()
        return Formatted("x = 1")

    shown.session.format = format  # type: ignore[method-assign]
    await shown.press(*FIRST, "i", "f8", "2")
    answer.set()
    await shown.until(lambda: "has changed meanwhile" in shown.hints, "the remark")
    await shown.press("escape")
    assert sent(shown) == ["x=12"]


@in_terminal(code("a", "x=1"), prose("b", "x=1"), code("c", "y = ("), code("d", "z = 1"))
async def test_all_cells_are_formatted_and_those_that_cannot_be_are_named(shown: Terminal) -> None:
    answers = {"x=1": Formatted("x = 1"), "y = (": NotFormatted("'(' was never closed", 1), "z = 1": Formatted("z = 1")}

    async def format(source: str) -> Formatting:
        return answers[source]

    shown.session.format = format  # type: ignore[method-assign]
    await shown.press("ctrl+p")
    await shown.type("format all")
    await shown.shows("Format all cells")
    await shown.press("enter")
    await shown.shows("1 cell formatted.")
    assert "cell 2" in shown.text
    assert sent(shown) == ["x = 1"]
