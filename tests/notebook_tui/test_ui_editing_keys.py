"""Each key of the editor, pressed in the terminal."""

from __future__ import annotations

import pytest
from textual import events

from notebook_tui.document.operations import SetCellSource
from notebook_tui.ui.keys.table import keys_of
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
"""From the title to the first cell."""


def sent_sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("alt+up",), "a\nc\n    b"),
        (("ctrl+l", "k"), "a\nc\n    b"),
        (("ctrl+l", "up"), "a\nc\n    b"),
        (("up", "alt+down"), "a\nc\n    b"),
        (("up", "ctrl+l", "j"), "a\nc\n    b"),
        (("up", "ctrl+l", "down"), "a\nc\n    b"),
        (("alt+shift+down",), "a\n    b\nc\nc"),
        (("ctrl+l", "d"), "a\n    b\nc\nc"),
        (("ctrl+shift+k",), "a\n    b"),
        (("ctrl+l", "x"), "a\n    b"),
        (("up", "up", "ctrl+l", "o"), "a b\nc"),
        (("ctrl+l", "c"), "a\n    b\n# c"),
        (("ctrl+underscore",), "a\n    b\n# c"),
        (("ctrl+l", "i"), "a\n    b\n    c"),
        (("up", "shift+tab"), "a\nb\nc"),
        (("up", "ctrl+l", "l", "x"), "a\nxc"),
        (("ctrl+l", "w", "x"), "a\n    b\nx"),
        (("up", "home", "x"), "a\n    xb\nc"),
        (("up", "home", "home", "x"), "a\nx    b\nc"),
        (("(",), "a\n    b\nc()"),
        (("(", "x", ")", "y"), "a\n    b\nc(x)y"),
        (("(", "backspace", "x"), "a\n    b\ncx"),
        (("shift+left", "("), "a\n    b\n(c)"),
        (("up", "home", "backspace"), "a\nb\nc"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_key_changes_the_text(keys: tuple[str, ...], text: str) -> None:
    @in_terminal(code("a", "a\n    b\nc"))
    async def press(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", *keys, "escape")
        assert sent_sources(shown) == [text]
        await shown.press("i", "ctrl+z", "ctrl+z", "ctrl+z", "escape")
        assert sent_sources(shown)[-1] == "a\n    b\nc"

    press()


@in_terminal(code("a", "a\nb"))
async def test_the_keys_that_may_follow_are_shown_and_another_key_is_no_text(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "ctrl+l")
    assert "Ctrl+L…" in shown.hints
    assert "d double" in shown.hints
    await shown.press("q")
    assert "Ctrl+L…" not in shown.hints
    await shown.press("ctrl+l", "escape")
    assert "EDIT" in shown.status
    await shown.press("ctrl+l")
    shown.clock.now += 3
    await shown.until(lambda: "Ctrl+L…" not in shown.hints, "the sequence is forgotten")
    await shown.press("d", "escape")
    assert sent_sources(shown) == ["a\nbd"]


@in_terminal(code("a", "if x:\n    y"))
async def test_else_finds_its_if(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "enter", *"else:", "enter", "z", "escape")
    assert sent_sources(shown) == ["if x:\n    y\nelse:\n    z"]


@in_terminal(prose("a", "- one"))
async def test_a_list_in_markdown_goes_on(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "enter", *"don't", "enter", "enter", *"end", "escape")
    assert sent_sources(shown) == ["- one\n- don't\nend"]


@in_terminal(code("a", "x"))
async def test_three_quotes_make_a_string_of_many_lines(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", " ", '"', '"', '"', "y", "escape")
    assert sent_sources(shown) == ['x """y"""']


@in_terminal(code("a", "f(a)"))
async def test_the_partner_of_a_bracket_is_underlined_not_only_coloured(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "home")
    assert underlined(shown) == ""
    await shown.press("end")
    assert underlined(shown) == "()"
    await shown.press("left", "left")
    assert underlined(shown) == "()"


def underlined(shown: Terminal) -> str:
    row = next(strip for strip in shown.app.screen._compositor.render_strips() if "f(a)" in strip.text)
    return "".join(segment.text for segment in row if segment.style and segment.style.underline)


def test_every_sequence_of_the_editor_begins_with_a_key_that_is_no_text() -> None:
    for key in keys_of("insert"):
        for keys in key.keys:
            first, *rest = keys.split()
            assert not rest or first.startswith("ctrl+")


@in_terminal(code("a", "x"), code("b", "y"))
async def test_escape_and_a_letter_in_one_packet_leave_the_cell_and_are_no_text(shown: Terminal) -> None:
    """As a terminal sends Alt and a letter: nobody can tell them apart, and who types fast means the former."""
    await shown.press(*FIRST, "i", "!")
    shown.app.post_message(events.Key("alt+j", "j"))
    await shown.until(lambda: shown.focused_line().endswith("y"), "the next cell")
    assert sent_sources(shown) == ["x!"]
    assert "NAV" in shown.status
