"""A session that answers later, as one in another process does: nothing typed is lost or goes astray meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from notebook_tui.document.operations import QueueCells
from tests.support.fake_session import code
from tests.support.screen import Terminal, terminal

FIRST = ("j", "j", "j")
DELAY = 0.1


def sources(shown: Terminal) -> list[str]:
    return [cell.source for cell in shown.session.state.notebook.cells()][1:]


def with_delay(
    body: Callable[[Terminal], Coroutine[None, None, None]], delay: float = DELAY, longest_wait: float = 600.0
) -> None:
    async def main() -> None:
        async with terminal(code("a", "x"), code("b", "y"), delay=delay, longest_wait=longest_wait) as shown:
            await body(shown)

    asyncio.run(main())


def test_keys_that_follow_a_new_cell_wait_for_it_and_are_its_text() -> None:
    async def body(shown: Terminal) -> None:
        for key in (*FIRST, "n", "d", "d", "=", "1", "escape", "m", "e", "e", "escape"):
            shown.post_key(key)
        await shown.until(lambda: sources(shown) == ["x", "dd=1", "ee", "y"], "both new cells")
        assert not shown.session.operations_of(QueueCells)

    with_delay(body)


def test_echoes_that_come_late_do_not_disturb_the_typist() -> None:
    async def body(shown: Terminal) -> None:
        await shown.press(*FIRST, "i")
        for letter in "abcdefgh":
            await shown.press(letter)
            shown.clock.now += 1
        await shown.until(lambda: sources(shown)[0] == "xabcdefgh", "all letters in the session")
        assert "1 │ xabcdefgh" in shown.text
        await shown.press("left", "left", "!", "escape")
        await shown.until(lambda: sources(shown)[0] == "xabcdef!gh", "the caret where it was")

    with_delay(body)


def test_what_was_just_typed_is_outdated_though_the_session_has_not_answered() -> None:
    async def body(shown: Terminal) -> None:
        await shown.press(*FIRST, "e", "a")
        await shown.until(lambda: shown.session.state.evaluating == "a")
        shown.session.finish("a")
        shown.session.finish("b")
        await shown.shows("2/2 done")
        await shown.press("i", "1", "ctrl+p")
        await shown.type("run all outdated")
        await shown.shows("Run all outdated cells")
        await shown.press("enter")
        await shown.until(lambda: len(shown.session.operations_of(QueueCells)) == 2, "the cell queued")
        assert shown.session.operations_of(QueueCells)[-1] == QueueCells(("a",))

    with_delay(body)


def test_a_session_that_never_answers_gives_the_keys_back() -> None:
    async def body(shown: Terminal) -> None:
        for key in (*FIRST, "n", "j"):
            shown.post_key(key)
        await shown.shows("The session has not answered for a second.")
        await shown.until(lambda: "y" in shown.focused_line(), "the focus moved on")

    with_delay(body, delay=60.0, longest_wait=1.0)
