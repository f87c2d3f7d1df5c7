"""What a view has to show waits for the keys of the others, for a while; its own key waits for nobody."""

from __future__ import annotations

import asyncio

from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.keys_first import KeysFirst
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, terminal

FIRST = ("j", "j", "j")


class Times:
    """A clock, and who has it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.first = KeysFirst(lambda: self.now)


def test_a_key_goes_before_what_others_show_until_its_frame_has_left() -> None:
    times = Times()
    times.first.pressed("ann")
    assert times.first.goes_before("bob", 0.0)
    assert not times.first.goes_before("ann", 0.0), "the view in which it was pressed"
    times.first.painted("ann")
    assert not times.first.goes_before("bob", 0.0)


def test_who_has_pressed_a_key_too_waits_for_nobody() -> None:
    times = Times()
    times.first.pressed("ann")
    times.first.pressed("bob")
    assert not times.first.goes_before("bob", 0.0)
    assert times.first.goes_before("eve", 0.0)


def test_a_key_that_paints_nothing_is_soon_no_reason_to_wait() -> None:
    times = Times()
    times.first.pressed("ann")
    times.now = 0.09
    assert times.first.goes_before("bob", 0.0)
    times.now = 0.11
    assert not times.first.goes_before("bob", 0.1)


def test_nobody_waits_for_long_however_many_keys_there_are() -> None:
    times = Times()
    waited = 0
    for turn in range(100):
        times.now = turn / 100
        times.first.painted(("ann", turn - 1))
        times.first.pressed(("ann", turn))
        waited += times.first.goes_before("bob", 0.0)
    assert waited == 30


def test_what_others_did_is_shown_once_their_keys_have_gone_first() -> None:
    async def main() -> None:
        async with terminal(notebook_of(code("a", "x = 1"))) as shown:
            await shown.press(*FIRST, "e", "e")
            waits = Waits(shown)
            shown.session.print("a", "printed\n")
            await shown.until(lambda: len(waits.since) > 1, "it has asked, more than once")
            assert "printed" not in shown.text
            waits.are_over = True
            await shown.shows("printed")
            assert len(set(waits.since)) == 1, "from the first change on, however often it asked"

    asyncio.run(main())


def test_a_command_of_ones_own_shows_at_once_what_came_of_it() -> None:
    async def main() -> None:
        async with terminal(notebook_of(code("a", "x = 1"))) as shown:
            await shown.press(*FIRST, "e", "e")
            Waits(shown)
            shown.session.print("a", "printed\n")
            await shown.press("k")
            assert "printed" in shown.text

    asyncio.run(main())


def test_a_cell_that_was_asked_for_is_there_for_the_keys_behind_it() -> None:
    async def main() -> None:
        async with terminal(notebook_of(code("a", "x = 1")), delay=0.01) as shown:
            await shown.press(*FIRST)
            Waits(shown)
            for key in ("n", *"typed"):
                shown.post_key(key)
            await shown.shows("typed")

    asyncio.run(main())


class Waits:
    """That screen lets others go first until it need not any more."""

    def __init__(self, shown: Terminal) -> None:
        self.are_over = False
        self.since: list[float] = []
        assert isinstance(shown.app, NotebookApp)
        screen = shown.app.notebook_screen
        assert screen is not None
        screen._waits = self._asked

    def _asked(self, since: float) -> bool:
        self.since.append(since)
        return not self.are_over
