"""Into a session that a server of this user holds, from another program: a node of its own, and a client there.

async with joined("cats.livemd", Person("ann")) as client: ...
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import beamlike as bl
from beamlike.distribution.secret import Secret
from notebook_tui.serve.errors import NotServed, ServerUnreachable
from notebook_tui.serve.on_demand import on_demand
from notebook_tui.serve.rendezvous import Server, on_demand_server, server_for, server_with_pid
from notebook_tui.serve.sessions import NAME, open_in
from notebook_tui.session.client import Client
from notebook_tui.session.lock import holder_of
from notebook_tui.session.people import OWNER, Person
from notebook_tui.session.program_node import program_node

BEGIN_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.05


def server_holding(path: str | Path) -> Server | None:
    """The server that has that notebook open, or else the one that serves where it lies; None if there is neither."""
    holder = holder_of(Path(path))
    holding = server_with_pid(holder.pid) if holder is not None else None
    return holding or server_for(path)


@asynccontextmanager
async def joined(
    path: str | Path, person: Person = OWNER, *, runtime: str | None = None, server: Server | None = None
) -> AsyncIterator[Client]:
    """A client of the session of that file, which is begun if there is none; it goes on when the client leaves.

    `runtime` is the spec for a session that is begun. `server` is the one to join; else it is looked for. NotServed if
    there is none, ServerUnreachable if it does not answer, the OSError or ProfileError that is in the way of opening.
    """
    path = Path(os.path.abspath(path))  # noqa: ASYNC240 - it reads the working directory, no disk
    found = server or server_holding(path) or on_demand_server()
    if found is None:
        raise NotServed(
            f"no server holds {path}: expected one that serves its directory, as beamlike serve {path.parent} starts"
        )
    async with visitor_node() as node:

        async def enter(server: Server) -> bl.Pid:
            await connect(node, server)
            return await _opened(server, str(path), runtime)

        async def enter_again() -> bl.Pid:
            """The server may be another program by now."""
            again = await asyncio.to_thread(server_holding, path)
            if again is None and found.on_demand:
                again = await on_demand()
            if again is None:
                raise NotServed(f"no server holds {path} now")
            return await enter(again)

        client = await Client.join(await enter(found), person, enter_again)
        try:
            yield client
        finally:
            await client.close()


async def open_at(server: Server, path: str | Path, runtime: str | None = None) -> None:
    """That server holds a session of the file from now on; what is raised is as by `joined`."""
    async with connected(server):
        await _opened(server, os.path.abspath(path), runtime)  # noqa: ASYNC240 - it reads the working directory


async def _opened(server: Server, path: str, runtime: str | None) -> bl.Pid:
    """The session of that file. A server that is starting is found before it has any: it takes over what the one
    before has left."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while True:
        try:
            return await open_in((NAME, server.node), path, runtime)
        except bl.CallFailed as failed:
            if failed.reason != "noproc":
                raise
            if time.monotonic() > deadline:
                raise ServerUnreachable(
                    f"the server of {server.serves}, process {server.pid}, holds no sessions after "
                    f"{BEGIN_SECONDS:g} s: its log says what it waits for"
                ) from failed
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[bl.Server]:
    """The sessions of that server, as `open_in` and calls take them, on a node of its own while the block runs."""
    async with visitor_node() as node:
        await connect(node, server)
        yield (NAME, server.node)


def visitor_node() -> bl.Node:
    """A node that is there for visits to servers alone: nobody finds it, and nobody can connect to it."""
    return program_node("visitor", listen=False, auto_connect="never")


async def connect(node: bl.Node, server: Server) -> None:
    """ServerUnreachable says what is in the way."""
    try:
        await node.connect(server.node, (server.host, server.port), secret=Secret(server.secret))
    except bl.BeamlikeError as error:
        raise ServerUnreachable(
            f"the server of {server.serves}, process {server.pid}, cannot be reached: {error}"
        ) from error
