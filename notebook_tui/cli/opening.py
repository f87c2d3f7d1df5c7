"""A notebook that is opened in a terminal: in the server that holds it, or in this program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notebook_tui.session.client import Client


@asynccontextmanager
async def opening(path: str, runtime: str | None, *, keep: bool) -> AsyncIterator[Client]:
    """A client of the file's session: in the server that has it open, or serves where it lies. Else, with `keep`, in
    one that is started for it; else of this program, at whose end nothing is left.

    What is raised is as by `open_session` and `joined`.
    """
    from notebook_tui.serve.joining import server_holding
    from notebook_tui.serve.on_demand import on_demand

    server = await asyncio.to_thread(server_holding, path)
    if server is None and keep:
        server = await on_demand()
    if server is not None:
        from notebook_tui.serve.joining import joined

        async with joined(path, runtime=runtime, server=server) as client:
            yield client
    else:
        from notebook_tui.cli.open_session import open_session

        async with open_session(path, runtime=runtime) as client:
            yield client
