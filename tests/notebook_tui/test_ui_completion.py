"""Completions at the caret: asked of the session, shown below the word, taken by a key."""

from __future__ import annotations

import asyncio
import contextlib

from notebook_tui.document.completion import Completion
from notebook_tui.document.operations import SetCellSource
from notebook_tui.session.hover import Hover
from notebook_tui.ui.editing.caret_help import REST
from notebook_tui.ui.editing.editor import Editor
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
    await shown.press(*FIRST, "i")
    shown.app.screen.query_one(Editor).choices.completes_while_typing = False
    await shown.press("ctrl+@")
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


@in_terminal(code("a", ""))
async def test_proposals_come_by_themselves_after_two_letters_and_after_a_dot(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "m")
    await asyncio.sleep(2 * REST)
    assert shown.session.completed == []
    await shown.press("a")
    await shown.shows("▸math")
    await shown.press("escape")
    assert "NAV" in shown.status, "a list that came by itself must not be in the way of who leaves"
    await shown.press("i", ".")
    await shown.shows("▸math")
    assert [offset for _, _, offset in shown.session.completed] == [2, 3]


@in_terminal(code("a", ""))
async def test_nothing_comes_by_itself_where_that_is_switched_off(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i")
    shown.app.screen.query_one(Editor).choices.completes_while_typing = False
    await shown.press("m", "a")
    await asyncio.sleep(2 * REST)
    await shown.settle()
    assert shown.session.completed == []


@in_terminal(code("a", ""))
async def test_enter_breaks_the_line_where_the_word_is_written_to_its_end(shown: Terminal) -> None:
    shown.session.completions = [Completion("pass", "keyword", "pass"), Completion("passage", "variable", "passage")]
    await shown.press(*FIRST, "i", "p", "a")
    await shown.shows("▸pass")
    await shown.press("s", "s", "enter", "x", "escape")
    assert sources(shown) == ["pass\nx"]


@in_terminal(code("a", "x"))
async def test_letters_from_inside_a_name_find_it(shown: Terminal) -> None:
    shown.session.completions = [Completion(name, "variable", name) for name in ("xylophone", "x_longest", "xlo")]
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("▸xylophone")
    await shown.press("l", "o")
    rows = [line.split("▸")[-1] for line in shown.lines if "variable" in line]
    assert [row.split("=")[-1].split()[0] for row in rows] == ["xlo", "xylophone", "x_longest"]


@in_terminal(code("a", "x."))
async def test_a_function_is_taken_with_brackets_and_who_types_one_more_means_that_one(shown: Terminal) -> None:
    shown.session.completions = [
        Completion("pop", "function", "pop", "pop(index)"),
        Completion("copy", "function", "copy", "copy()"),
    ]
    await shown.press(*FIRST, "i")
    shown.app.screen.query_one(Editor).choices.completes_while_typing = False
    await shown.press("tab")
    await shown.shows("▸pop")
    await shown.press("tab", "(", "1", ")", ".", "tab")
    await shown.shows("▸pop")
    await shown.press("down", "tab", "+", "escape")
    assert sources(shown) == ["x.pop(1).copy()+"]


@in_terminal(code("a", "ma"))
async def test_the_documentation_of_the_marked_proposal_stands_beside_the_list(shown: Terminal) -> None:
    shown.session.completions = MATHS
    shown.session.documentation = {"math": "Access to **mathematics**.", "map": "Calls `f` for each."}
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("│ Access to mathematics.")
    await shown.press("up")
    await shown.shows("│ Calls f for each.")
    assert "mathematics" not in shown.text
    await shown.press("down")
    await shown.shows("mathematics")
    assert shown.session.documented == ["math", "map"], "what is known is not asked for again"
    await shown.press("ctrl+@")
    await shown.hides("mathematics")
    assert "▸math" in shown.text
    await shown.press("ctrl+@")
    await shown.shows("mathematics")
    await shown.press("escape")
    await shown.hides("mathematics")


@in_terminal(code("a", "ma"))
async def test_long_documentation_ends_within_the_terminal_and_is_scrolled(shown: Terminal) -> None:
    shown.session.completions = MATHS
    shown.session.documentation = {"math": "\n\n".join(f"Paragraph {n}." for n in range(40))}
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("Paragraph 0.")
    assert "more rows" in shown.text
    assert "EDIT" in shown.status
    await shown.press("ctrl+down", "ctrl+down")
    await shown.hides("Paragraph 0.")


def test_documentation_of_a_proposal_that_is_marked_no_more_is_dropped() -> None:
    async def main() -> None:
        async with terminal(code("a", "ma")) as shown:
            shown.session.completions = MATHS
            asked: dict[str, asyncio.Event] = {each.label: asyncio.Event() for each in MATHS}

            async def describe(cell_id: str, source: str, offset: int, chosen: Completion) -> Hover | None:
                with contextlib.suppress(asyncio.CancelledError):
                    await asked[chosen.label].wait()
                return Hover(0, 0, f"All of {chosen.label}.")

            shown.session.describe_completion = describe  # type: ignore[method-assign]
            await shown.press(*FIRST, "i", "tab")
            await asyncio.sleep(2 * REST)
            await shown.press("down")
            asked["max"].set()
            await shown.shows("All of max.")
            asked["math"].set()
            await shown.settle()
            assert "All of math." not in shown.text

    asyncio.run(main())


def test_typing_goes_on_while_the_session_says_nothing() -> None:
    async def main() -> None:
        async with terminal(code("a", "")) as shown:

            async def complete(cell_id: str, source: str, offset: int) -> list[Completion]:
                await asyncio.Event().wait()
                raise AssertionError

            shown.session.complete = complete  # type: ignore[method-assign]
            await shown.press(*FIRST, "i", "m", "a", "tab", "t", "h", "escape")
            assert sources(shown) == ["math"]

    asyncio.run(main())


@in_terminal(code("a", "ma"))
async def test_a_session_that_fails_to_answer_is_told_and_costs_no_text(shown: Terminal) -> None:
    async def complete(cell_id: str, source: str, offset: int) -> list[Completion]:
        raise OSError("the link is down")

    shown.session.complete = complete  # type: ignore[method-assign]
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("No completion: the link is down.")
    await shown.press("x", "escape")
    assert sources(shown) == ["max"]


@in_terminal(code("a", ""))
async def test_a_word_that_was_left_before_the_rest_is_not_asked_about(shown: Terminal) -> None:
    shown.session.completions = MATHS
    await shown.press(*FIRST, "i", "m")
    for key in ("a", "("):
        shown.post_key(key)
    await asyncio.sleep(2 * REST)
    await shown.settle()
    assert shown.session.completed == []
