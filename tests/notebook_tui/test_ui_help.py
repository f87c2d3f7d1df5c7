"""Help, hints and messages: what the user can know at any time."""

from __future__ import annotations

from notebook_tui.ui.dialogs.help_screen import help_blocks
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.keys.key import pretty
from notebook_tui.ui.keys.table import KEYS
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal


def test_the_help_names_every_key_of_the_table() -> None:
    text = " ".join(" ".join(block.plain for block in help_blocks(Palette())).split())
    for key in KEYS:
        for name in key.keys:
            assert pretty(name) in text
        assert not key.keys or key.title in text


def test_no_key_has_two_meanings_in_one_mode() -> None:
    taken: set[tuple[str, str]] = set()
    for key in KEYS:
        for name in key.keys:
            for mode in ("navigation", "insert") if key.mode == "anywhere" else (key.mode,):
                assert (mode, name) not in taken, f"{name} twice in {mode}"
                taken.add((mode, name))


def test_no_sequence_begins_with_a_key_that_acts_by_itself() -> None:
    single = {name for key in KEYS if key.mode != "insert" for name in key.keys if " " not in name}
    first = {name.split()[0] for key in KEYS for name in key.keys if " " in name}
    assert not single & first


@in_terminal(code("a", "x"))
async def test_a_question_mark_opens_the_help_and_escape_closes_it(shown: Terminal) -> None:
    await shown.press("?")
    await shown.shows("Run the cell and go to the next")
    await shown.press("j", "k", "escape")
    await shown.hides("Run the cell and go to the next")


@in_terminal(code("a", "x"), size=(220, 60))
async def test_a_wide_terminal_shows_all_keys_at_once(shown: Terminal) -> None:
    await shown.press("f1")
    await shown.shows("Esc closes this")
    for text in ("Ctrl+Enter", "Comment or uncomment", "Take back the last change"):
        assert text in shown.text


@in_terminal(code("a", "x"))
async def test_a_begun_sequence_shows_what_may_follow_and_is_forgotten_after_a_while(shown: Terminal) -> None:
    await shown.press("e")
    assert shown.hints.startswith(" e…")
    for text in ("e run", "o only this", "s section", "a all outdated", "x stop"):
        assert text in shown.hints
    shown.clock.now += 3
    await shown.shows("Ctrl+S save")
    await shown.press("e")
    assert shown.session.sent == []


@in_terminal(code("a", "x"))
async def test_escape_forgets_a_begun_sequence(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "d", "escape", "d")
    assert shown.hints.startswith(" d…")
    await shown.press("x")
    assert shown.session.sent == []
    assert "dx does nothing here" in shown.hints


@in_terminal(code("a", "x"))
async def test_what_the_session_says_is_a_toast_and_stays_readable(shown: Terminal) -> None:
    shown.session.say("The file has changed on disk.")
    await shown.shows("! The file has changed on disk.")
    await shown.press("s", "m")
    await shown.until(lambda: any("·" not in line and "! The file" in line for line in shown.lines[:-2]), "the list")
    await shown.press("escape")
    assert "The file has changed" not in shown.hints


@in_terminal(code("a", "x"))
async def test_what_is_typed_narrows_the_help_down(shown: Terminal) -> None:
    await shown.press("?")
    await shown.type("undo")
    await shown.shows("Ctrl+Z")
    assert "Run the section" not in shown.text
    await shown.type("xyz")
    await shown.shows("No key does")
    await shown.press("escape")
    await shown.hides("No key does")
