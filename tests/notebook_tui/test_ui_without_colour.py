"""NO_COLOR: no colour on the screen, and nothing that only a colour said."""

from __future__ import annotations

import asyncio

import pytest
from rich.segment import Segment

from notebook_tui.document.operations import NodesChanged
from notebook_tui.document.outputs import Error, Result, Text
from notebook_tui.ui.drawing.theme import theme_for
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, terminal


def segments(shown: Terminal) -> list[Segment]:
    return [segment for strip in shown.app.screen._compositor.render_strips() for segment in strip]


def underlined(shown: Terminal) -> str:
    return "".join(segment.text for segment in segments(shown) if segment.style and segment.style.underline)


def test_with_no_color_nothing_on_the_screen_has_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def main() -> None:
        async with terminal(code("a", "x = 1"), prose("b", "# Head\n`code` [a](b)")) as shown:
            await shown.press("j", "j", "j", "e", "e")
            shown.session.print("a", "\x1b[31mred\x1b[0m\n")
            shown.session.output("a", Text("stderr", "warned\n"))
            shown.session.output("a", Result("1"))
            shown.session.output("a", Error("ValueError", "no", "", None))
            shown.session.apply(NodesChanged(("a@b",)))
            await shown.shows("✗ ValueError: no")
            await shown.press("i", "(", "d")
            for segment in segments(shown):
                for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert color is None or color.is_default, segment

    asyncio.run(main())


def test_with_no_color_a_chosen_line_is_underlined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def main() -> None:
        async with terminal(code("a", "x = 1")) as shown:
            await shown.press("j", "j", "j", "i", "1", "ctrl+q")
            await shown.shows("Quit without saving")
            assert "Save and quit" in underlined(shown)
            assert "Quit without" not in underlined(shown)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("color_system", "no_color", "theme"),
    [
        ("truecolor", False, "night"),
        ("256", False, "night"),
        ("standard", False, "ansi-dark"),
        (None, False, "ansi-dark"),
        ("truecolor", True, "ansi-dark"),
    ],
)
def test_a_terminal_gets_the_theme_that_it_can_show(color_system: str | None, no_color: bool, theme: str) -> None:
    assert theme_for(color_system, no_color) == theme
