"""Two people before two terminals on one session, typing at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from notebook_tui.session.people import Person
from tests.support.terminals_together import Seat, seated

ANN, BOB = Person("ann"), Person("bob")
FIRST = ("j", "j", "j")


def at_two(
    *cells: str, people: tuple[Person, ...] = (ANN, BOB)
) -> Callable[[Callable[[Seat, Seat], Coroutine[Any, Any, None]]], Callable[[Path], None]]:
    def as_test(body: Callable[[Seat, Seat], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
        async def main(directory: Path) -> None:
            async with seated(directory, *cells, people=people) as (ann, bob):
                await body(ann, bob)

        def test(tmp_path: Path) -> None:
            asyncio.run(main(tmp_path))

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        return test

    return as_test


async def same(ann: Seat, bob: Seat, text: str) -> None:
    """In both editors, and in the session."""
    for each in (ann, bob):
        await each.until(
            lambda: ann.app.notebook_screen._view.editor.text == bob.app.notebook_screen._view.editor.text == text,  # type: ignore[union-attr]
            f"{text!r} in both: {editor(ann).text!r}, {editor(bob).text!r}",
        )
        await each.until(lambda: each.source(1) == text)  # noqa: B023 - it is over before the next


def editor(seat: Seat) -> Any:
    screen = seat.app.notebook_screen
    assert screen is not None
    return screen._view.editor


@at_two("middle")
async def test_both_type_in_one_cell_at_once_and_both_see_all_of_it(ann: Seat, bob: Seat) -> None:
    for each in (ann, bob):
        await each.press(*FIRST, "i")
    await bob.press("home")
    for mine, theirs in zip("12345", "abcde", strict=True):
        ann.post_key(mine)
        bob.post_key(theirs)
    await same(ann, bob, "abcdemiddle12345")
    assert editor(ann).offset_of_caret == len("abcdemiddle12345")
    assert editor(bob).offset_of_caret == len("abcde")


@at_two("x = 1")
async def test_undo_takes_back_what_one_typed_and_leaves_what_the_other_did(ann: Seat, bob: Seat) -> None:
    for each in (ann, bob):
        await each.press(*FIRST, "i")
    await ann.type("23")
    await same(ann, bob, "x = 123")
    await bob.press("home")
    await bob.type("my_")
    await same(ann, bob, "my_x = 123")
    await ann.press("ctrl+z")
    await same(ann, bob, "my_x = 1")
    await ann.press("ctrl+y")
    await same(ann, bob, "my_x = 123")
    await bob.press("ctrl+z")
    await same(ann, bob, "x = 123")


@at_two("one\ntwo\nsix")
async def test_one_comments_the_lines_that_the_other_types_in(ann: Seat, bob: Seat) -> None:
    for each in (ann, bob):
        await each.press(*FIRST, "i")
    await ann.press("shift+up", "shift+up", "ctrl+underscore")
    for key in "!?":
        bob.post_key(key)
    await same(ann, bob, "# one\n# two\n# six!?")


@at_two("x")
async def test_a_cell_runs_with_what_its_user_had_typed(ann: Seat, bob: Seat) -> None:
    for each in (ann, bob):
        await each.press(*FIRST, "i")
    for key in ("1", "2", "3", "ctrl+e"):
        ann.post_key(key)
    bob.post_key("y")
    await ann.until(lambda: bool(ann.client.state.queue))
    await ann.until(lambda: sorted(ann.source(1)) == sorted("x123y"))


@at_two("x")
async def test_who_deletes_a_cell_takes_it_from_under_the_other(ann: Seat, bob: Seat) -> None:
    await ann.press(*FIRST, "i", "1")
    await bob.shows("x1")
    await bob.press(*FIRST, "d", "d")
    await ann.until(lambda: not ann.client.state.notebook.has_cell("cell-1"))
    await ann.until(lambda: "NAV" in ann.status)
    await ann.press("u")
    await ann.shows("x1")


@at_two("x", people=(ANN, Person("bob", "view")))
async def test_who_may_look_sees_each_character_and_adds_none(ann: Seat, bob: Seat) -> None:
    await ann.press(*FIRST, "i", "1", "2")
    await bob.shows("x12")
    await bob.press(*FIRST, "i", "3")
    assert ann.source(1) == "x12"
