"""A server of asyncio's on the loopback that loses nothing: no socket while it is made, nobody whom it has accepted at
its end."""

from __future__ import annotations

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from typing import Final

HOST: Final = "127.0.0.1"
_TURNS: Final = 4
"""Of a loop, until who has been accepted is told of."""


async def open_server(come: Callable[[StreamReader, StreamWriter], Awaitable[None] | None]) -> asyncio.Server:
    """At any free port, to be told to serve. Nothing is waited for: of a server that asyncio was still making when its
    maker was cancelled, nobody could close the socket."""
    listening = socket.create_server((HOST, 0))
    return await asyncio.start_server(come, sock=listening, start_serving=False)


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def close_server(server: asyncio.Server) -> None:
    """Accepts nobody more, and closes once all who have been accepted are told of: in between, asyncio would lose their
    connections and leave them open."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
