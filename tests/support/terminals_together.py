"""Two terminals, each with a client of its own, on one session in one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

from textual.pilot import Pilot

import beamlike as bl
from notebook_tui.session.client import Client
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.people import Person
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from notebook_tui.ui.app import NotebookApp
from tests.support.fake_session import FakeSession
from tests.support.journaled_program import NoRuntime
from tests.support.local_nodes import PATIENCE
from tests.support.open_notebook import notebook_text
from tests.support.screen import Clock, Terminal, patient


class Seat(Terminal):
    """A terminal and its client."""

    def __init__(self, client: Client, pilot: Pilot[None], clock: Clock) -> None:
        super().__init__(cast(FakeSession, client), pilot, clock)
        self.client = client

    def source(self, number: int) -> str:
        return self.client.state.notebook.cell(f"cell-{number}").source


@asynccontextmanager
async def seated(
    directory: Path, *cells: str, people: tuple[Person, ...], options: SessionOptions | None = None
) -> AsyncIterator[list[Seat]]:
    """Each of these people before a terminal on a notebook of these cells."""
    path = directory / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    async with bl.Node("together@127.0.0.1", secret=b"s", listen=False), AsyncExitStack() as stack:
        stack.enter_context(patient())
        session = await Session.start(NotebookFile(path), NoRuntime(), options or SessionOptions())
        seats: list[Seat] = []
        for person in people:
            client = await Client.join(session, person)
            clock = Clock()
            app = NotebookApp(client, clock)
            pilot: Any = await stack.enter_async_context(app.run_test(size=(80, 24), notifications=True))
            seats.append(Seat(client, pilot, clock))
            await seats[-1].settle()
        yield seats
        for seat in seats:
            if seat.app.crashes:
                raise AssertionError("the view has failed") from seat.app.crashes[0]
        await stack.aclose()
        await bl.GenServer.stop(session, timeout=PATIENCE)
