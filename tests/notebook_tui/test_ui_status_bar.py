"""The status bar is painted when it says something else, and may hear of a state when it is no longer there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.app import App, ComposeResult
from textual.containers import Container

from notebook_tui.document.state import State
from notebook_tui.ui.status.bar import Status, StatusBar

SHOWN = State(path="/somewhere/tour.livemd")


class CountingBar(StatusBar):
    refreshed = 0

    def refresh(self, *regions: object, **wanted: object) -> CountingBar:
        self.refreshed += 1
        return self


class BarAlone(App[None]):
    def compose(self) -> ComposeResult:
        with Container():
            yield CountingBar(SHOWN)


def with_bar(act: Callable[[CountingBar], Awaitable[None]]) -> None:
    async def run() -> None:
        app = BarAlone()
        async with app.run_test() as pilot:
            await pilot.pause()
            bar = app.query_one(CountingBar)
            bar.render_line(0)
            bar.refreshed = 0
            await act(bar)

    asyncio.run(asyncio.wait_for(run(), 30))


def test_it_is_painted_when_it_says_something_else() -> None:
    async def act(bar: CountingBar) -> None:
        bar.show(Status(replace(SHOWN, runs=7)))
        assert bar.refreshed == 0
        bar.show(Status(replace(SHOWN, queue=("a",))))
        assert bar.refreshed == 1
        assert "1 queued" in bar.render_line(0).text

    with_bar(act)


def test_it_may_be_told_when_it_is_gone() -> None:
    async def act(bar: CountingBar) -> None:
        await bar.app.query_one(Container).remove()
        bar.show(Status(replace(SHOWN, queue=("a",))))

    with_bar(act)
