"""Sessions that keep their notebooks as the terminal's do, on the node of the test, with no runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import beamlike as bl
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.journaled_program import NoRuntime
from tests.support.local_nodes import PATIENCE


class Kept:
    """A session and a client of it; `heard` is what the session said."""

    def __init__(self, session: bl.Pid, client: Client) -> None:
        self.session = session
        self.client = client
        self.heard: list[str] = []
        self._changed = asyncio.Event()
        client.subscribe(lambda _state: self._changed.set(), self._hear)

    @property
    def state(self) -> State:
        return self.client.state

    def _hear(self, text: str) -> None:
        self.heard.append(text)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looked at after each news, and now and then: what happens on the disk is no news."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.02)

    async def until_async(self, ask: Callable[[], Awaitable[object]], wanted: object) -> None:
        async with asyncio.timeout(PATIENCE):
            while await ask() != wanted:
                await self.a_while()

    async def a_while(self) -> None:
        """Until there is news, or some milliseconds later."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), 0.05)

    async def until_safe(self) -> None:
        """All that was asked for so far."""
        session = await bl.sys.get_state(self.session, timeout=PATIENCE)
        applied = session["applied"]
        await self.until(lambda: self.client.journaled >= applied and self.client.applied >= applied)

    async def says(self, words: str) -> None:
        await self.until(lambda: any(words in text for text in self.heard))

    async def crash(self) -> None:
        """As kill -9, but for the process in which it is, where the writer of its journal ends what it has begun."""
        journal = (await bl.sys.get_state(self.session, timeout=PATIENCE))["_keeping"]._kept.journal
        writer = None if journal is None else journal._writer
        ended = [bl.monitor(process) for process in (self.session, writer) if process is not None]
        bl.exit(self.session, "kill")
        for ref in ended:
            await bl.receive(ref=ref, timeout=PATIENCE)


@asynccontextmanager
async def kept(file: Path | NotebookFile, **options: bool) -> AsyncIterator[Kept]:
    wanted = SessionOptions(**{"journal": True, **options})
    file = NotebookFile(file) if isinstance(file, Path) else file
    session = await Session.start(file, NoRuntime(), wanted)
    client = await Client.join(session)
    try:
        yield Kept(session, client)
    finally:
        await client.close()
        with suppress(bl.CallFailed):  # the test has crashed it
            await bl.GenServer.stop(session, timeout=PATIENCE)
