"""What the command `beamlike notebook` gives its terminal: sessions, and other kinds of files than notebooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from notebook_tui.cli.main import UserError
from notebook_tui.document.notebook import Notebook
from notebook_tui.session.client import Client


class ProgramHouse:
    def __init__(self, runtime: str | None, directory: Path, keep: bool = False) -> None:
        """`runtime` names the profile of all notebooks that are opened; with `keep` their sessions outlive this
        program."""
        self._runtime = runtime
        self._keep = keep
        self._visiting = asyncio.Lock()
        """A server is visited from a node of its own, and a session begun on another: not at the same time, or nobody
        would know which is meant."""
        self.directory = directory

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[Client]:
        from notebook_tui.cli.opening import opening

        async with AsyncExitStack() as stack:
            async with self._visiting:
                client = await stack.enter_async_context(opening(path, self._runtime, keep=self._keep))
            yield client

    async def ready_to_hand_over(self) -> None:
        from notebook_tui.serve.on_demand import on_demand

        await on_demand()

    async def hand_over(self, path: str, end: Callable[[], Awaitable[None]]) -> None:
        from notebook_tui.serve.joining import open_at
        from notebook_tui.serve.on_demand import on_demand

        server = await on_demand()
        await end()
        async with self._visiting:
            await open_at(server, path, self._runtime)

    async def stop(self, path: str) -> None:
        from notebook_tui.serve.joining import server_holding
        from notebook_tui.serve.listing import end_session

        server = await asyncio.to_thread(server_holding, path)
        async with self._visiting:
            trouble = "no server holds it any more" if server is None else await end_session(server, path)
        if trouble:
            raise OSError(f"{path}: {trouble}")

    def convert(self, source: Path, target: Path) -> tuple[str, ...]:
        from notebook_tui.cli.convert import make, read_notebook, text_for

        try:
            notebook, warnings = read_notebook(source)
            make(target, text_for(target, notebook, source), force=False)
        except UserError as error:
            raise OSError(str(error)) from error
        return warnings

    def export(self, notebook: Notebook, source: Path, target: Path) -> None:
        from notebook_tui.cli.convert import check_notebook_target, make, text_for

        try:
            check_notebook_target(target)
            make(target, text_for(target, notebook, source), force=False)
        except UserError as error:
            raise OSError(str(error)) from error
