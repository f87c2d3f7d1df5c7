"""The terminal at home: real folders, a real shelf, and sessions that hold what the files hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from notebook_tui.cli.program_house import ProgramHouse
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.state import State
from notebook_tui.session.storage import NotebookFile
from notebook_tui.ui.app import NotebookApp
from tests.support.fake_session import FakeSession
from tests.support.screen import NOW, Clock, Terminal, patient


@dataclass
class FakeHouse:
    """Opens files into sessions in memory, and says when they are left. Conversions are the program's own."""

    directory: Path
    clock: Clock = field(default_factory=Clock)
    opened: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    handed_over: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    refusal: OSError | None = None

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[FakeSession]:
        if self.refusal is not None:
            raise self.refusal
        notebook, _ = NotebookFile(path).read()
        self.opened.append(path)
        session = FakeSession(State(notebook, path=path), self.clock)
        self.sessions[path] = session
        yield session
        assert session.closed, "the session was ended under its viewer"
        self.left.append(path)

    async def ready_to_hand_over(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def hand_over(self, path: str, end: Callable[[], Awaitable[None]]) -> None:
        await end()
        self.handed_over.append(path)

    async def stop(self, path: str) -> None:
        self.stopped.append(path)

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        return ProgramHouse(None, self.directory).convert(source, target)

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        ProgramHouse(None, self.directory).export(notebook, source, target)


class HomeTerminal(Terminal):
    house: FakeHouse

    async def says(self, words: str) -> None:
        """In a toast, wherever that breaks its lines."""
        await self.until(lambda: any(words in each.message for each in self.app._notifications), f"a toast: {words}")

    def session_of(self, path: Path) -> FakeSession:
        return self.house.sessions[str(path)]


def at_home(size: tuple[int, int] = (90, 30)) -> Callable[..., Callable[[Path], None]]:
    """Makes a coroutine function a test that runs in a terminal at home; pytest's `work` is the folder."""

    def as_test(body: Callable[[HomeTerminal], Coroutine[None, None, None]]) -> Callable[[Path], None]:
        async def main(work: Path) -> None:
            async with home(work, size=size) as shown:
                await body(shown)

        def test(work: Path) -> None:
            asyncio.run(main(work))

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        return test

    return as_test


@asynccontextmanager
async def home(work: Path, size: tuple[int, int] = (90, 30)) -> AsyncIterator[HomeTerminal]:
    house = FakeHouse(work)
    app = NotebookApp(None, house.clock, house=house)
    nobody = FakeSession(State(), house.clock)
    with patient():
        async with app.run_test(size=size, notifications=True) as pilot:
            shown = HomeTerminal(nobody, pilot, house.clock)
            shown.house = house
            await shown.settle()
            await shown.shows("Files")
            yield shown
    await app.leave()
    if app.crashes and not shown.may_fail:
        raise AssertionError("the view has failed") from app.crashes[0]
    assert house.left == house.opened, "a session was not ended"


__all__ = ["NOW", "FakeHouse", "HomeTerminal", "at_home", "home"]
