"""What all servers of this user hold, and the end of one of their sessions."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.serve.errors import ServerUnreachable
from notebook_tui.serve.joining import connect, connected, visitor_node
from notebook_tui.serve.rendezvous import Server, servers
from notebook_tui.serve.sessions import FACTS_SECONDS, NAME, STOP_SECONDS, End, Tell, Told

TELL_SECONDS = FACTS_SECONDS + 2.0


@frozen
class Listed:
    """A server and what it holds; `trouble` says in words why that is not known."""

    server: Server
    sessions: tuple[Told, ...] = ()
    trouble: str = ""


async def listed() -> tuple[Listed, ...]:
    """All servers of this user, each asked for a few seconds at most."""
    found = await asyncio.to_thread(servers)
    if not found:
        return ()
    async with visitor_node() as node:
        return tuple(await asyncio.gather(*(_listed(node, server) for server in found)))


async def _listed(node: bl.Node, server: Server) -> Listed:
    try:
        await connect(node, server)
        sessions: tuple[Told, ...] = await bl.GenServer.call((NAME, server.node), Tell(), timeout=TELL_SECONDS)
    except ServerUnreachable as error:
        return Listed(server, trouble=str(error))
    except (bl.CallFailed, bl.CallTimeout) as error:
        return Listed(server, trouble=f"the server of {server.serves}, process {server.pid}: {error}")
    return Listed(server, sessions)


async def end_session(server: Server, path: str) -> str | None:
    """The session of that file ends there, and its runtime. None once it has, else why not."""
    async with connected(server) as sessions:
        words: str | None = await bl.GenServer.call(sessions, End(path), timeout=STOP_SECONDS + TELL_SECONDS)
        return words
