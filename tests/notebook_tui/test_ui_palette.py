"""The command palette: keys may come before it is there, and it may go while it still searches."""

from __future__ import annotations

import asyncio

from textual.command import DiscoveryHit, Hits, Provider

from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal


@in_terminal(code("a", "x"))
async def test_keys_that_come_before_the_palette_wait_for_it(shown: Terminal) -> None:
    for key in ("ctrl+p", "down", "pagedown", "up", "ctrl+p"):
        shown.post_key(key)
    await shown.shows("Delete the cell or section")
    await shown.press("escape")
    await shown.hides("Delete the cell or section")


@in_terminal(code("a", "x"))
async def test_a_theme_is_chosen_in_the_palette(shown: Terminal) -> None:
    await shown.press("ctrl+p")
    await shown.type("change the theme")
    await shown.shows("colours of everything")
    await shown.press("enter")
    await shown.shows("Search for themes")


class Late(Provider):
    """Finds something only when the parts of the palette are gone, which is when it is shut down."""

    async def startup(self) -> None:
        self._parts_are_gone = asyncio.Event()

    async def discover(self) -> Hits:
        await self._parts_are_gone.wait()
        yield DiscoveryHit("late", lambda: None)

    async def search(self, query: str) -> Hits:
        raise AssertionError(f"nothing was typed, got {query!r}")
        yield

    async def shutdown(self) -> None:
        self._parts_are_gone.set()
        for _ in range(50):
            await asyncio.sleep(0)


@in_terminal(code("a", "x"))
async def test_the_program_may_end_while_the_palette_searches(shown: Terminal) -> None:
    vars(shown.app)["COMMANDS"] = {Late}
    await shown.press("ctrl+p")
    assert [worker.name for worker in shown.app.workers] == ["_gather_commands"]


@in_terminal(code("a", "one\ntwo"))
async def test_the_editors_commands_are_there_while_a_cell_is_edited(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "ctrl+p")
    await shown.type("move the lines")
    await shown.shows("No matches found")
    await shown.press("escape", "escape", "i", "ctrl+p")
    await shown.type("move the lines up")
    await shown.shows("Alt+↑")
    await shown.press("enter")
    await shown.until(lambda: "1 │ two" in shown.text, "the line above the other")
    await shown.press("!")
    assert "1 │ two!" in shown.text
