"""Going to where a name is defined, in a cell or in a file, and back."""

from __future__ import annotations

import pytest

from notebook_tui.document.operations import DeleteCell
from notebook_tui.session.typing_help import Definition
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
CELLS = (code("a", "import x\n\ndef f():\n    return 1"), code("b", "f()"))


@pytest.mark.parametrize("key", ["f12", "ctrl+right_square_bracket"])
@pytest.mark.parametrize(
    ("back", "forward"),
    [("ctrl+t", "ctrl+n"), ("alt+left", "alt+right"), ("ctrl+alt+minus", "ctrl+alt+equals_sign")],
)
def test_the_caret_goes_to_the_definition_and_back_and_forward(key: str, back: str, forward: str) -> None:
    @in_terminal(*CELLS)
    async def press(shown: Terminal) -> None:
        shown.session.defined = Definition(3, "a")
        await shown.press("G", "i", "home", key)
        await shown.until(lambda: shown.cursor_line().endswith("3 │ def f():"), "the caret at the definition")
        await shown.press(back)
        assert shown.cursor_line().endswith("1 │ f()")
        await shown.press("x", forward)
        assert shown.cursor_line().endswith("3 │ def f():")
        await shown.press("y", back, "z", "escape")
        sources = [cell.source for cell in shown.session.state.notebook.sections[0].cells]
        assert sources == ["import x\n\nydef f():\n    return 1", "xzf()"]

    press()


@in_terminal(*CELLS)
async def test_back_goes_over_a_cell_that_is_gone(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "escape", "j", "i", "escape")
    shown.session.apply(DeleteCell("b"))
    await shown.press("g", "g", "ctrl+t")
    assert "EDIT" in shown.status
    assert shown.cursor_line().endswith("4 │     return 1")
    await shown.press("escape", "ctrl+t", "ctrl+t")
    await shown.until(lambda: "nowhere before" in shown.hints, "the remark")


@in_terminal(code("a", "path.join"))
async def test_a_definition_in_a_file_is_shown_at_its_line(shown: Terminal) -> None:
    text = "\n".join(f"line_{n} = {n}" for n in range(1, 200)) + "\n\x1b[31mred"
    shown.session.defined = Definition(120, path="/usr/lib/python3/posixpath.py", text=text)
    await shown.press(*FIRST, "i", "f12")
    await shown.shows("▸ 120 line_120 = 120")
    assert "line 120 of " in shown.text
    assert "posixpath.py" in shown.text
    await shown.press("g")
    assert "  1 line_1 = 1" in shown.text
    await shown.press("G")
    assert "␛[31mred" in shown.text
    await shown.press("escape")
    await shown.shows("1 │ path.join")
    assert "EDIT" in shown.status


@in_terminal(code("a", "x"))
async def test_a_definition_whose_text_is_not_at_hand_is_named(shown: Terminal) -> None:
    shown.session.defined = Definition(7, path="/gone.py")
    await shown.press(*FIRST, "i", "f12")
    await shown.shows("is not at hand")
    assert "line 7 of /gone.py" in shown.text
    await shown.press("ctrl+t")
    await shown.shows("1 │ x")


@in_terminal(code("a", "x"))
async def test_what_is_defined_nowhere_is_told(shown: Terminal) -> None:
    await shown.press(*FIRST, "f12")
    await shown.shows("Edit the cell, with the")
    await shown.press("i", "f12")
    await shown.until(lambda: "Nothing is known of where" in shown.hints, "the remark")
