"""What a view over SSH is given: sessions that others share, and no file outside the directory of its key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import beamlike as bl
from notebook_tui.document.notebook import Notebook
from notebook_tui.serve.sessions import open_in
from notebook_tui.session.bounds import permitted
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
        if not path.exists() and not self._person.may("edit"):
            raise PermissionError(f"there is no notebook {path.name}, and your key may make none")
        try:
            session = await open_in(self._sessions, str(path))
            client = await Client.join(session, self._person)
        except bl.CallFailed as error:
            raise OSError(f"the server of the sessions does not answer: {error}") from error
        try:
            yield client
        finally:
            await client.close()

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        self._check_writes()
        return self._files.convert(permitted(source), permitted(target))

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        self._check_writes()
        self._files.export(notebook, permitted(source), permitted(target))

    def _check_writes(self) -> None:
        if not self._person.may("edit"):
            raise PermissionError("your key may look at notebooks and write no files")
