"""Completions at the caret: asked of the session, shown below the word, taken by a key."""

from __future__ import annotations

import asyncio

from notebook_tui.document.completion import Completion
from notebook_tui.document.operations import SetCellSource
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")
MATHS = [
    Completion("math", "module", "math"),
    Completion("max", "function", "max", "max(iterable, *, key=None)"),
    Completion("map", "class", "map"),
]


def sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


@in_terminal(code("a", "import os\nma"))
async def test_tab_after_a_word_asks_the_session_with_text_and_caret(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "tab")
    assert shown.session.completed == [("a", "import os\nma", 12)]
    await shown.shows("▸math")
    for text in ("module", "function", "max", "class"):
        assert text in shown.text


@in_terminal(code("a", "ma"))
async def test_the_marked_completion_takes_the_place_of_the_word(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("▸math")
    await shown.press("down")
    assert "▸max" in shown.text
    assert "max(iterable, *, key=None)" in shown.text
    await shown.press("enter", "(", "escape")
    assert sources(shown) == ["max()"]


@in_terminal(code("a", "m"))
async def test_typing_on_narrows_the_list_and_other_text_closes_it(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "ctrl+@")
    await shown.shows("▸math")
    await shown.press("a", "p")
    assert "▸map" not in shown.text
    await shown.press("backspace", "x")
    await shown.hides("▸")
    await shown.press("backspace", "backspace", "tab")
    await shown.shows("▸math")
    await shown.press(" ")
    await shown.hides("▸")


@in_terminal(code("a", "ma"))
async def test_escape_closes_the_list_and_only_the_next_one_leaves_the_cell(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("▸math")
    await shown.press("escape")
    assert "▸" not in shown.text
    assert "EDIT" in shown.status
    await shown.press("escape")
    assert "NAV" in shown.status


@in_terminal(code("a", "os.pat"))
async def test_the_only_completion_is_taken_at_once(shown: Terminal) -> None:
    shown.session.completions = [Completion("path", "module", "path")]
    await shown.press(*FIRST, "i", "tab", "escape")
    assert sources(shown) == ["os.path"]


@in_terminal(code("a", "ma"))
async def test_tab_indents_where_there_is_no_word(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "home", "tab", "enter", "tab", "escape")
    assert shown.session.completed == []
    assert sources(shown) == ["    \n        ma"]


@in_terminal(prose("a", "word"))
async def test_markdown_has_no_completions(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "tab", "escape")
    assert shown.session.completed == []
    assert sources(shown) == ["word    "]


def test_an_answer_for_a_word_that_the_caret_has_left_is_dropped() -> None:
    async def main() -> None:
        async with terminal(code("a", "ma")) as shown:
            answer = asyncio.Event()

            async def complete(cell_id: str, source: str, offset: int) -> list[Completion]:
                await answer.wait()
                return MATHS

            shown.session.complete = complete  # type: ignore[method-assign]
            await shown.press(*FIRST, "i", "tab", " ", "m")
            answer.set()
            await shown.settle()
            assert "▸" not in shown.text
            await shown.press("escape")
            assert sources(shown) == ["ma m"]

    asyncio.run(main())


@in_terminal(*(code(f"c{n}", "x = 1") for n in range(20)), code("last", "ma"))
async def test_the_list_opens_above_the_caret_at_the_foot_of_the_terminal(shown: Terminal) -> None:
    shown.session.completions = [Completion(f"matter_{n}", "variable", f"matter_{n}") for n in range(30)]
    await shown.press("G", "i", "tab")
    await shown.shows("▸matter_0")
    word = next(y for y, line in enumerate(shown.lines) if "▌  1 │" in line)
    assert all(y < word for y, line in enumerate(shown.lines) if "matter_" in line)
    await shown.press(*["down"] * 12)
    assert "▸matter_12" in shown.text
    await shown.press("up", "tab", "escape")
    assert sources(shown) == ["matter_11"]


@in_terminal(code("a", "zz"))
async def test_no_proposal_is_told_in_the_hint_line_for_a_moment(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "tab")
    await shown.until(lambda: shown.hints == " Nothing to complete here.", "the remark")
    shown.clock.now += 3
    await shown.until(lambda: "Esc leave" in shown.hints, "the keys again")
