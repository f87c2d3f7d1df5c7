"""Where the sessions are that an agent works in: with the server that holds a notebook, else in the agent's program.

What a person has open by a server is the very session that the agent joins. Sessions of its own end with it.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path

import beamlike as bl
from notebook_tui.serve.joining import connect, server_holding
from notebook_tui.serve.rendezvous import Server
from notebook_tui.serve.sessions import NAME, OPEN_SECONDS, EndAll, Listing, Running, Sessions, open_in
from notebook_tui.session.options import EDITS

STOP_SECONDS = 90.0
CONNECT_SECONDS = 10.0


class OwnHouse:
    """Made in the program's node, and to be `close`d there."""

    def __init__(self, node: bl.Node, directory: Path) -> None:
        self.directory = Path(os.path.realpath(directory))
        self._node = node
        self._own: bl.Pid | None = None
        self._opening = asyncio.Lock()
        self.beginning: Counter[bl.Pid] = Counter()

    async def session(self, path: str, runtime: str | None) -> bl.Pid:
        server = await asyncio.to_thread(server_holding, path)
        if server is not None and server.pid != os.getpid():
            return await open_in(await self._sessions_of(server), path, runtime)
        return await open_in(await self._own_sessions(), path, runtime)

    async def running(self) -> tuple[Running, ...]:
        """Its own, and those of the server of its directory."""
        found: tuple[Running, ...] = ()
        server = await asyncio.to_thread(server_holding, self.directory / "any.livemd")
        if server is not None:
            found += await bl.GenServer.call(await self._sessions_of(server), Listing(), timeout=OPEN_SECONDS)
        if self._own is not None:
            found += await bl.GenServer.call(self._own, Listing(), timeout=OPEN_SECONDS)
        return found

    async def close(self) -> None:
        """Ends its own sessions, with what they run."""
        if self._own is not None:
            await bl.GenServer.call(self._own, EndAll(), timeout=STOP_SECONDS)
            await bl.GenServer.stop(self._own, "shutdown", timeout=STOP_SECONDS)
            self._own = None

    async def _own_sessions(self) -> bl.Pid:
        async with self._opening:
            if self._own is None:
                self._own = await Sessions.start(EDITS)
            return self._own

    async def _sessions_of(self, server: Server) -> bl.Server:
        async with self._opening:
            if server.node not in bl.nodes(hidden=True):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await connect(self._node, server)
        return (NAME, server.node)
