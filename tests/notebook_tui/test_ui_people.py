"""Others at the same notebook, as the terminal shows them: their carets, their marks, and where one may follow them."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document.notebook import Notebook
from notebook_tui.session.people import Person
from notebook_tui.session.presence import Present, Whereabouts
from notebook_tui.session.run_log import Ran
from tests.support.fake_session import code
from tests.support.screen import NOW, Terminal, in_terminal

FIRST = ("j", "j", "j")
ME = Present(0, "me", "admin")
ANN, BOB = Present(1, "ann", "run"), Present(2, "bob", "view")


def at(whom: Present, cell_id: str, caret: int | None = None, anchor: int | None = None) -> Present:
    return replace(whom, where=Whereabouts(cell_id, caret if anchor is None else anchor, caret))


def focused(shown: Terminal) -> str:
    screen = shown.app.notebook_screen
    assert screen is not None
    return screen._view.focused_id


@in_terminal(code("a", "total = 1"), code("b", "x"))
async def test_the_caret_of_another_is_drawn_with_their_name_and_moves(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    shown.session.people = (ME, at(ANN, "a", 5, 0), at(BOB, "b", 1))
    await shown.shows("total = 1  ▲ ann")
    await shown.shows("■ bob")
    shown.session.people = (ME, at(BOB, "b", 1))
    await shown.hides("▲ ann")


@in_terminal(code("a", "one\ntwo"))
async def test_a_caret_beyond_the_end_of_the_text_is_no_trouble(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    shown.session.people = (ME, at(ANN, "a", 999))
    await shown.shows("+1 here")
    await shown.press("x")
    assert "twox" in shown.text


@in_terminal(code("a", "x = 1"), code("b", "y = 2"), size=(120, 30))
async def test_the_panel_tells_who_is_where_and_goes_there(shown: Terminal) -> None:
    shown.session.people = (ME, replace(at(ANN, "b"), running=True), BOB)
    await shown.press("s", "u")
    await shown.shows("● me (you)  admin")
    await shown.shows("▲ ann  run · cell 2 · running")
    await shown.shows("■ bob  view")
    await shown.press("j", "enter")
    await shown.until(lambda: focused(shown) == "b")


@in_terminal(code("a", "x = 1"), code("b", "\n".join(f"line_{n}" for n in range(60))), size=(120, 24))
async def test_who_is_followed_is_kept_in_view_until_a_key_is_pressed(shown: Terminal) -> None:
    shown.session.people = (ME, at(ANN, "a"))
    await shown.press("s", "u")
    await shown.shows("▲ ann")
    await shown.press("j", "f")
    await shown.until(lambda: focused(shown) == "a")
    shown.session.people = (ME, at(ANN, "b", len("\n".join(f"line_{n}" for n in range(58)))))
    await shown.shows("line_57")
    await shown.press("j")
    shown.session.people = (ME, at(ANN, "a"))
    await shown.shows("You follow nobody any more.")
    await shown.shows("▲ ann  run · cell 1")
    assert focused(shown) != "a"


@in_terminal(code("a", "x = 1"), size=(120, 30))
async def test_nobody_follows_themselves_and_is_told_so(shown: Terminal) -> None:
    shown.session.people = (ME, at(ANN, "a"))
    await shown.press("s", "u")
    await shown.shows("▲ ann")
    for key in ("f", "enter"):
        shown.app.clear_notifications()
        await shown.press(key)
        await shown.shows("This is you: mark somebody else.")
    await shown.hides("followed")


@in_terminal(code("a", "x = 1"), size=(120, 30))
async def test_the_outline_has_the_marks_of_those_who_are_there(shown: Terminal) -> None:
    shown.session.people = (ME, at(ANN, "a"), at(BOB, "a"))
    await shown.press("s", "o")
    await shown.shows("x = 1 ▲ ■")


@in_terminal(code("a", "x = 1"), size=(120, 30))
async def test_the_history_says_who_ran_what(shown: Terminal) -> None:
    shown.session.ran = (Ran(NOW - 60, "ann", "", "a", "1", "00ff", "ok"),)
    await shown.press("s", "b")
    await shown.shows("✓ cell 1  ann · 1 min ago")


@in_terminal(Notebook("T"))
async def test_others_are_told_where_the_user_is(shown: Terminal) -> None:
    await shown.press("n")
    await shown.type("ab")
    await shown.until(lambda: shown.session.where is not None and shown.session.where.caret == 2)
    where = shown.session.where
    assert where is not None
    assert where.typing
    shown.clock.now += 3
    await shown.until(lambda: shown.session.where is not None and not shown.session.where.typing)


def test_a_person_has_a_mark_without_a_colour() -> None:
    assert len({each.mark for each in (ME, ANN, BOB)}) == 3
    assert Person("ann").may("admin")
