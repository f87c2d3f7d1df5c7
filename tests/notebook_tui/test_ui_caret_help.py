"""What a call takes, and what a name stands for: asked of the session, shown at the caret."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from notebook_tui.document.operations import SetCellSource
from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.session.hover import Hover
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.editing.editor import Editor
from notebook_tui.ui.editing.open_brackets import open_call
from notebook_tui.ui.editing.signature_popup import signature_rows
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
MAX = SignatureHelp("max", ("iterable", "*", "key=None"), 0)


@in_terminal(code("a", "max"))
async def test_an_opened_call_shows_what_it_takes_until_the_caret_leaves_it(shown: Terminal) -> None:
    shown.session.signatures_found = (MAX,)
    await shown.press(*FIRST, "i", "(")
    await shown.shows("max(iterable, *, key=None)")
    assert marked(shown) == "iterable"
    shown.session.signatures_found = (SignatureHelp("max", MAX.parameters, 2),)
    await shown.press("x", ",")
    await shown.until(lambda: marked(shown) == "key=None", "the next argument is marked")
    await shown.press(")")
    await shown.hides("iterable")


@pytest.mark.parametrize("key", ["f4", "ctrl+shift+space"])
def test_a_key_shows_the_signature_and_hides_it(key: str) -> None:
    @in_terminal(code("a", "max(1)"))
    async def press(shown: Terminal) -> None:
        shown.session.signatures_found = (MAX, SignatureHelp("max", ("a", "b"), None))
        await shown.press(*FIRST, "i", "left", key)
        await shown.shows("1/2 max(iterable, *, key=None)")
        assert "2/2 max(a, b)" in shown.text
        await shown.press(key)
        await shown.hides("1/2")
        await shown.press("end", key)
        await shown.until(lambda: "The caret is in no call." in shown.hints, "the remark")

    press()


@in_terminal(code("a", "max"))
async def test_signatures_come_by_a_key_only_where_they_are_switched_off(shown: Terminal) -> None:
    shown.session.signatures_found = (MAX,)
    await shown.press(*FIRST, "i")
    shown.app.screen.query_one(Editor).choices.shows_signatures = False
    await shown.press("(", "f4")
    await shown.shows("max(iterable")


@in_terminal(code("a", "max"))
async def test_escape_leaves_the_cell_although_a_signature_is_shown(shown: Terminal) -> None:
    shown.session.signatures_found = (MAX,)
    await shown.press(*FIRST, "i", "(")
    await shown.shows("max(iterable")
    await shown.press("escape")
    assert "NAV" in shown.status
    assert "iterable" not in shown.text


def test_a_signature_that_is_too_long_shows_the_argument_that_is_written() -> None:
    many = tuple(f"parameter_{n}" for n in range(80))
    rows = signature_rows([SignatureHelp("f", many, 70)], 76, Palette())
    assert len(rows) == 4
    assert any("parameter_70" in row.plain for row in rows)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("f(", 1),
        ("f(a, (", 1),
        ("f(a)(", 4),
        ("(", None),
        ("f(')'", 1),
        ("f(  # )\n", 1),
        ("f([1, ", 1),
        ("f()", None),
        ("if (", None),
    ],
)
def test_the_call_around_the_caret(text: str, place: int | None) -> None:
    assert open_call(text, len(text)) == place


@in_terminal(code("a", "import math"))
async def test_an_answer_that_comes_when_the_text_is_another_is_for_nobody(shown: Terminal) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def describe(cell_id: str, source: str, offset: int) -> Hover:
        asked.set()
        await may_answer.wait()
        return Hover(7, 11, "Access to mathematics.")

    shown.session.describe = describe  # type: ignore[method-assign]
    await shown.press(*FIRST, "i", "f2")
    await shown.until(asked.is_set)
    await shown.press("s")
    may_answer.set()
    await shown.settle()
    assert "mathematics" not in shown.text


@in_terminal(code("a", "import math"))
async def test_f2_shows_what_the_name_stands_for_as_rendered_markdown(shown: Terminal) -> None:
    shown.session.hover = Hover(7, 11, "```python\nmodule math\n```\n\nAccess to **mathematics**.")
    await shown.press(*FIRST, "i", "f2")
    await shown.shows("┆ module math")
    assert "│ Access to mathematics." in shown.text
    await shown.press("escape")
    assert "mathematics" not in shown.text
    assert "EDIT" in shown.status
    await shown.press("f2")
    await shown.shows("mathematics")
    await shown.press("f2")
    await shown.hides("mathematics")
    await shown.press("f2")
    await shown.shows("mathematics")
    await shown.press("left")
    await shown.hides("mathematics")


@in_terminal(code("a", "math"))
async def test_a_long_description_is_scrolled(shown: Terminal) -> None:
    shown.session.hover = Hover(0, 4, "\n\n".join(f"Paragraph {n}." for n in range(40)))
    await shown.press(*FIRST, "i", "f2")
    await shown.shows("Paragraph 0.")
    assert "more rows · PgDn" in shown.text
    await shown.press("pagedown")
    assert "Paragraph 12." in shown.text
    await shown.press(*["pagedown"] * 20)
    assert "Paragraph 39." in shown.text
    await shown.press(*["pageup"] * 20)
    assert "Paragraph 0." in shown.text


@in_terminal(code("a", "zz"))
async def test_what_is_not_known_is_told_for_a_moment(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "f2")
    await shown.until(lambda: "Nothing is known of this." in shown.hints, "the remark")


@in_terminal(code("a", "import math"))
async def test_a_mouse_that_rests_on_a_name_shows_it_and_one_that_goes_hides_it(shown: Terminal) -> None:
    shown.session.hover = Hover(7, 11, "Access to **mathematics**.")
    await shown.press(*FIRST, "i")
    row = next(y for y, line in enumerate(shown.lines) if "import math" in line)
    column = shown.lines[row].index("math") + 1
    await shown.pilot._post_mouse_events([events.MouseMove], offset=(column, row), button=0)
    await shown.shows("mathematics")
    await shown.pilot._post_mouse_events([events.MouseMove], offset=(column + 30, row), button=0)
    await shown.hides("mathematics")


@in_terminal(prose("a", "max"))
async def test_markdown_has_none_of_it(shown: Terminal) -> None:
    shown.session.signatures_found, shown.session.hover = (MAX,), Hover(0, 3, "mathematics")
    await shown.press(*FIRST, "i", "f2", "f4", "(", "escape")
    assert [each.source for each in shown.session.sent if isinstance(each, SetCellSource)] == ["max()"]


def marked(shown: Terminal) -> str:
    """What of the signature is bold and underlined."""
    row = next((strip for strip in shown.app.screen._compositor.render_strips() if "iterable" in strip.text), None)
    segments = row or []
    return "".join(each.text for each in segments if each.style and each.style.bold and each.style.underline)
