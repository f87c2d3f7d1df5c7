"""Whatever stands in a notebook, a path or a message: on the screen it is text, whichever widget shows it."""

from __future__ import annotations

import pytest
from textual.screen import Screen

from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.dialogs.prompt_screen import PromptScreen
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

COMMAND = "before\x1b]52;c;aGk=\x07\x1b[2J\x9b2Jafter"


def written(shown: Terminal) -> list[str]:
    compositor = shown.app.screen._compositor
    return [strip.text for strip in compositor.render_strips()]


@in_terminal(code("a", COMMAND))
async def test_a_message_is_text(shown: Terminal) -> None:
    shown.app.notify(COMMAND, markup=False)
    await shown.shows("before␛]52")
    assert all(line.isprintable() for line in written(shown))


@pytest.mark.parametrize(
    "screen",
    [
        lambda: ChoiceScreen(f"q {COMMAND}", [Choice("a", "a", COMMAND)]),
        lambda: PromptScreen(f"q {COMMAND}", COMMAND),
    ],
)
def test_questions_and_lines_to_type_in_are_text(screen: object) -> None:
    @in_terminal(code("a", "1"))
    async def test(shown: Terminal) -> None:
        assert callable(screen)
        asked: Screen[object] = screen()
        shown.app.push_screen(asked)
        await shown.shows("q before␛]52")
        assert all(line.isprintable() for line in written(shown))

    test()
