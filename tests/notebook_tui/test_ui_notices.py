"""The end of a long run reaches who looks elsewhere, and nobody else; the terminal's title says how far cells are."""

from __future__ import annotations

import pytest
from textual import events

from notebook_tui.ui.terminal_signals import notification, title
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")


def listen(shown: Terminal) -> list[str]:
    """What goes to the terminal beside the screen, from now on."""
    heard: list[str] = []
    driver = shown.app._driver
    assert driver is not None
    write = driver.write

    def hear(data: str) -> None:
        heard.append(data)
        write(data)

    driver.write = hear  # type: ignore[method-assign]
    return heard


def notices(heard: list[str]) -> list[str]:
    return [each for each in heard if "]9;" in each or "]777;" in each or each.startswith("\x07")]


@in_terminal(code("a", "x = 1"))
async def test_a_long_run_that_ends_behind_another_window_rings_and_is_told(shown: Terminal) -> None:
    heard = listen(shown)
    await shown.press(*FIRST, "e", "e")
    shown.app.post_message(events.AppBlur())
    shown.clock.now += 12
    await shown.settle()
    shown.session.finish("a", "error")
    await shown.until(lambda: notices(heard), "a notice")
    assert any("cell 1 failed after 12.0 s" in each for each in notices(heard))
    assert notices(heard)[0].startswith("\x07")


@in_terminal(code("a", "x = 1"))
async def test_a_run_that_is_watched_or_short_ends_quietly(shown: Terminal) -> None:
    heard = listen(shown)
    await shown.press(*FIRST, "e", "e")
    shown.clock.now += 12
    shown.session.finish("a")
    await shown.shows("✓ 12.0 s")
    await shown.press("e", "e")
    shown.app.post_message(events.AppBlur())
    shown.clock.now += 2
    await shown.settle()
    shown.session.finish("a")
    await shown.shows("✓ 2.0 s")
    assert notices(heard) == []


@in_terminal(code("a", "x = 1"))
async def test_who_has_pressed_no_key_for_a_minute_is_thought_to_be_away(shown: Terminal) -> None:
    heard = listen(shown)
    await shown.press(*FIRST, "e", "e")
    shown.clock.now += 75
    await shown.settle()
    shown.session.finish("a")
    await shown.until(lambda: notices(heard), "a notice")
    assert any("1 cell ran in 1 min 15 s" in each for each in notices(heard))


@in_terminal(code("a", "x = 1"))
async def test_the_title_of_the_terminal_says_how_far_the_cells_are(shown: Terminal) -> None:
    heard = listen(shown)
    await shown.press(*FIRST, "e", "e")
    shown.session.finish("a", "error")
    await shown.until(lambda: title("✗ test.livemd") in heard, "the title")
    assert title("▶ 0/1 test.livemd") in heard


@pytest.mark.parametrize("text", ["a\x1b]0;evil\x07b", "a\nb", "\x9c;c"])
def test_no_text_of_a_notebook_ends_or_begins_a_sequence(text: str) -> None:
    for said in (title(text), notification(text, {}), notification(text, {"TMUX": "1"})):
        inner = said.removeprefix("\x1bPtmux;").removesuffix("\x1b\\").removesuffix("\x07").lstrip("\x1b")
        assert inner.replace("\x07", "").isprintable()
        assert inner.count("\x07") <= 1
