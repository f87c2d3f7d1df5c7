"""A line that is no Python has a cross beside it once nobody types."""

from __future__ import annotations

import asyncio

from notebook_tui.ui.editing.soundness import REST, Fault, fault_of
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")


@in_terminal(code("a", "x = 1\ny = 2"))
async def test_a_line_that_is_no_python_is_marked_and_told_and_the_mark_goes_with_the_mistake(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "up", "end", "backspace", "down")
    await shown.until(lambda: "1 ✗ x =" in shown.text, "the cross")
    await shown.until(lambda: "Line 1: invalid syntax" in shown.hints, "its words")
    await shown.press("up", "end", "3", "down")
    await shown.until(lambda: "1 │ x =" in shown.text, "no cross")
    await shown.press("up", "end", "backspace", "down")
    await shown.until(lambda: "1 ✗ x =" in shown.text, "the cross")
    await shown.press("escape")
    assert "✗" not in shown.text


@in_terminal(code("a", "x = 1"))
async def test_the_line_that_is_being_written_is_not_blamed(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "backspace")
    await asyncio.sleep(REST + 0.3)
    await shown.settle()
    assert "✗" not in shown.text


@in_terminal(prose("a", "x ="))
async def test_prose_is_no_python_and_need_not_be(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "enter", "x")
    await asyncio.sleep(REST + 0.3)
    await shown.settle()
    assert "✗" not in shown.text


def test_what_keeps_a_text_from_being_compiled() -> None:
    assert fault_of("def f(:\n  pass") == Fault(1, "invalid syntax")
    assert fault_of("x = '\\d'") is None, "a warning is no mistake"
    assert fault_of("(" * 100_000) is not None
    assert fault_of("x\0") is not None
    assert fault_of("(" * 300_000) is None, "it is too long to be looked at with every rest"
