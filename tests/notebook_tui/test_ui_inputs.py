"""Inputs, forms and keyboards: set, filled in and played where they stand, with keys and with the mouse."""

from __future__ import annotations

import asyncio

from notebook_tui.document.operations import InputShown, QueueCells, SetInputValue
from notebook_tui.widgets.messages import Key
from notebook_tui.widgets.views import Button, Form, Input, Keyboard
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal, terminal

NAME = Input("name", "text", "Name", "Ada")
SIZE = Input("size", "number", "Size", 8, low=1, high=64)
MODE = Input("mode", "select", "Mode", "fast", options=(("Fast", "fast"), ("Exact", "exact"), ("Extra", "extra")))
TICK = Input("tick", "checkbox", "Shuffle", False)
RATE = Input("rate", "range", "Rate", 3, low=0, high=10, step=2)
DAY = Input("day", "date", "Since", "2026-02-28")
FILE = Input("file", "file", "Data")
TOKEN = Input("token", "secret", "Token")
FORM = Form(
    "f",
    (
        ("name", Input("f/name", "text", "Name", "Ada")),
        ("age", Input("f/age", "number", "Age", 36, low=0)),
        ("ok", Input("f/ok", "checkbox", "I agree", False)),
        ("pin", Input("f/pin", "secret", "PIN")),
    ),
    "Send",
    reset=True,
)


CELL = code("a", "x")


async def go_in(shown: Terminal, *fields: Input) -> None:
    """The cell has shown these inputs, and the keyboard is at the first."""
    shown.session.send(QueueCells(("a",), True))
    for field in fields:
        shown.session.output("a", field)
        shown.session.apply(InputShown("a", field.ref, field.default))
    shown.session.finish("a")
    await shown.press("j", "j", "j", "tab")


def values(shown: Terminal) -> list[tuple[str, object]]:
    """What inputs were set to, in order."""
    return [(each.input_id, each.value) for each in shown.session.sent if isinstance(each, SetInputValue)]


@in_terminal(CELL)
async def test_a_text_is_typed_where_it_stands_and_enter_keeps_it(shown: Terminal) -> None:
    await go_in(shown, NAME)
    await shown.press("enter")
    assert shown.status.startswith(" FILL ")
    await shown.type(" L")
    await shown.press("enter")
    assert values(shown) == [("name", "Ada L")]
    assert "Ada L" in shown.text
    assert "[▸Ada L" in shown.text
    assert shown.status.startswith(" OUTPUT ")


@in_terminal(CELL)
async def test_the_output_in_full_shows_what_an_input_holds(shown: Terminal) -> None:
    await go_in(shown, SIZE)
    await shown.press("enter", "backspace", "9", "enter", "escape", "o")
    await shown.shows("Size: [9]")


@in_terminal(CELL)
async def test_escape_leaves_an_input_as_it_was(shown: Terminal) -> None:
    await go_in(shown, NAME)
    await shown.press("enter", "x", "escape")
    assert values(shown) == []
    assert "[▸Ada " in shown.text


@in_terminal(CELL, code("b", "other"))
async def test_a_press_of_the_mouse_elsewhere_keeps_what_was_typed(shown: Terminal) -> None:
    await go_in(shown, NAME)
    await shown.press("enter", "!")
    await shown.pilot.click(offset=(10, next(row for row, line in enumerate(shown.lines) if "other" in line)))
    await shown.settle()
    assert values(shown) == [("name", "Ada!")]
    assert shown.status.startswith(" NAV ")


@in_terminal(CELL)
async def test_tab_keeps_what_was_typed_and_goes_on_and_keys_typed_fast_are_not_lost(shown: Terminal) -> None:
    await go_in(shown, NAME, SIZE)
    for key in ["enter", "x", "tab", "enter", "backspace", "9", "enter"]:
        shown.post_key(key)
    await shown.until(lambda: len(values(shown)) == 2)
    assert values(shown) == [("name", "Adax"), ("size", 9)]


@in_terminal(CELL)
async def test_what_an_input_does_not_take_is_told_and_can_be_mended(shown: Terminal) -> None:
    await go_in(shown, SIZE)
    await shown.press("enter", "0", "0", "enter")
    await shown.shows("Expected a number of 1 to 64")
    await shown.press("backspace", "backspace", "enter")
    assert values(shown) == [("size", 8)]


@in_terminal(CELL)
async def test_numbers_days_and_ranges_go_by_steps(shown: Terminal) -> None:
    await go_in(shown, SIZE, DAY, RATE)
    await shown.press("plus", "plus", "minus", "tab", "plus", "tab", "right", "right", "left")
    assert values(shown) == [
        ("size", 9),
        ("size", 10),
        ("size", 9),
        ("day", "2026-03-01"),
        ("rate", 5),
        ("rate", 7),
        ("rate", 5),
    ]
    await shown.press("shift+tab", "enter", "up", "enter")
    assert values(shown)[-1] == ("day", "2026-03-02")


@in_terminal(CELL)
async def test_a_box_is_ticked_at_once_and_an_option_chosen_from_a_list(shown: Terminal) -> None:
    await go_in(shown, TICK, MODE)
    await shown.press("space", "tab", "enter")
    await shown.shows("Enter chooses")
    await shown.press("e", "e", "enter")
    assert values(shown) == [("tick", True), ("mode", "extra")]
    await shown.press("minus")
    assert values(shown)[-1] == ("mode", "exact")
    await shown.press("enter", "escape")
    assert "[ Exact ▾" in shown.text.replace("▸", " ")


@in_terminal(CELL)
async def test_a_secret_is_typed_unseen_and_goes_a_way_of_its_own(shown: Terminal) -> None:
    await go_in(shown, TOKEN)
    await shown.press("enter")
    await shown.type("abc")
    assert "abc" not in shown.text
    await shown.press("enter")
    assert shown.session.secret_inputs == {"token": "abc"}
    assert values(shown) == []
    assert "abc" not in shown.text


@in_terminal(CELL)
async def test_tab_completes_the_path_of_a_file(shown: Terminal) -> None:
    await go_in(shown, FILE)
    await shown.press("enter")
    await shown.type("/usr/bi")
    await shown.press("tab", "enter")
    assert str(values(shown)[0][1]).startswith("/usr/bin")


@in_terminal(code("a", "x", FORM))
async def test_a_form_is_filled_in_by_this_viewer_and_submitted_whole(shown: Terminal) -> None:
    await shown.press(
        "j", "j", "j", "tab", "enter", "!", "tab", "enter", "7", "tab", "space", "tab", "enter", "9", "tab"
    )
    assert "[▸" not in shown.text
    await shown.press("enter")
    assert shown.session.acts == [("f", {"name": "Ada!", "age": 367, "ok": True, "pin": "9"})]
    assert values(shown) == []
    assert "367" not in shown.text
    assert "[ ] I agree" in shown.text


@in_terminal(code("a", "x", FORM))
async def test_what_was_filled_in_is_forgotten_with_its_form(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab", "enter", "!", "enter")
    await shown.shows("Ada!")
    await shown.press("escape", "d", "d", "u")
    await shown.shows("Send")
    assert "Ada!" not in shown.text


@in_terminal(code("a", "x", Keyboard("keys", "Piano"), Button("b", "Stop")))
async def test_ctrl_k_gives_all_keys_to_the_notebook_and_takes_them_back(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "ctrl+k")
    assert shown.status.startswith(" KEYS ")
    assert "has all keys" in shown.text
    assert "Ctrl+K takes the keys back" in shown.hints
    await shown.press("n", "question_mark", "up", "space", "escape")
    assert shown.session.acts == [("keys", Key(each)) for each in ("n", "?", "up", "space", "escape")]
    assert not shown.session.sent
    await shown.press("ctrl+k", "j")
    assert len(shown.session.acts) == 5
    assert shown.status.startswith(" NAV ")


@in_terminal(code("a", "x", Keyboard("keys", "Piano")))
async def test_escape_twice_takes_the_keys_back_and_enter_on_the_keyboard_gives_them(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "tab", "enter")
    assert shown.status.startswith(" KEYS ")
    await shown.press("escape", "escape")
    assert shown.status.startswith(" OUTPUT ")


@in_terminal(code("a", "x"))
async def test_a_cell_without_a_keyboard_says_so(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "ctrl+k")
    await shown.shows("This cell shows no keyboard")


def test_presses_that_are_faster_than_the_session_all_count() -> None:
    async def main() -> None:
        async with terminal(CELL, delay=0.05) as shown:
            shown.session.send(QueueCells(("a",), True))
            await shown.until(lambda: shown.session.state.running)
            shown.session.output("a", RATE)
            shown.session.apply(InputShown("a", RATE.ref, RATE.default))
            await shown.settle()
            for key in ("j", "j", "j", "tab", "right", "right"):
                shown.post_key(key)
            await shown.until(lambda: len(values(shown)) == 2)
            assert values(shown) == [("rate", 5), ("rate", 7)]

    asyncio.run(main())
