"""A cell that is opened again before the session has what was typed in it."""

from __future__ import annotations

import asyncio

from notebook_tui.document.operations import SetCellSource
from tests.support.fake_session import code
from tests.support.screen import Terminal, terminal


def sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


def test_what_was_typed_is_there_and_what_is_typed_now_goes_on_from_it() -> None:
    async def main() -> None:
        async with terminal(code("a", "x"), code("b", "y"), delay=0.3) as shown:
            await shown.press("j", "j", "j", "enter", "1", "escape", "enter")
            assert "x1" in shown.text
            await shown.press("2", "escape")
            await shown.until(lambda: shown.session.state.notebook.cell("a").source == "x12", "both arrive")
            assert sources(shown) == ["x1", "x12"]
            await shown.press("enter", "3", "escape")
            await shown.until(lambda: sources(shown)[-1] == "x123", "the third goes on from them")

    asyncio.run(main())
