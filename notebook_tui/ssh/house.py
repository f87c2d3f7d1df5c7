"""What a view over SSH is given: sessions that others share, and no file outside the directory of its key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import beamlike as bl
from notebook_tui.document.notebook import Notebook
from notebook_tui.serve.sessions import open_in
from notebook_tui.session.bounds import permitted, writable
from notebook_tui.session.client import Client
from notebook_tui.session.people import Person


class Files(Protocol):
    """Other kinds of files than notebooks, as `notebook_tui.ui.house.House` has them."""

    def convert(self, source: Path, target: Path) -> tuple[str, ...]: ...

    def export(self, notebook: Notebook, source: Path, target: Path) -> None: ...


class SharedHouse:
    """`sessions` says where the process of all sessions is. All of it is to be called in the view's own context."""

    def __init__(self, sessions: bl.Server, person: Person, directory: Path, files: Files) -> None:
        self._sessions = sessions
        self._person = person
        self.directory = directory
        self._files = files

    def open(self, path: str) -> AbstractAsyncContextManager[Client]:
        return self._open(permitted(path))

    @asynccontextmanager
    async def _open(self, path: Path) -> AsyncIterator[Client]:
        if not self._person.may("edit") and not await asyncio.to_thread(path.exists):
            raise PermissionError(f"there is no notebook {path.name}, and your key may make none")
        try:
            client = await Client.join(await self._session_of(path), self._person, lambda: self._session_of(path))
        except bl.CallFailed as error:
            raise OSError(f"the server of the sessions does not answer: {error}") from error
        try:
            yield client
        finally:
            await client.close()

    async def _session_of(self, path: Path) -> bl.Pid:
        return await open_in(self._sessions, str(path))

    async def ready_to_hand_over(self) -> None:
        raise OSError("A server holds this notebook already: it goes on when you leave.")

    async def hand_over(self, path: str, end: Callable[[], Awaitable[None]]) -> None:
        raise OSError("A server holds this notebook already: it goes on when you leave.")

    async def stop(self, path: str) -> None:
        async with self.open(path) as client:
            await client.end_session()

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        return self._files.convert(permitted(source), writable(target))

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        self._files.export(notebook, permitted(source), writable(target))
